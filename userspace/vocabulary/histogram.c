/* SPDX-License-Identifier: MIT */
#include "vocabulary/histogram.h"

#include <math.h>

/* 16 buckets for each power of two: the four bits below the highest say which. */
static unsigned bucket_of(uint64_t value)
{
	unsigned exponent;

	if (value < 16)
		return (unsigned)value;
	exponent = 63u - (unsigned)__builtin_clzll(value);
	return (exponent - 3) * 16 + (unsigned)(value >> (exponent - 4) & 15);
}

static uint64_t top_of(unsigned bucket)
{
	unsigned shift;

	if (bucket < 16)
		return bucket;
	shift = bucket / 16 - 1;
	return ((uint64_t)(16 + bucket % 16) << shift) + ((1ull << shift) - 1);
}

void histogram_add(struct histogram *histogram, uint64_t value)
{
	histogram->buckets[bucket_of(value)]++;
	histogram->count++;
	if (value > histogram->max)
		histogram->max = value;
}

uint64_t histogram_quantile(const struct histogram *histogram, double share)
{
	uint64_t wanted = (uint64_t)ceil(share * (double)histogram->count), seen = 0;

	for (unsigned i = 0; i < HISTOGRAM_BUCKETS; i++) {
		seen += histogram->buckets[i];
		if (seen && seen >= wanted) {
			uint64_t top = top_of(i);

			return top < histogram->max ? top : histogram->max;
		}
	}
	return 0;
}
