/* SPDX-License-Identifier: MIT */
/* Against a record of every cycle, from which 24 hours are counted the slow way. */
#include "../check.h"
#include "pure/day.h"
#include "vocabulary/nsec.h"

#define MINUTE NSEC_PER_MIN
#define BEGIN 29000000ull /* minutes since 1970 */
#define DAY_MIN (24 * 60)

static double rise_of(struct day_memory *memory, uint64_t number)
{
	return day_numbers(memory, number, MINUTE).latency_rise_ms;
}

/* Minutes under the level, and alerts, of the hour that runs and the 23 before. */
static void what_happened_in_24_hours(void **state)
{
	enum { MINUTES = 4 * DAY_MIN };
	static bool low[MINUTES], alert[MINUTES];
	struct day_memory memory = { 0 };

	for (unsigned i = 0; i < MINUTES; i++) {
		uint64_t number = BEGIN + i;
		unsigned from = 0, low_min = 0, alerts = 0;
		struct day_numbers found;
		bool missing = random_below(10) == 0;

		if (number / 60 - BEGIN / 60 >= DAY_HOURS)
			from = (unsigned)((number / 60 - (DAY_HOURS - 1)) * 60 - BEGIN);
		if (!missing) {
			low[i] = random_below(4) == 0;
			alert[i] = random_below(100) == 0;
			day_fold(&memory, number, MINUTE, 40, low[i]);
			if (alert[i])
				day_alert(&memory, number, MINUTE);
		}
		for (unsigned k = from; k <= i; k++) {
			low_min += low[k];
			alerts += alert[k];
		}
		found = day_numbers(&memory, number, MINUTE);
		assert_int_equal(found.low_min, low_min);
		assert_int_equal(found.alerts, alerts);
	}
	/* Days without a cycle leave nothing. */
	assert_int_equal(day_numbers(&memory, BEGIN + 9 * DAY_MIN, MINUTE).low_min, 0);
	assert_int_equal(day_numbers(&memory, BEGIN + 9 * DAY_MIN, MINUTE).alerts, 0);
}

/* Five minutes of every thirty: never long enough for the ladder, four hours a day. */
static void a_full_uplink(void **state)
{
	struct day_memory memory = { 0 };

	for (unsigned i = 0; i < 3 * DAY_MIN; i++)
		day_fold(&memory, BEGIN + i, MINUTE, 40, i % 30 < 5);
	assert_in_range(day_numbers(&memory, BEGIN + 3 * DAY_MIN - 1, MINUTE).low_min, 230, 240);
}

static void low_minutes_are_minutes(void **state)
{
	static const struct {
		uint64_t interval_ns;
		unsigned cycles, low_min;
	} rows[] = {
		{ NSEC_PER_SEC, 600, 10 },
		{ 1500 * NSEC_PER_MSEC, 400, 10 },
		{ 5 * MINUTE, 2, 10 },
		{ NSEC_PER_HOUR, 3, 180 },
		{ NSEC_PER_HOUR, 400, 24 * 60 },
	};

	for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
		struct day_memory memory = { 0 };
		uint64_t begin = BEGIN * MINUTE / rows[i].interval_ns;

		for (unsigned k = 0; k < rows[i].cycles; k++)
			day_fold(&memory, begin + k, rows[i].interval_ns, NAN, true);
		assert_int_equal(
			day_numbers(&memory, begin + rows[i].cycles - 1, rows[i].interval_ns)
				.low_min,
			rows[i].low_min);
	}
}

/* 40 ms, with a spike now and then; creeping to 55 in half a day. */
static void latency_creep(void **state)
{
	struct day_memory memory = { 0 };
	double most = 0;

	for (unsigned i = 0; i < DAY_MIN; i++) {
		day_fold(&memory, BEGIN + i, MINUTE, i % 7 ? 40 + random_unit() : 300, false);
		if (i < 179 - BEGIN % 60)
			assert_true(isnan(rise_of(&memory, BEGIN + i)));
		else if (i > 240)
			assert_near(rise_of(&memory, BEGIN + i), 0, 0.6);
	}
	for (unsigned i = 0; i < 12 * 60; i++) {
		day_fold(&memory, BEGIN + DAY_MIN + i, MINUTE, 40.5 + i * 15 / 720.0, false);
		most = fmax(most, rise_of(&memory, BEGIN + DAY_MIN + i));
	}
	/* Half of the 24 hours are as they were. */
	assert_near(most, 14, 1.5);
	/* A day later that is what the line is like. */
	for (unsigned i = 0; i < DAY_MIN + 60; i++)
		day_fold(&memory, BEGIN + DAY_MIN + 720 + i, MINUTE, 55.5, false);
	assert_near(rise_of(&memory, BEGIN + 2 * DAY_MIN + 720 + 59), 0, 0.02);
}

/* The last hour is an hour, whatever the interval. */
static void a_change_is_seen_after_half_an_hour(void **state)
{
	static const uint64_t intervals_ns[] = { NSEC_PER_SEC, 20 * NSEC_PER_SEC, MINUTE,
		2 * MINUTE, 5 * MINUTE, 10 * MINUTE };

	for (size_t i = 0; i < sizeof intervals_ns / sizeof intervals_ns[0]; i++) {
		struct day_memory memory = { 0 };
		uint64_t number = BEGIN * MINUTE / intervals_ns[i], after;

		for (uint64_t k = 0; k < 12 * NSEC_PER_HOUR / intervals_ns[i]; k++)
			day_fold(&memory, number++, intervals_ns[i], 40, false);
		for (after = 0; after < 100 * NSEC_PER_HOUR / intervals_ns[i]; after++) {
			day_fold(&memory, number, intervals_ns[i], 60, false);
			if (day_numbers(&memory, number++, intervals_ns[i]).latency_rise_ms > 19)
				break;
		}
		assert_true(after * intervals_ns[i] >= 20 * MINUTE);
		assert_true(after * intervals_ns[i] <= 45 * MINUTE);
	}
}

/* A memory that was kept over a restart with another interval: there are fewer spans in an hour of it, or more. */
static void another_interval(void **state)
{
	static const unsigned minutes[] = { 4, 3, 8, 5, 1, 60, 2, 7 };
	struct day_memory memory = { 0 };
	uint64_t minute = BEGIN;

	for (unsigned i = 0; i < 4 * sizeof minutes / sizeof *minutes; i++) {
		uint64_t every = minutes[i % (sizeof minutes / sizeof *minutes)];
		struct day_numbers numbers = { 0 };

		for (uint64_t end = minute + 6 * 60; minute < end; minute += every) {
			uint64_t number = (minute + every - 1) / every;

			day_fold(&memory, number, every * MINUTE, 40, false);
			numbers = day_numbers(&memory, number, every * MINUTE);
		}
		assert_int_equal(numbers.low_min, 0);
		assert_int_equal(numbers.alerts, 0);
		assert_near(numbers.latency_rise_ms, 0, 0.02);
	}
}

static void what_is_not_known(void **state)
{
	struct day_memory memory = { 0 };

	assert_true(isnan(rise_of(&memory, BEGIN)));
	for (unsigned i = 0; i < 6 * 60; i++)
		day_fold(&memory, BEGIN + i, MINUTE, NAN, false);
	assert_true(isnan(rise_of(&memory, BEGIN + 6 * 60)));
	/* Longer than can be kept, and none at all. */
	for (unsigned i = 0; i < 6 * 60; i++)
		day_fold(&memory, BEGIN + 360 + i, MINUTE, i % 2 ? 1e9 : 0, false);
	assert_true(isfinite(rise_of(&memory, BEGIN + 719)));
	/* After a gap the last hour is not known, the day is. */
	assert_true(isfinite(rise_of(&memory, BEGIN + 719 + 60)));
	assert_true(isnan(rise_of(&memory, BEGIN + 719 + 61)));
	day_fold(&memory, BEGIN + 900, MINUTE, 40, false);
	assert_true(isnan(rise_of(&memory, BEGIN + 900)));
	/* A restart with a clock that is behind. */
	day_fold(&memory, BEGIN, MINUTE, 40, true);
	assert_int_equal(day_numbers(&memory, BEGIN, MINUTE).low_min, 1);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(what_happened_in_24_hours),
		cmocka_unit_test(a_full_uplink),
		cmocka_unit_test(low_minutes_are_minutes),
		cmocka_unit_test(latency_creep),
		cmocka_unit_test(a_change_is_seen_after_half_an_hour),
		cmocka_unit_test(another_interval),
		cmocka_unit_test(what_is_not_known),
	};

	random_seed();
	cmocka_set_message_output(CM_OUTPUT_TAP);
	return cmocka_run_group_tests(tests, NULL, NULL);
}
