/* SPDX-License-Identifier: MIT */
#include "pure/clocks.h"

/* Two readings of three clocks each are not of one instant. Less than this is no movement; it is what a
 * latency may be off for it. */
#define UNMOVED_NS (10 * NSEC_PER_USEC)
/* What was stamped by the old distance of the clocks may be read a little after the new one is known. */
#define LINGERS_NS NSEC_PER_MSEC
/* A time of doubt that begins so soon after the last one goes on with it: a slew is many small moves. */
#define JOINS_NS NSEC_PER_SEC
/* Standing still for less is no sleep. */
#define SLEEP_NS (100 * NSEC_PER_MSEC)
/* NTP daemons set a clock from 125 ms on, and slew it by at most a twelfth. */
#define STEP_NS (100 * NSEC_PER_MSEC)
#define SLEW_MOST_PART 10

static uint64_t distance(int64_t ns)
{
	return ns < 0 ? -(uint64_t)ns : (uint64_t)ns;
}

static void doubt(struct clocks *clocks, const struct nsec_clocks *now)
{
	if (clocks->newest.mono_ns > clocks->doubtful_until_ns + JOINS_NS ||
		!clocks->doubtful_until_ns)
		clocks->doubtful_since_ns = clocks->newest.mono_ns;
	clocks->doubtful_until_ns = now->mono_ns + LINGERS_NS;
}

struct clocks_change clocks_read(struct clocks *clocks, const struct nsec_clocks *now)
{
	const struct nsec_clocks *before = &clocks->newest;
	struct clocks_change change = { 0 };
	uint64_t took_ns = now->mono_ns - before->mono_ns;
	int64_t asleep_ns;

	if (!before->mono_ns) {
		clocks->newest = *now;
		return change;
	}
	/* Unsigned: a wall clock from before 1970, or set there, wraps and comes out right. */
	change.moved_ns = (int64_t)(now->real_ns - before->real_ns - took_ns);
	asleep_ns = (int64_t)(now->boot_ns - before->boot_ns - took_ns);
	if (asleep_ns > (int64_t)SLEEP_NS) {
		change.asleep_ns = (uint64_t)asleep_ns;
		change.moved_ns -= asleep_ns;
	}
	change.stepped = distance(change.moved_ns) > STEP_NS + took_ns / SLEW_MOST_PART;
	if (distance(change.moved_ns) > UNMOVED_NS || change.asleep_ns)
		doubt(clocks, now);
	clocks->newest = *now;
	return change;
}

bool clocks_doubt(const struct clocks *clocks, uint64_t at_ns)
{
	return at_ns >= clocks->doubtful_since_ns && at_ns <= clocks->doubtful_until_ns;
}
