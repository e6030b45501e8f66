/* SPDX-License-Identifier: MIT */
/* Open cycles: the samples of a target's cycle while they come in, in any order, until the last one
 * has an outcome. A fixed pool, taken and given back by index. */
#ifndef MOSPROBE_CYCLE_H
#define MOSPROBE_CYCLE_H

#include <stdbool.h>
#include <stdint.h>

#include "vocabulary/sample.h"

#define CYCLE_NONE UINT32_MAX

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
	uint16_t planned; /* samples that it will have */
	uint16_t done;	  /* samples that have an outcome */
	struct cycle_sample samples[];
};

struct cycles;

/* capacity: cycles open at the same time; samples: the most that one may have. NULL when memory is
 * out. Memory that is never used is never touched. */
struct cycles *cycles_create(uint32_t capacity, unsigned samples);
void cycles_destroy(struct cycles *cycles); /* NULL is fine */

/* Returns the index of a fresh cycle, or CYCLE_NONE when the pool is empty. */
uint32_t cycles_open(struct cycles *cycles, uint32_t target, uint64_t number, unsigned planned);
/* Stores what became of sample->index of cycle sample->cycle; true when it was the last one. */
bool cycles_put(struct cycles *cycles, const struct sample *sample);
/* Valid until cycles_close(). */
struct cycle *cycles_at(struct cycles *cycles, uint32_t index);
void cycles_close(struct cycles *cycles, uint32_t index);

#endif
