/* SPDX-License-Identifier: MIT */
#include "pure/alert.h"

#include <math.h>

#include "vocabulary/nsec.h"

enum state alert_level(const struct alert_state *state)
{
	return state->level ? (enum state)state->level : STATE_OK;
}

static uint32_t held(uint32_t cycles, bool holds)
{
	if (!holds)
		return 0;
	return cycles < ALERT_CYCLES_MAX ? cycles + 1 : cycles;
}

static bool long_enough(uint32_t cycles, const struct alert_cycle *cycle, uint64_t hold_ns)
{
	/* A hold of nothing still needs a cycle that meets the condition. */
	return cycles && cycles * cycle->interval_ns >= hold_ns;
}

static struct alert_transition change(struct alert_state *state, enum state level, uint64_t at_ms)
{
	struct alert_transition transition = {
		.happened = true,
		.previous = alert_level(state),
		.state = level,
		.threshold = NAN,
	};

	state->level = level;
	state->seq++;
	state->changed_ms = at_ms;
	return transition;
}

struct alert_transition alert_step(struct alert_state *state, const struct alert_policy *policy,
	const struct alert_cycle *cycle)
{
	struct alert_transition transition = { .happened = false };
	enum state level = alert_level(state);
	uint32_t cycles = 0;

	state->warning_cycles = held(state->warning_cycles, cycle->mos < policy->warning);
	state->critical_cycles = held(state->critical_cycles, cycle->mos < policy->critical);
	state->recovery_cycles = held(state->recovery_cycles, cycle->mos > policy->recovery);
	if (!cycle->may_fire)
		return transition;

	if (level != STATE_CRITICAL &&
		long_enough(state->critical_cycles, cycle, policy->critical_for_ns)) {
		transition = change(state, STATE_CRITICAL, cycle->at_ms);
		transition.threshold = policy->critical;
		cycles = state->critical_cycles;
	} else if (level == STATE_OK &&
		   long_enough(state->warning_cycles, cycle, policy->warning_for_ns)) {
		transition = change(state, STATE_WARNING, cycle->at_ms);
		transition.threshold = policy->warning;
		cycles = state->warning_cycles;
	} else if (level != STATE_OK &&
		   long_enough(state->recovery_cycles, cycle, policy->recovery_for_ns)) {
		transition = change(state, STATE_OK, cycle->at_ms);
		transition.threshold = policy->recovery;
		cycles = state->recovery_cycles;
	}
	transition.held_ms = cycles * cycle->interval_ns / NSEC_PER_MSEC;
	return transition;
}

struct alert_transition alert_tell_again(struct alert_state *state,
	const struct alert_policy *policy, const struct alert_cycle *cycle, uint64_t over_ns)
{
	struct alert_transition transition = { .happened = false };
	enum state level = alert_level(state);
	uint64_t hold_ns =
		level == STATE_CRITICAL ? policy->critical_for_ns : policy->warning_for_ns;

	if (!state->suppressed || level == STATE_OK || over_ns < hold_ns ||
		!long_enough(state->warning_cycles, cycle, hold_ns))
		return transition;
	state->suppressed = false;
	transition = change(state, level, cycle->at_ms);
	transition.threshold = policy->warning;
	transition.held_ms = state->warning_cycles * cycle->interval_ns / NSEC_PER_MSEC;
	return transition;
}

struct alert_transition alert_mute(struct alert_state *state, uint64_t at_ms)
{
	struct alert_transition transition = { .happened = false };

	state->warning_cycles = state->critical_cycles = state->recovery_cycles = 0;
	if (alert_level(state) != STATE_OK)
		transition = change(state, STATE_OK, at_ms);
	return transition;
}
