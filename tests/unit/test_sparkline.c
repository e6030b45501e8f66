/* SPDX-License-Identifier: MIT */
#include "pure/sparkline.h"

#include <string.h>

#include "../check.h"
#include "pure/text.h"

static void from_the_lowest_to_the_highest(void **state)
{
	static const double values[] = { NAN, 0, 0.001, 1, 2, 3, 4, 5, 6, 6.9, 7, 99, INFINITY,
		-INFINITY };
	char text[SPARKLINE_SIZE];

	assert_int_equal(sparkline(text, values, 14, 0, 7, true), 14);
	assert_string_equal(text, " _.:-=+*#####_");
}

static void in_blocks(void **state)
{
	static const double values[] = { 1, NAN, 4.5 };
	char text[SPARKLINE_SIZE];

	assert_int_equal(sparkline(text, values, 3, 1, 4.5, false), 7);
	assert_string_equal(text, "▁ █");
	assert_true(utf8_valid(text, strlen(text)));
}

/* Where all are the same there is no range. */
static void no_range(void **state)
{
	static const double values[] = { 5, 4, 6 };
	char text[SPARKLINE_SIZE];

	sparkline(text, values, 3, 5, 5, true);
	assert_string_equal(text, "__#");
	sparkline(text, values, 3, NAN, NAN, true);
	assert_string_equal(text, "___");
	sparkline(text, values, 0, 0, 1, true);
	assert_string_equal(text, "");
}

/* Any values: as many characters as values, in rising order where they rise, and never more than fits. */
static void anything(void **state)
{
	static const char order[] = "_.:-=+*#";
	char text[SPARKLINE_SIZE], before = '_';
	double values[2 * SPARKLINE_MOST], value = -1;

	for (unsigned i = 0; i < 2 * SPARKLINE_MOST; i++)
		values[i] = value += random_unit();
	assert_int_equal(sparkline(text, values, 2 * SPARKLINE_MOST, 0, 40, true), SPARKLINE_MOST);
	for (unsigned i = 0; i < SPARKLINE_MOST; i++) {
		assert_true(strchr(order, text[i]) >= strchr(order, before));
		before = text[i];
	}
	assert_int_equal(
		sparkline(text, values, 2 * SPARKLINE_MOST, 0, 40, false), SPARKLINE_SIZE - 1);
}

static void text_that_fits(void **state)
{
	static const struct {
		const char *text, *utf8, *ascii;
		unsigned columns;
	} cases[] = {
		{ "pbx1", "pbx1", "pbx1", 4 },
		{ "pbx12", "pbx~", "pbx~", 4 },
		{ "", "", "", 0 },
		{ "x", "", "", 0 },
		{ "xy", "~", "~", 1 },
		{ "Köln", "Köln", "K?ln", 4 },
		{ "Köln", "K~", "K~", 2 },
		{ "a\033[2Jb\n\x7f", "a?[2Jb??", "a?[2Jb??", 80 },
		{ "a\xc2\x9b"
		  "1m",
			"a?1m", "a?1m", 80 },
		{ "a\xff\xc3", "a??", "a??", 80 },
		{ "▁█", "▁█", "??", 2 },
	};
	char text[32];

	for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
		assert_int_equal(
			text_fit(text, sizeof text, cases[i].text, cases[i].columns, false),
			strlen(cases[i].utf8));
		assert_string_equal(text, cases[i].utf8);
		text_fit(text, sizeof text, cases[i].text, cases[i].columns, true);
		assert_string_equal(text, cases[i].ascii);
	}
	/* A buffer that ends inside a character. */
	assert_int_equal(text_fit(text, 5, "ab▁█", 80, false), 2);
	assert_string_equal(text, "a~");
	assert_int_equal(text_fit(text, 1, "ab", 80, false), 0);
	assert_string_equal(text, "");
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(from_the_lowest_to_the_highest),
		cmocka_unit_test(in_blocks),
		cmocka_unit_test(no_range),
		cmocka_unit_test(anything),
		cmocka_unit_test(text_that_fits),
	};

	cmocka_set_message_output(CM_OUTPUT_TAP);
	random_seed();
	return cmocka_run_group_tests(tests, NULL, NULL);
}
