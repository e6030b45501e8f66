/* SPDX-License-Identifier: MIT */
#include "../check.h"

#include "pure/guard.h"
#include "vocabulary/nsec.h"

#define SECOND NSEC_PER_SEC
#define TARGETS 600

static const struct guard_policy usual = {
	.window_ns = 10 * SECOND,
	.share_pct = 50,
	.min_targets = 10,
	.sample = 200,
	.max_ns = 1800 * SECOND,
};

/* A fleet of which every target is visited once in 12 s, one after the other, and whose silent samples
 * have their outcome 3 s after the others would. */
struct fleet {
	struct guard *guard;
	uint32_t targets;
	uint64_t now_ns;
	uint64_t visit; /* which comes next */
	/* Samples that start from cut_ns to mended_ns at a target below `cut` are silent. */
	uint64_t cut_ns, mended_ns;
	uint32_t cut;
	struct guard_change change; /* the newest that happened */
};

static struct fleet fleet_of(const struct guard_policy *policy, uint32_t targets)
{
	struct fleet fleet = {
		.guard = guard_create(policy, targets),
		.targets = targets,
		.now_ns = 5000 * SECOND,
		.cut_ns = UINT64_MAX,
	};

	assert_non_null(fleet.guard);
	return fleet;
}

static void cut(struct fleet *fleet, uint32_t targets, uint64_t for_ns)
{
	fleet->cut_ns = fleet->now_ns;
	fleet->mended_ns = for_ns == UINT64_MAX ? UINT64_MAX : fleet->now_ns + for_ns;
	fleet->cut = targets;
}

static bool is_silent(const struct fleet *fleet, uint32_t target, uint64_t start_ns)
{
	return target < fleet->cut && start_ns >= fleet->cut_ns && start_ns < fleet->mended_ns;
}

/* The targets in an order in which those that are cut are spread among the others. */
static uint32_t target_of(const struct fleet *fleet, uint64_t visit)
{
	return (uint32_t)(visit * 7919 % fleet->targets);
}

/* One step of a visit's distance: an answer of now, and the silence of 3 s ago. */
static bool step(struct fleet *fleet)
{
	uint64_t distance_ns = 12 * SECOND / fleet->targets, late = 3 * SECOND / distance_ns;
	uint32_t now = target_of(fleet, fleet->visit), before;
	struct guard_change change;

	if (!is_silent(fleet, now, fleet->now_ns) && guard_visits(fleet->guard, random_u64()))
		guard_see(fleet->guard, now, true, fleet->now_ns);
	if (fleet->visit >= late) {
		before = target_of(fleet, fleet->visit - late);
		if (is_silent(fleet, before, fleet->now_ns - 3 * SECOND) &&
			guard_visits(fleet->guard, random_u64()))
			guard_see(fleet->guard, before, false, fleet->now_ns);
	}
	change = guard_step(fleet->guard, fleet->now_ns);
	fleet->now_ns += distance_ns;
	fleet->visit++;
	if (change.happened)
		fleet->change = change;
	return change.happened;
}

/* Steps until something happens; returns after how many seconds, or -1 when nothing does. */
static double seconds_until_change(struct fleet *fleet, unsigned most_s)
{
	uint64_t begin_ns = fleet->now_ns;

	while (fleet->now_ns < begin_ns + most_s * SECOND)
		if (step(fleet))
			return (double)(fleet->now_ns - begin_ns) / 1e9;
	return -1;
}

static void nothing_for(struct fleet *fleet, unsigned s)
{
	double after_s = seconds_until_change(fleet, s);

	if (after_s >= 0)
		fail_msg("after %.3f s: from %d to %d, %u of %u failed", after_s,
			fleet->change.before, fleet->change.after, fleet->change.view.failed,
			fleet->change.view.visited);
}

static void changes(struct fleet *fleet, enum guard_state to, double least_s, double most_s)
{
	double after_s = seconds_until_change(fleet, (unsigned)most_s + 1);

	if (after_s < least_s || after_s > most_s || fleet->change.after != to)
		fail_msg("after %.3f s to %d; wanted %.3f to %.3f s, %d", after_s,
			fleet->change.after, least_s, most_s, to);
}

/* All is cut: half of the window is silent when (window + time-out) / 2 have passed. */
static void a_cut_trips_and_clears(void **state)
{
	struct fleet fleet = fleet_of(&usual, TARGETS);
	uint64_t tripped_ns;

	nothing_for(&fleet, 30);
	cut(&fleet, TARGETS, 60 * SECOND);
	changes(&fleet, GUARD_IMPAIRED, 6, 7);
	tripped_ns = fleet.now_ns;
	assert_true(guard_is_impaired(fleet.guard));
	assert_int_equal(fleet.change.lasted_ns, 0);
	assert_in_range(fleet.change.view.visited, 300, 500);
	assert_true(fleet.change.view.failed * 2 > fleet.change.view.visited);
	/* All of the cut is rejected, what was before the window is not. */
	assert_true(guard_rejects(fleet.guard, fleet.cut_ns));
	assert_true(guard_rejects(fleet.guard, tripped_ns - 9 * SECOND));
	assert_false(guard_rejects(fleet.guard, tripped_ns - 11 * SECOND));
	nothing_for(&fleet, 53);
	changes(&fleet, GUARD_CLEAR, 0, 12);
	assert_true(fleet.now_ns > fleet.mended_ns);
	assert_true(fleet.change.lasted_ns + SECOND > fleet.now_ns - tripped_ns);
	assert_false(guard_is_impaired(fleet.guard));
	assert_true(guard_rejects(fleet.guard, fleet.mended_ns));
	assert_false(guard_rejects(fleet.guard, fleet.now_ns + 1));
	nothing_for(&fleet, 60);
	guard_destroy(fleet.guard);
}

static void half_is_not_most(void **state)
{
	struct fleet fleet = fleet_of(&usual, TARGETS);

	nothing_for(&fleet, 30);
	cut(&fleet, TARGETS * 45 / 100, UINT64_MAX);
	nothing_for(&fleet, 300);
	cut(&fleet, TARGETS * 60 / 100, UINT64_MAX);
	changes(&fleet, GUARD_IMPAIRED, 1, 20);
	guard_destroy(fleet.guard);
}

/* The strict edge, without a fleet: of 20 targets 10, then 11. */
static void more_than_the_share(void **state)
{
	struct guard *guard = guard_create(&usual, 20);

	for (uint32_t i = 0; i < 20; i++)
		guard_see(guard, i, i >= 10, SECOND);
	assert_false(guard_step(guard, SECOND).happened);
	guard_see(guard, 10, false, SECOND);
	assert_true(guard_step(guard, SECOND).happened);
	guard_destroy(guard);
}

/* However many of few: below min_targets each is judged for itself. */
static void few_targets(void **state)
{
	struct fleet fleet = fleet_of(&usual, 9);

	assert_int_equal(guard_hold_ns(fleet.guard), 0);
	nothing_for(&fleet, 30);
	cut(&fleet, 9, UINT64_MAX);
	nothing_for(&fleet, 300);
	guard_destroy(fleet.guard);

	fleet = fleet_of(&usual, 12);
	assert_int_equal(guard_hold_ns(fleet.guard), 10 * SECOND);
	nothing_for(&fleet, 30);
	cut(&fleet, 9, UINT64_MAX);
	nothing_for(&fleet, 300);
	cut(&fleet, 12, UINT64_MAX);
	changes(&fleet, GUARD_IMPAIRED, 1, 13);
	guard_destroy(fleet.guard);
}

static void switched_off(void **state)
{
	struct guard_policy off = usual;
	struct fleet fleet;

	off.window_ns = 0;
	fleet = fleet_of(&off, TARGETS);
	assert_int_equal(guard_hold_ns(fleet.guard), 0);
	cut(&fleet, TARGETS, UINT64_MAX);
	nothing_for(&fleet, 300);
	assert_false(guard_rejects(fleet.guard, fleet.now_ns));
	guard_destroy(fleet.guard);
}

/* A window holds a target once, by its newest sample. */
static void a_target_counts_once(void **state)
{
	struct guard *guard = guard_create(&usual, 20);
	struct guard_view view;

	for (unsigned round = 0; round < 50; round++)
		for (uint32_t i = 0; i < 20; i++)
			guard_see(guard, i, round != 7, SECOND + round * SECOND / 10);
	view = guard_step(guard, 6 * SECOND).view;
	assert_int_equal(view.visited, 20);
	assert_int_equal(view.failed, 0);
	/* And leaves with the window. */
	view = guard_step(guard, 20 * SECOND).view;
	assert_int_equal(view.visited, 0);
	guard_destroy(guard);
}

static void it_lets_go_and_trips_again_only_when_it_was_over(void **state)
{
	struct guard_policy short_of_patience = usual;
	struct fleet fleet;

	short_of_patience.max_ns = 120 * SECOND;
	fleet = fleet_of(&short_of_patience, TARGETS);
	nothing_for(&fleet, 30);
	cut(&fleet, TARGETS, 400 * SECOND);
	changes(&fleet, GUARD_IMPAIRED, 6, 7);
	changes(&fleet, GUARD_LET_GO, 119.9, 120.1);
	assert_false(guard_is_impaired(fleet.guard));
	assert_false(guard_rejects(fleet.guard, fleet.now_ns + SECOND));
	nothing_for(&fleet, 270);
	changes(&fleet, GUARD_CLEAR, 0, 20);
	cut(&fleet, TARGETS, UINT64_MAX);
	changes(&fleet, GUARD_IMPAIRED, 6, 7);
	guard_destroy(fleet.guard);
}

/* Few are visited meanwhile, and enough to see that it is over. */
static void it_visits_a_sample(void **state)
{
	struct fleet fleet = fleet_of(&usual, 24000);
	unsigned visited = 0;

	random_seed();
	nothing_for(&fleet, 30);
	for (unsigned i = 0; i < 1000; i++)
		visited += guard_visits(fleet.guard, random_u64());
	assert_int_equal(visited, 1000);
	cut(&fleet, fleet.targets, 60 * SECOND);
	changes(&fleet, GUARD_IMPAIRED, 6, 7);
	visited = 0;
	for (unsigned i = 0; i < 100000; i++)
		visited += guard_visits(fleet.guard, random_u64());
	/* 300 of the some 13,000 that the window held. */
	assert_in_range(fleet.change.view.visited, 10000, 16000);
	assert_in_range(visited, 1800, 3200);
	changes(&fleet, GUARD_CLEAR, 53, 66);
	guard_destroy(fleet.guard);
}

/* More times of impairment than are remembered apart: none of their samples comes through. */
static void many_times(void **state)
{
	struct guard *guard = guard_create(&usual, 20);
	uint64_t tripped_ns[40], now_ns = 100 * SECOND;

	for (unsigned round = 0; round < 40; round++) {
		now_ns += 30 * SECOND;
		for (uint32_t i = 0; i < 20; i++)
			guard_see(guard, i, false, now_ns);
		assert_int_equal(guard_step(guard, now_ns).after, GUARD_IMPAIRED);
		tripped_ns[round] = now_ns;
		now_ns += 30 * SECOND;
		for (uint32_t i = 0; i < 20; i++)
			guard_see(guard, i, true, now_ns);
		assert_int_equal(guard_step(guard, now_ns).after, GUARD_CLEAR);
	}
	for (unsigned round = 0; round < 40; round++)
		assert_true(guard_rejects(guard, tripped_ns[round]));
	assert_false(guard_rejects(guard, tripped_ns[39] - 11 * SECOND));
	assert_false(guard_rejects(guard, now_ns + 1));
	guard_destroy(guard);
}

/* Against a slow count over all that was ever seen. */
static void a_slow_count_says_the_same(void **state)
{
	enum { COUNT = 40 };
	struct guard *guard = guard_create(&usual, COUNT);
	struct {
		uint64_t at_ns;
		bool failed;
	} newest[COUNT] = { { 0, false } };
	uint64_t begin_ns = 0, now_ns = 77 * SECOND;

	random_seed();
	for (unsigned i = 0; i < 200000; i++) {
		uint32_t target = (uint32_t)random_below(COUNT);
		bool failed = random_below(100) < 30 + 40 * (i / 20000 % 2);
		struct guard_view view, wanted = { 0 };

		now_ns += random_below(100) ? random_below(SECOND / 2) : random_below(30 * SECOND);
		begin_ns = begin_ns ? begin_ns : now_ns;
		guard_see(guard, target, !failed, now_ns);
		newest[target].at_ns = now_ns;
		newest[target].failed = failed;
		for (uint32_t t = 0; t < COUNT; t++) {
			uint64_t step = (now_ns - begin_ns) / SECOND;

			if (!newest[t].at_ns || (newest[t].at_ns - begin_ns) / SECOND + 10 <= step)
				continue;
			wanted.visited++;
			wanted.failed += newest[t].failed;
		}
		view = guard_step(guard, now_ns).view;
		if (view.visited != wanted.visited || view.failed != wanted.failed)
			fail_msg("sample %u: %u of %u failed, wanted %u of %u", i, view.failed,
				view.visited, wanted.failed, wanted.visited);
	}
	guard_destroy(guard);
}

static void a_reload_switches_it_on(void **state)
{
	struct guard *guard = guard_create(&usual, 1000);
	uint64_t now_ns = 1000 * SECOND;

	guard_count(guard, usual.min_targets - 1);
	assert_int_equal(guard_hold_ns(guard), 0);
	for (uint32_t i = 0; i < usual.min_targets; i++)
		guard_see(guard, i, false, now_ns);
	assert_false(guard_step(guard, now_ns).happened);
	guard_count(guard, usual.min_targets);
	assert_int_equal(guard_hold_ns(guard), usual.window_ns);
	for (uint32_t i = 0; i < usual.min_targets; i++)
		guard_see(guard, i, false, now_ns);
	assert_true(guard_step(guard, now_ns).happened);
	assert_true(guard_is_impaired(guard));
	guard_destroy(guard);
}

/* 30 of 130 were silent and leave with most others: what is left answers. */
static void who_leaves_is_not_counted(void **state)
{
	struct guard *guard = guard_create(&usual, 130);
	uint64_t now_ns = 1000 * SECOND;
	struct guard_change change;

	for (uint32_t i = 0; i < 130; i++)
		guard_see(guard, i, i >= 30, now_ns + i);
	for (uint32_t i = 0; i < 110; i++)
		guard_forget(guard, i);
	guard_count(guard, 20);
	change = guard_step(guard, now_ns + SECOND);
	assert_false(change.happened);
	assert_int_equal(change.view.visited, 20);
	assert_int_equal(change.view.failed, 0);
	guard_destroy(guard);
}

/* One that has tripped of 100 targets, of which those from `left` on have left since. */
static struct guard *impaired(uint32_t left, uint64_t now_ns)
{
	struct guard *guard = guard_create(&usual, 100);

	for (uint32_t i = 0; i < 100; i++)
		guard_see(guard, i, false, now_ns);
	assert_int_equal(guard_step(guard, now_ns).after, GUARD_IMPAIRED);
	for (uint32_t i = left; i < 100; i++)
		guard_forget(guard, i);
	guard_count(guard, left);
	return guard;
}

/* It has cleared when those answer that are left of those that it waits for. */
static void who_leaves_is_not_waited_for(void **state)
{
	uint64_t now_ns = 1000 * SECOND;
	struct guard *guard = impaired(20, now_ns);

	now_ns += 30 * SECOND;
	for (uint32_t i = 0; i < 9; i++)
		guard_see(guard, i, true, now_ns);
	assert_int_equal(guard_step(guard, now_ns).after, GUARD_IMPAIRED);
	guard_see(guard, 9, true, now_ns);
	assert_int_equal(guard_step(guard, now_ns).after, GUARD_CLEAR);
	guard_destroy(guard);
}

/* So few are left that it could not trip: nor does it stay. */
static void a_reload_switches_it_off(void **state)
{
	uint64_t now_ns = 1000 * SECOND;
	struct guard *guard = impaired(5, now_ns);

	assert_int_equal(guard_step(guard, now_ns + SECOND).after, GUARD_CLEAR);
	guard_destroy(guard);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(a_cut_trips_and_clears),
		cmocka_unit_test(half_is_not_most),
		cmocka_unit_test(more_than_the_share),
		cmocka_unit_test(few_targets),
		cmocka_unit_test(switched_off),
		cmocka_unit_test(a_target_counts_once),
		cmocka_unit_test(it_lets_go_and_trips_again_only_when_it_was_over),
		cmocka_unit_test(it_visits_a_sample),
		cmocka_unit_test(many_times),
		cmocka_unit_test(a_slow_count_says_the_same),
		cmocka_unit_test(a_reload_switches_it_on),
		cmocka_unit_test(a_reload_switches_it_off),
		cmocka_unit_test(who_leaves_is_not_counted),
		cmocka_unit_test(who_leaves_is_not_waited_for),
	};

	cmocka_set_message_output(CM_OUTPUT_TAP);
	return cmocka_run_group_tests(tests, NULL, NULL);
}
