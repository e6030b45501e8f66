/* SPDX-License-Identifier: MIT */
#include "endpoints.h"

#include <stddef.h>
#include <stdlib.h>

#include "pages.h"

#define XXH_INLINE_ALL
#include <xxhash.h>

/* Never grown: to copy a million entries would hold up the answers that are due meanwhile. */
#define SLOTS (1u << 21)
/* Entries that are in memory from the start, if the scenario has as many addresses. */
#define TOUCHED_MAX 262144

struct endpoints {
	const struct scenario *scenario;
	uint32_t *slots; /* open addressing, linear probing: an entry's index plus 1; 0: free */
	struct endpoint *entries; /* in the order in which they were made */
	uint32_t count;
};

static size_t addresses(const struct scenario *scenario)
{
	size_t count = 0;

	for (size_t i = 0; i < scenario->segment_count && count < TOUCHED_MAX; i++)
		count += ip_range_size(&scenario->segments[i].range);
	return count < TOUCHED_MAX ? count : TOUCHED_MAX;
}

struct endpoints *endpoints_create(const struct scenario *scenario)
{
	struct endpoints *endpoints = calloc(1, sizeof *endpoints);

	if (!endpoints)
		return NULL;
	endpoints->scenario = scenario;
	endpoints->slots = pages_take(SLOTS * sizeof *endpoints->slots, SIZE_MAX);
	endpoints->entries = pages_take(ENDPOINTS_MAX * sizeof *endpoints->entries,
		addresses(scenario) * sizeof *endpoints->entries);
	if (!endpoints->slots || !endpoints->entries) {
		endpoints_destroy(endpoints);
		return NULL;
	}
	return endpoints;
}

void endpoints_destroy(struct endpoints *endpoints)
{
	if (!endpoints)
		return;
	pages_give(endpoints->slots, SLOTS * sizeof *endpoints->slots);
	pages_give(endpoints->entries, ENDPOINTS_MAX * sizeof *endpoints->entries);
	free(endpoints);
}

struct endpoint *endpoints_get(struct endpoints *endpoints, ip_number ip, uint16_t port)
{
	const uint64_t key[] = { (uint64_t)(ip >> 64), (uint64_t)ip, port };
	struct endpoint *entry;
	uint32_t *slot;

	for (uint64_t i = XXH3_64bits(key, sizeof key);; i++) {
		slot = &endpoints->slots[i & (SLOTS - 1)];
		if (!*slot)
			break;
		entry = &endpoints->entries[*slot - 1];
		if (entry->port == port && entry->high == key[0] && entry->low == key[1])
			return entry;
	}
	if (endpoints->count == ENDPOINTS_MAX)
		return NULL;
	entry = &endpoints->entries[endpoints->count++];
	*slot = endpoints->count;
	*entry = (struct endpoint) { .high = key[0], .low = key[1], .port = port };
	entry->segment = (int32_t)scenario_find(endpoints->scenario, ip);
	return entry;
}
