/* SPDX-License-Identifier: MIT */
#include "pure/groups_own.h"

#include <assert.h>
#include <errno.h>
#include <stdlib.h>
#include <string.h>

#define XXH_INLINE_ALL
#include <xxhash.h>

#include "vocabulary/prefetch.h"

/* A group of which less than this part of what makes an event became bad holds back nobody's alert. */
#define DOUBT_PART 2

struct groups *groups_create(const struct group_policy *policy, uint32_t targets)
{
	struct groups *groups = calloc(1, sizeof *groups);

	if (!groups)
		return NULL;
	groups->policy = *policy;
	groups->slice_ns = policy->within_ns / SLICES ? policy->within_ns / SLICES : 1;
	if (!policy->label)
		return groups;
	groups->members = malloc((targets ? targets : 1) * sizeof *groups->members);
	if (!groups->members) {
		free(groups);
		return NULL;
	}
	for (uint32_t i = 0; i < targets; i++)
		groups->members[i] = (struct member) { .group = NO_GROUP };
	return groups;
}

void groups_destroy(struct groups *groups)
{
	if (!groups)
		return;
	for (uint32_t i = 0; i < groups->count; i++)
		free(groups->groups[i].value);
	free(groups->groups);
	free(groups->members);
	free(groups->table);
	free(groups->queue);
	free(groups);
}

static uint32_t *place_of(const struct groups *groups, const char *value)
{
	uint32_t mask = 2 * groups->room - 1;
	uint32_t at = (uint32_t)XXH3_64bits(value, strlen(value)) & mask;

	while (groups->table[at] && strcmp(groups->groups[groups->table[at] - 1].value, value) != 0)
		at = (at + 1) & mask;
	return &groups->table[at];
}

static int grow(struct groups *groups)
{
	uint32_t room = groups->room ? 2 * groups->room : 16;
	struct group *list = realloc(groups->groups, room * sizeof *list);
	uint32_t *queue, *table;

	if (!list)
		return -ENOMEM;
	groups->groups = list;
	queue = realloc(groups->queue, room * sizeof *queue);
	if (!queue)
		return -ENOMEM;
	groups->queue = queue;
	table = calloc(2 * (size_t)room, sizeof *table);
	if (!table)
		return -ENOMEM;
	free(groups->table);
	groups->table = table;
	groups->room = room;
	for (uint32_t i = 0; i < groups->count; i++)
		*place_of(groups, list[i].value) = i + 1;
	return 0;
}

uint32_t groups_find(struct groups *groups, const char *value)
{
	uint32_t *place;

	if (groups->count == groups->room && grow(groups))
		return NO_GROUP;
	place = place_of(groups, value);
	if (*place)
		return *place - 1;
	groups->groups[groups->count] = (struct group) { .value = strdup(value) };
	if (!groups->groups[groups->count].value)
		return NO_GROUP;
	*place = ++groups->count;
	return groups->count - 1;
}

static void look_at(struct groups *groups, uint32_t index)
{
	struct group *group = &groups->groups[index];

	if (group->queued)
		return;
	group->queued = true;
	groups->queue[groups->queued++] = index;
}

static uint32_t slice_of(const struct groups *groups, uint64_t ns)
{
	return (uint32_t)(ns / groups->slice_ns);
}

/* Forgets what became bad too long ago. */
static void advance(const struct groups *groups, struct group *group, uint64_t now_ns)
{
	uint32_t now = slice_of(groups, now_ns);

	if (now - group->slice >= SLICES)
		memset(group->recent, 0, sizeof group->recent);
	else
		for (uint32_t slice = group->slice + 1; slice <= now; slice++)
			group->recent[slice % SLICES] = 0;
	group->slice = now;
}

static bool is_recent(const struct group *group, uint32_t slice)
{
	return slice >= group->since_slice && group->slice - slice < SLICES;
}

/* Takes the member out of its group's counts, or puts it in. */
static void count(struct group *group, const struct member *member, bool in)
{
	uint32_t one = in ? 1 : UINT32_MAX;

	if (member->standing == STANDING_ABSENT)
		return;
	group->members += one;
	if (member->standing != STANDING_BAD)
		return;
	group->bad += one;
	group->causes[member->cause] += one;
	if (is_recent(group, member->bad_slice))
		group->recent[member->bad_slice % SLICES] += one;
}

int groups_place(struct groups *groups, uint32_t target, const char *value)
{
	struct member *member;
	uint32_t group = NO_GROUP;

	if (!groups->members)
		return 0;
	member = &groups->members[target];
	if (value && *value) {
		group = groups_find(groups, value);
		if (group == NO_GROUP)
			return -ENOMEM;
	}
	if (group == member->group)
		return 0;
	if (member->group != NO_GROUP) {
		count(&groups->groups[member->group], member, false);
		look_at(groups, member->group);
	}
	/* How it stands in its new one is seen after its next cycle. */
	*member = (struct member) { .group = group };
	return 0;
}

void groups_prefetch(const struct groups *groups, uint32_t target)
{
	if (groups->members)
		prefetch(&groups->members[target]);
}

void groups_see(struct groups *groups, uint32_t target, enum standing standing, enum cause cause,
	uint64_t bad_ns, uint64_t now_ns)
{
	struct member *member;
	struct group *group;
	bool was_bad;

	if (!groups->members || groups->members[target].group == NO_GROUP)
		return;
	member = &groups->members[target];
	group = &groups->groups[member->group];
	was_bad = member->standing == STANDING_BAD;
	if (member->standing == standing && (!was_bad || member->cause == cause))
		return;
	advance(groups, group, now_ns);
	count(group, member, false);
	member->standing = (uint8_t)standing;
	member->cause = (uint8_t)cause;
	if (standing == STANDING_BAD && !was_bad)
		member->bad_slice = slice_of(groups, now_ns > bad_ns ? now_ns - bad_ns : 0);
	count(group, member, true);
	if (group->bad > group->bad_most)
		group->bad_most = group->bad;
	look_at(groups, member->group);
}

static uint32_t became_bad(const struct group *group)
{
	uint32_t sum = 0;

	for (unsigned i = 0; i < SLICES; i++)
		sum += group->recent[i];
	return sum;
}

/* So many must have become bad for an event. */
static double needed(const struct groups *groups, const struct group *group)
{
	double share = group->members * groups->policy.share_pct / 100;

	return share > groups->policy.min ? share : groups->policy.min;
}

static bool trips(const struct groups *groups, const struct group *group)
{
	uint32_t bad = became_bad(group);

	return bad >= groups->policy.min && bad * 100.0 > group->members * groups->policy.share_pct;
}

static enum cause commonest(const struct group *group)
{
	enum cause best = CAUSE_NONE;

	for (int i = CAUSE_NONE + 1; i < CAUSE_COUNT; i++)
		if (group->causes[i] > (best == CAUSE_NONE ? 0 : group->causes[best]))
			best = (enum cause)i;
	return best;
}

/* How long ago the first of those that became bad did. */
static uint64_t first_bad_ns(
	const struct groups *groups, const struct group *group, uint64_t now_ns)
{
	uint32_t slice = group->slice - (SLICES - 1);

	while (slice != group->slice && !group->recent[slice % SLICES])
		slice++;
	return now_ns - slice * groups->slice_ns;
}

static void fill(
	const struct groups *groups, struct group *group, uint64_t now_ns, struct group_change *ret)
{
	*ret = (struct group_change) {
		.value = group->value,
		.open = group->open,
		.members = group->members,
		.bad = group->bad,
		.cause = commonest(group),
		.seq = ++group->seq,
		.held_ns = group->open ? first_bad_ns(groups, group, now_ns)
				       : now_ns - group->opened_ns,
	};
}

/* Whether something has changed with the group. */
static bool turns(const struct groups *groups, struct group *group, uint64_t now_ns)
{
	advance(groups, group, now_ns);
	if (!group->open) {
		if (!trips(groups, group))
			return false;
		group->open = true;
		group->opened_ns = now_ns;
		group->bad_most = group->bad;
		return true;
	}
	/* Half of as many as there were: what is raised at a share of 30 % must not end at 40. */
	if (group->bad * 2 >= group->bad_most && group->bad)
		return false;
	group->open = false;
	group->closed_ns = now_ns;
	/* A new event needs new ones. */
	group->since_slice = group->slice + 1;
	memset(group->recent, 0, sizeof group->recent);
	return true;
}

bool groups_step(struct groups *groups, uint64_t now_ns, struct group_change *ret)
{
	while (groups->queued) {
		struct group *group = &groups->groups[groups->queue[--groups->queued]];

		group->queued = false;
		if (!turns(groups, group, now_ns))
			continue;
		fill(groups, group, now_ns, ret);
		return true;
	}
	return false;
}

/* NULL without one. */
static const struct group *group_with(const struct groups *groups, uint32_t target)
{
	if (!groups->members || groups->members[target].group == NO_GROUP)
		return NULL;
	return &groups->groups[groups->members[target].group];
}

const char *groups_open_value(const struct groups *groups, uint32_t target)
{
	const struct group *group = group_with(groups, target);

	return group && group->open ? group->value : NULL;
}

const char *groups_value(const struct groups *groups, uint32_t target)
{
	const struct group *group = group_with(groups, target);

	return group ? group->value : NULL;
}

uint64_t groups_over_ns(const struct groups *groups, uint32_t target, uint64_t now_ns)
{
	const struct group *group = group_with(groups, target);

	if (!group || (!group->open && !group->closed_ns))
		return UINT64_MAX;
	return group->open ? 0 : now_ns - group->closed_ns;
}

bool groups_undecided(const struct groups *groups, uint32_t target, uint64_t now_ns)
{
	const struct group *known = group_with(groups, target);
	const struct member *member;
	struct group group;

	if (!known)
		return false;
	member = &groups->members[target];
	group = *known;
	advance(groups, &group, now_ns);
	return member->standing == STANDING_BAD && !group.open &&
	       group.members >= groups->policy.min && is_recent(&group, member->bad_slice) &&
	       became_bad(&group) * DOUBT_PART >= needed(groups, &group);
}
