/* SPDX-License-Identifier: MIT */
#include <string.h>

#include "../check.h"
#include "pure/state_record.h"
#include "pure/window.h"

enum { WINDOW = 204 };

static char record[4096] __attribute__((aligned(8)));
static unsigned char window[WINDOW];

static struct state_parts random_parts(void)
{
	struct state_parts parts = {
		.cycle = random_u64(),
		.alert = {
			.changed_ms = random_u64(),
			.seq = (uint32_t)random_u64(),
			.suppressed = random_below(2),
			.warning_cycles = random_below(ALERT_CYCLES_MAX + 1),
			.critical_cycles = random_below(ALERT_CYCLES_MAX + 1),
			.recovery_cycles = random_below(ALERT_CYCLES_MAX + 1),
			.level = STATE_OK + random_below(STATE_COUNT - STATE_OK),
		},
		.address_hash = (uint32_t)random_u64(),
	};
	unsigned char *day = (unsigned char *)&parts.day;

	for (size_t i = 0; i < sizeof parts.day; i++)
		day[i] = (unsigned char)random_u64();
	parts.day.step_count = (uint8_t)random_below(DAY_STEPS);
	parts.day.span_count = (uint8_t)random_below(DAY_STEPS + 1);
	snprintf(parts.key, sizeof parts.key, "pbx%u.example.com:5060",
		(unsigned)random_below(1000));
	for (size_t i = 0; i < WINDOW; i++)
		window[i] = (unsigned char)random_u64();
	return parts;
}

static void what_goes_in_comes_out(void **state)
{
	for (unsigned i = 0; i < 1000; i++) {
		struct state_parts parts = random_parts(), found;
		const void *found_window;
		uint32_t sequence;

		state_record_write(record, WINDOW, &parts, window);
		state_record_seal(record, WINDOW, i);
		assert_true(state_record_read(record, WINDOW, &found, &found_window, &sequence));
		assert_int_equal(sequence, i);
		assert_string_equal(found.key, parts.key);
		assert_true(found.cycle == parts.cycle);
		assert_true(found.alert.changed_ms == parts.alert.changed_ms);
		assert_int_equal(found.alert.seq, parts.alert.seq);
		assert_int_equal(found.alert.suppressed, parts.alert.suppressed);
		assert_int_equal(found.alert.warning_cycles, parts.alert.warning_cycles);
		assert_int_equal(found.alert.critical_cycles, parts.alert.critical_cycles);
		assert_int_equal(found.alert.recovery_cycles, parts.alert.recovery_cycles);
		assert_int_equal(found.alert.level, parts.alert.level);
		assert_int_equal(found.address_hash, parts.address_hash);
		assert_memory_equal(&found.day, &parts.day, sizeof found.day);
		assert_memory_equal(found_window, window, WINDOW);
	}
}

/* Nothing that was changed, cut, made by another build or never written is a record. */
static void what_is_damaged_is_not_read(void **state)
{
	struct state_parts parts = random_parts(), found;
	size_t size = state_record_size(WINDOW);
	const void *found_window;
	uint32_t sequence;

	assert_false(state_record_read(record + 2048, WINDOW, &found, &found_window, &sequence));
	state_record_write(record, WINDOW, &parts, window);
	assert_false(state_record_read(record, WINDOW, &found, &found_window, &sequence));
	state_record_seal(record, WINDOW, 7);
	for (size_t bit = 0; bit < 8 * size; bit++) {
		record[bit / 8] = (char)(record[bit / 8] ^ (1 << bit % 8));
		assert_false(state_record_read(record, WINDOW, &found, &found_window, &sequence));
		record[bit / 8] = (char)(record[bit / 8] ^ (1 << bit % 8));
	}
	for (size_t length = 0; length < size; length++) {
		char torn[2048] __attribute__((aligned(8))) = { 0 };

		memcpy(torn, record, length);
		if (memcmp(torn, record, size))
			assert_false(
				state_record_read(torn, WINDOW, &found, &found_window, &sequence));
	}
	assert_false(state_record_read(record, WINDOW - 60, &found, &found_window, &sequence));
	assert_true(state_record_read(record, WINDOW, &found, &found_window, &sequence));
}

/* Nor is what no build writes, though its checksum is right: it would be beyond an array later. */
static void what_makes_no_sense_is_not_read(void **state)
{
	struct state_parts parts = random_parts(), found;
	const void *found_window;
	uint32_t sequence;

	parts.day.step_count = DAY_STEPS;
	state_record_write(record, WINDOW, &parts, window);
	state_record_seal(record, WINDOW, 1);
	assert_false(state_record_read(record, WINDOW, &found, &found_window, &sequence));
	parts.day.step_count = 0;
	parts.alert.level = STATE_SETTLING;
	state_record_write(record, WINDOW, &parts, window);
	state_record_seal(record, WINDOW, 1);
	assert_false(state_record_read(record, WINDOW, &found, &found_window, &sequence));
}

/* A window that was saved is the same one. */
static void windows_are_saved(void **state)
{
	const struct window_config config = { 6, 6 };
	struct window *before = window_create(&config, 3), *after = window_create(&config, 3);
	unsigned char saved[512], again[512];
	enum cause cause;

	assert_int_equal(window_saved_size(&config), WINDOW);
	for (unsigned number = 100; number < 110; number++) {
		struct {
			struct cycle cycle;
			struct cycle_sample samples[5];
		} made = { .cycle = { .number = number, .target = 1, .planned = 5 } };

		for (unsigned i = 0; i < 5; i++)
			made.cycle.samples[i] = (struct cycle_sample) {
				.outcome = random_below(5) ? OUTCOME_OK : OUTCOME_TIMEOUT,
				.sent = 1,
				.rtt_ns = 20000000 + (uint32_t)random_below(1000000),
			};
		if (window_fold(before, &made.cycle, false, false))
			window_remember(before, 1, &(struct window_score) { .mos_cycle = 4 });
	}
	window_save(before, 1, saved);
	assert_true(window_load(after, 2, saved));
	window_save(after, 2, again);
	assert_memory_equal(saved, again, WINDOW);
	assert_near(window_mos(after, 2, 110, &cause), window_mos(before, 1, 110, &cause), 0);
	assert_near(window_numbers(after, 2, 110).latency_ms,
		window_numbers(before, 1, 110).latency_ms, 0);
	/* The newest's squared deviations are no number. */
	memcpy(again + 12 + 32 * again[8] + 28, "\xff\xff\x7f", 3);
	assert_false(window_load(after, 0, again));
	saved[8] = 6; /* the place of the newest */
	assert_false(window_load(after, 0, saved));
	assert_false(window_is_verified(after, 0));
	window_destroy(before);
	window_destroy(after);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(what_goes_in_comes_out),
		cmocka_unit_test(what_is_damaged_is_not_read),
		cmocka_unit_test(what_makes_no_sense_is_not_read),
		cmocka_unit_test(windows_are_saved),
	};

	random_seed();
	cmocka_set_message_output(CM_OUTPUT_TAP);
	return cmocka_run_group_tests(tests, NULL, NULL);
}
