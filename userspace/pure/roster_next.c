/* SPDX-License-Identifier: MIT */
/* From one roster to the next. */
#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "pure/roster.h"
#include "vocabulary/names.h"

struct numbering {
	struct names *targets, *hosts;
	uint32_t room;
};

int numbering_create(struct numbering **ret, const struct roster *first, uint32_t room)
{
	struct numbering *numbering = calloc(1, sizeof *numbering);
	char key[TARGET_KEY_SIZE];

	if (!numbering)
		return -ENOMEM;
	numbering->room = room;
	numbering->targets = names_create(first->count, true);
	numbering->hosts = names_create(first->host_count, true);
	if (!numbering->targets || !numbering->hosts)
		goto fail;
	for (uint32_t i = 0; i < first->count; i++) {
		target_key(first->targets[i], key);
		if (names_number(numbering->targets, key) != i)
			goto fail;
	}
	for (uint32_t i = 0; i < first->host_count; i++)
		if (names_number(numbering->hosts, first->hosts[i]) != i)
			goto fail;
	*ret = numbering;
	return 0;
fail:
	numbering_destroy(numbering);
	return -ENOMEM;
}

void numbering_destroy(struct numbering *numbering)
{
	if (!numbering)
		return;
	names_destroy(numbering->targets);
	names_destroy(numbering->hosts);
	free(numbering);
}

/* How many of the list's targets have never had a number. */
static uint32_t unknown(const struct numbering *numbering, const struct target_list *list)
{
	char key[TARGET_KEY_SIZE];
	uint32_t count = 0;

	for (size_t i = 0; i < targets_count(list); i++) {
		target_key(targets_at(list, i), key);
		count += !names_known(numbering->targets, key);
	}
	return count;
}

/* Gives numbers to all of the list. Returns 0 or -ENOMEM. */
static int number_all(struct numbering *numbering, const struct target_list *list)
{
	char key[TARGET_KEY_SIZE];

	for (size_t i = 0; i < targets_count(list); i++) {
		const struct target *target = targets_at(list, i);

		target_key(target, key);
		if (names_number(numbering->targets, key) == NAMES_NO_MEMORY ||
			names_number(numbering->hosts, target->name) == NAMES_NO_MEMORY)
			return -ENOMEM;
	}
	return 0;
}

/* What stays of the previous one, as if all of its targets had been removed. */
static void take_over(struct roster *roster, const struct roster *previous, bool all_left)
{
	for (uint32_t i = 0; i < previous->count; i++) {
		roster->host_of[i] = previous->host_of[i];
		roster->codec_of[i] = previous->codec_of[i];
		if (previous->here[i] || !all_left)
			roster->targets[i] = previous->targets[i];
	}
}

static void put_all(
	struct roster *roster, struct numbering *numbering, const struct target_list *list)
{
	char key[TARGET_KEY_SIZE];

	for (size_t i = 0; i < targets_count(list); i++) {
		const struct target *target = targets_at(list, i);
		uint32_t number, host = names_number(numbering->hosts, target->name);

		target_key(target, key);
		number = names_number(numbering->targets, key);
		roster->targets[number] = target;
		roster->here[number] = true;
		roster->host_of[number] = host;
		roster->host_here[host] = true;
		roster->present++;
	}
	for (uint32_t i = 0; i < roster->host_count; i++)
		roster->hosts[i] = names_at(numbering->hosts, i);
}

/* Labels are pairs of texts, with an empty one at the end. */
static bool same_labels(const char *a, const char *b)
{
	if (!a || !b)
		return a == b;
	while (!strcmp(a, b)) {
		if (!*a)
			return true;
		a += strlen(a) + 1;
		b += strlen(b) + 1;
	}
	return false;
}

static bool is_changed(const struct target *a, const struct target *b)
{
	return memcmp(a->settings, b->settings, sizeof *a->settings) != 0 ||
	       !same_labels(a->labels, b->labels);
}

static int find_changes(
	struct roster_change *change, const struct roster *roster, const struct roster *previous)
{
	change->added = calloc((size_t)roster->count + 1, sizeof *change->added);
	change->removed = calloc((size_t)roster->count + 1, sizeof *change->removed);
	change->hosts_added = calloc((size_t)roster->host_count + 1, sizeof *change->hosts_added);
	change->hosts_removed =
		calloc((size_t)roster->host_count + 1, sizeof *change->hosts_removed);
	if (!change->added || !change->removed || !change->hosts_added || !change->hosts_removed)
		return -ENOMEM;
	for (uint32_t i = 0; i < roster->count; i++) {
		bool before = i < previous->count && previous->here[i];

		if (before && roster->here[i])
			change->changed_count +=
				is_changed(previous->targets[i], roster->targets[i]);
		else if (before)
			change->removed[change->removed_count++] = i;
		else if (roster->here[i])
			change->added[change->added_count++] = i;
	}
	for (uint32_t i = 0; i < roster->host_count; i++) {
		bool before = i < previous->host_count && previous->host_here[i];

		if (before && !roster->host_here[i])
			change->hosts_removed[change->hosts_removed_count++] = i;
		else if (!before && roster->host_here[i])
			change->hosts_added[change->hosts_added_count++] = i;
	}
	return 0;
}

void roster_change_free(struct roster_change *change)
{
	free(change->added);
	free(change->removed);
	free(change->hosts_added);
	free(change->hosts_removed);
	*change = (struct roster_change) { 0 };
}

int roster_next(struct roster **ret, struct roster_change *ret_change,
	const struct roster *previous, bool all_left, struct numbering *numbering,
	const struct target_list *list, struct message *msg)
{
	struct roster_change change = { 0 };
	uint32_t known = names_count(numbering->targets);
	uint32_t added = unknown(numbering, list);
	struct roster *roster = NULL;

	if (added > numbering->room - known)
		return message_set(msg, -ENOSPC,
			"%u new targets, and after %u there is room for %u: that takes a restart",
			added, known, numbering->room - known);
	if (number_all(numbering, list) || roster_allot(&roster, names_count(numbering->targets),
						   names_count(numbering->hosts)))
		goto fail;
	take_over(roster, previous, all_left);
	put_all(roster, numbering, list);
	if (find_changes(&change, roster, previous) || roster_number_codecs(roster))
		goto fail;
	*ret = roster;
	*ret_change = change;
	return 0;
fail:
	roster_change_free(&change);
	roster_destroy(roster);
	return message_set(msg, -ENOMEM, "out of memory");
}
