/* SPDX-License-Identifier: MIT */
/* All targets of a prober at a glance, as Redis has them: how many are how bad, and a part of them as rows, found and
 * sorted. Pure: who reads it is edges/publish_view. */
#ifndef MOSPROBE_FLEET_H
#define MOSPROBE_FLEET_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "pure/result.h"
#include "pure/table.h"
#include "pure/targets.h"

/* Targets by mos, in steps of 0.1: the first has what is below 1.1, the last what is 4.4 and above. */
#define FLEET_BINS 35
#define FLEET_SEEN_SIZE 256

struct fleet {
	bool running;		    /* there is a heartbeat */
	struct heartbeat heartbeat; /* of it only what fleet_field() names */
	uint64_t scored;	    /* targets in the bins */
	uint64_t open;		    /* alerts */
	uint64_t bins[FLEET_BINS];
	uint64_t excellent;	    /* of the last bin */
	char seen[FLEET_SEEN_SIZE]; /* ids of some probers that Redis has seen, "a, b" */
};

/* The i-th field of the heartbeat that is of interest, NULL behind the last; and what it says. */
const char *fleet_field(unsigned i);
void fleet_take(struct fleet *fleet, unsigned i, const char *text);

#define FLEET_SCORE_SIZE 8
/* The bounds of a bin as ZCOUNT takes them: "1.1" and "(1.2". */
void fleet_bin(unsigned bin, char ret_low[FLEET_SCORE_SIZE], char ret_high[FLEET_SCORE_SIZE]);
/* "12 bad, 100 poor, 2000 fair, 97000 good, 0 excellent" */
void fleet_bands(char ret[TABLE_LINE_SIZE], const struct fleet *fleet);
/* "1.0 ... 4.5", a character for each bin; heights are logarithmic, so that one among 100,000 is seen. */
void fleet_histogram(char ret[TABLE_LINE_SIZE], const struct fleet *fleet, bool ascii);

/* A target as a row. */
struct fleet_row {
	char target[TARGET_KEY_SIZE];
	struct table_row row; /* measured: it has a hash */
};
/* The i-th field of a target's hash that a row shows, NULL behind the last; and what it says, "" = nothing. */
const char *fleet_row_field(unsigned i);
void fleet_row_take(struct fleet_row *row, unsigned i, const char *text);

enum fleet_order {
	FLEET_BY_MOS,	  /* lowest first */
	FLEET_BY_LATENCY, /* of these three the highest first */
	FLEET_BY_JITTER,
	FLEET_BY_LOSS,
	FLEET_BY_STATE, /* critical first, then by mos */
	FLEET_BY_NAME,
	FLEET_ORDERS
};
const char *fleet_order_name(enum fleet_order order);
/* What has no such number comes last; equal ones stand by name. */
void fleet_sort(struct fleet_row *rows, unsigned count, enum fleet_order order);

/* Does text hold each of the filter's words? Without case; the words stand between blanks. */
bool fleet_matches(const char *filter, const char *text);

#define FLEET_FOUND 200
/* The worst of those that a filter has found. */
struct fleet_found {
	unsigned count;
	bool more; /* there are others, which are better */
	struct fleet_found_target {
		char target[TARGET_KEY_SIZE];
		double mos;  /* NAN = none */
	} list[FLEET_FOUND]; /* worst first; those without mos come last */
};
/* Adds one, unless it is there or better than all of a full list. */
void fleet_found_add(struct fleet_found *found, const char *target, double mos);

#endif
