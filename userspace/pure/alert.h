/* SPDX-License-Identifier: MIT */
/* The alert ladder of one target: a pure step function from a state and a cycle to the next state and
 * at most one transition. */
#ifndef MOSPROBE_ALERT_H
#define MOSPROBE_ALERT_H

#include <stdbool.h>
#include <stdint.h>

#include "vocabulary/settings.h"
#include "vocabulary/verdict.h"

/* A target's place on the ladder. All zero is a fine start: ok, nothing held. Packed, for there are a million of
 * them: 20 bytes. */
struct alert_state {
	/* For how many cycles in a row each condition has held, up to ALERT_CYCLES_MAX. A missing
	 * cycle leaves them alone. */
	uint64_t warning_cycles : 20, critical_cycles : 20, recovery_cycles : 20;
	uint64_t level : 3;	 /* STATE_OK, STATE_WARNING, STATE_CRITICAL; 0 = STATE_OK */
	uint64_t suppressed : 1; /* the open alert was told of as one of its group's */
	uint64_t changed_ms;	 /* wall clock of the newest transition, 0 = none */
	uint32_t seq;		 /* of the newest transition, 0 = none */
} __attribute__((packed, aligned(4)));

/* More than the longest hold (24 h) has cycles of the shortest interval (1 s). */
#define ALERT_CYCLES_MAX ((1u << 20) - 1)

/* One cycle that is not missing. */
struct alert_cycle {
	double mos;	      /* 1..4.5 */
	uint64_t interval_ns; /* what one cycle adds to a held time */
	uint64_t at_ms;	      /* wall clock */
	bool may_fire;	      /* settled: held times grow before, but nothing fires */
};

struct alert_transition {
	bool happened;
	uint8_t previous; /* enum state */
	uint8_t state;	  /* enum state */
	uint64_t held_ms; /* how long the condition had held */
	double threshold; /* the level that was crossed */
};

/* STATE_OK, STATE_WARNING or STATE_CRITICAL. */
enum state alert_level(const struct alert_state *state);

/* Conditions are strict: a MOS of 3.5 is not below 3.5. Direct ok -> critical; from critical only to
 * ok. */
struct alert_transition alert_step(struct alert_state *state, const struct alert_policy *policy,
	const struct alert_cycle *cycle);

/* An open alert that was told of as one of a group's, whose event was over over_ns ago: told of as its own,
 * when its mos has been under the warning level since for as long as an alert of its level takes. */
struct alert_transition alert_tell_again(struct alert_state *state,
	const struct alert_policy *policy, const struct alert_cycle *cycle, uint64_t over_ns);

/* The target is muted or removed: nothing is held, and an open alert resolves. */
struct alert_transition alert_mute(struct alert_state *state, uint64_t at_ms);

#endif
