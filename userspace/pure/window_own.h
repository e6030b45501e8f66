/* SPDX-License-Identifier: MIT */
/* What the files of the window share: window.c, window_digest.c, window_saved.c. */
#ifndef MOSPROBE_WINDOW_OWN_H
#define MOSPROBE_WINDOW_OWN_H

#include "pure/window.h"

enum failure { FAILURE_TIMEOUT, FAILURE_REFUSED, FAILURE_UNREACHABLE, FAILURE_DNS, FAILURE_COUNT };

/* One folded cycle. Sums that a window adds up, so that it never needs the samples again, however
 * many a cycle had. */
struct digest {
	uint32_t number;	    /* low half of the cycle's */
	uint32_t median_ns;	    /* of the samples with a latency, 0 = none */
	uint32_t first_ns, last_ns; /* latency of the first and last answered sample that has one */
	float step_sum_ns;	    /* of |rtt[i] - rtt[i-1]| over consecutive of these */
	float mean_ns, m2; /* of the samples with a latency: mean, sum of squared deviations */
	float mos_cycle;
	float r_delay, r_jitter, r_loss, r_failed;
	uint16_t sent, lost;
	uint8_t latencies, steps; /* samples with a latency; terms of step_sum_ns */
	uint8_t answered;
	uint8_t failures[FAILURE_COUNT];
	uint8_t starts_anew; /* jitter: nothing before this cycle counts */
};

struct short_float {
	uint8_t bytes[3];
};

/* The same as it is kept. Latencies are kept as what they are off the median; R points say
 * what took most, and no more. */
struct kept_digest {
	uint32_t number, median_ns;
	/* A cycle has at most 100 samples. */
	uint32_t mos : 22; /* 1 + mos / 2^20 */
	uint32_t sent : 10;
	uint32_t lost : 10, latencies : 7, steps : 7, answered : 7, starts_anew : 1;
	uint8_t failures[FAILURE_COUNT];
	uint16_t r_delay, r_jitter, r_loss, r_failed; /* in 1/512, up to 128 */
	struct short_float first, last, mean, step_sum, m2;
	uint8_t has_answer_latency; /* first and last are there */
};

_Static_assert(CYCLE_SAMPLES_MAX < 128, "seven bits");

struct memory {
	uint8_t newest; /* index of the newest digest */
	uint8_t count;	/* digests that hold something */
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

/* All of a digest but its score. */
void window_keep(struct kept_digest *kept, const struct digest *digest);
void window_keep_score(struct kept_digest *kept, const struct window_score *score);
struct digest window_digest(const struct kept_digest *kept);

#endif
