/* SPDX-License-Identifier: MIT */
#include "vocabulary/buckets.h"

void buckets_add(struct buckets *buckets, const struct bucket_bounds *bounds, double value)
{
	unsigned i = 0;

	while (i < bounds->count && value > bounds->upper[i])
		i++;
	buckets->counts[i]++;
	buckets->sum += value;
}
