/* SPDX-License-Identifier: MIT */
/* All that Redis knows of one target, and how it looks on a page: state, score and its explanation, a day, transitions.
 * Pure: who reads it is edges/publish_view, who shows it is the composition. */
#ifndef MOSPROBE_CARD_H
#define MOSPROBE_CARD_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "pure/history.h"
#include "pure/targets.h"

/* Fields of the target's hash, see result.h. */
enum card_field {
	CARD_ADDR,
	CARD_AT_MS,
	CARD_CYCLE,
	CARD_STATE,
	CARD_SINCE_MS,
	CARD_MOS,
	CARD_MOS_CYCLE,
	CARD_BAND,
	CARD_CAUSE,
	CARD_LATENCY,
	CARD_LATENCY_RISE,
	CARD_JITTER,
	CARD_STDDEV,
	CARD_LOSS,
	CARD_FAIL,
	CARD_N,
	CARD_ANSWERED,
	CARD_FAILED,
	CARD_SENT,
	CARD_LOST,
	CARD_R,
	CARD_R_BASE,
	CARD_R_DELAY,
	CARD_R_JITTER,
	CARD_R_LOSS,
	CARD_R_CODEC,
	CARD_R_FAILED,
	CARD_OUTCOME,
	CARD_ERROR,
	CARD_STAMPS,
	CARD_IMPAIRED,
	CARD_LOW_MIN_24H,
	CARD_ALERTS_24H,
	CARD_SEQ,
	CARD_RESULT_ID,
	CARD_ALERT_ID,
	CARD_FIELD_COUNT
};
/* "addr", "latency_ms", ... */
const char *card_field_name(enum card_field field);
/* It is a decimal number, or empty. */
bool card_field_is_number(enum card_field field);

#define CARD_FIELD_SIZE 64
#define CARD_TRANSITIONS 16
#define CARD_REASON_SIZE 256
#define CARD_LABELS_SIZE 4096

struct card_transition {
	uint64_t at_ms;
	char action[16], severity[16], previous[16];
	char reason[CARD_REASON_SIZE];
	char mos[CARD_FIELD_SIZE]; /* as a stream has it */
	bool suppressed;	   /* its group's event tells of it */
};

struct card {
	char target[TARGET_KEY_SIZE];
	const char *prober;
	uint64_t now_ms;       /* wall clock of whoever looks */
	uint64_t heartbeat_ms; /* 0 = the prober is silent */
	bool muted;
	char fields[CARD_FIELD_COUNT][CARD_FIELD_SIZE]; /* state "" = it is not known */
	char labels[CARD_LABELS_SIZE]; /* "key\0value\0...\0\0" as far as there is room */
	uint8_t history[HISTORY_SIZE];
	size_t history_size;				      /* 0 = none is kept */
	struct card_transition transitions[CARD_TRANSITIONS]; /* newest first */
	unsigned transition_count;
	bool transitions_cut; /* there are more, which nobody looked for */
};

/* The number of a field, NAN when it has none. */
double card_number(const struct card *card, enum card_field field);
/* The wall clock in a field, in ms; 0 = it holds none, or one after the year 9999. */
uint64_t card_moment_ms(const struct card *card, enum card_field field);
/* Adds a label, when there is room. *used: bytes so far, from 0. */
void card_add_label(struct card *card, size_t *used, const char *key, const char *value);

/* The last 24 hours in so many cells (1 to HISTORY_RECORDS): of each the worst of its records, that is the least mos and
 * the most of all else, and the sum of its low minutes; NAN = there is none. */
struct card_trend {
	double mos[HISTORY_RECORDS], latency_ms[HISTORY_RECORDS], jitter_ms[HISTORY_RECORDS],
		loss_pct[HISTORY_RECORDS], fail_pct[HISTORY_RECORDS], low_min[HISTORY_RECORDS];
	/* of the records */
	struct card_range {
		double least, mean, most; /* NAN = none */
	} mos_range, latency_range, jitter_range, loss_range, fail_range;
	unsigned low_min_sum, records;
};
void card_trend(struct card_trend *ret, const struct card *card, unsigned cells);

#define CARD_LINE_SIZE 512
#define CARD_LINES 96
struct card_page {
	unsigned count;
	char lines[CARD_LINES][CARD_LINE_SIZE];
};
/* Lines of at most width (24 to 120) columns, safe on a terminal. */
void card_page(struct card_page *ret, const struct card *card, unsigned width, bool ascii);

#endif
