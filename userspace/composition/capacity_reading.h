/* SPDX-License-Identifier: MIT */
/* What a prober under load, the peers and Redis have counted, at one moment. */
#ifndef MOSPROBE_CAPACITY_READING_H
#define MOSPROBE_CAPACITY_READING_H

#include <stdbool.h>
#include <sys/types.h>

#include "composition/capacity_room.h"
#include "pure/capacity.h"
#include "vocabulary/buckets.h"

#define CAPACITY_PROBER_ID "capacity"
#define CAPACITY_PREFIX "capacity"

struct capacity_reading {
	double at_s; /* CLOCK_MONOTONIC */
	/* Of the prober's newest heartbeat, which tells when it was. */
	double beat_s, prober_cpu_s, cycles, ok, skipped, all;
	struct buckets lateness_s;
	char stamps[16], engine[16];
	/* Now. */
	double waited_s, stolen_s, interrupts_s, process_cpu_s, answering_cpu_s, redis_cpu_s,
		resident_bytes, waiting;
	struct reflector_counts peers;
	struct redis_server_counts redis;
};

/* Reads all of it; false when the prober has not had its first turn, or does not answer. */
bool capacity_reading_begun(
	const struct capacity_room *room, pid_t prober, struct capacity_reading *ret);
/* What happened between two readings of a prober with so many targets, a second. */
struct capacity_step capacity_reading_between(const struct capacity_room *room, double loaded,
	const struct capacity_reading *before, const struct capacity_reading *after);

#endif
