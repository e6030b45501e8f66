/* SPDX-License-Identifier: MIT */
#include "edges/publish_leavers.h"

#include <stdlib.h>
#include <string.h>

void leavers_free(struct leavers *leavers)
{
	for (size_t i = 0; i < leavers->count; i++)
		free(leavers->queue[leavers->first + i].key);
	free(leavers->queue);
	memset(leavers, 0, sizeof *leavers);
}

static bool push(struct leavers *leavers, struct leaver leaver)
{
	size_t end = leavers->first + leavers->count;

	if (leavers->first && end == leavers->size) {
		memmove(leavers->queue, leavers->queue + leavers->first,
			leavers->count * sizeof *leavers->queue);
		leavers->first = 0;
		end = leavers->count;
	}
	if (end == leavers->size) {
		size_t size = leavers->size ? 2 * leavers->size : 16;
		struct leaver *larger = realloc(leavers->queue, size * sizeof *larger);

		if (!larger)
			return false;
		leavers->queue = larger;
		leavers->size = size;
	}
	leavers->queue[end] = leaver;
	leavers->count++;
	return true;
}

bool leavers_add(
	struct leavers *leavers, const struct target *target, uint32_t number, uint64_t order)
{
	struct leaver leaver = { .order = order, .number = number };
	char key[TARGET_KEY_SIZE];

	target_key(target, key);
	leaver.key = strdup(key);
	if (leaver.key && push(leavers, leaver))
		return true;
	free(leaver.key);
	return false;
}

void leavers_take(struct leavers *leavers, const struct roster_event *event, uint64_t order)
{
	const struct roster *roster = event->roster;

	if (event->all_left) {
		leavers->generation = event->generation;
		leavers->order = order;
		return;
	}
	for (uint32_t i = 0; i < roster->count; i++) {
		if (roster->here[i] || !roster->targets[i])
			continue;
		if (!leavers_add(leavers, roster->targets[i], i, order))
			return;
	}
}

const struct leaver *leavers_next(struct leavers *leavers, uint64_t oldest_held)
{
	const struct leaver *next = leavers->queue + leavers->first + leavers->sent;

	if (leavers->sent == leavers->count || next->order >= oldest_held)
		return NULL;
	leavers->sent++;
	return next;
}

void leavers_done(struct leavers *leavers)
{
	if (!leavers->sent)
		return;
	free(leavers->queue[leavers->first].key);
	leavers->first++;
	leavers->count--;
	leavers->sent--;
	if (!leavers->count)
		leavers->first = 0;
}

void leavers_lost(struct leavers *leavers)
{
	leavers->sent = 0;
}

uint64_t leavers_generation(struct leavers *leavers, uint64_t oldest_held)
{
	uint64_t generation = leavers->order < oldest_held ? leavers->generation : 0;

	if (generation)
		leavers->generation = 0;
	return generation;
}
