/* SPDX-License-Identifier: MIT */
/* The alert ladder written from its definition: it keeps every cycle with the levels that held for it,
 * and looks back. */
#ifndef MOSPROBE_TESTS_REFERENCE_LADDER_H
#define MOSPROBE_TESTS_REFERENCE_LADDER_H

#include "check.h"
#include "pure/alert.h"
#include "vocabulary/nsec.h"

struct reference_ladder_cycle {
	bool missing;
	double mos, warning, critical, recovery;
};

struct reference_ladder {
	struct reference_ladder_cycle *cycles; /* since the start, or the newest mute */
	size_t count, room;
	enum state state;
	uint32_t seq;
};

struct reference_transition {
	bool happened;
	enum state from, to;
	uint64_t held_ms;
	double threshold;
};

static inline void reference_ladder_start(struct reference_ladder *ladder)
{
	*ladder = (struct reference_ladder) { .state = STATE_OK, .room = 256 };
	ladder->cycles = calloc(ladder->room, sizeof *ladder->cycles);
}

static inline void reference_ladder_free(struct reference_ladder *ladder)
{
	free(ladder->cycles);
}

static inline void reference_ladder_keep(
	struct reference_ladder *ladder, struct reference_ladder_cycle cycle)
{
	if (ladder->count == ladder->room) {
		ladder->room *= 2;
		ladder->cycles = realloc(ladder->cycles, ladder->room * sizeof *ladder->cycles);
	}
	ladder->cycles[ladder->count++] = cycle;
}

static inline void reference_ladder_miss(struct reference_ladder *ladder)
{
	reference_ladder_keep(ladder, (struct reference_ladder_cycle) { .missing = true });
}

/* Did the cycle meet the condition for going there? */
static inline bool reference_meets(const struct reference_ladder_cycle *cycle, enum state to)
{
	if (to == STATE_OK)
		return cycle->mos > cycle->recovery;
	return cycle->mos < (to == STATE_CRITICAL ? cycle->critical : cycle->warning);
}

/* How many of the newest cycles in a row did, apart from those that are missing. */
static inline size_t reference_run(const struct reference_ladder *ladder, enum state to)
{
	size_t run = 0;

	for (size_t i = ladder->count; i-- > 0;) {
		const struct reference_ladder_cycle *cycle = &ladder->cycles[i];

		if (!cycle->missing && !reference_meets(cycle, to))
			break;
		run += !cycle->missing;
	}
	return run;
}

/* Tries one way to go: to `to`, when the condition has held for hold_ns. */
static inline bool reference_try(struct reference_ladder *ladder, enum state to, double level,
	uint64_t hold_ns, uint64_t interval_ns, struct reference_transition *ret)
{
	size_t run = reference_run(ladder, to);

	if (!run || run * interval_ns < hold_ns)
		return false;
	*ret = (struct reference_transition) {
		.happened = true,
		.from = ladder->state,
		.to = to,
		.held_ms = run * interval_ns / NSEC_PER_MSEC,
		.threshold = level,
	};
	ladder->state = to;
	ladder->seq++;
	return true;
}

static inline struct reference_transition reference_ladder_step(struct reference_ladder *ladder,
	const struct alert_policy *policy, double mos, uint64_t interval_ns, bool may_fire)
{
	struct reference_transition transition = { .happened = false };

	reference_ladder_keep(ladder, (struct reference_ladder_cycle) { .mos = mos,
					      .warning = policy->warning,
					      .critical = policy->critical,
					      .recovery = policy->recovery });
	if (!may_fire)
		return transition;
	if (ladder->state != STATE_CRITICAL &&
		reference_try(ladder, STATE_CRITICAL, policy->critical, policy->critical_for_ns,
			interval_ns, &transition))
		return transition;
	if (ladder->state == STATE_OK) {
		reference_try(ladder, STATE_WARNING, policy->warning, policy->warning_for_ns,
			interval_ns, &transition);
		return transition;
	}
	reference_try(ladder, STATE_OK, policy->recovery, policy->recovery_for_ns, interval_ns,
		&transition);
	return transition;
}

static inline bool reference_ladder_mute(struct reference_ladder *ladder)
{
	bool open = ladder->state != STATE_OK;

	ladder->count = 0;
	ladder->state = STATE_OK;
	ladder->seq += open;
	return open;
}

#endif
