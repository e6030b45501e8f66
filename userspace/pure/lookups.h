/* SPDX-License-Identifier: MIT */
/* Does the resolver fail? Over the look-ups of the last minute: when more than a share of them fail it is the
 * resolver's trouble, which is ours, and no name's. Pure: times are CLOCK_MONOTONIC in nanoseconds, and do not go back. */
#ifndef MOSPROBE_LOOKUPS_H
#define MOSPROBE_LOOKUPS_H

#include <stdbool.h>
#include <stdint.h>

#define LOOKUPS_STEPS 12

/* All zero is a fine start. */
struct lookups {
	uint64_t step; /* of now: so many twelfths of a minute */
	uint64_t all[LOOKUPS_STEPS],
		failed[LOOKUPS_STEPS];	    /* in each, by step modulo LOOKUPS_STEPS */
	uint64_t all_before, failed_before; /* since the start, as last told */
	uint64_t since_ns;		    /* it fails; 0 = it does not */
};

struct lookups_change {
	bool happened;
	bool fails;	      /* now */
	uint64_t all, failed; /* of the last minute */
	uint64_t lasted_ns;   /* of a failure that is over */
};

/* all, failed: look-ups that ended, since the start. share_pct: of the last minute's, more than which is failure. */
struct lookups_change lookups_step(
	struct lookups *lookups, uint64_t all, uint64_t failed, double share_pct, uint64_t now_ns);

#endif
