/* SPDX-License-Identifier: MIT */
/* What the files of the window share: window.c, window_digest.c, window_saved.c. */
#ifndef MOSPROBE_WINDOW_OWN_H
#define MOSPROBE_WINDOW_OWN_H

#include "pure/window.h"

enum failure { FAILURE_TIMEOUT, FAILURE_REFUSED, FAILURE_UNREACHABLE, FAILURE_DNS, FAILURE_COUNT };

/* One folded cycle. Sums that a window adds up, so that it never needs the samples again, however
 * many a cycle had. */
struct digest {
	uint32_t median_ns; /* of the samples with a latency, 0 = none */
	float step_sum_ns; /* of |rtt[i] - rtt[i-1]| over consecutive answered samples that have one */
	float join_ns;	   /* the same from the last one before this cycle to the first one in it */
	float mean_ns, m2; /* of the samples with a latency: mean, sum of squared deviations */
	float mos_cycle;
	float r_delay, r_jitter, r_loss, r_failed;
	uint16_t sent, lost;
	uint8_t latencies, steps; /* samples with a latency; terms of step_sum_ns */
	uint8_t answered;
	uint8_t failures[FAILURE_COUNT];
	bool timed;	  /* an answered sample has a latency: steps come to it and go from it */
	bool starts_anew; /* jitter: nothing before this cycle counts */
};

struct short_float {
	uint8_t bytes[3];
};

/* The same as it is kept. Latencies are kept as what they are off the median; R points say
 * what took most, and no more. A cycle has at most 100 samples. */
struct kept_digest {
	uint32_t median : 28; /* in 16 ns, 0 = none */
	uint32_t timed : 1, starts_anew : 1;
	uint32_t mos : 18; /* 1 + mos / 2^16 */
	uint32_t latencies : 7, steps : 7;
	uint32_t sent : 10, lost : 10, answered : 7;
	uint32_t timeouts : 7, refused : 7, unreachable : 7, dns : 7;
	uint32_t join : 27; /* in 32 ns: a step is as exact as its two ends, however large it is */
	uint8_t r_delay, r_jitter, r_loss, r_failed; /* in 1/2 */
	struct short_float mean, step_sum, m2;
	int8_t gap; /* the cycle's number less that of the digest before; 127 = so many or more */
} __attribute__((packed));

_Static_assert(CYCLE_SAMPLES_MAX < 128, "seven bits");
_Static_assert(2 * WINDOW_MOST < INT8_MAX, "what a gap cannot tell has left the window");

struct memory {
	uint32_t number;  /* of the newest digest's cycle, its low half */
	uint32_t last_ns; /* latency of the newest answered sample that has one; 0 = none */
	uint8_t newest;	  /* index of the newest digest */
	uint8_t count;	  /* digests that hold something */
	bool verified, settled;
};

struct window {
	struct window_config config;
	unsigned depth; /* digests per target */
	struct memory *memories;
	struct kept_digest *digests;
};

/* Digests per target. */
static inline unsigned window_depth(const struct window_config *config)
{
	return config->cycles > config->average ? config->cycles : config->average;
}

/* All of a digest but its score. gap: to the number of the one before, when there is one. */
void window_keep(struct kept_digest *kept, const struct digest *digest, int64_t gap);
void window_keep_score(struct kept_digest *kept, const struct window_score *score);
struct digest window_digest(const struct kept_digest *kept);

#endif
