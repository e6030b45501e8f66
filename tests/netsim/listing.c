/* SPDX-License-Identifier: MIT */
#include "listing.h"

#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static bool is_listed(const struct block *block, bool canaries)
{
	return canaries ? block->canary : (block->keys & KEYS_LISTING) != 0;
}

struct named {
	const struct block *block;
	size_t index;
};

/* Blocks with the same names stand together, in the order of the file. */
static int compare_named(const void *a, const void *b)
{
	const struct named *x = a, *y = b;
	int order = strcmp(x->block->name, y->block->name);

	if (!order)
		order = (x->block->port > y->block->port) - (x->block->port < y->block->port);
	return order ? order : (x->index > y->index) - (x->index < y->index);
}

/* For each block that is listed, how many of its names an earlier one with the same pattern and
 * port has listed. The caller frees it; NULL when memory is out. */
static uint32_t *find_listed(const struct scenario *scenario, bool canaries)
{
	uint32_t *listed = calloc(scenario->block_count + 1, sizeof *listed);
	struct named *all = calloc(scenario->block_count + 1, sizeof *all);
	size_t count = 0;

	for (size_t i = 0; listed && all && i < scenario->block_count; i++)
		if (scenario->blocks[i].name && is_listed(&scenario->blocks[i], canaries))
			all[count++] = (struct named) { &scenario->blocks[i], i };
	if (!listed || !all) {
		free(listed);
		free(all);
		return NULL;
	}
	qsort(all, count, sizeof *all, compare_named);
	for (size_t i = 1; i < count; i++) {
		const struct block *block = all[i].block, *before = all[i - 1].block;
		uint32_t size = ip_range_size(&before->range), most = listed[all[i - 1].index];

		if (!strcmp(block->name, before->name) && block->port == before->port)
			listed[all[i].index] = size > most ? size : most;
	}
	free(all);
	return listed;
}

static void print_target(const struct block *block, uint32_t index, bool canary)
{
	char name[SCENARIO_NAME_SIZE], address[IP_TEXT_SIZE];
	ip_number ip = block->range.first + index;
	bool brackets = !block->name && !ip_is_v4(ip);

	if (block->name) {
		block_name(block, index, name);
	} else {
		ip_print(ip, address);
		snprintf(name, sizeof name, brackets ? "[%s]" : "%s", address);
	}
	fputs(name, stdout);
	if (block->port != 5060 || brackets)
		printf(":%u", block->port);
	if (!canary && block->target && *block->target)
		printf(" %s", block->target);
	putchar('\n');
}

static void list(const struct scenario *scenario, bool canaries)
{
	uint32_t *listed = find_listed(scenario, canaries);

	for (size_t i = 0; listed && i < scenario->block_count; i++) {
		const struct block *block = &scenario->blocks[i];
		uint32_t size = ip_range_size(&block->range);

		if (!is_listed(block, canaries))
			continue;
		for (uint32_t index = listed[i]; index < size; index++)
			print_target(block, index, canaries);
	}
	free(listed);
}

void listing_targets(const struct scenario *scenario)
{
	list(scenario, false);
}

void listing_canaries(const struct scenario *scenario)
{
	list(scenario, true);
}

void listing_hosts(const struct scenario *scenario)
{
	char name[SCENARIO_NAME_SIZE], address[IP_TEXT_SIZE];

	for (size_t i = 0; i < scenario->block_count; i++) {
		const struct block *block = &scenario->blocks[i];

		for (uint32_t index = 0; block->name && index < ip_range_size(&block->range);
			index++) {
			block_name(block, index, name);
			ip_print(block->range.first + index, address);
			printf("%s %s\n", address, name);
		}
	}
}

/* How many a verb lists. */
static unsigned long long count_listed(const struct scenario *scenario, bool canaries)
{
	uint32_t *listed = find_listed(scenario, canaries);
	unsigned long long count = 0;

	for (size_t i = 0; listed && i < scenario->block_count; i++) {
		uint32_t size = ip_range_size(&scenario->blocks[i].range);

		if (is_listed(&scenario->blocks[i], canaries) && size > listed[i])
			count += size - listed[i];
	}
	free(listed);
	return count;
}

void listing_check(const struct scenario *scenario, const char *file)
{
	unsigned long long names = 0;

	for (size_t i = 0; i < scenario->block_count; i++)
		if (scenario->blocks[i].name)
			names += ip_range_size(&scenario->blocks[i].range);
	printf("%s: seed %llu, %zu ranges, %llu names, %llu targets, %llu canaries, %zu groups, "
	       "%zu changes\n",
		file, (unsigned long long)scenario->seed, scenario->block_count, names,
		count_listed(scenario, false), count_listed(scenario, true), scenario->group_count,
		scenario->change_count);
	puts("A run sends nothing outside the two network namespaces that it makes for itself: their");
	puts("only link is between them, and they end with it.");
}
