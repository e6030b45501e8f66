/* SPDX-License-Identifier: MIT */
/* Lines of known quality, and targets behind them on a fake clock: what bench/alerts.c makes its table of. */
#ifndef MOSPROBE_BENCH_ALERTS_H
#define MOSPROBE_BENCH_ALERTS_H

#include <stdbool.h>
#include <stdint.h>

#include "pure/config.h"
#include "vocabulary/sample.h"

/* Of latencies and losses. A latency is rtt_ms, and what the others put on top of it. */
struct weather {
	double loss; /* share of SYNs that stay without their answer; half of it on either way */
	double rtt_ms;
	double noise_ms; /* uniform, 0 to this */
	double sigma_ms; /* normal */
	double swing_ms; /* every other sample */
	double queue_ms; /* exponential, of this mean */
};

struct line {
	const char *name;
	struct weather weather;
	double holes_a_day;  /* of 100 ms, at random times */
	double cuts_a_month; /* of 30 s */
	/* What happens to it once; such a line is tried many times, each time from settled on. */
	bool has_event;
	double outage_s;	/* 0 = the weather changes instead, for good */
	struct weather changed; /* as it is then */
	/* How much of it is simulated: target-years, or trials. */
	unsigned years, trials;
	double closer_share; /* of the targets that have this line, at most so many may be looked at closer;
			      * 1 = as if they were few among many good ones */
	/* What is asked of it. */
	enum { ASKED_NOTHING, ASKED_NO_ALERT, ASKED_RATE, ASKED_CRITICAL } asked;
	double asked_most; /* alerts in a target-year, or minutes to critical */
};

/* The line of one target at work. */
struct network {
	const struct line *line;
	uint64_t random, samples;
	double event_s;		       /* when it happens; INFINITY = never */
	double dark_from_s, dark_to_s; /* the next hole or cut, or the present one */
};

void network_start(struct network *network, const struct line *line, uint64_t seed);
/* 0 <= x < 1 */
double network_unit(struct network *network);
/* What becomes of a sample that starts then. Times must rise by timeout_s or more from call to call. */
struct sample network_sample(struct network *network, double at_s, double timeout_s);

/* Delays are counted by the second. */
#define DELAYS_S (4 * 3600)

struct tally {
	uint64_t cycles;
	uint64_t alerts, warnings, criticals; /* openings of an alert; turns to each severity */
	uint64_t closer;		      /* cycles that were closer looks */
	/* Trials by the time from the event to when the first alert, the first critical one, was raised. */
	uint32_t first_s[DELAYS_S], critical_s[DELAYS_S];
};

/* Targets that are simulated side by side, as many as the prober scores in one call. */
#define FLEET 64

/* FLEET targets with this line for so many cycles, of which each may have its event once, in cycle event_after;
 * until then, while little is known of them, nothing is counted. Adds to *tally. Returns 0 or -ENOMEM. */
int fleet_run(const struct config *config, const struct line *line, uint64_t seed, uint64_t cycles,
	uint64_t event_after, struct tally *tally);

#endif
