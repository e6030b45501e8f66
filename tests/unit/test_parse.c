/* SPDX-License-Identifier: MIT */
#include <errno.h>
#include <math.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

#include "pure/parse.h"

static void numbers(void **state)
{
	static const struct {
		const char *text;
		double value;
	} good[] = { { "0", 0 }, { "3.5", 3.5 }, { "007", 7 }, { "1e-3", 1e-3 }, { "2E+2", 200 },
		{ "0.1", 0.1 } };
	static const char *const bad[] = { "", " 1", "1 ", "-1", "+1", ".5", "5.", "1e", "1e+",
		"nan", "inf", "infinity", "0x10", "1,5", "1.2.3", "12a" };

	for (size_t i = 0; i < sizeof good / sizeof good[0]; i++) {
		double value = -1;

		assert_int_equal(parse_number(&value, good[i].text), 0);
		assert_true(value == good[i].value);
	}
	for (size_t i = 0; i < sizeof bad / sizeof bad[0]; i++) {
		double value = -1;

		assert_int_equal(parse_number(&value, bad[i]), -EINVAL);
		assert_true(value == -1);
	}
	assert_int_equal(parse_number(&(double) { 0 }, "1e999"), -ERANGE);
}

static void per_cent(void **state)
{
	static const char *const bad[] = { "", "%", "50", "50 %", "-1%", "50%%", "50p", "nan%" };
	double value = -1;

	assert_int_equal(parse_percent(&value, "50%"), 0);
	assert_true(value == 50);
	assert_int_equal(parse_percent(&value, "2.5%"), 0);
	assert_true(value == 2.5);
	for (size_t i = 0; i < sizeof bad / sizeof bad[0]; i++)
		assert_int_equal(parse_percent(&value, bad[i]), -EINVAL);
	assert_int_equal(parse_percent(&value, "1e999%"), -ERANGE);
	assert_true(value == 2.5);
}

static void counts(void **state)
{
	static const char *const bad[] = { "", "-1", "+1", "1.0", " 1", "1 ", "0x1", "1e3" };
	uint64_t value = 1;

	assert_int_equal(parse_count(&value, "0"), 0);
	assert_true(value == 0);
	assert_int_equal(parse_count(&value, "18446744073709551615"), 0);
	assert_true(value == UINT64_MAX);
	assert_int_equal(parse_count(&value, "18446744073709551616"), -ERANGE);
	assert_int_equal(parse_count(&value, "99999999999999999999"), -ERANGE);
	assert_true(value == UINT64_MAX);
	for (size_t i = 0; i < sizeof bad / sizeof bad[0]; i++)
		assert_int_equal(parse_count(&value, bad[i]), -EINVAL);
}

static void durations(void **state)
{
	static const struct {
		const char *text;
		uint64_t ns;
	} good[] = { { "60s", 60000000000 }, { "1.5s", 1500000000 }, { "100ms", 100000000 },
		{ "0.1s", 100000000 }, { "6m", 360000000000 }, { "1h", 3600000000000 },
		{ "0.5h", 1800000000000 }, { "0s", 0 }, { "0.000001ms", 1 } };
	static const char *const bad[] = { "", "60", "s", "60 s", "60sec", "60S", "-1s", "1d",
		"1us", "nans", "1m30s", "1.s" };
	uint64_t ns = 1;

	for (size_t i = 0; i < sizeof good / sizeof good[0]; i++) {
		assert_int_equal(parse_duration(&ns, good[i].text), 0);
		assert_true(ns == good[i].ns);
	}
	for (size_t i = 0; i < sizeof bad / sizeof bad[0]; i++)
		assert_int_equal(parse_duration(&ns, bad[i]), -EINVAL);
	assert_int_equal(parse_duration(&ns, "99999999999h"), -ERANGE);
	assert_int_equal(parse_duration(&ns, "1e400s"), -ERANGE);
}

static void sizes(void **state)
{
	static const char *const bad[] = { "", "64", "64MB", "64mib", "MiB", "-1MiB", "64 MiB" };
	uint64_t bytes = 1;

	assert_int_equal(parse_size(&bytes, "64MiB"), 0);
	assert_true(bytes == 64u << 20);
	assert_int_equal(parse_size(&bytes, "1.5GiB"), 0);
	assert_true(bytes == 3u << 29);
	assert_int_equal(parse_size(&bytes, "4KiB"), 0);
	assert_true(bytes == 4096);
	for (size_t i = 0; i < sizeof bad / sizeof bad[0]; i++)
		assert_int_equal(parse_size(&bytes, bad[i]), -EINVAL);
	assert_int_equal(parse_size(&bytes, "99999999999GiB"), -ERANGE);
}

static void moments(void **state)
{
	static const char *const bad[] = { "", "2026-12-01", "2026-12-01T04:00",
		"2026-12-01 04:00Z", "2026-12-01T04:00Z ", "2026-12-01T04:00:00",
		"2026-13-01T04:00Z", "2026-00-01T04:00Z", "2026-02-30T04:00Z", "2025-02-29T04:00Z",
		"2026-12-01T24:00Z", "2026-12-01T04:60Z", "2026-12-01T04:00:60Z",
		"2026-12-01T04:00+01:00", "26-12-01T04:00Z", "2026-1-01T04:00Z" };
	uint64_t ms = 1;

	assert_int_equal(parse_utc(&ms, "1970-01-01T00:00Z"), 0);
	assert_true(ms == 0);
	assert_int_equal(parse_utc(&ms, "2026-12-01T04:00Z"), 0);
	assert_true(ms == 1796097600000);
	assert_int_equal(parse_utc(&ms, "2024-02-29T23:59:59Z"), 0);
	assert_true(ms == 1709251199000);
	for (size_t i = 0; i < sizeof bad / sizeof bad[0]; i++)
		assert_int_equal(parse_utc(&ms, bad[i]), -EINVAL);
	assert_int_equal(parse_utc(&ms, "1969-12-31T23:59Z"), -ERANGE);
	assert_true(ms == 1709251199000);
}

static void durations_shown(void **state)
{
	char buffer[DURATION_TEXT_SIZE];

	assert_string_equal(duration_text(60000000000, buffer), "60s");
	assert_string_equal(duration_text(0, buffer), "0s");
	assert_string_equal(duration_text(1500000000, buffer), "1.5s");
	assert_string_equal(duration_text(100000000, buffer), "100ms");
	assert_string_equal(duration_text(1, buffer), "1e-06ms");
	assert_true(strlen(duration_text(UINT64_MAX, buffer)) < sizeof buffer);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(numbers),
		cmocka_unit_test(per_cent),
		cmocka_unit_test(counts),
		cmocka_unit_test(durations),
		cmocka_unit_test(sizes),
		cmocka_unit_test(moments),
		cmocka_unit_test(durations_shown),
	};

	cmocka_set_message_output(CM_OUTPUT_TAP);
	return cmocka_run_group_tests(tests, NULL, NULL);
}
