/* SPDX-License-Identifier: MIT */
/* What the responder counts, and how well it kept its own time. */
#ifndef NETSIM_STATISTICS_H
#define NETSIM_STATISTICS_H

#include <stdbool.h>
#include <stdint.h>

#include "scenario.h"

#define STATISTICS_STEP_NS 100
#define STATISTICS_STEPS 131072 /* up to 13 ms late; what is later counts in the last step */

struct statistics {
	/* Packets read, by what they were. */
	uint64_t syns, resets, fins, other_tcp, other;
	/* What became of the SYNs. */
	uint64_t lost, lost_back, unlisted;
	uint64_t decided[ANSWER_COUNT];
	/* Answers that left, repetitions by the peers' timers among them. */
	uint64_t sent, repeated;
	/* What spoils the truth: any of these is our own fault. */
	uint64_t ring_drops, send_failures, endpoints_full, pending_full, evicted;
	/* Sent minus due, never below 0. */
	uint64_t late_max_ns;
	uint32_t late[STATISTICS_STEPS];
};

void statistics_late(struct statistics *statistics, uint64_t late_ns);

/* To standard error: all when verbose, else only what spoilt the truth. */
void statistics_print(const struct statistics *statistics, bool verbose);

#endif
