/* SPDX-License-Identifier: MIT */
#include "attempts.h"

#include <stddef.h>

#include "pages.h"

#define SETS 131072
#define WAYS 8

struct attempt {
	uint64_t key; /* 0: free */
	uint64_t syn_ns;
	uint32_t isn, count;
};

struct attempts {
	struct attempt sets[SETS][WAYS];
};

struct attempts *attempts_create(void)
{
	return pages_take(sizeof(struct attempts), SIZE_MAX);
}

void attempts_destroy(struct attempts *attempts)
{
	pages_give(attempts, sizeof *attempts);
}

uint32_t attempts_count(
	struct attempts *attempts, uint64_t key, uint32_t isn, uint64_t now_ns, uint64_t *evicted)
{
	struct attempt *set = attempts->sets[key % SETS], *entry = set;

	for (int way = 0; way < WAYS; way++) {
		if (set[way].key == key) {
			entry = &set[way];
			break;
		}
		if (set[way].syn_ns < entry->syn_ns)
			entry = &set[way];
	}
	if (entry->key != key || entry->isn != isn) {
		if (entry->key && entry->key != key && now_ns - entry->syn_ns < ATTEMPTS_IDLE_NS)
			++*evicted;
		*entry = (struct attempt) { .key = key, .isn = isn };
	}
	entry->syn_ns = now_ns;
	return entry->count++;
}
