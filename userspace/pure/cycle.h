/* SPDX-License-Identifier: MIT */
/* Open cycles: the samples of a target's cycle while they come in, in any order, until the last one
 * has an outcome. A pool, taken and given back by index. */
#ifndef MOSPROBE_CYCLE_H
#define MOSPROBE_CYCLE_H

#include <stdbool.h>
#include <stdint.h>

#include "vocabulary/address.h"
#include "vocabulary/sample.h"

#define CYCLE_NONE UINT32_MAX
#define CYCLE_SAMPLES_MAX 100u

/* What a window needs to remember of one sample. */
struct cycle_sample {
	uint32_t rtt_ns;   /* 0 = no latency */
	uint32_t start_ms; /* CLOCK_MONOTONIC; its low half */
	uint8_t outcome;   /* enum outcome; of a sample without one yet: OUTCOME_COUNT */
	uint8_t sent, lost;
	uint8_t source; /* enum stamp_source */
};

struct cycle {
	uint64_t number; /* rises by one per interval */
	uint32_t target;
	uint8_t planned;	/* samples that it will have */
	uint8_t done;		/* samples that have an outcome */
	uint8_t blocks;		/* the pool's own */
	struct address address; /* that all of its samples go to; family 0 = none has been tried */
	struct cycle_sample samples[];
};

struct cycles;

/* capacity: cycles open at the same time, at most. NULL when memory is out. It grows with what is open, and
 * never shrinks: 32 bytes and 12 for each sample. */
struct cycles *cycles_create(uint32_t capacity);
void cycles_destroy(struct cycles *cycles); /* NULL is fine */

/* planned: 1..CYCLE_SAMPLES_MAX. Returns the index of a fresh cycle, or CYCLE_NONE when as many are open as
 * may be, or memory is out. */
uint32_t cycles_open(struct cycles *cycles, uint32_t target, uint64_t number, unsigned planned);
/* Stores what became of sample->index of cycle sample->cycle; true when it was the last one. */
bool cycles_put(struct cycles *cycles, const struct sample *sample);
/* It will have no more samples than the `planned` that have been started; true when these are all done. */
bool cycles_cut(struct cycles *cycles, uint32_t index, unsigned planned);
/* How many are open. */
uint32_t cycles_count(const struct cycles *cycles);
/* Valid until cycles_close(). */
struct cycle *cycles_at(struct cycles *cycles, uint32_t index);
void cycles_close(struct cycles *cycles, uint32_t index);

#endif
