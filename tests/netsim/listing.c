/* SPDX-License-Identifier: MIT */
#include "listing.h"

#include <stdbool.h>
#include <stdio.h>
#include <string.h>

/* How many of the block's names an earlier block with the same pattern and port has listed. */
static uint32_t listed_before(const struct scenario *scenario, const struct block *block)
{
	uint32_t most = 0;

	for (const struct block *other = scenario->blocks; block->name && other < block; other++) {
		if (!other->name || strcmp(other->name, block->name) != 0 ||
			other->port != block->port)
			continue;
		if (ip_range_size(&other->range) > most)
			most = ip_range_size(&other->range);
	}
	return most;
}

static void print_target(const struct block *block, uint32_t index)
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
	if (block->target && *block->target)
		printf(" %s", block->target);
	putchar('\n');
}

void listing_targets(const struct scenario *scenario)
{
	for (size_t i = 0; i < scenario->block_count; i++) {
		const struct block *block = &scenario->blocks[i];
		uint32_t size = ip_range_size(&block->range);

		if (!(block->keys & (KEY_NAME | KEY_PORT | KEY_TARGET)))
			continue;
		for (uint32_t index = listed_before(scenario, block); index < size; index++)
			print_target(block, index);
	}
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

void listing_check(const struct scenario *scenario, const char *file)
{
	unsigned long long names = 0, targets = 0;

	for (size_t i = 0; i < scenario->block_count; i++) {
		const struct block *block = &scenario->blocks[i];
		uint32_t size = ip_range_size(&block->range);
		uint32_t before = listed_before(scenario, block);

		if (block->name)
			names += size;
		if (block->keys & (KEY_NAME | KEY_PORT | KEY_TARGET))
			targets += size > before ? size - before : 0;
	}
	printf("%s: seed %llu, %zu ranges, %llu names, %llu targets\n", file,
		(unsigned long long)scenario->seed, scenario->block_count, names, targets);
	puts("A run sends nothing outside the two network namespaces that it makes for itself: their");
	puts("only link is between them, and they end with it.");
}
