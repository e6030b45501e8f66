/* SPDX-License-Identifier: MIT */
/* How often an address may be connected to: hundreds of names may stand behind one. A leaky bucket per
 * address (the GCRA of ITU-T I.371, annex A.2): one connect after the other, and one that comes a little
 * early does not wait. In no second there are more than per_s + 1. Pure: times are CLOCK_MONOTONIC in nanoseconds, and do not go back. */
#ifndef MOSPROBE_RATES_H
#define MOSPROBE_RATES_H

#include <stdint.h>

#include "vocabulary/address.h"

struct rates;

#define RATES_NEVER UINT64_MAX

/* per_s: connects a second and address, from 1; 0 = as many as one likes. NULL when memory is out. */
struct rates *rates_create(unsigned per_s);
void rates_destroy(struct rates *rates); /* NULL is fine */

/* Takes the next place in the address's line. Returns how long it is to be waited for, 0 for now; or
 * RATES_NEVER when that is longer than most_ns, or memory is out: then no place was taken. */
uint64_t rates_take(
	struct rates *rates, const struct address *address, uint64_t now_ns, uint64_t most_ns);

/* Addresses that are remembered: those whose line is not empty, and some more. */
uint32_t rates_count(const struct rates *rates);

#endif
