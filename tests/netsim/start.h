/* SPDX-License-Identifier: MIT */
/* When the scenario's time began: with the command. One page of memory, shared by the processes
 * of a run, made before they part. */
#ifndef NETSIM_START_H
#define NETSIM_START_H

#include <stdint.h>

struct start {
	uint64_t start_ns, realtime_ns; /* CLOCK_MONOTONIC and CLOCK_REALTIME; 0: not yet */
};

struct start *start_create(void); /* NULL with errno; it is never taken down */
/* Now, once. */
void start_set(struct start *start);
/* The two, as they are now. */
struct start start_get(const struct start *start);
/* From the start to now; 0 before it. */
uint64_t start_elapsed_ns(const struct start *start);

#endif
