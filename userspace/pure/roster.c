/* SPDX-License-Identifier: MIT */
#include "pure/roster.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "vocabulary/names.h"

/* Names come first, so that the resolver and the prober mean the same by a host's number. */
static int number_hosts(struct roster *roster)
{
	struct names *names = names_create(roster->count, false);

	for (int literals = 0; names && literals < 2; literals++) {
		for (uint32_t i = 0; i < roster->count; i++) {
			const struct target *target = roster->targets[i];

			if (!!target->literal == literals)
				roster->host_of[i] = names_number(names, target->name);
		}
		if (!literals)
			roster->named = names_count(names);
	}
	if (!names)
		return -ENOMEM;
	roster->host_count = names_count(names);
	for (uint32_t i = 0; i < roster->host_count; i++) {
		roster->hosts[i] = names_at(names, i);
		roster->host_here[i] = true;
	}
	names_destroy(names);
	return 0;
}

static int compare(const void *a, const void *b)
{
	return memcmp(a, b, sizeof(struct codec));
}

/* Every codec of a target, sorted, each once. Returns how many. */
static uint32_t collect_codecs(const struct roster *roster, struct codec *codecs)
{
	size_t found = 0;
	uint32_t count = 0;

	for (uint32_t i = 0; i < roster->count; i++) {
		const struct target *target = roster->targets[i];

		/* Targets in a row mostly have the same. */
		if (target && (!found || compare(&codecs[found - 1], &target->settings->codec)))
			codecs[found++] = target->settings->codec;
	}
	qsort(codecs, found, sizeof *codecs, compare);
	for (size_t i = 0; i < found; i++)
		if (!count || compare(&codecs[count - 1], &codecs[i]))
			codecs[count++] = codecs[i];
	return count;
}

int roster_number_codecs(struct roster *roster)
{
	struct codec *all = malloc(((size_t)roster->count + 1) * sizeof *all), *less;

	if (!all)
		return -ENOMEM;
	roster->codec_count = collect_codecs(roster, all);
	less = realloc(all, (roster->codec_count + 1) * sizeof *all);
	free(roster->codecs);
	roster->codecs = less ? less : all;
	for (uint32_t i = 0; i < roster->count; i++) {
		const struct target *target = roster->targets[i];
		const struct codec *its;

		if (!target)
			continue;
		its = bsearch(&target->settings->codec, roster->codecs, roster->codec_count,
			sizeof *its, compare);
		roster->codec_of[i] = (uint32_t)(its - roster->codecs);
	}
	return 0;
}

int roster_allot(struct roster **ret, size_t targets, size_t hosts)
{
	size_t room = targets ? targets : 1, host_room = hosts ? hosts : 1;
	struct roster *roster = calloc(1, sizeof *roster);

	if (!roster)
		return -ENOMEM;
	roster->count = (uint32_t)targets;
	roster->host_count = (uint32_t)hosts;
	roster->targets = calloc(room, sizeof *roster->targets);
	roster->here = calloc(room, sizeof *roster->here);
	roster->host_of = calloc(room, sizeof *roster->host_of);
	roster->codec_of = calloc(room, sizeof *roster->codec_of);
	roster->hosts = calloc(host_room, sizeof *roster->hosts);
	roster->host_here = calloc(host_room, sizeof *roster->host_here);
	if (!roster->targets || !roster->here || !roster->host_of || !roster->codec_of ||
		!roster->hosts || !roster->host_here) {
		roster_destroy(roster);
		return -ENOMEM;
	}
	*ret = roster;
	return 0;
}

int roster_first(struct roster **ret, const struct target_list *list)
{
	size_t count = targets_count(list);
	struct roster *roster;

	/* There are at most as many hosts. */
	if (roster_allot(&roster, count, count))
		return -ENOMEM;
	roster->present = (uint32_t)count;
	for (size_t i = 0; i < count; i++) {
		roster->targets[i] = targets_at(list, i);
		roster->here[i] = true;
	}
	if (number_hosts(roster) || roster_number_codecs(roster)) {
		roster_destroy(roster);
		return -ENOMEM;
	}
	*ret = roster;
	return 0;
}

void roster_destroy(struct roster *roster)
{
	if (!roster)
		return;
	free(roster->targets);
	free(roster->here);
	free(roster->host_of);
	free(roster->codec_of);
	free(roster->codecs);
	free(roster->hosts);
	free(roster->host_here);
	free(roster);
}
