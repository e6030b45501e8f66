/* SPDX-License-Identifier: MIT */
/* Several probers share the targets of one list. Each target belongs to the shard that wins its draw (rendezvous hashing:
 * Thaler and Ravishankar, 1998): when there is one shard more, it takes its part of all others, and nothing else moves. */
#ifndef MOSPROBE_SHARD_H
#define MOSPROBE_SHARD_H

#include <stdbool.h>
#include <stdint.h>

#define SHARDS_MAX 1000

struct shard {
	uint32_t index, count; /* 1 .. count; count 0 or 1: all of it */
};

/* Reads "i/n". False when it is none. */
bool shard_parse(struct shard *ret, const char *text);
/* Does the target with this hash (target_hash()) belong to it? */
bool shard_has(const struct shard *shard, uint64_t hash);

#endif
