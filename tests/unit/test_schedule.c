/* SPDX-License-Identifier: MIT */
#include "../check.h"
#include "pure/schedule.h"
#include "vocabulary/nsec.h"

#define HORIZON_NS (60 * NSEC_PER_SEC)
#define TICK_NS (HORIZON_NS / 65536 + 1)
#define TARGETS 2000u
#define NOT_IN_WHEEL UINT64_MAX

/* The obvious schedule beside the wheel: a start per target, searched from end to end. */
struct pair {
	struct schedule *schedule;
	uint64_t due_ns[TARGETS];
	uint64_t now_ns;
};

static uint64_t first_due_ns(const struct pair *pair)
{
	uint64_t first_ns = NOT_IN_WHEEL;

	for (uint32_t i = 0; i < TARGETS; i++)
		if (pair->due_ns[i] < first_ns)
			first_ns = pair->due_ns[i];
	return first_ns;
}

static void add(struct pair *pair, uint32_t target, uint64_t due_ns)
{
	assert_true(pair->due_ns[target] == NOT_IN_WHEEL);
	pair->due_ns[target] = due_ns;
	schedule_add(pair->schedule, target, due_ns);
}

/* One pop at now_ns, held against the reference; false when nothing was due. */
static bool pop(struct pair *pair, uint32_t *ret_target)
{
	uint64_t due_ns = 0, first_ns = first_due_ns(pair);
	uint32_t target = TARGETS;

	if (!schedule_pop(pair->schedule, pair->now_ns, &target, &due_ns)) {
		assert_true(first_ns == NOT_IN_WHEEL || first_ns > pair->now_ns);
		return false;
	}
	assert_true(target < TARGETS);
	assert_true(pair->due_ns[target] == due_ns);
	assert_true(due_ns <= pair->now_ns);
	assert_true(due_ns < first_ns + TICK_NS);
	pair->due_ns[target] = NOT_IN_WHEEL;
	*ret_target = target;
	return true;
}

static struct pair *create_pair(uint64_t now_ns)
{
	struct pair *pair = calloc(1, sizeof *pair);

	assert_non_null(pair);
	pair->schedule = schedule_create(TARGETS, HORIZON_NS, now_ns);
	assert_non_null(pair->schedule);
	pair->now_ns = now_ns;
	for (uint32_t i = 0; i < TARGETS; i++)
		pair->due_ns[i] = NOT_IN_WHEEL;
	return pair;
}

static void destroy_pair(struct pair *pair)
{
	schedule_destroy(pair->schedule);
	free(pair);
}

/* Mostly within the horizon; some far beyond it, some at once. */
static uint64_t random_ahead_ns(void)
{
	switch (random_below(20)) {
	case 0:
		return 0;
	case 1:
		return random_below(20 * HORIZON_NS);
	case 2:
		return HORIZON_NS - random_below(3);
	case 3:
		return random_below(3 * TICK_NS);
	default:
		return random_below(HORIZON_NS);
	}
}

/* Mostly a few ms; some pauses of minutes, as of a machine that was suspended. */
static uint64_t random_step_ns(void)
{
	switch (random_below(200)) {
	case 0:
		return random_below(10 * HORIZON_NS);
	case 1:
		return random_below(HORIZON_NS);
	case 2:
		return 0;
	default:
		return random_below(400 * NSEC_PER_MSEC);
	}
}

static void pops_like_a_sorted_list(void **state)
{
	struct pair *pair = create_pair(random_below(1000 * HORIZON_NS));
	uint32_t target, popped = 0;

	for (uint32_t i = 0; i < TARGETS; i++)
		add(pair, i, pair->now_ns + random_ahead_ns());
	for (unsigned turn = 0; turn < 3000; turn++) {
		assert_true(schedule_next_ns(pair->schedule) <= first_due_ns(pair));
		pair->now_ns += random_step_ns();
		assert_true(schedule_next_ns(pair->schedule) <= first_due_ns(pair));
		while (pop(pair, &target)) {
			popped++;
			/* Some leave and come back later, as those do that wait for a slot. */
			if (random_below(4))
				add(pair, target, pair->now_ns + 1 + random_ahead_ns());
		}
		assert_true(schedule_next_ns(pair->schedule) > pair->now_ns);
		for (unsigned i = 0; i < 8; i++) {
			target = (uint32_t)random_below(TARGETS);
			if (pair->due_ns[target] == NOT_IN_WHEEL)
				add(pair, target, pair->now_ns + random_ahead_ns());
		}
	}
	assert_true(popped > 5 * TARGETS);
	destroy_pair(pair);
}

/* A start that is overdue when it is added comes at once, whatever lies before it. */
static void overdue_starts_come_at_once(void **state)
{
	struct pair *pair = create_pair(1000 * HORIZON_NS);
	uint64_t due_ns;
	uint32_t target;

	schedule_add(pair->schedule, 0, pair->now_ns + NSEC_PER_SEC);
	assert_false(schedule_pop(pair->schedule, pair->now_ns, &target, &due_ns));
	for (uint64_t ago = 1; ago < 1000 * HORIZON_NS; ago *= 7) {
		schedule_add(pair->schedule, 1, pair->now_ns - ago);
		assert_true(schedule_next_ns(pair->schedule) <= pair->now_ns);
		assert_true(schedule_pop(pair->schedule, pair->now_ns, &target, &due_ns));
		assert_int_equal(target, 1);
		assert_true(due_ns == pair->now_ns - ago);
	}
	assert_false(schedule_pop(pair->schedule, pair->now_ns, &target, &due_ns));
	destroy_pair(pair);
}

/* Who sleeps until schedule_next_ns() and then pops never sleeps too long, and seldom in vain: only
 * to look at starts beyond the horizon again, about once per horizon. */
static void sleeping_until_next_is_exact_and_not_busy(void **state)
{
	struct pair *pair = create_pair(random_below(1000 * HORIZON_NS));
	uint64_t began_ns = pair->now_ns, next_ns;
	unsigned popped = 0, in_vain = 0;
	uint32_t target;

	for (uint32_t i = 0; i < TARGETS; i++)
		add(pair, i, pair->now_ns + random_ahead_ns());
	while ((next_ns = schedule_next_ns(pair->schedule)) != SCHEDULE_NEVER) {
		uint64_t first_ns = first_due_ns(pair);
		bool found = false;

		assert_true(next_ns > pair->now_ns || first_ns <= pair->now_ns);
		assert_true(next_ns <= first_ns);
		if (next_ns > pair->now_ns)
			pair->now_ns = next_ns;
		while (pop(pair, &target)) {
			found = true;
			/* A pop at the very moment that was named: not a nanosecond late. */
			assert_true(first_ns == pair->now_ns || first_ns <= began_ns);
			popped++;
		}
		in_vain += !found;
		assert_true(schedule_next_ns(pair->schedule) > pair->now_ns);
	}
	assert_int_equal(popped, TARGETS);
	assert_true(in_vain <= 2 * (pair->now_ns - began_ns) / HORIZON_NS + 2);
	destroy_pair(pair);
}

/* One lone start a year ahead: looked at once per horizon, and met to the nanosecond. */
static void one_start_far_ahead(void **state)
{
	struct schedule *schedule = schedule_create(1, HORIZON_NS, 5);
	uint64_t due_ns = 365 * 24 * NSEC_PER_HOUR + 17, now_ns = 5, at_ns = 0, looks = 0;
	uint32_t target = 7;

	schedule_add(schedule, 0, due_ns);
	while (!schedule_pop(schedule, now_ns, &target, &at_ns)) {
		uint64_t next_ns = schedule_next_ns(schedule);

		assert_true(next_ns > now_ns && next_ns <= due_ns);
		now_ns = next_ns;
		looks++;
	}
	assert_true(now_ns == due_ns && at_ns == due_ns);
	assert_int_equal(target, 0);
	assert_true(looks <= due_ns / (HORIZON_NS - 2 * TICK_NS) + 2);
	schedule_destroy(schedule);
}

static void nobody_to_start(void **state)
{
	struct schedule *schedule = schedule_create(0, HORIZON_NS, 0);
	uint64_t due_ns;
	uint32_t target;

	assert_non_null(schedule);
	assert_true(schedule_next_ns(schedule) == SCHEDULE_NEVER);
	assert_false(schedule_pop(schedule, UINT64_MAX / 2, &target, &due_ns));
	assert_true(schedule_next_ns(schedule) == SCHEDULE_NEVER);
	schedule_destroy(schedule);
	schedule_destroy(NULL);
}

/* Many starts in one tick, half of them not due yet: each comes exactly when it is. */
static void starts_within_one_tick(void **state)
{
	struct pair *pair = create_pair(100 * TICK_NS);
	uint32_t target, popped = 0;

	for (uint32_t i = 0; i < TARGETS; i++)
		add(pair, i, 101 * TICK_NS + i);
	for (uint64_t at_ns = 101 * TICK_NS; popped < TARGETS; at_ns += 100) {
		pair->now_ns = at_ns;
		while (pop(pair, &target))
			popped++;
		assert_int_equal(popped,
			at_ns - 101 * TICK_NS + 1 < TARGETS ? at_ns - 101 * TICK_NS + 1 : TARGETS);
	}
	destroy_pair(pair);
}

/* 59 degrees of freedom: chi-square is above 120 once in a hundred thousand. */
static void phases_are_evenly_spread(void **state)
{
	enum { BINS = 60, COUNT = 120000 };
	unsigned bins[BINS] = { 0 };
	double chi_square = 0;

	for (unsigned i = 0; i < COUNT; i++) {
		uint64_t phase_ns = schedule_phase_ns(random_u64(), HORIZON_NS);

		assert_true(phase_ns < HORIZON_NS);
		bins[phase_ns / (HORIZON_NS / BINS)]++;
	}
	for (unsigned i = 0; i < BINS; i++) {
		double off = bins[i] - (double)COUNT / BINS;

		chi_square += off * off / ((double)COUNT / BINS);
	}
	assert_true(chi_square < 130);
}

static void phase_is_the_hash_as_a_share_of_the_interval(void **state)
{
	assert_true(schedule_phase_ns(0, HORIZON_NS) == 0);
	assert_true(schedule_phase_ns(UINT64_MAX, HORIZON_NS) == HORIZON_NS - 1);
	assert_true(schedule_phase_ns(1ull << 63, HORIZON_NS) == HORIZON_NS / 2);
	assert_true(schedule_phase_ns(1ull << 62, HORIZON_NS) == HORIZON_NS / 4);
	assert_true(schedule_phase_ns(UINT64_MAX, 1) == 0);
}

static void samples_are_evenly_spaced(void **state)
{
	assert_true(schedule_offset_ns(0, 1, HORIZON_NS) == 0);
	for (unsigned i = 0; i < 5; i++)
		assert_true(schedule_offset_ns(i, 5, HORIZON_NS) == i * 12 * NSEC_PER_SEC);
	for (unsigned i = 0; i < 20000; i++) {
		uint64_t interval_ns = 1 + random_below(NSEC_PER_HOUR);
		unsigned samples = 1 + (unsigned)random_below(100);
		unsigned index = (unsigned)random_below(samples);

		assert_true(schedule_offset_ns(index, samples, interval_ns) ==
			    (uint64_t)((unsigned __int128)interval_ns * index / samples));
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(pops_like_a_sorted_list),
		cmocka_unit_test(overdue_starts_come_at_once),
		cmocka_unit_test(sleeping_until_next_is_exact_and_not_busy),
		cmocka_unit_test(one_start_far_ahead),
		cmocka_unit_test(nobody_to_start),
		cmocka_unit_test(starts_within_one_tick),
		cmocka_unit_test(phases_are_evenly_spread),
		cmocka_unit_test(phase_is_the_hash_as_a_share_of_the_interval),
		cmocka_unit_test(samples_are_evenly_spaced),
	};

	random_seed();
	cmocka_set_message_output(CM_OUTPUT_TAP);
	return cmocka_run_group_tests(tests, NULL, NULL);
}
