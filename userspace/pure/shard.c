/* SPDX-License-Identifier: MIT */
#include "pure/shard.h"

#include <stdio.h>

bool shard_parse(struct shard *ret, const char *text)
{
	struct shard shard;
	int end = 0;

	if (text[0] < '0' || text[0] > '9' ||
		sscanf(text, "%4u/%4u%n", &shard.index, &shard.count, &end) != 2 || text[end])
		return false;
	if (!shard.index || shard.index > shard.count || shard.count > SHARDS_MAX)
		return false;
	*ret = shard;
	return true;
}

/* The finaliser of MurmurHash3: every bit of the input changes half of the output's. */
static uint64_t mixed(uint64_t value)
{
	value = (value ^ value >> 33) * 0xff51afd7ed558ccd;
	value = (value ^ value >> 33) * 0xc4ceb9fe1a85ec53;
	return value ^ value >> 33;
}

bool shard_has(const struct shard *shard, uint64_t hash)
{
	uint64_t best = 0;
	uint32_t winner = 1;

	for (uint32_t i = 1; i <= shard->count; i++) {
		uint64_t drawn = mixed(hash ^ mixed(i));

		if (drawn > best) {
			best = drawn;
			winner = i;
		}
	}
	return shard->count < 2 || winner == shard->index;
}
