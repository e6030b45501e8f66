/* SPDX-License-Identifier: MIT */
#include "pure/rates.h"

#include <stdbool.h>
#include <stdlib.h>
#include <string.h>

#define XXH_INLINE_ALL
#include <xxhash.h>

#include "vocabulary/nsec.h"

#define SLOTS_LEAST 64u

/* Where an address's line ends: the theoretical arrival time of the next connect. */
struct entry {
	uint64_t end_ns;
	struct address address; /* family 0: the place is free */
};

struct rates {
	uint64_t increment_ns; /* of one connect; 0: no limit */
	uint64_t burst_ns;     /* how far ahead of time a line may end */
	struct entry *entries; /* open addressing, linear probing */
	uint32_t slots;	       /* a power of two */
	uint32_t count;
};

struct rates *rates_create(unsigned per_s)
{
	struct rates *rates = calloc(1, sizeof *rates);

	if (!rates)
		return NULL;
	rates->slots = SLOTS_LEAST;
	rates->entries = calloc(rates->slots, sizeof *rates->entries);
	if (!rates->entries) {
		free(rates);
		return NULL;
	}
	if (per_s) {
		rates->increment_ns = (NSEC_PER_SEC + per_s - 1) / per_s;
		rates->burst_ns = rates->increment_ns;
	}
	return rates;
}

void rates_destroy(struct rates *rates)
{
	if (!rates)
		return;
	free(rates->entries);
	free(rates);
}

uint32_t rates_count(const struct rates *rates)
{
	return rates->count;
}

/* The entry of the address, or the free one where it belongs. */
static struct entry *find(struct entry *entries, uint32_t slots, const struct address *address)
{
	uint32_t place = (uint32_t)XXH3_64bits(address->bytes, sizeof address->bytes) & (slots - 1);

	while (entries[place].address.family && !address_equal(&entries[place].address, address))
		place = (place + 1) & (slots - 1);
	return &entries[place];
}

/* Forgets the addresses whose lines are empty, and makes room for more when that was not enough. */
static bool make_room(struct rates *rates, uint64_t now_ns)
{
	uint32_t busy = 0, slots = SLOTS_LEAST;
	struct entry *entries;

	for (uint32_t i = 0; i < rates->slots; i++)
		busy += rates->entries[i].address.family && rates->entries[i].end_ns > now_ns;
	while (slots < 4 * (busy + 1))
		slots *= 2;
	entries = calloc(slots, sizeof *entries);
	if (!entries)
		return false;
	for (uint32_t i = 0; i < rates->slots; i++)
		if (rates->entries[i].address.family && rates->entries[i].end_ns > now_ns)
			*find(entries, slots, &rates->entries[i].address) = rates->entries[i];
	free(rates->entries);
	rates->entries = entries;
	rates->slots = slots;
	rates->count = busy;
	return true;
}

uint64_t rates_take(
	struct rates *rates, const struct address *address, uint64_t now_ns, uint64_t most_ns)
{
	struct entry *entry;
	uint64_t end_ns, wait_ns;

	if (!rates->increment_ns)
		return 0;
	if (rates->count >= rates->slots / 2 && !make_room(rates, now_ns))
		return RATES_NEVER;
	entry = find(rates->entries, rates->slots, address);
	end_ns = entry->end_ns > now_ns ? entry->end_ns : now_ns;
	wait_ns = end_ns > now_ns + rates->burst_ns ? end_ns - now_ns - rates->burst_ns : 0;
	if (wait_ns > most_ns)
		return RATES_NEVER;
	rates->count += !entry->address.family;
	entry->address = *address;
	entry->end_ns = end_ns + rates->increment_ns;
	return wait_ns;
}
