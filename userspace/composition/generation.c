/* SPDX-License-Identifier: MIT */
#include "composition/generation.h"

#include <errno.h>
#include <math.h>
#include <stdlib.h>

#include "composition/engine.h"
#include "pure/emodel.h"
#include "vocabulary/nsec.h"

/* Of a codec that never scores 4.0 not every line is in doubt. */
#define BEST_LESS 0.3

static int complete(struct generation *generation, const struct config *config)
{
	const struct roster *roster = generation->roster;
	double interval_s = (double)config->interval_ns / NSEC_PER_SEC;

	for (uint32_t i = 0; i < roster->count; i++) {
		const struct target *target = roster->targets[i];
		double closer;

		if (!roster->here[i])
			continue;
		closer = engine_closer_starts(config, target);
		generation->starts_per_s += target->settings->samples / interval_s;
		generation->starts_most_per_s += (target->settings->samples + closer) / interval_s;
	}
	generation->closer_below =
		malloc((roster->codec_count + 1) * sizeof *generation->closer_below);
	if (!generation->closer_below)
		return -ENOMEM;
	for (uint32_t i = 0; i < roster->codec_count; i++)
		generation->closer_below[i] = fmin(config->closer_below,
			emodel_path_best(&config->model, &roster->codecs[i]).s - BEST_LESS);
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

int generation_next(struct generation **ret, struct roster_change *ret_change,
	const struct generation *previous, bool all_left, struct numbering *numbering,
	const struct config *config, struct target_list *list, struct message *msg)
{
	struct generation *generation = calloc(1, sizeof *generation);
	int error;

	if (!generation) {
		targets_destroy(list);
		return message_set(msg, -ENOMEM, "out of memory");
	}
	generation->number = previous->number + 1;
	generation->list = list;
	error = roster_next(
		&generation->roster, ret_change, previous->roster, all_left, numbering, list, msg);
	if (!error && complete(generation, config)) {
		roster_change_free(ret_change);
		error = message_set(msg, -ENOMEM, "out of memory");
	}
	if (error)
		generation_destroy(generation);
	else
		*ret = generation;
	return error;
}

void generation_destroy(struct generation *generation)
{
	if (!generation)
		return;
	columns_destroy(generation->columns);
	free(generation->closer_below);
	roster_destroy(generation->roster);
	targets_destroy(generation->list);
	free(generation);
}
