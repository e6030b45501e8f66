/* SPDX-License-Identifier: MIT */
#include "vocabulary/buckets.h"

#include <math.h>

void buckets_add(struct buckets *buckets, const struct bucket_bounds *bounds, double value)
{
	unsigned i = 0;

	while (i < bounds->count && value > bounds->upper[i])
		i++;
	buckets->counts[i]++;
	buckets->sum += value;
}

double buckets_quantile(
	const struct buckets *buckets, const struct bucket_bounds *bounds, double share)
{
	double all = 0, below = 0;

	for (unsigned i = 0; i <= bounds->count; i++)
		all += (double)buckets->counts[i];
	if (all <= 0)
		return (double)NAN;
	for (unsigned i = 0; i < bounds->count; i++) {
		double here = (double)buckets->counts[i], lower = i ? bounds->upper[i - 1] : 0;

		if (here > 0 && below + here >= share * all)
			return lower + (bounds->upper[i] - lower) * (share * all - below) / here;
		below += here;
	}
	return bounds->upper[bounds->count - 1];
}
