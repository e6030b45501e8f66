/* SPDX-License-Identifier: MIT */
#include "pure/schedule.h"

#include <stdlib.h>
#include <string.h>

#define BUCKETS 65536u
#define NOBODY UINT32_MAX

/* 12 bytes of each target: due_ns as a whole would make them 16. */
struct entry {
	uint32_t due_ns[2];
	uint32_t next;
};

struct schedule {
	uint64_t tick_ns;
	uint64_t cursor; /* the tick that is being emptied; all before it are empty */
	uint64_t count;
	struct entry *entries;
	uint64_t occupied[BUCKETS / 64]; /* a bit per bucket that is not empty */
	uint32_t heads[BUCKETS];
};

struct schedule *schedule_create(uint32_t targets, uint64_t horizon_ns, uint64_t now_ns)
{
	struct schedule *schedule = calloc(1, sizeof *schedule);

	if (!schedule)
		return NULL;
	schedule->entries = calloc(targets ? targets : 1, sizeof *schedule->entries);
	if (!schedule->entries) {
		free(schedule);
		return NULL;
	}
	schedule->tick_ns = horizon_ns / BUCKETS + 1;
	schedule->cursor = now_ns / schedule->tick_ns;
	memset(schedule->heads, 0xff, sizeof schedule->heads);
	return schedule;
}

void schedule_destroy(struct schedule *schedule)
{
	if (!schedule)
		return;
	free(schedule->entries);
	free(schedule);
}

static uint64_t due_ns_of(const struct entry *entry)
{
	uint64_t due_ns;

	memcpy(&due_ns, entry->due_ns, sizeof due_ns);
	return due_ns;
}

static void put(struct schedule *schedule, uint32_t target, uint64_t tick)
{
	uint32_t bucket = tick % BUCKETS;

	schedule->entries[target].next = schedule->heads[bucket];
	schedule->heads[bucket] = target;
	schedule->occupied[bucket / 64] |= 1ull << (bucket % 64);
}

/* The tick whose bucket a start goes to: not before the cursor, and at most one turn of the wheel
 * ahead; a start further away is met early and put back. */
static uint64_t tick_of(const struct schedule *schedule, uint64_t due_ns)
{
	uint64_t tick = due_ns / schedule->tick_ns;

	if (tick < schedule->cursor)
		return schedule->cursor;
	if (tick >= schedule->cursor + BUCKETS)
		return schedule->cursor + BUCKETS - 1;
	return tick;
}

void schedule_add(struct schedule *schedule, uint32_t target, uint64_t due_ns)
{
	memcpy(schedule->entries[target].due_ns, &due_ns, sizeof due_ns);
	put(schedule, target, tick_of(schedule, due_ns));
	schedule->count++;
}

/* The first tick from the cursor on whose bucket is not empty. The wheel holds something. */
static uint64_t next_occupied(const struct schedule *schedule)
{
	uint32_t start = schedule->cursor % BUCKETS, word = start / 64;
	uint64_t bits = schedule->occupied[word] & (~0ull << (start % 64));
	uint32_t bucket;

	for (uint32_t looked = 0; !bits && looked <= BUCKETS / 64; looked++) {
		word = (word + 1) % (BUCKETS / 64);
		bits = schedule->occupied[word];
	}
	bucket = word * 64 + (uint32_t)__builtin_ctzll(bits);
	return schedule->cursor + (bucket + BUCKETS - start) % BUCKETS;
}

/* Takes the first due target out of the bucket of the cursor's tick. Targets that were put there only
 * because they lie further ahead than the wheel reaches move on. */
static bool pop_here(struct schedule *schedule, uint64_t now_ns, uint32_t *ret_target)
{
	uint32_t bucket = schedule->cursor % BUCKETS;
	uint32_t *link = &schedule->heads[bucket];
	bool found = false;

	while (*link != NOBODY) {
		uint32_t target = *link;
		struct entry *entry = &schedule->entries[target];
		uint64_t tick = tick_of(schedule, due_ns_of(entry));

		if (tick != schedule->cursor) {
			/* Even when it is due by now: after a pause those before it go first. */
			*link = entry->next;
			put(schedule, target, tick);
			continue;
		}
		if (due_ns_of(entry) <= now_ns) {
			*link = entry->next;
			*ret_target = target;
			found = true;
			break;
		}
		link = &entry->next;
	}
	if (schedule->heads[bucket] == NOBODY)
		schedule->occupied[bucket / 64] &= ~(1ull << (bucket % 64));
	return found;
}

bool schedule_pop(
	struct schedule *schedule, uint64_t now_ns, uint32_t *ret_target, uint64_t *ret_due_ns)
{
	uint64_t now_tick = now_ns / schedule->tick_ns;

	while (schedule->count) {
		uint64_t tick = next_occupied(schedule);

		if (tick > now_tick) {
			/* Nothing is due; what is added next may still be due from now on. */
			if (now_tick > schedule->cursor)
				schedule->cursor = now_tick;
			return false;
		}
		schedule->cursor = tick;
		if (pop_here(schedule, now_ns, ret_target)) {
			*ret_due_ns = due_ns_of(&schedule->entries[*ret_target]);
			schedule->count--;
			return true;
		}
		if (tick == now_tick)
			return false;
	}
	if (now_tick > schedule->cursor)
		schedule->cursor = now_tick;
	return false;
}

uint64_t schedule_next_ns(const struct schedule *schedule)
{
	uint64_t tick, bucket_ns, next_ns = SCHEDULE_NEVER;

	if (!schedule->count)
		return SCHEDULE_NEVER;
	tick = next_occupied(schedule);
	bucket_ns = (tick + 1) * schedule->tick_ns;
	for (uint32_t t = schedule->heads[tick % BUCKETS]; t != NOBODY;
		t = schedule->entries[t].next)
		if (due_ns_of(&schedule->entries[t]) < next_ns)
			next_ns = due_ns_of(&schedule->entries[t]);
	/* A bucket of targets far ahead is only looked at again. */
	return next_ns < bucket_ns ? next_ns : bucket_ns;
}

uint64_t schedule_phase_ns(uint64_t hash, uint64_t interval_ns)
{
	/* The high half of the product is hash/2^64 of the interval: even, without a modulo's bias. */
	return (uint64_t)(((unsigned __int128)hash * interval_ns) >> 64);
}

uint64_t schedule_offset_ns(unsigned index, unsigned samples, uint64_t interval_ns)
{
	return interval_ns / samples * index + interval_ns % samples * index / samples;
}
