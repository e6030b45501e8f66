/* SPDX-License-Identifier: MIT */
/* Is it our own uplink that loses, or is slow? Over all samples of targets that used to answer: the share of lost
 * SYNs, and by how much latencies are off what each target's own used to be; now, over a window, and as it usually
 * is, over the last hour. And how many of these samples fail at our own side.
 *
 * An hour is 60 minutes, a minute six windows; what a minute was like is its sum, and what is usual the median
 * of the minutes. Nothing is usual until three minutes are known.
 *
 * Pure: times are CLOCK_MONOTONIC in nanoseconds, passed in, and do not go back. */
#ifndef MOSPROBE_RISE_H
#define MOSPROBE_RISE_H

#include <stdbool.h>
#include <stdint.h>

struct rise;

struct rise_view {
	uint32_t samples;		 /* answered, or failed at our side */
	uint32_t local_errors;		 /* of these, the latter */
	uint32_t sent, lost;		 /* SYNs of those that were answered */
	double loss_pct, loss_usual_pct; /* NAN = none sent, not known */
	double loss_lasting_pct; /* so much or more in each of some four tenths of the window */
	uint32_t latencies;
	double off_ms,
		off_usual_ms; /* median of (rtt - the target's own latency); NAN = none, not known */
};

/* window_ns: above 0. NULL when memory is out. */
struct rise *rise_create(uint64_t window_ns);
void rise_destroy(struct rise *rise); /* NULL is fine */

/* An answered sample. off_ms: its rtt minus the target's own latency, NAN = one of them does not exist. */
void rise_see(struct rise *rise, unsigned sent, unsigned lost, double off_ms, uint64_t now_ns);
/* A sample that failed at our side. */
void rise_see_local_error(struct rise *rise, uint64_t now_ns);

/* As of now_ns. learn: this is a time from which one may learn what is usual. */
struct rise_view rise_look(struct rise *rise, bool learn, uint64_t now_ns);

#endif
