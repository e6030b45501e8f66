/* SPDX-License-Identifier: MIT */
#include <errno.h>
#include <math.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

#include "pure/codec.h"

static void assert_near(double a, double b)
{
	assert_true(fabs(a - b) < 1e-12);
}

static void published_values(void **state)
{
	static const struct codec expected[] = {
		{ "g711", 0, 25.1, 0 },
		{ "g711-noplc", 0, 4.3, 0 },
		{ "g729a", 11, 19.0, 5 },
		{ "g723.1", 15, 16.1, 7.5 },
		{ "gsm-efr", 5, 10, 0 },
		{ "g726-32", 7, 0, 0 },
	};
	unsigned i;

	for (i = 0; i < sizeof expected / sizeof expected[0]; i++) {
		struct codec codec;

		assert_int_equal(codec_find(&codec, expected[i].name, NULL), 0);
		assert_string_equal(codec.name, expected[i].name);
		assert_near(codec.ie, expected[i].ie);
		assert_near(codec.bpl, expected[i].bpl);
		assert_near(codec.lookahead_ms, expected[i].lookahead_ms);
	}
	assert_non_null(codec_at(i - 1));
	assert_null(codec_at(i));
	assert_null(codec_at(1u << 31));
}

static void found_without_case(void **state)
{
	struct codec codec;

	assert_int_equal(codec_find(&codec, "G729A", NULL), 0);
	assert_string_equal(codec.name, "g729a");
}

static void refused_by_name(void **state)
{
	static const struct {
		const char *name, *message;
	} cases[] = {
		{ "opus", "opus has no published narrowband Ie and Bpl (ITU-T G.113); give ie= and "
			  "bpl= of your own to use it" },
		{ "iLBC", "ilbc has no published narrowband Ie and Bpl (ITU-T G.113); give ie= and "
			  "bpl= of your own to use it" },
		{ "amr-nb", "amr-nb has no published narrowband Ie and Bpl (ITU-T G.113); give ie= "
			    "and bpl= of your own to use it" },
		{ "g722", "g722 is a wideband codec, and sources disagree about its Ie and Bpl "
			  "(ITU-T G.113); give ie= and bpl= of your own to use it" },
		{ "g279a", "g279a is no codec known here, did you mean g729a? For any other give "
			   "ie= and bpl=" },
	};

	for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
		struct codec codec = { "untouched", 1, 2, 3 };
		struct message msg;

		assert_int_equal(codec_find(&codec, cases[i].name, &msg), -ENOENT);
		assert_string_equal(msg.text, cases[i].message);
		assert_string_equal(codec.name, "untouched");
		assert_near(codec.ie, 1);
	}
}

static void own_values(void **state)
{
	struct codec codec;

	assert_int_equal(codec_find(&codec, "g729a", NULL), 0);
	assert_int_equal(codec_override(&codec, NAN, NAN, NULL), 0);
	assert_string_equal(codec.name, "g729a");
	assert_int_equal(codec_override(&codec, 10, NAN, NULL), 0);
	assert_string_equal(codec.name, "g729a");
	assert_near(codec.ie, 10);
	assert_near(codec.bpl, 19);
	assert_int_equal(codec_override(&codec, 12, 20, NULL), 0);
	assert_string_equal(codec.name, "custom");
	assert_near(codec.ie, 12);
	assert_near(codec.bpl, 20);
	assert_near(codec.lookahead_ms, 5);
}

static void codec_without_bpl_needs_one(void **state)
{
	struct codec codec;
	struct message msg;

	assert_int_equal(codec_find(&codec, "g726-32", NULL), 0);
	assert_int_equal(codec_override(&codec, NAN, NAN, &msg), -EINVAL);
	assert_string_equal(msg.text,
		"g726-32 has an Ie (7) and no published Bpl (ITU-T G.113), so loss cannot be "
		"scored; give bpl= of your own to use it");
	assert_int_equal(codec_override(&codec, 8, NAN, &msg), -EINVAL);
	assert_near(codec.ie, 7);
	assert_int_equal(codec_override(&codec, NAN, 12.5, &msg), 0);
	assert_string_equal(codec.name, "g726-32");
	assert_near(codec.ie, 7);
	assert_near(codec.bpl, 12.5);
}

static void unknown_codec_needs_both(void **state)
{
	struct codec codec = { .name = "opus" };
	struct message msg;

	assert_int_equal(codec_override(&codec, 5, NAN, &msg), -EINVAL);
	assert_non_null(strstr(msg.text, "opus has no published"));
	assert_int_equal(codec_override(&codec, NAN, 20, &msg), -EINVAL);
	assert_int_equal(codec_override(&codec, 5, 20, &msg), 0);
	assert_string_equal(codec.name, "custom");
}

static void own_values_have_a_range(void **state)
{
	static const struct {
		double ie, bpl;
		const char *message;
	} cases[] = {
		{ -1, 20, "ie = -1: must be from 0 to 120" },
		{ 121, 20, "ie = 121: must be from 0 to 120" },
		{ INFINITY, 20, "ie = inf: must be from 0 to 120" },
		{ 5, 0, "bpl = 0: must be from 0.001 to 1000" },
		{ 5, -3, "bpl = -3: must be from 0.001 to 1000" },
		{ 5, 1001, "bpl = 1001: must be from 0.001 to 1000" },
	};

	for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
		struct codec codec;
		struct message msg;

		assert_int_equal(codec_find(&codec, "g711", NULL), 0);
		assert_int_equal(codec_override(&codec, cases[i].ie, cases[i].bpl, &msg), -EINVAL);
		assert_string_equal(msg.text, cases[i].message);
		assert_string_equal(codec.name, "g711");
		assert_near(codec.bpl, 25.1);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(published_values),
		cmocka_unit_test(found_without_case),
		cmocka_unit_test(refused_by_name),
		cmocka_unit_test(own_values),
		cmocka_unit_test(codec_without_bpl_needs_one),
		cmocka_unit_test(unknown_codec_needs_both),
		cmocka_unit_test(own_values_have_a_range),
	};

	cmocka_set_message_output(CM_OUTPUT_TAP);
	return cmocka_run_group_tests(tests, NULL, NULL);
}
