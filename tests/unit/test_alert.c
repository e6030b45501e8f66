/* SPDX-License-Identifier: MIT */
#include <string.h>

#include "../check.h"
#include "pure/alert.h"
#include "vocabulary/nsec.h"

#define MINUTE NSEC_PER_MIN

static const struct alert_policy usual = {
	.warning = 3.5,
	.critical = 3.0,
	.recovery = 3.7,
	.warning_for_ns = 6 * MINUTE,
	.critical_for_ns = 3 * MINUTE,
	.recovery_for_ns = 10 * MINUTE,
};

static uint64_t clock_ms;

static struct alert_transition step(struct alert_state *state, double mos)
{
	clock_ms += 60000;
	return alert_step(state, &usual,
		&(struct alert_cycle) {
			.mos = mos, .interval_ns = MINUTE, .at_ms = clock_ms, .may_fire = true });
}

/* `cycles` cycles in which nothing happens. */
static void quiet(struct alert_state *state, unsigned cycles, double mos)
{
	enum state level = alert_level(state);

	for (unsigned i = 0; i < cycles; i++)
		if (step(state, mos).happened)
			fail_msg(
				"something happened in cycle %u of %u at %.2f", i + 1, cycles, mos);
	assert_int_equal(alert_level(state), level);
}

static void happens(
	struct alert_state *state, double mos, enum state from, enum state to, unsigned held_min)
{
	uint32_t seq = state->seq;
	struct alert_transition transition = step(state, mos);

	assert_true(transition.happened);
	assert_int_equal(transition.previous, from);
	assert_int_equal(transition.state, to);
	assert_int_equal(transition.held_ms, held_min * 60000);
	assert_near(transition.threshold,
		to == STATE_OK	      ? 3.7
		: to == STATE_WARNING ? 3.5
				      : 3.0,
		0);
	assert_int_equal(alert_level(state), to);
	assert_int_equal(state->seq, seq + 1);
	assert_int_equal(state->changed_ms, clock_ms);
}

static void warning_in_the_sixth_cycle(void **state)
{
	struct alert_state alert = { 0 };

	assert_int_equal(alert_level(&alert), STATE_OK);
	quiet(&alert, 5, 3.49);
	happens(&alert, 3.49, STATE_OK, STATE_WARNING, 6);
	quiet(&alert, 100, 3.49);
	quiet(&alert, 9, 3.71);
	happens(&alert, 3.71, STATE_WARNING, STATE_OK, 10);
}

static void critical_in_the_third_cycle_and_no_warning(void **state)
{
	struct alert_state alert = { 0 };

	quiet(&alert, 2, 2.99);
	happens(&alert, 2.99, STATE_OK, STATE_CRITICAL, 3);
	/* A warning neither on the way nor later; the way down is resolved only. */
	quiet(&alert, 50, 2);
	quiet(&alert, 50, 3.4);
	quiet(&alert, 9, 4);
	happens(&alert, 4, STATE_CRITICAL, STATE_OK, 10);
}

static void warning_and_then_critical(void **state)
{
	struct alert_state alert = { 0 };

	quiet(&alert, 5, 3.2);
	happens(&alert, 3.2, STATE_OK, STATE_WARNING, 6);
	quiet(&alert, 2, 2.9);
	happens(&alert, 2.9, STATE_WARNING, STATE_CRITICAL, 3);
	assert_int_equal(alert.seq, 2);
}

/* The sixth low cycle is the third very low one: critical, and only that. */
static void both_at_once_is_critical(void **state)
{
	struct alert_state alert = { 0 };

	quiet(&alert, 3, 3.2);
	quiet(&alert, 2, 2.9);
	happens(&alert, 2.9, STATE_OK, STATE_CRITICAL, 3);
	quiet(&alert, 20, 3.2);
}

static void at_the_level_is_not_beyond_it(void **state)
{
	struct alert_state alert = { 0 };

	quiet(&alert, 50, 3.5);
	quiet(&alert, 5, 3.0);
	happens(&alert, 3.0, STATE_OK, STATE_WARNING, 6);
	quiet(&alert, 50, 3.0);
	quiet(&alert, 50, 3.7);
}

static void one_cycle_clears_what_was_held(void **state)
{
	struct alert_state alert = { 0 };

	for (unsigned i = 0; i < 10; i++) {
		quiet(&alert, 5, 3.2);
		quiet(&alert, 1, 3.5);
		quiet(&alert, 2, 2.5);
		quiet(&alert, 1, 3.5);
	}
	quiet(&alert, 5, 3.2);
	happens(&alert, 3.2, STATE_OK, STATE_WARNING, 6);
	for (unsigned i = 0; i < 10; i++) {
		quiet(&alert, 9, 4.2);
		quiet(&alert, 1, 3.7);
	}
}

static void settling_holds_and_does_not_fire(void **state)
{
	struct alert_state alert = { 0 };
	struct alert_cycle cycle = { .mos = 2, .interval_ns = MINUTE, .at_ms = 1 };
	struct alert_transition transition;

	for (unsigned i = 0; i < 20; i++)
		assert_false(alert_step(&alert, &usual, &cycle).happened);
	cycle.may_fire = true;
	transition = alert_step(&alert, &usual, &cycle);
	assert_true(transition.happened);
	assert_int_equal(transition.state, STATE_CRITICAL);
	assert_int_equal(transition.held_ms, 21 * 60000);
}

static void muting_resolves_and_forgets(void **state)
{
	struct alert_state alert = { 0 };
	struct alert_transition transition;

	assert_false(alert_mute(&alert, 5).happened);
	assert_int_equal(alert.seq, 0);
	quiet(&alert, 5, 3.2);
	assert_false(alert_mute(&alert, 5).happened);
	quiet(&alert, 5, 3.2);
	happens(&alert, 3.2, STATE_OK, STATE_WARNING, 6);
	transition = alert_mute(&alert, 77);
	assert_true(transition.happened);
	assert_int_equal(transition.previous, STATE_WARNING);
	assert_int_equal(transition.state, STATE_OK);
	assert_int_equal(alert.seq, 2);
	assert_int_equal(alert.changed_ms, 77);
	assert_false(alert_mute(&alert, 78).happened);
	quiet(&alert, 2, 2);
	happens(&alert, 2, STATE_OK, STATE_CRITICAL, 3);
}

/* The longest hold there is, at the shortest interval. */
static void a_day_in_seconds(void **state)
{
	struct alert_policy policy = usual;
	struct alert_state alert = { 0 };
	struct alert_cycle cycle = {
		.mos = 3.2, .interval_ns = NSEC_PER_SEC, .at_ms = 1, .may_fire = true
	};

	policy.warning_for_ns = 24 * NSEC_PER_HOUR;
	for (unsigned i = 1; i < 24 * 3600; i++)
		assert_false(alert_step(&alert, &policy, &cycle).happened);
	assert_true(alert_step(&alert, &policy, &cycle).happened);
	/* What is held has an end; it never starts again from nothing. */
	for (unsigned i = 0; i < ALERT_CYCLES_MAX; i++)
		alert_step(&alert, &policy, &cycle);
	assert_int_equal(alert.warning_cycles, ALERT_CYCLES_MAX);
	assert_int_equal(alert_level(&alert), STATE_WARNING);
}

static struct alert_transition tell_again(struct alert_state *state, uint64_t over_min)
{
	return alert_tell_again(state, &usual,
		&(struct alert_cycle) { .interval_ns = MINUTE, .at_ms = clock_ms },
		over_min * MINUTE);
}

/* It was one of its group's, whose event is over. */
static void who_stays_bad_is_told_of(void **state)
{
	struct alert_state alert = { 0 };
	struct alert_transition told;

	quiet(&alert, 2, 2.0);
	happens(&alert, 2.0, STATE_OK, STATE_CRITICAL, 3);
	assert_false(tell_again(&alert, UINT64_MAX / MINUTE).happened); /* it was told of */
	alert.suppressed = true;
	assert_false(tell_again(&alert, 2).happened);
	/* One that recovers, and is not resolved yet, is not told of. */
	quiet(&alert, 1, 4.0);
	assert_false(tell_again(&alert, 3).happened);
	quiet(&alert, 2, 3.2);
	assert_false(tell_again(&alert, 5).happened);
	quiet(&alert, 1, 2.5);
	told = tell_again(&alert, 6);
	assert_true(told.happened);
	assert_int_equal(told.previous, STATE_CRITICAL);
	assert_int_equal(told.state, STATE_CRITICAL);
	assert_int_equal(told.held_ms, 180000);
	assert_int_equal(alert.seq, 2);
	assert_false(tell_again(&alert, 7).happened); /* once */
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(warning_in_the_sixth_cycle),
		cmocka_unit_test(critical_in_the_third_cycle_and_no_warning),
		cmocka_unit_test(warning_and_then_critical),
		cmocka_unit_test(both_at_once_is_critical),
		cmocka_unit_test(at_the_level_is_not_beyond_it),
		cmocka_unit_test(one_cycle_clears_what_was_held),
		cmocka_unit_test(settling_holds_and_does_not_fire),
		cmocka_unit_test(muting_resolves_and_forgets),
		cmocka_unit_test(who_stays_bad_is_told_of),
		cmocka_unit_test(a_day_in_seconds),
	};

	cmocka_set_message_output(CM_OUTPUT_TAP);
	return cmocka_run_group_tests(tests, NULL, NULL);
}
