/* SPDX-License-Identifier: MIT */
#include "pure/closer.h"

#include <stdlib.h>

#include "vocabulary/prefetch.h"

/* Doubts are held by how bad they are: 1.0 is the worst, in steps of 0.05. */
#define LEVELS 71
#define LEVELS_PER_MOS 20
#define NO_DOUBT UINT8_MAX

struct look {
	uint8_t level; /* NO_DOUBT = none */
	bool taken;
};

struct closer {
	struct look *looks; /* by target */
	uint32_t most, taken;
	uint32_t doubts[LEVELS]; /* targets, by level */
};

struct closer *closer_create(uint32_t targets)
{
	struct closer *closer = calloc(1, sizeof *closer);

	if (!closer)
		return NULL;
	closer->looks = malloc((targets ? targets : 1) * sizeof *closer->looks);
	if (!closer->looks) {
		free(closer);
		return NULL;
	}
	for (uint32_t i = 0; i < targets; i++)
		closer->looks[i] = (struct look) { .level = NO_DOUBT };
	return closer;
}

void closer_destroy(struct closer *closer)
{
	if (!closer)
		return;
	free(closer->looks);
	free(closer);
}

void closer_prefetch(const struct closer *closer, uint32_t target)
{
	prefetch(&closer->looks[target]);
}

void closer_limit(struct closer *closer, uint32_t most)
{
	closer->most = most;
}

static uint8_t level_of(double mos)
{
	double level = (mos - 1) * LEVELS_PER_MOS;

	return level > 0 ? level < LEVELS - 1 ? (uint8_t)level : LEVELS - 1 : 0;
}

void closer_see(struct closer *closer, uint32_t target, bool doubt, double mos)
{
	struct look *look = &closer->looks[target];

	if (look->level != NO_DOUBT)
		closer->doubts[look->level]--;
	look->level = doubt ? level_of(mos) : NO_DOUBT;
	if (doubt)
		closer->doubts[look->level]++;
}

static void give_back(struct closer *closer, struct look *look)
{
	closer->taken -= look->taken;
	look->taken = false;
}

bool closer_take(struct closer *closer, uint32_t target)
{
	struct look *look = &closer->looks[target];
	uint32_t worse = 0;

	give_back(closer, look);
	if (look->level == NO_DOUBT)
		return false;
	for (uint8_t level = 0; level < look->level; level++)
		worse += closer->doubts[level];
	look->taken = worse < closer->most && closer->taken < closer->most;
	closer->taken += look->taken;
	return look->taken;
}

void closer_forget(struct closer *closer, uint32_t target)
{
	closer_see(closer, target, false, 0);
	give_back(closer, &closer->looks[target]);
}
