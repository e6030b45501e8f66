/* SPDX-License-Identifier: MIT */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

#include "pure/text.h"

static void distances(void **state)
{
	char a[200], b[200];

	assert_int_equal(edit_distance("", ""), 0);
	assert_int_equal(edit_distance("", "abc"), 3);
	assert_int_equal(edit_distance("abc", ""), 3);
	assert_int_equal(edit_distance("interval", "Interval"), 0);
	assert_int_equal(edit_distance("intervall", "interval"), 1);
	assert_int_equal(edit_distance("cdoec", "codec"), 1);
	assert_int_equal(edit_distance("kitten", "sitting"), 3);
	assert_int_equal(edit_distance("sitting", "kitten"), 3);
	memset(a, 'x', sizeof a - 1);
	memset(b, 'x', sizeof b - 1);
	a[sizeof a - 1] = b[sizeof b - 1] = '\0';
	b[3] = 'y';
	assert_int_equal(edit_distance(a, b), 1);
	assert_int_equal(edit_distance(a, ""), 64);
}

static void the_nearest(void **state)
{
	struct nearest nearest = { .wanted = "warnign" };

	nearest_offer(&nearest, "window");
	nearest_offer(&nearest, "warning");
	nearest_offer(&nearest, "warning_for");
	assert_string_equal(nearest.best, "warning");
	assert_int_equal(nearest.distance, 1);
}

static void utf8(void **state)
{
	static const char *const good[] = { "", "abc", "\xc3\xbc", "\xe2\x82\xac",
		"\xf0\x9f\x93\x9e", "\xf4\x8f\xbf\xbf", "\xed\x9f\xbf" };
	static const char *const bad[] = { "\x80", "\xc0\xaf", "\xc1\xbf", "\xc3", "\xe2\x82",
		"\xe0\x9f\xbf", "\xed\xa0\x80", "\xf0\x8f\xbf\xbf", "\xf4\x90\x80\x80",
		"\xf5\x80\x80\x80", "\xff", "a\xc3(" };

	for (size_t i = 0; i < sizeof good / sizeof good[0]; i++)
		assert_true(utf8_valid(good[i], strlen(good[i])));
	for (size_t i = 0; i < sizeof bad / sizeof bad[0]; i++)
		assert_false(utf8_valid(bad[i], strlen(bad[i])));
}

static void what_is_shown(void **state)
{
	char buffer[SHOWN_SIZE], text[200];

	assert_string_equal(shown(buffer, "", 0), "");
	assert_string_equal(shown(buffer, "a\n\x1b[1m\x7f\xff\xc3\xbc", 10), "a??[1m??\xc3\xbc");
	memset(text, 'x', sizeof text);
	for (size_t length = 0; length <= sizeof text; length++) {
		bool fits = length < SHOWN_SIZE;

		shown(buffer, text, length);
		assert_int_equal(strlen(buffer), fits ? length : SHOWN_SIZE - 1);
		assert_int_equal(strstr(buffer, "...") == NULL, fits);
	}
	/* no half of a character before the dots */
	for (size_t i = 0; i < sizeof text; i++)
		text[i] = i % 2 ? '\xbc' : '\xc3';
	shown(buffer, text, sizeof text);
	assert_true(utf8_valid(buffer, strlen(buffer)));
	assert_string_equal(buffer + strlen(buffer) - 3, "...");
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(distances),
		cmocka_unit_test(the_nearest),
		cmocka_unit_test(utf8),
		cmocka_unit_test(what_is_shown),
	};

	cmocka_set_message_output(CM_OUTPUT_TAP);
	return cmocka_run_group_tests(tests, NULL, NULL);
}
