/* SPDX-License-Identifier: MIT */
/* How far the consumer groups of the two streams are behind, for the heartbeat. */
#ifndef MOSPROBE_PUBLISH_LAG_H
#define MOSPROBE_PUBLISH_LAG_H

#include "edges/publish_pipeline.h"
#include "edges/publish_stream.h"

#define LAG_TEXT_SIZE 512

/* "STREAM:GROUP=NUMBER ...", cut where it does not fit. Zeroed: nothing is known. */
struct lag {
	uint64_t due_ns; /* when to ask again */
	char lag[STREAM_COUNT][LAG_TEXT_SIZE];	   /* entries that were not delivered; "?" = Redis cannot tell */
	char pending[STREAM_COUNT][LAG_TEXT_SIZE]; /* entries that were, and are not acknowledged */
};

/* XINFO GROUPS of both streams, when it is time to. */
void lag_ask(struct lag *lag, struct pipeline *pipeline, const struct keys *keys, uint64_t now_ns);
void lag_take(struct lag *lag, enum stream_name stream, const struct answer *answer);
/* Of both streams, in one text. */
void lag_text(char ret[2 * LAG_TEXT_SIZE], const char texts[STREAM_COUNT][LAG_TEXT_SIZE]);

#endif
