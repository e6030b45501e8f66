/* SPDX-License-Identifier: MIT */
#include "zone.h"

#include <errno.h>
#include <stdbool.h>
#include <stdlib.h>
#include <string.h>

static bool is_in(const char *name, const char *domain)
{
	size_t length = strlen(name), end = strlen(domain);

	return !end || (length >= end && !strcmp(name + length - end, domain) &&
			       (length == end || name[length - end - 1] == '.'));
}

uint64_t zone_print(FILE *file, const struct scenario *scenario, const char *domain)
{
	char name[SCENARIO_NAME_SIZE], address[IP_TEXT_SIZE];
	uint64_t count = 0;

	/* Whoever looks for what is not there may look again after 5 s. */
	fprintf(file,
		"$ORIGIN %s.\n$TTL 60\n@ SOA netsim-ns hostmaster 1 3600 600 86400 5\n"
		"@ NS netsim-ns\nnetsim-ns A 127.0.0.1\n",
		domain);
	for (size_t i = 0; i < scenario->block_count; i++) {
		const struct block *block = &scenario->blocks[i];
		uint32_t size = ip_range_size(&block->range);

		for (uint32_t index = 0; block->name && index < size; index++) {
			ip_number ip = block->range.first + index;

			block_name(block, index, name);
			if (!is_in(name, domain))
				continue;
			ip_print(ip, address);
			fprintf(file, "%s. %lu %s %s\n", name, (unsigned long)block->ttl_s,
				ip_is_v4(ip) ? "A" : "AAAA", address);
			count++;
		}
	}
	return count;
}

static int compare(const void *a, const void *b)
{
	return strcmp(*(char *const *)a, *(char *const *)b);
}

int zone_domains(const struct scenario *scenario, char ***ret_domains, size_t *ret_count)
{
	char **domains = calloc(scenario->block_count + 1, sizeof *domains);
	char name[SCENARIO_NAME_SIZE], *label;
	size_t count = 0, kept = 0;
	bool full = !domains, root = false;

	for (size_t i = 0; i < scenario->block_count && !full; i++) {
		if (!scenario->blocks[i].name)
			continue;
		block_name(&scenario->blocks[i], 0, name);
		label = strrchr(name, '.');
		/* Without a dot each index would make a zone of its own: the root's holds them
		 * all. */
		root |= !label;
		domains[count] = strdup(label ? label + 1 : "");
		full = !domains[count++];
	}
	if (full) {
		while (count)
			free(domains[--count]);
		free(domains);
		return -ENOMEM;
	}
	qsort(domains, count, sizeof *domains, compare);
	for (size_t i = 0; i < count; i++) {
		if (kept && (root || !strcmp(domains[kept - 1], domains[i])))
			free(domains[i]);
		else
			domains[kept++] = domains[i];
	}
	*ret_domains = domains;
	*ret_count = kept;
	return 0;
}
