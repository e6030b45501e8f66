/* SPDX-License-Identifier: MIT */
#include "pure/cycle.h"

#include <assert.h>
#include <stdlib.h>

#include "vocabulary/nsec.h"

struct cycles {
	size_t stride;
	uint32_t capacity, fresh; /* cycles from fresh on were never used */
	uint32_t free;		  /* head of the given back ones, linked through `target` */
	unsigned samples;
	unsigned char *memory;
};

struct cycles *cycles_create(uint32_t capacity, unsigned samples)
{
	struct cycles *cycles = calloc(1, sizeof *cycles);

	if (!cycles)
		return NULL;
	cycles->stride = sizeof(struct cycle) + samples * sizeof(struct cycle_sample);
	cycles->capacity = capacity;
	cycles->samples = samples;
	cycles->free = CYCLE_NONE;
	cycles->memory = calloc(capacity, cycles->stride);
	if (!cycles->memory) {
		free(cycles);
		return NULL;
	}
	return cycles;
}

void cycles_destroy(struct cycles *cycles)
{
	if (!cycles)
		return;
	free(cycles->memory);
	free(cycles);
}

struct cycle *cycles_at(struct cycles *cycles, uint32_t index)
{
	assert(index < cycles->fresh);
	return (struct cycle *)(void *)(cycles->memory + index * cycles->stride);
}

uint32_t cycles_open(struct cycles *cycles, uint32_t target, uint64_t number, unsigned planned)
{
	struct cycle *cycle;
	uint32_t index;

	assert(planned >= 1 && planned <= cycles->samples);
	if (cycles->free != CYCLE_NONE) {
		index = cycles->free;
		cycles->free = cycles_at(cycles, index)->target;
	} else if (cycles->fresh < cycles->capacity) {
		index = cycles->fresh++;
	} else {
		return CYCLE_NONE;
	}
	cycle = cycles_at(cycles, index);
	cycle->number = number;
	cycle->target = target;
	cycle->planned = (uint16_t)planned;
	cycle->done = 0;
	for (unsigned i = 0; i < planned; i++)
		cycle->samples[i] = (struct cycle_sample) { .outcome = OUTCOME_COUNT };
	return index;
}

bool cycles_put(struct cycles *cycles, const struct sample *sample)
{
	struct cycle *cycle = cycles_at(cycles, sample->cycle);
	struct cycle_sample *slot = &cycle->samples[sample->index];

	assert(sample->index < cycle->planned && slot->outcome == OUTCOME_COUNT);
	assert(cycle->target == sample->target);
	*slot = (struct cycle_sample) {
		.rtt_ns = sample->rtt_ns,
		.start_ms = (uint32_t)(sample->start_ns / NSEC_PER_MSEC),
		.outcome = sample->outcome,
		.sent = sample->sent,
		.lost = sample->lost,
		.source = sample->source,
	};
	return ++cycle->done == cycle->planned;
}

void cycles_close(struct cycles *cycles, uint32_t index)
{
	cycles_at(cycles, index)->target = cycles->free;
	cycles->free = index;
}
