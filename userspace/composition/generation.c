/* SPDX-License-Identifier: MIT */
#include "composition/generation.h"

#include <errno.h>
#include <stdlib.h>

#include "vocabulary/nsec.h"

static int complete(struct generation *generation, const struct config *config)
{
	const struct roster *roster = generation->roster;
	double interval_s = (double)config->interval_ns / NSEC_PER_SEC;

	generation->most_samples = 1;
	for (uint32_t i = 0; i < roster->count; i++) {
		unsigned samples;

		if (!roster->targets[i])
			continue;
		samples = roster->targets[i]->settings->samples;
		generation->starts_per_s += samples / interval_s;
		if (samples > generation->most_samples)
			generation->most_samples = samples;
	}
	generation->columns = columns_create(
		&config->model, roster->codecs, roster->codec_count, columns_way_best());
	return generation->columns ? 0 : -ENOMEM;
}

int generation_first(struct generation **ret, const struct config *config, struct target_list *list)
{
	struct generation *generation = calloc(1, sizeof *generation);

	if (!generation) {
		targets_destroy(list);
		return -ENOMEM;
	}
	generation->list = list;
	if (roster_first(&generation->roster, list) || complete(generation, config)) {
		generation_destroy(generation);
		return -ENOMEM;
	}
	*ret = generation;
	return 0;
}

void generation_destroy(struct generation *generation)
{
	if (!generation)
		return;
	columns_destroy(generation->columns);
	roster_destroy(generation->roster);
	targets_destroy(generation->list);
	free(generation);
}
