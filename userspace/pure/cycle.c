/* SPDX-License-Identifier: MIT */
#include "pure/cycle.h"

#include <assert.h>
#include <stdlib.h>

#include "vocabulary/nsec.h"

/* Memory comes in blocks, a cycle taking as many next to each other as its samples need, and blocks in
 * chunks that are made when they are needed and stay. Cycles that were given back are kept by how many
 * blocks they have. */
#define BLOCK_SIZE 16
#define CHUNK_BLOCKS 65536u
#define CHUNKS_MAX 8192u
#define SIZE_OF(samples) (sizeof(struct cycle) + (samples) * sizeof(struct cycle_sample))
#define BLOCKS_OF(samples) ((SIZE_OF(samples) + BLOCK_SIZE - 1) / BLOCK_SIZE)
#define BLOCKS_MAX BLOCKS_OF(CYCLE_SAMPLES_MAX)

_Static_assert(offsetof(struct cycle, target) + 4 <= BLOCK_SIZE, "any rest can be linked");

struct cycles {
	uint32_t capacity, open;
	uint32_t fresh;		       /* blocks from here on were never used */
	uint32_t free[BLOCKS_MAX + 1]; /* by blocks: the given back ones, linked through `target` */
	unsigned char *chunks[CHUNKS_MAX];
};

struct cycles *cycles_create(uint32_t capacity)
{
	struct cycles *cycles = calloc(1, sizeof *cycles);

	if (!cycles)
		return NULL;
	cycles->capacity = capacity;
	for (unsigned i = 0; i <= BLOCKS_MAX; i++)
		cycles->free[i] = CYCLE_NONE;
	return cycles;
}

void cycles_destroy(struct cycles *cycles)
{
	if (!cycles)
		return;
	for (unsigned i = 0; i < CHUNKS_MAX && cycles->chunks[i]; i++)
		free(cycles->chunks[i]);
	free(cycles);
}

uint32_t cycles_count(const struct cycles *cycles)
{
	return cycles->open;
}

struct cycle *cycles_at(struct cycles *cycles, uint32_t index)
{
	assert(index < cycles->fresh);
	return (struct cycle *)(void *)(cycles->chunks[index / CHUNK_BLOCKS] +
					(size_t)(index % CHUNK_BLOCKS) * BLOCK_SIZE);
}

static void give_back(struct cycles *cycles, uint32_t index, unsigned blocks)
{
	cycles_at(cycles, index)->target = cycles->free[blocks];
	cycles->free[blocks] = index;
}

/* Blocks that were never used. */
static uint32_t take_fresh(struct cycles *cycles, unsigned blocks)
{
	uint32_t left = CHUNK_BLOCKS - cycles->fresh % CHUNK_BLOCKS, index;

	/* The rest of a chunk is too short. */
	if (left < blocks) {
		index = cycles->fresh;
		cycles->fresh += left;
		give_back(cycles, index, left);
	}
	index = cycles->fresh;
	if (index / CHUNK_BLOCKS >= CHUNKS_MAX)
		return CYCLE_NONE;
	if (!cycles->chunks[index / CHUNK_BLOCKS])
		cycles->chunks[index / CHUNK_BLOCKS] = calloc(CHUNK_BLOCKS, BLOCK_SIZE);
	if (!cycles->chunks[index / CHUNK_BLOCKS])
		return CYCLE_NONE;
	cycles->fresh += blocks;
	return index;
}

static uint32_t take(struct cycles *cycles, unsigned blocks)
{
	uint32_t index = cycles->free[blocks];

	if (cycles->open == cycles->capacity)
		return CYCLE_NONE;
	if (index != CYCLE_NONE)
		cycles->free[blocks] = cycles_at(cycles, index)->target;
	else
		index = take_fresh(cycles, blocks);
	cycles->open += index != CYCLE_NONE;
	return index;
}

uint32_t cycles_open(struct cycles *cycles, uint32_t target, uint64_t number, unsigned planned)
{
	unsigned blocks = (unsigned)BLOCKS_OF(planned);
	struct cycle *cycle;
	uint32_t index;

	assert(planned >= 1 && planned <= CYCLE_SAMPLES_MAX);
	index = take(cycles, blocks);
	if (index == CYCLE_NONE)
		return CYCLE_NONE;
	cycle = cycles_at(cycles, index);
	cycle->number = number;
	cycle->target = target;
	cycle->planned = (uint8_t)planned;
	cycle->done = 0;
	cycle->blocks = (uint8_t)blocks;
	cycle->address = (struct address) { .family = 0 };
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

bool cycles_cut(struct cycles *cycles, uint32_t index, unsigned planned)
{
	struct cycle *cycle = cycles_at(cycles, index);

	assert(planned <= cycle->planned && cycle->done <= planned);
	cycle->planned = (uint8_t)planned;
	return cycle->done == planned;
}

void cycles_close(struct cycles *cycles, uint32_t index)
{
	give_back(cycles, index, cycles_at(cycles, index)->blocks);
	cycles->open--;
}
