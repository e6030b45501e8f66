/* SPDX-License-Identifier: MIT */
#include "vocabulary/nsec.h"

#include <time.h>

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
