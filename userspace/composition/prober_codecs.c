/* SPDX-License-Identifier: MIT */
/* The codecs of all targets, each once and by number, and the columns that score over them. */
#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "composition/prober_parts.h"

static int compare(const void *a, const void *b)
{
	return memcmp(a, b, sizeof(struct codec));
}

static const struct codec *codec_of(const struct prober *prober, size_t target)
{
	return &targets_at(prober->setup.targets, target)->settings->codec;
}

/* Every codec of a target, sorted, each once. Returns how many. */
static uint32_t collect(const struct prober *prober, struct codec *codecs)
{
	size_t targets = targets_count(prober->setup.targets), found = 0;
	uint32_t count = 0;

	for (size_t i = 0; i < targets; i++)
		/* Targets in a row mostly have the same. */
		if (!found || compare(&codecs[found - 1], codec_of(prober, i)))
			codecs[found++] = *codec_of(prober, i);
	qsort(codecs, found, sizeof *codecs, compare);
	for (size_t i = 0; i < found; i++)
		if (!count || compare(&codecs[count - 1], &codecs[i]))
			codecs[count++] = codecs[i];
	return count;
}

int prober_take_codecs(struct prober *prober)
{
	size_t targets = targets_count(prober->setup.targets);
	struct codec *codecs = malloc((targets + 1) * sizeof *codecs);
	uint32_t count;

	if (!codecs)
		return -ENOMEM;
	count = collect(prober, codecs);
	prober->columns =
		columns_create(&prober->setup.config->model, codecs, count, columns_way_best());
	for (size_t i = 0; i < targets; i++) {
		const struct codec *its =
			bsearch(codec_of(prober, i), codecs, count, sizeof *codecs, compare);

		prober->visits[i].codec = (uint32_t)(its - codecs);
	}
	free(codecs);
	return prober->columns ? 0 : -ENOMEM;
}
