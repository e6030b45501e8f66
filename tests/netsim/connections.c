/* SPDX-License-Identifier: MIT */
#include "connections.h"

#include <stddef.h>

#include "pages.h"

#define XXH_INLINE_ALL
#include <xxhash.h>

#define SETS 32768
#define WAYS 8

struct connections {
	uint32_t timers; /* numbers given */
	struct connection sets[SETS][WAYS];
};

struct connections *connections_create(void)
{
	return pages_take(sizeof(struct connections), SIZE_MAX);
}

void connections_destroy(struct connections *connections)
{
	pages_give(connections, sizeof *connections);
}

uint64_t connection_key(const struct segment_in *segment)
{
	const uint64_t key[] = { (uint64_t)(segment->from >> 64), (uint64_t)segment->from,
		(uint64_t)(segment->to >> 64), (uint64_t)segment->to,
		(uint64_t)segment->from_port << 16 | segment->to_port };
	uint64_t hash = XXH3_64bits(key, sizeof key);

	return hash ? hash : 1;
}

struct connection *connections_find(struct connections *connections, uint64_t key)
{
	struct connection *set = connections->sets[key % SETS];

	for (int way = 0; way < WAYS; way++)
		if (set[way].key == key)
			return &set[way];
	return NULL;
}

/* A free place in the key's set, else the one that was used longest ago. */
static struct connection *make_room(
	struct connections *connections, uint64_t key, uint64_t now_ns, uint64_t *evicted)
{
	struct connection *set = connections->sets[key % SETS], *oldest = set;

	for (int way = 0; way < WAYS; way++) {
		if (!set[way].key)
			return &set[way];
		if (set[way].syn_ns < oldest->syn_ns)
			oldest = &set[way];
	}
	if (now_ns - oldest->syn_ns < CONNECTIONS_IDLE_NS && !oldest->established)
		++*evicted;
	return oldest;
}

struct connection *connections_open(struct connections *connections, const struct segment_in *syn,
	uint64_t now_ns, uint64_t *evicted)
{
	uint64_t key = connection_key(syn);
	struct connection *connection = connections_find(connections, key);

	if (!connection)
		connection = make_room(connections, key, now_ns, evicted);
	if (connection->key != key || connection->isn != syn->sequence ||
		now_ns - connection->syn_ns >= CONNECTIONS_IDLE_NS) {
		*connection = (struct connection) {
			.key = key,
			.isn = syn->sequence,
			.tsecr = syn->tsval,
		};
	}
	connection->syn_ns = now_ns;
	connection->timer = ++connections->timers;
	return connection;
}

void connection_forget(struct connection *connection)
{
	if (connection)
		connection->key = 0;
}
