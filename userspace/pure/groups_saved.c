/* SPDX-License-Identifier: MIT */
#include <errno.h>

#include "pure/groups_own.h"

bool groups_save(const struct groups *groups, uint32_t index, struct group_saved *ret)
{
	const struct group *group;

	if (index >= groups->count)
		return false;
	group = &groups->groups[index];
	*ret = (struct group_saved) {
		.value = group->value,
		.seq = group->seq,
		.bad_most = group->bad_most,
		.open = group->open,
	};
	return true;
}

int groups_restore(struct groups *groups, const struct group_saved *saved, uint64_t now_ns)
{
	uint32_t index = groups->members ? groups_find(groups, saved->value) : NO_GROUP;
	struct group *group;

	if (index == NO_GROUP)
		return groups->members ? -ENOMEM : 0;
	group = &groups->groups[index];
	group->seq = saved->seq;
	group->open = saved->open;
	if (group->open)
		group->opened_ns = now_ns;
	group->bad_most = saved->bad_most;
	return 0;
}

void groups_catch_up(
	struct groups *groups, const char *value, uint32_t seq, bool open, uint64_t now_ns)
{
	uint32_t index = groups->members ? groups_find(groups, value) : NO_GROUP;
	struct group *group;

	if (index == NO_GROUP)
		return;
	group = &groups->groups[index];
	if (seq <= group->seq)
		return;
	group->seq = seq;
	group->open = open;
	if (open)
		group->opened_ns = now_ns;
}

uint32_t groups_count_open(const struct groups *groups)
{
	uint32_t open = 0;

	for (uint32_t i = 0; i < groups->count; i++)
		open += groups->groups[i].open;
	return open;
}
