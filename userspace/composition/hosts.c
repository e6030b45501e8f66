/* SPDX-License-Identifier: MIT */
#include "composition/hosts.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#define XXH_INLINE_ALL
#include <xxhash.h>

#define EMPTY UINT32_MAX

/* Open addressing over host names, used only while the table is made. */
struct name_index {
	uint32_t *cells;
	size_t mask;
};

static uint32_t find_or_add(struct hosts *hosts, struct name_index *index, const char *name)
{
	size_t cell = XXH3_64bits(name, strlen(name)) & index->mask;

	while (index->cells[cell] != EMPTY) {
		if (!strcmp(hosts->names[index->cells[cell]], name))
			return index->cells[cell];
		cell = (cell + 1) & index->mask;
	}
	index->cells[cell] = (uint32_t)hosts->count;
	hosts->names[hosts->count] = name;
	return (uint32_t)hosts->count++;
}

static void add_all(struct hosts *hosts, struct name_index *index,
	const struct target_list *targets, int literals)
{
	size_t count = targets_count(targets);

	for (size_t i = 0; i < count; i++) {
		const struct target *target = targets_at(targets, i);

		if (!!target->literal == literals)
			hosts->of_target[i] = find_or_add(hosts, index, target->name);
	}
}

int hosts_create(struct hosts *ret, const struct target_list *targets)
{
	size_t count = targets_count(targets), size = 16;
	struct hosts hosts = { 0 };
	struct name_index index;

	while (size < 2 * count)
		size *= 2;
	index.mask = size - 1;
	index.cells = malloc(size * sizeof *index.cells);
	hosts.of_target = calloc(count ? count : 1, sizeof *hosts.of_target);
	hosts.names = calloc(count ? count : 1, sizeof *hosts.names);
	if (!index.cells || !hosts.of_target || !hosts.names) {
		free(index.cells);
		hosts_destroy(&hosts);
		return -ENOMEM;
	}
	memset(index.cells, 0xff, size * sizeof *index.cells);
	add_all(&hosts, &index, targets, 0);
	hosts.named = hosts.count;
	add_all(&hosts, &index, targets, 1);
	free(index.cells);
	*ret = hosts;
	return 0;
}

void hosts_destroy(struct hosts *hosts)
{
	free(hosts->of_target);
	free(hosts->names);
	*hosts = (struct hosts) { 0 };
}
