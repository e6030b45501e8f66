/* SPDX-License-Identifier: MIT */
/* Results as people read them: the rows of the live table, its head, and plain lines. Text only; who
 * draws it where is edges/output. Everything is ASCII, one column a character, and no line is longer
 * than its width. */
#ifndef MOSPROBE_TABLE_H
#define MOSPROBE_TABLE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "pure/result.h"

/* The newest result of one target, kept for each. What does not exist is NAN. */
struct table_row {
	float mos, latency_ms, jitter_ms, loss_pct, fail_pct;
	uint8_t state, band, cause; /* enum state, band, cause */
	uint8_t error;		    /* enum outcome; OUTCOME_OK = none */
	bool measured;		    /* false: no result yet, the rest means nothing */
	bool open;		    /* an alert is open */
};
struct table_row table_row(const struct result *result);

/* The worst `most` of the measured rows, worst first, as indexes into rows; returns how many. By
 * state (critical, warning, ok or settling, unverified), then by mos, then by index. One pass that
 * keeps the worst so far: cheap for any count. */
size_t table_worst(const struct table_row *rows, size_t count, uint32_t *ret, size_t most);

enum table_column {
	COLUMN_TARGET,
	COLUMN_STATE,
	COLUMN_MOS,
	COLUMN_BAND,
	COLUMN_LATENCY,
	COLUMN_JITTER,
	COLUMN_LOSS,
	COLUMN_FAIL,
	COLUMN_CAUSE,
	COLUMN_ERROR,
	COLUMN_COUNT
};

/* Which columns are shown, and how wide. */
struct table_layout {
	unsigned widths[COLUMN_COUNT]; /* characters; 0 = left out */
	bool wide;		       /* long headings */
	bool colour;
};
/* What fits into width characters: as it gets narrower first the headings shorten, then error, band,
 * fail and jitter go, below 60 others as well. target_width: the longest target's. */
struct table_layout table_layout(unsigned width, unsigned target_width, bool colour);

/* Room for any line, colours included; longer text is cut. */
#define TABLE_LINE_SIZE 1024

/* What stands for a target where the prober itself is meant, or a group: "(vantage point)", "(isp=acme)". */
#define TABLE_SUBJECT_SIZE (TARGET_KEY_SIZE + RESULT_GROUP_SIZE)
void table_subject(char ret[TABLE_SUBJECT_SIZE], const struct transition *transition);

/* Each writes one line without a newline and returns its length in bytes. */
size_t table_heading(char ret[TABLE_LINE_SIZE], const struct table_layout *layout);
size_t table_line(char ret[TABLE_LINE_SIZE], const struct table_layout *layout,
	const struct table_row *row, const char *target);

/* "mosprobe ID: 300 targets: 3 critical, 5 warning, 280 ok, ..."; while impaired that comes first. */
size_t table_states(char ret[TABLE_LINE_SIZE], const struct heartbeat *heartbeat,
	const char *prober_id, unsigned width);
/* "8 alerts open, 123456 samples, 12 late starts (p99 0.4 ms), ..." */
size_t table_counters(char ret[TABLE_LINE_SIZE], const struct heartbeat *heartbeat,
	uint64_t alerts_open, unsigned width);
/* "04:00:12Z CRITICAL pbx7.example.com: MOS 2.71 below 3.00 for 3 min; ..." */
size_t table_alert(
	char ret[TABLE_LINE_SIZE], const struct transition *transition, const char *target);

/* For a pipe or a file: the same columns at fixed places, blank-separated, "-" for what does not
 * exist; time first, "result" or "alert" second, then the target and, of an alert, its reason. */
size_t table_plain_heading(char ret[TABLE_LINE_SIZE]);
size_t table_plain_result(
	char ret[TABLE_LINE_SIZE], const struct result *result, const char *target);
size_t table_plain_alert(
	char ret[TABLE_LINE_SIZE], const struct transition *transition, const char *target);

#endif
