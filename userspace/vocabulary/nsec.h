/* SPDX-License-Identifier: MIT */
/* Time. Inside mosprobe there is one time: uint64_t nanoseconds of CLOCK_MONOTONIC, named *_ns.
 * The wall clock appears only where people and Redis see it, in milliseconds, named *_ms. */
#ifndef MOSPROBE_NSEC_H
#define MOSPROBE_NSEC_H

#include <stdint.h>

#define NSEC_PER_USEC 1000ull
#define NSEC_PER_MSEC 1000000ull
#define NSEC_PER_SEC 1000000000ull
#define NSEC_PER_MIN (60 * NSEC_PER_SEC)
#define NSEC_PER_HOUR (60 * NSEC_PER_MIN)

/* CLOCK_MONOTONIC, the clock of bpf_ktime_get_ns(). */
uint64_t nsec_mono(void);
/* CLOCK_REALTIME, nanoseconds since 1970. */
uint64_t nsec_real(void);

/* The clocks at one instant. */
struct nsec_clocks {
	uint64_t mono_ns; /* CLOCK_MONOTONIC */
	uint64_t real_ns; /* CLOCK_REALTIME */
	uint64_t boot_ns; /* CLOCK_BOOTTIME: runs on while the machine sleeps */
};

/* Read one after the other, within 2 us where the machine lets us: the wall clock in the middle. */
struct nsec_clocks nsec_clocks(void);

static inline double nsec_to_ms(uint64_t ns)
{
	return (double)ns / 1e6;
}

#endif
