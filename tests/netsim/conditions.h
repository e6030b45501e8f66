/* SPDX-License-Identifier: MIT */
/* How an address behaves at one moment: its range, and what the changes have made of it. Pure. */
#ifndef NETSIM_CONDITIONS_H
#define NETSIM_CONDITIONS_H

#include "decision.h"
#include "scenario.h"

struct conditions {
	struct behaviour
		behaviour; /* its latency_* and jitter_ns are not what counts: delay_ns is */
	uint64_t delay_ns; /* drawn for this event: round trip, late answers' DELAY included */
	bool dark;	   /* nothing gets through */
};

/* Of the segment at now_ns since the start, for this event. */
void conditions_at(const struct scenario *scenario, const struct segment *segment,
	const struct event *event, uint64_t now_ns, struct conditions *ret_conditions);
/* Whether nothing gets through at now_ns. */
bool conditions_dark(
	const struct scenario *scenario, const struct segment *segment, uint64_t now_ns);

/* How much of a change is there at now_ns, from 0 to 1: of an outage, all or nothing. */
double change_share(const struct change *change, uint64_t now_ns);

#endif
