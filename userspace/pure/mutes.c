/* SPDX-License-Identifier: MIT */
#include "pure/mutes.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

/* Names are held by their 64-bit hash: of a million targets and as many mutes one pair in 18 million fleets
 * would be taken for each other. */
struct mute {
	uint64_t hash; /* 0 = free */
	uint64_t until_ms;
};

struct mutes {
	uint32_t room, count, mask;
	struct mute *table; /* twice the room, a power of two */
};

struct mutes *mutes_create(uint32_t room)
{
	struct mutes *mutes = calloc(1, sizeof *mutes);
	uint32_t size = 2;

	if (!mutes)
		return NULL;
	while (size < 2 * (uint64_t)room)
		size *= 2;
	mutes->room = room;
	mutes->mask = size - 1;
	mutes->table = calloc(size, sizeof *mutes->table);
	if (!mutes->table) {
		free(mutes);
		return NULL;
	}
	return mutes;
}

void mutes_destroy(struct mutes *mutes)
{
	if (!mutes)
		return;
	free(mutes->table);
	free(mutes);
}

static struct mute *place_of(const struct mutes *mutes, uint64_t hash)
{
	uint32_t at = (uint32_t)hash & mutes->mask;

	while (mutes->table[at].hash && mutes->table[at].hash != hash)
		at = (at + 1) & mutes->mask;
	return &mutes->table[at];
}

/* Redis writes the scores of a sorted set as doubles. */
static bool parse_until(const char *text, uint64_t *ret_ms)
{
	char *end;
	double ms = strtod(text, &end);

	if (end == text || *end || isnan(ms) || ms < 0)
		return false;
	*ret_ms = ms < 0x1p63 ? (uint64_t)ms : UINT64_MAX;
	return true;
}

bool mutes_add(struct mutes *mutes, const char *name, const char *until, uint16_t default_port)
{
	char normal[TARGET_NAME_MAX + 1];
	struct target target = { .name = normal };
	uint64_t hash, until_ms;
	struct mute *mute;
	struct message why;

	if (!parse_until(until, &until_ms) ||
		target_parse_name(name, strlen(name), normal, &target.port, &target.literal, &why))
		return false;
	if (!target.port)
		target.port = default_port;
	hash = target_hash(&target);
	mute = place_of(mutes, hash);
	if (!mute->hash) {
		if (mutes->count == mutes->room)
			return false;
		mutes->count++;
	}
	mute->hash = hash;
	if (until_ms > mute->until_ms)
		mute->until_ms = until_ms;
	return true;
}

uint32_t mutes_count(const struct mutes *mutes)
{
	return mutes ? mutes->count : 0;
}

uint64_t mutes_until_ms(const struct mutes *mutes, const struct target *target)
{
	return mutes_count(mutes) ? place_of(mutes, target_hash(target))->until_ms : 0;
}
