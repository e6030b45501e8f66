/* SPDX-License-Identifier: MIT */
#include "pending.h"

#include <stddef.h>
#include <stdlib.h>

#include "pages.h"

#define TOUCHED 16384 /* records that are in memory from the start: more than are ever usual */

/* The due times stand in the heap itself, so that to sort it touches no record. */
struct entry {
	uint64_t due_ns;
	uint32_t record;
};

struct pending_queue {
	struct pending *records;
	uint32_t *unused; /* a stack: the record used last is still in the cache */
	uint32_t unused_count;
	struct entry *heap; /* binary, smallest first */
	uint32_t count;
};

struct pending_queue *pending_create(void)
{
	struct pending_queue *queue = calloc(1, sizeof *queue);

	if (!queue)
		return NULL;
	queue->records =
		pages_take(PENDING_MAX * sizeof *queue->records, TOUCHED * sizeof *queue->records);
	queue->unused = calloc(PENDING_MAX, sizeof *queue->unused);
	queue->heap = pages_take(PENDING_MAX * sizeof *queue->heap, SIZE_MAX);
	if (!queue->records || !queue->unused || !queue->heap) {
		pending_destroy(queue);
		return NULL;
	}
	while (queue->unused_count < PENDING_MAX) {
		queue->unused[queue->unused_count] = PENDING_MAX - 1 - queue->unused_count;
		queue->unused_count++;
	}
	return queue;
}

void pending_destroy(struct pending_queue *queue)
{
	if (!queue)
		return;
	pages_give(queue->records, PENDING_MAX * sizeof *queue->records);
	free(queue->unused);
	pages_give(queue->heap, PENDING_MAX * sizeof *queue->heap);
	free(queue);
}

struct pending *pending_new(struct pending_queue *queue)
{
	struct pending *pending;

	if (!queue->unused_count)
		return NULL;
	pending = &queue->records[queue->unused[--queue->unused_count]];
	*pending = (struct pending) { 0 };
	return pending;
}

void pending_free(struct pending_queue *queue, struct pending *pending)
{
	queue->unused[queue->unused_count++] = (uint32_t)(pending - queue->records);
}

void pending_push(struct pending_queue *queue, struct pending *pending)
{
	struct entry entry = { pending->due_ns, (uint32_t)(pending - queue->records) };
	uint32_t i = queue->count++;

	for (; i > 0 && queue->heap[(i - 1) / 2].due_ns > entry.due_ns; i = (i - 1) / 2)
		queue->heap[i] = queue->heap[(i - 1) / 2];
	queue->heap[i] = entry;
}

struct pending *pending_first(const struct pending_queue *queue)
{
	return queue->count ? &queue->records[queue->heap[0].record] : NULL;
}

struct pending *pending_pop(struct pending_queue *queue)
{
	struct pending *first = &queue->records[queue->heap[0].record];
	struct entry last = queue->heap[--queue->count];
	uint32_t i = 0, child;

	while ((child = 2 * i + 1) < queue->count) {
		if (child + 1 < queue->count &&
			queue->heap[child + 1].due_ns < queue->heap[child].due_ns)
			child++;
		if (last.due_ns <= queue->heap[child].due_ns)
			break;
		queue->heap[i] = queue->heap[child];
		i = child;
	}
	queue->heap[i] = last;
	return first;
}
