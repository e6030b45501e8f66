/* SPDX-License-Identifier: MIT */
#include "vocabulary/nsec.h"

#include <time.h>

#define TOGETHER_NS (2 * NSEC_PER_USEC)
#define TRIES 4

static uint64_t read_clock(clockid_t id)
{
	struct timespec ts;

	clock_gettime(id, &ts);
	return (uint64_t)ts.tv_sec * NSEC_PER_SEC + (uint64_t)ts.tv_nsec;
}

uint64_t nsec_mono(void)
{
	return read_clock(CLOCK_MONOTONIC);
}

uint64_t nsec_real(void)
{
	return read_clock(CLOCK_REALTIME);
}

/* Of a few tries the one that took least: an interrupt in between would tell of a step that was none. */
struct nsec_clocks nsec_clocks(void)
{
	struct nsec_clocks best = { 0 };
	uint64_t least_ns = UINT64_MAX;

	for (int i = 0; i < TRIES && least_ns > TOGETHER_NS; i++) {
		uint64_t before_ns = read_clock(CLOCK_MONOTONIC);
		uint64_t real_ns = read_clock(CLOCK_REALTIME);
		uint64_t boot_ns = read_clock(CLOCK_BOOTTIME);
		uint64_t took_ns = read_clock(CLOCK_MONOTONIC) - before_ns;

		if (took_ns >= least_ns)
			continue;
		least_ns = took_ns;
		best = (struct nsec_clocks) { before_ns + took_ns / 2, real_ns, boot_ns };
	}
	return best;
}
