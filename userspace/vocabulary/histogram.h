/* SPDX-License-Identifier: MIT */
/* How values are spread, in constant memory: buckets that grow with the value, exact to 1/16 of it.
 * For quantiles of lateness and turn times. */
#ifndef MOSPROBE_HISTOGRAM_H
#define MOSPROBE_HISTOGRAM_H

#include <stdint.h>

#define HISTOGRAM_BUCKETS 976 /* 16 below 16, then 16 per power of two */

struct histogram {
	uint64_t count, max;
	uint64_t buckets[HISTOGRAM_BUCKETS];
};

void histogram_add(struct histogram *histogram, uint64_t value);
/* The value that `share` (0..1) of all values do not exceed, to 1/16 upwards; 0 when empty. */
uint64_t histogram_quantile(const struct histogram *histogram, double share);

#endif
