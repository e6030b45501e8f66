/* SPDX-License-Identifier: MIT */
#include "edges/publish_history.h"

#include <stdlib.h>
#include <string.h>

/* Records that wait at most: five minutes of as many targets, or an hour of a twelfth of that. */
#define WAITING_MOST 262144

void histories_free(struct histories *histories)
{
	free(histories->sums);
	free(histories->queue);
	memset(histories, 0, sizeof *histories);
}

static bool grow_sums(struct histories *histories, uint32_t target)
{
	size_t count = histories->sums_count ? histories->sums_count : 1024;
	struct history_sums *sums;

	while (count <= target)
		count += count / 2;
	sums = realloc(histories->sums, count * sizeof *sums);
	if (!sums)
		return false;
	memset(sums + histories->sums_count, 0, (count - histories->sums_count) * sizeof *sums);
	histories->sums = sums;
	histories->sums_count = count;
	return true;
}

static struct history_record *at(const struct histories *histories, size_t i)
{
	return &histories->queue[(histories->first + i) % histories->room];
}

static bool grow_queue(struct histories *histories)
{
	size_t room = histories->room ? 2 * histories->room : 1024;
	struct history_record *queue = malloc(room * sizeof *queue);

	if (!queue)
		return false;
	for (size_t i = 0; i < histories->count; i++)
		queue[i] = *at(histories, i);
	free(histories->queue);
	histories->queue = queue;
	histories->room = room;
	histories->first = 0;
	return true;
}

static void drop_oldest(struct histories *histories)
{
	histories->first = (histories->first + 1) % histories->room;
	histories->count--;
}

static void push(struct histories *histories, const struct history_record *record)
{
	if (histories->count == WAITING_MOST && !histories->sent)
		drop_oldest(histories);
	if (histories->count == WAITING_MOST)
		return;
	if (histories->count == histories->room && !grow_queue(histories))
		return;
	*at(histories, histories->count++) = *record;
}

void histories_take(struct histories *histories, const struct result *result, uint64_t order,
	uint64_t interval_ns, uint32_t most)
{
	struct history_record record = { .order = order, .target = result->target };
	uint32_t target = result->target_index;

	if (target >= most && !histories->off) {
		histories_free(histories);
		histories->off = true;
	}
	if (histories->off || (target >= histories->sums_count && !grow_sums(histories, target)))
		return;
	if (history_fold(
		    &histories->sums[target], result, interval_ns, record.bytes, &record.number))
		push(histories, &record);
}

void histories_forget(struct histories *histories, uint32_t target)
{
	if (target < histories->sums_count)
		memset(&histories->sums[target], 0, sizeof *histories->sums);
}

const struct history_record *histories_next(struct histories *histories)
{
	return histories->sent < histories->count ? at(histories, histories->sent++) : NULL;
}

void histories_done(struct histories *histories)
{
	if (!histories->sent)
		return;
	histories->sent--;
	drop_oldest(histories);
}

void histories_lost(struct histories *histories)
{
	histories->sent = 0;
}

uint64_t histories_oldest(const struct histories *histories)
{
	return histories->count ? at(histories, 0)->order : UINT64_MAX;
}
