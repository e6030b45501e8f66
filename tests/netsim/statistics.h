/* SPDX-License-Identifier: MIT */
/* What the responder counts, and how well it kept its own time. */
#ifndef NETSIM_STATISTICS_H
#define NETSIM_STATISTICS_H

#include <stdbool.h>
#include <stdint.h>

#include "scenario.h"

#define STATISTICS_STEP_NS 100
#define STATISTICS_STEPS 131072 /* up to 13 ms late; what is later counts in the last step */

#define STATISTICS_TAKEN_NS 20000

struct statistics {
	/* Packets read, all and by what they were. */
	uint64_t frames;
	uint64_t syns, resets, fins, other_tcp, other;
	/* What became of the SYNs. */
	uint64_t lost, lost_back, dark, dark_back, unlisted;
	uint64_t decided[ANSWER_COUNT];
	/* Answers that left, repetitions by the peers' timers among them. */
	uint64_t sent, repeated;
	/* What spoils the truth: any of these is our own fault. */
	uint64_t ring_drops, send_failures, endpoints_full, pending_full, evicted;
	uint64_t attempts_evicted, truth_lost;
	/* While it spun with nothing to do: how long in all, and what of it the machine took
	 * away. */
	uint64_t spun_ns, taken_ns, taken_max_ns, taken_count;
	/* Sent minus due, never below 0. */
	uint64_t late_max_ns;
	uint32_t late[STATISTICS_STEPS];
};

/* A turn of the loop in which there was nothing to do. One that takes longer than
 * STATISTICS_TAKEN_NS was interrupted, by the kernel or by the machine's host: it tells what of
 * the lateness is not ours. */
void statistics_turn(struct statistics *statistics, uint64_t turn_ns);

void statistics_late(struct statistics *statistics, uint64_t late_ns);

/* To standard error: all when verbose, else only what spoilt the truth. */
void statistics_print(const struct statistics *statistics, bool verbose);

#endif
