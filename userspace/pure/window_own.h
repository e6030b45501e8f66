/* SPDX-License-Identifier: MIT */
/* What window.c and window_saved.c share. */
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

struct memory {
	uint8_t newest; /* index of the newest digest */
	uint8_t count;	/* digests that hold something */
	bool verified, settled;
};

struct window {
	struct window_config config;
	unsigned depth; /* digests per target */
	struct memory *memories;
	struct digest *digests;
};

/* Digests per target. */
static inline unsigned window_depth(const struct window_config *config)
{
	return config->cycles > config->average ? config->cycles : config->average;
}

#endif
