/* SPDX-License-Identifier: MIT */
/* Which metrics there are: aggregates in base units (seconds, ratios, bytes), never a series of one target. What is
 * counted for them besides the heartbeat, and the text that is scraped. */
#ifndef MOSPROBE_METRICS_H
#define MOSPROBE_METRICS_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "pure/result.h"
#include "vocabulary/buckets.h"
#include "vocabulary/message.h"

/* Counted by the prober as it goes, since start. */
struct metrics_counts {
	struct buckets mos;	   /* of results with a new cycle in their window */
	struct buckets latency_s;  /* likewise */
	struct buckets lateness_s; /* of starts */
	struct buckets turn_s;	   /* of the prober's turns, with their wait for completions */
	double lateness_most_s, turn_most_s;
	uint64_t bands[BAND_COUNT]; /* targets in each, now */
	uint64_t awaited;	    /* targets that have had no result yet, now */
};

/* Of mosprobe_start_lateness_seconds. */
extern const struct bucket_bounds metrics_lateness_bounds;

/* A result that has a new cycle in its window. */
void metrics_see_result(struct metrics_counts *counts, const struct result *result);
void metrics_see_start(struct metrics_counts *counts, uint64_t late_ns);
void metrics_see_turn(struct metrics_counts *counts, uint64_t turn_ns);

/* The prober at one moment. */
struct metrics_snapshot {
	struct heartbeat heartbeat;
	struct metrics_counts counts;
};

/* The publisher. Counters since start. */
struct metrics_redis {
	uint64_t written, dropped_results, dropped_transitions, reconnects;
	uint64_t spooled, spool_age_ms; /* entries that wait; for how long the oldest has */
	uint64_t round_trips, round_trips_ns;
	bool connected;
};

/* All that the text tells. */
struct metrics {
	const char *version, *prober_id;
	const char *stamps, *engine;	       /* as in `mosprobe check` */
	const struct metrics_snapshot *prober; /* NULL: it has not begun */
	const struct metrics_redis *redis;     /* NULL: there is none */
	uint64_t
		output_refused; /* results and transitions that standard output did not keep up with */
	uint64_t cpu_ns, resident_bytes; /* of the process */
	uint64_t started_ms;		 /* wall clock */
};

/* The text is shorter, whatever the numbers are. */
#define METRICS_TEXT_SIZE 65536

/* Returns the length of the text. */
size_t metrics_text(char ret[METRICS_TEXT_SIZE], const struct metrics *metrics);

/* Whether what it publishes is about all targets, and gets to Redis: the prober has begun, every name has had an
 * answer from the resolver, every target a result, and Redis is connected, if there is one. why: what is missing. */
bool metrics_are_ready(const struct metrics *metrics, struct message *ret_why);

#endif
