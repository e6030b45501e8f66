/* SPDX-License-Identifier: MIT */
/* How values are spread, counted between bounds that are fixed: what monitoring adds up over time and over
 * probers. For quantiles of one process see histogram.h. */
#ifndef MOSPROBE_BUCKETS_H
#define MOSPROBE_BUCKETS_H

#include <stdint.h>

#define BUCKETS_MAX 20

/* Upper bounds, rising; each belongs to its bucket. What is above the last has one more. */
struct bucket_bounds {
	unsigned count;
	double upper[BUCKETS_MAX];
};

struct buckets {
	uint64_t counts[BUCKETS_MAX + 1];
	double sum;
};

void buckets_add(struct buckets *buckets, const struct bucket_bounds *bounds, double value);
/* The value that `share` (0..1) of all values do not exceed, as if they were spread evenly within each bucket; the last
 * bound when it lies above that; NAN when there are none. */
double buckets_quantile(
	const struct buckets *buckets, const struct bucket_bounds *bounds, double share);

#endif
