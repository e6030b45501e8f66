/* SPDX-License-Identifier: MIT */
/* The names of groups, found by a hash: a scenario can have as many as lines. */
#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "lines.h"

#define XXH_INLINE_ALL
#include <xxhash.h>

#define SLOTS_FIRST 64 /* a power of two, as each size after it */

bool group_name_allowed(const char *name, size_t length)
{
	static const char letters[] =
		"ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_.";

	return length && strspn(name, letters) >= length;
}

/* Where the name is, or the free place where it would be. */
static uint32_t *find(const struct scenario *scenario, const char *name, size_t length)
{
	size_t mask = scenario->group_slot_count - 1;
	uint32_t *slot;

	for (size_t i = XXH3_64bits(name, length);; i++) {
		const char *other;

		slot = &scenario->group_slots[i & mask];
		if (!*slot)
			return slot;
		other = scenario->groups[*slot - 1].name;
		if (!strncmp(other, name, length) && !other[length])
			return slot;
	}
}

/* Room for one more group, at most half of the slots used. */
static int grow(struct scenario *scenario)
{
	size_t slots = scenario->group_slot_count ? scenario->group_slot_count * 2 : SLOTS_FIRST;
	struct group *groups;

	if (scenario->group_count * 2 < scenario->group_slot_count)
		return 0;
	groups = realloc(scenario->groups, slots / 2 * sizeof *groups);
	if (!groups)
		return -ENOMEM;
	scenario->groups = groups;
	free(scenario->group_slots);
	scenario->group_slot_count = 0;
	scenario->group_slots = calloc(slots, sizeof *scenario->group_slots);
	if (!scenario->group_slots)
		return -ENOMEM;
	scenario->group_slot_count = slots;
	for (uint32_t i = 0; i < scenario->group_count; i++)
		*find(scenario, groups[i].name, strlen(groups[i].name)) = i + 1;
	return 0;
}

int scenario_group(struct scenario *scenario, const char *name, size_t length, unsigned int line,
	uint32_t *ret_group)
{
	int error = grow(scenario);
	uint32_t *slot;
	char *copy;

	if (error)
		return error;
	slot = find(scenario, name, length);
	if (!*slot) {
		copy = strndup(name, length);
		if (!copy)
			return -ENOMEM;
		scenario->groups[scenario->group_count++] =
			(struct group) { .name = copy, .line = line };
		*slot = (uint32_t)scenario->group_count;
	}
	*ret_group = *slot - 1;
	return 0;
}
