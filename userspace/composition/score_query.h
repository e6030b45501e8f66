/* SPDX-License-Identifier: MIT */
/* One question to `mosprobe score`, whether it comes as options or as a line of CSV: fields by name
 * and text, their ranges, and the answer. */
#ifndef MOSPROBE_SCORE_QUERY_H
#define MOSPROBE_SCORE_QUERY_H

#include <stdbool.h>
#include <stddef.h>

#include "pure/emodel.h"
#include "vocabulary/message.h"
#include "vocabulary/settings.h"

enum query_field {
	QUERY_RTT_MS,	  /* the path model; needed, or the next */
	QUERY_ONE_WAY_MS, /* plain G.107: T = Ta, Tr = 2 Ta */
	QUERY_JITTER_MS,  /* with rtt; default 0 */
	QUERY_LOSS_PCT,	  /* default 0 */
	QUERY_FAIL_PCT,	  /* with rtt; samples without an answer, MOS 1 each; default 0 */
	QUERY_BURST_R,	  /* with one-way; default 1 */
	QUERY_IE,	  /* default: the codec's, or those of emodel_defaults() */
	QUERY_BPL,
	QUERY_CODEC, /* with rtt; default: given to query_answer() */
	QUERY_FIELDS
};

struct query {
	bool given[QUERY_FIELDS];
	double number[QUERY_FIELDS]; /* of a field that is given, but for the codec */
	char codec[2 * CODEC_NAME_SIZE];
};

struct query_answer {
	double r;   /* NAN when every sample failed */
	double mos; /* with the failed samples in it */
	/* the path model only; with every sample failed there is no path, and its numbers are NAN */
	struct codec codec;
	struct path_score path;
	double r_failed; /* r less the R of mos; then: the best line's R less that of MOS 1 */
	/* plain G.107 only */
	struct emodel_params params;
	struct emodel_result result;
};

/* "rtt_ms" and so on. */
const char *query_field_name(enum query_field field);
/* The field of that name (length bytes), or -ENOENT. */
int query_field_find(const char *name, size_t length);

/* Sets a field from text (length bytes, a byte behind them that is no part of a number). Returns 0,
 * or -EINVAL with what is allowed ("must be a number, 0 or more"); the caller says where. */
int query_set(struct query *query, enum query_field field, const char *text, size_t length,
	struct message *msg);

/* Do the fields that are given go together? Returns 0 or -EINVAL with a message. */
int query_check(const struct query *query, struct message *msg);

/* Answers a query that query_check() accepts. codec: where the query names none. Returns 0, or
 * -EINVAL with a message: no such codec, a number out of its range. */
int query_answer(struct query_answer *ret, const struct query *query,
	const struct path_model *model, const struct codec *codec, struct message *msg);

#endif
