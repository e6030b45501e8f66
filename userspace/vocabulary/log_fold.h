/* SPDX-License-Identifier: MIT */
/* Which lines of the log are written, and which only counted: what says the same as another within a minute is written
 * once, then once more at its end with how often it came. The same are lines of one event with the same first fact; the
 * others may change, and the newest are shown. Pure, and of fixed size; for one thread at a time. */
#ifndef MOSPROBE_LOG_FOLD_H
#define MOSPROBE_LOG_FOLD_H

#include <stdbool.h>
#include <stdint.h>

#include "vocabulary/log_text.h"
#include "vocabulary/nsec.h"

#define FOLD_WITHIN_NS NSEC_PER_MIN
/* So many at once; one more takes the place of the oldest, which is told of then. */
#define FOLD_COUNT 64

struct fold_line {
	uint64_t began_ns;    /* 0 = none is here */
	uint32_t repeated;    /* since it was written */
	unsigned level;	      /* the caller's own */
	struct log_text text; /* the newest */
};

/* Zeroed: nothing was said yet. */
struct log_fold {
	/* Takes a line that is to be written. */
	void (*write)(void *context, unsigned level, const struct log_text *text);
	void *context;
	struct fold_line lines[FOLD_COUNT];
};

/* Writes a line, or counts it; what its room (the event's name up to the first '_') has counted is written before. */
void fold_take(struct log_fold *fold, unsigned level, const struct log_text *text, uint64_t now_ns);

/* Writes " repeated=N within_s=S" of those whose minute is over; a next minute begins for them. */
void fold_expire(struct log_fold *fold, uint64_t now_ns);

/* Writes all that were counted, and forgets everything. */
void fold_flush(struct log_fold *fold, uint64_t now_ns);

/* When fold_expire() is due; UINT64_MAX = never. */
uint64_t fold_due_ns(const struct log_fold *fold);

#endif
