/* SPDX-License-Identifier: MIT */
#include "edges/publish_backoff.h"

#include "vocabulary/nsec.h"

#define LEAST_NS (100 * NSEC_PER_MSEC)
#define MOST_NS (5 * NSEC_PER_SEC)

void backoff_fail(struct backoff *backoff, uint64_t now_ns)
{
	uint64_t delay_ns = LEAST_NS << (backoff->failures < 6 ? backoff->failures : 6);

	if (delay_ns > MOST_NS)
		delay_ns = MOST_NS;
	backoff->failures++;
	/* The low digits of a nanosecond clock are random enough to keep probers apart. */
	backoff->until_ns = now_ns + delay_ns / 2 + now_ns * 0x9e3779b97f4a7c15 % (delay_ns / 2);
}

void backoff_reset(struct backoff *backoff)
{
	backoff->failures = 0;
	backoff->until_ns = 0;
}
