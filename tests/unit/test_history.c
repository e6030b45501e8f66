/* SPDX-License-Identifier: MIT */
/* Records of five minutes, against means that are taken the plain way; and what does not exist or does not fit. */
#include "pure/history.h"

#include <string.h>

#include "../check.h"
#include "vocabulary/nsec.h"

#define BEGIN 5880000u /* number of the first record */

static const struct settings settings = { .alert = { .warning = 3.5 } };
static const struct target target = { .settings = &settings };

static struct result result_at(uint64_t at_ms, double mos)
{
	return (struct result) {
		.target = &target,
		.at_ms = at_ms,
		.mos_cycle = mos,
		.latency_ms = mos * 10,
		.jitter_ms = 5 - mos,
		.loss_pct = mos / 10,
		.fail_pct = 0,
	};
}

/* A day and a half: what is left in the ring are the last 24 hours, each record what its cycles were. */
static void a_day_and_a_half(void **state)
{
	enum { RECORDS = HISTORY_RECORDS + 144 };
	static uint8_t ring[HISTORY_SIZE];
	static double least[RECORDS], mean[RECORDS];
	static unsigned low[RECORDS], cycles[RECORDS];
	struct history_sums sums = { 0 };
	struct history_values values;
	uint32_t number, written = 0;
	uint8_t record[HISTORY_RECORD_SIZE];

	for (unsigned minute = 0; minute <= RECORDS * 5; minute++) {
		struct result result =
			result_at(BEGIN * (uint64_t)HISTORY_RECORD_MS + minute * 60000,
				1 + 3.4 * random_unit());
		unsigned i = minute / 5;

		/* Some are missing. */
		if (minute < RECORDS * 5 && random_unit() < 0.1)
			continue;
		if (history_fold(&sums, &result, NSEC_PER_MIN, record, &number)) {
			memcpy(ring + number % HISTORY_RECORDS * HISTORY_RECORD_SIZE, record,
				sizeof record);
			written++;
		}
		if (i == RECORDS)
			break;
		least[i] = cycles[i] && least[i] < result.mos_cycle ? least[i] : result.mos_cycle;
		mean[i] += result.mos_cycle;
		low[i] += result.mos_cycle < 3.5;
		cycles[i]++;
	}
	assert_true(written > RECORDS - 3);
	for (unsigned i = 0; i < RECORDS; i++) {
		bool there = history_read(ring, sizeof ring, BEGIN + i, &values);

		assert_int_equal(there, i >= RECORDS - HISTORY_RECORDS && cycles[i]);
		if (!there)
			continue;
		assert_near(values.mos_least, least[i], 0.00051);
		assert_near(values.mos, mean[i] / cycles[i], 0.00051);
		assert_near(values.latency_ms, 10 * mean[i] / cycles[i], 0.051);
		assert_near(values.jitter_ms, 5 - mean[i] / cycles[i], 0.051);
		assert_near(values.loss_pct, mean[i] / cycles[i] / 10, 0.0051);
		assert_near(values.fail_pct, 0, 0);
		assert_int_equal(values.low_min, low[i]);
		assert_int_equal(values.cycles, cycles[i]);
	}
}

static void what_does_not_exist_or_fit(void **state)
{
	struct history_sums sums = { 0 };
	struct history_values values;
	uint8_t ring[HISTORY_SIZE] = { 0 }, record[HISTORY_RECORD_SIZE];
	uint64_t begin_ms = BEGIN * (uint64_t)HISTORY_RECORD_MS;
	struct result result = result_at(begin_ms, NAN);
	uint32_t number;

	assert_false(history_fold(&sums, &result, NSEC_PER_MIN, record, &number));
	result = result_at(begin_ms - 1, 4); /* the clock was set back */
	assert_false(history_fold(&sums, &result, NSEC_PER_MIN, record, &number));
	result = result_at(begin_ms + HISTORY_RECORD_MS, 4);
	result.latency_ms = 1e6;
	assert_true(history_fold(&sums, &result, NSEC_PER_MIN, record, &number));
	assert_int_equal(number, BEGIN);
	memcpy(ring + number % HISTORY_RECORDS * HISTORY_RECORD_SIZE, record, sizeof record);
	assert_true(history_read(ring, sizeof ring, BEGIN, &values));
	assert_true(isnan(values.mos) && isnan(values.mos_least) && isnan(values.latency_ms));
	assert_int_equal(values.cycles, 1);
	assert_false(history_read(ring, sizeof ring, BEGIN + HISTORY_RECORDS, &values));
	assert_false(history_read(
		ring, number % HISTORY_RECORDS * HISTORY_RECORD_SIZE + 15, BEGIN, &values));
	result.at_ms += 2 * HISTORY_RECORD_MS;
	assert_true(history_fold(&sums, &result, NSEC_PER_MIN, record, &number));
	assert_int_equal(number, BEGIN + 1);
	memcpy(ring + number % HISTORY_RECORDS * HISTORY_RECORD_SIZE, record, sizeof record);
	assert_true(history_read(ring, sizeof ring, BEGIN + 1, &values));
	assert_near(values.latency_ms, 6553.4, 1e-9);
	assert_near(values.mos, 4, 1e-9);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(a_day_and_a_half),
		cmocka_unit_test(what_does_not_exist_or_fit),
	};

	random_seed();
	cmocka_set_message_output(CM_OUTPUT_TAP);
	return cmocka_run_group_tests(tests, NULL, NULL);
}
