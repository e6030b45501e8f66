/* SPDX-License-Identifier: MIT */
#include "endpoints.h"

#include <stddef.h>
#include <stdlib.h>
#include <sys/mman.h>

#define XXH_INLINE_ALL
#include <xxhash.h>

/* Never grown: to copy a million entries would hold up the answers that are due meanwhile. */
#define SLOTS (1u << 21)

struct endpoints {
	const struct scenario *scenario;
	struct endpoint *slots; /* open addressing, linear probing */
	uint32_t count;
};

struct endpoints *endpoints_create(const struct scenario *scenario)
{
	struct endpoints *endpoints = calloc(1, sizeof *endpoints);
	void *map;

	if (!endpoints)
		return NULL;
	map = mmap(NULL, SLOTS * sizeof *endpoints->slots, PROT_READ | PROT_WRITE,
		MAP_PRIVATE | MAP_ANONYMOUS | MAP_NORESERVE, -1, 0);
	if (map == MAP_FAILED) {
		free(endpoints);
		return NULL;
	}
	endpoints->scenario = scenario;
	endpoints->slots = map;
	return endpoints;
}

void endpoints_destroy(struct endpoints *endpoints)
{
	if (!endpoints)
		return;
	munmap(endpoints->slots, SLOTS * sizeof *endpoints->slots);
	free(endpoints);
}

struct endpoint *endpoints_get(struct endpoints *endpoints, ip_number ip, uint16_t port)
{
	const uint64_t key[] = { (uint64_t)(ip >> 64), (uint64_t)ip, port };
	struct endpoint *slot;

	for (uint64_t i = XXH3_64bits(key, sizeof key);; i++) {
		slot = &endpoints->slots[i & (SLOTS - 1)];
		if (!slot->port)
			break;
		if (slot->port == port && slot->high == key[0] && slot->low == key[1])
			return slot;
	}
	if (endpoints->count == ENDPOINTS_MAX)
		return NULL;
	endpoints->count++;
	*slot = (struct endpoint) { .high = key[0], .low = key[1], .port = port };
	slot->segment = (int32_t)scenario_find(endpoints->scenario, ip);
	return slot;
}
