/* SPDX-License-Identifier: MIT */
/* What the clocks of the machine did between two readings. mosprobe lives by CLOCK_MONOTONIC, which is
 * never set; but the wall clock can be set or slewed, and a machine can sleep, and two things must know:
 * the kernel's receive stamps are of the wall clock, and cycle numbers count wall time.
 *
 * Pure: readings are passed in, in the order in which they were taken. */
#ifndef MOSPROBE_CLOCKS_H
#define MOSPROBE_CLOCKS_H

#include <stdbool.h>
#include <stdint.h>

#include "vocabulary/nsec.h"

/* All zero is a fine start. */
struct clocks {
	struct nsec_clocks newest;
	/* CLOCK_MONOTONIC: in this time the wall clock moved against it, so a difference of the two is
	 * not to be trusted. Both 0 = no such time yet. */
	uint64_t doubtful_since_ns, doubtful_until_ns;
};

/* What happened since the reading before; all zero for the first. */
struct clocks_change {
	int64_t moved_ns; /* the wall clock against CLOCK_MONOTONIC, without what the machine slept */
	uint64_t asleep_ns; /* the machine was suspended: CLOCK_MONOTONIC stood still for so long */
	bool stepped;	    /* it moved further than a clock is slewed: it was set */
};

struct clocks_change clocks_read(struct clocks *clocks, const struct nsec_clocks *now);

/* Whether at_ns (CLOCK_MONOTONIC, within the last second) lies in a time in which the wall clock moved. */
bool clocks_doubt(const struct clocks *clocks, uint64_t at_ns);

#endif
