/* SPDX-License-Identifier: MIT */
/* The guard's measures that need no silence: what all targets lose, how slow all are, and what fails at our own side. */
#include "../check.h"

#include "pure/guard.h"
#include "vocabulary/nsec.h"

#define SECOND NSEC_PER_SEC
#define TARGETS 600

static const struct guard_policy usual = {
	.window_ns = 10 * SECOND,
	.share_pct = 50,
	.min_targets = 10,
	.loss_rise_pct = 3,
	.delay_rise_ms = 50,
	.local_errors_pct = 5,
	.sample = 200,
	.max_ns = 1800 * SECOND,
};

/* A fleet that sends 50 samples a second, and what is the matter with it. */
struct fleet {
	struct guard *guard;
	uint64_t now_ns;
	uint32_t next;
	double loss, off_ms, local; /* of a SYN; of a latency; of a sample */
	struct guard_change change;
};

static struct fleet fleet_of(void)
{
	return (struct fleet) { .guard = guard_create(&usual, TARGETS), .now_ns = 5000 * SECOND };
}

static void sample(struct fleet *fleet)
{
	uint32_t target = fleet->next++ % TARGETS;
	unsigned lost = 0;

	if (random_unit() < fleet->local) {
		guard_see_local_error(fleet->guard, fleet->now_ns);
		return;
	}
	while (lost < 2 && random_unit() < fleet->loss)
		lost++;
	guard_see(fleet->guard, target, true, fleet->now_ns);
	guard_measure(fleet->guard, 1 + lost, lost,
		lost ? (double)NAN : fleet->off_ms + 4 * (random_unit() - 0.5), fleet->now_ns);
}

/* Returns after how many seconds something happens; -1: nothing does. */
static double watch(struct fleet *fleet, unsigned s)
{
	uint64_t begin_ns = fleet->now_ns;

	while (fleet->now_ns < begin_ns + s * SECOND) {
		fleet->now_ns += SECOND / 50;
		sample(fleet);
		fleet->change = guard_step(fleet->guard, fleet->now_ns);
		if (fleet->change.happened)
			return (double)(fleet->now_ns - begin_ns) / 1e9;
	}
	return -1;
}

static void nothing_for(struct fleet *fleet, unsigned s)
{
	double after_s = watch(fleet, s);

	if (after_s >= 0)
		fail_msg("after %.1f s to %d, by %d: lost %.2f (%.2f) %%, off %.1f (%.1f) ms",
			after_s, fleet->change.after, fleet->change.why,
			fleet->change.view.rise.loss_pct, fleet->change.view.rise.loss_usual_pct,
			fleet->change.view.rise.off_ms, fleet->change.view.rise.off_usual_ms);
}

static void trips(struct fleet *fleet, enum guard_why why, double most_s)
{
	double after_s = watch(fleet, 60);

	assert_true(after_s >= 0 && after_s <= most_s);
	assert_int_equal(fleet->change.after, GUARD_IMPAIRED);
	assert_int_equal(fleet->change.why, why);
}

static void clears(struct fleet *fleet, double most_s)
{
	double after_s = watch(fleet, 60);

	assert_true(after_s >= 0 && after_s <= most_s);
	assert_int_equal(fleet->change.after, GUARD_CLEAR);
}

static void an_uplink_that_loses(void **state)
{
	struct fleet fleet = fleet_of();

	fleet.loss = .01;
	nothing_for(&fleet, 3600);
	fleet.loss = .08;
	trips(&fleet, GUARD_LOSS, 12);
	assert_true(fleet.change.view.rise.loss_pct > 4);
	assert_near(fleet.change.view.rise.loss_usual_pct, 1, 0.3);
	nothing_for(&fleet, 1200);
	fleet.loss = .01;
	clears(&fleet, 15);
	nothing_for(&fleet, 600);
	guard_destroy(fleet.guard);
}

/* What a cut of a few seconds leaves: SYNs that are answered when they are repeated, all at once. */
static void a_short_cut_is_no_loss_that_lasts(void **state)
{
	struct fleet fleet = fleet_of();

	nothing_for(&fleet, 600);
	for (unsigned cut = 0; cut < 20; cut++) {
		fleet.loss = 1;
		nothing_for(&fleet, 2);
		fleet.loss = 0;
		nothing_for(&fleet, 600 + cut);
	}
	fleet.loss = .08;
	trips(&fleet, GUARD_LOSS, 12);
	guard_destroy(fleet.guard);
}

static void an_uplink_that_is_slow(void **state)
{
	struct fleet fleet = fleet_of();

	nothing_for(&fleet, 300);
	fleet.off_ms = 40;
	nothing_for(&fleet, 60);
	fleet.off_ms = 90;
	trips(&fleet, GUARD_DELAY, 7);
	assert_near(fleet.change.view.rise.off_usual_ms, 0, 3);
	nothing_for(&fleet, 300);
	/* Half of it gone is not gone. */
	fleet.off_ms = 30;
	nothing_for(&fleet, 60);
	fleet.off_ms = 1;
	clears(&fleet, 7);
	guard_destroy(fleet.guard);
}

static void samples_that_fail_at_our_own_side(void **state)
{
	struct fleet fleet = fleet_of();

	fleet.local = .002;
	nothing_for(&fleet, 300);
	fleet.local = .3;
	trips(&fleet, GUARD_LOCAL_ERRORS, 5);
	nothing_for(&fleet, 60);
	fleet.local = 0;
	clears(&fleet, 12);
	guard_destroy(fleet.guard);
}

/* Before three minutes are known nothing is unusual. */
static void at_the_start_nothing_is_unusual(void **state)
{
	struct fleet fleet = fleet_of();

	fleet.loss = .1;
	fleet.off_ms = 100;
	nothing_for(&fleet, 1800);
	guard_destroy(fleet.guard);
}

/* Lines lose what they lose, by chance now more, now less: in a day it is never taken for us. */
static void a_day_of_ordinary_loss(void **state)
{
	static const double losses[] = { .0005, .003, .01, .03 };

	for (size_t i = 0; i < sizeof losses / sizeof losses[0]; i++) {
		struct fleet fleet = fleet_of();

		fleet.loss = losses[i];
		nothing_for(&fleet, 6 * 3600);
		guard_destroy(fleet.guard);
	}
}

/* Nobody else is asked: a window without an answer of any of them, and it is over with the next one. */
static void canaries_that_fall_silent(void **state)
{
	struct fleet fleet = fleet_of();
	uint64_t silent_ns;

	nothing_for(&fleet, 30); /* there are none */
	for (unsigned i = 0; i < 600; i++) {
		guard_see_canaries(fleet.guard, fleet.now_ns);
		nothing_for(&fleet, 1);
	}
	silent_ns = fleet.now_ns;
	trips(&fleet, GUARD_CANARIES, 11);
	assert_true(fleet.now_ns - silent_ns >= 9 * SECOND);
	nothing_for(&fleet, 60);
	/* It does not let go without them. */
	fleet.now_ns += 1800 * SECOND;
	nothing_for(&fleet, 60);
	guard_see_canaries(fleet.guard, fleet.now_ns);
	clears(&fleet, 1);
	guard_destroy(fleet.guard);
}

/* Two at once: it is over when both are. */
static void it_clears_by_every_measure(void **state)
{
	struct fleet fleet = fleet_of();

	nothing_for(&fleet, 300);
	fleet.loss = .2;
	trips(&fleet, GUARD_LOSS, 12);
	fleet.off_ms = 200;
	nothing_for(&fleet, 20);
	fleet.loss = 0;
	nothing_for(&fleet, 120);
	fleet.off_ms = 0;
	clears(&fleet, 12);
	guard_destroy(fleet.guard);
}

/* It becomes the usual when it has been let go for most of an hour. */
static void it_lets_go_of_a_new_normal(void **state)
{
	struct fleet fleet = fleet_of();

	nothing_for(&fleet, 600);
	fleet.off_ms = 90;
	trips(&fleet, GUARD_DELAY, 7);
	assert_true(watch(&fleet, 2000) > 1790);
	assert_int_equal(fleet.change.after, GUARD_LET_GO);
	assert_true(watch(&fleet, 3600) > 300);
	assert_int_equal(fleet.change.after, GUARD_CLEAR);
	nothing_for(&fleet, 3600);
	guard_destroy(fleet.guard);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(an_uplink_that_loses),
		cmocka_unit_test(a_short_cut_is_no_loss_that_lasts),
		cmocka_unit_test(an_uplink_that_is_slow),
		cmocka_unit_test(samples_that_fail_at_our_own_side),
		cmocka_unit_test(at_the_start_nothing_is_unusual),
		cmocka_unit_test(a_day_of_ordinary_loss),
		cmocka_unit_test(canaries_that_fall_silent),
		cmocka_unit_test(it_clears_by_every_measure),
		cmocka_unit_test(it_lets_go_of_a_new_normal),
	};

	random_seed();
	cmocka_set_message_output(CM_OUTPUT_TAP);
	return cmocka_run_group_tests(tests, NULL, NULL);
}
