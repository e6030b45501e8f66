/* SPDX-License-Identifier: MIT */
#include <math.h>

#include "pure/capacity.h"

#define NEAR_ENOUGH 1.04
/* What CPU time foretells is aimed at a little from below, and believed only so far. */
#define AIM 0.98
#define UP_LEAST 1.1
#define UP_MOST 8.0
#define DOWN_LEAST 0.1
/* Fewer are not worth a prober. */
#define TARGETS_LEAST 10

/* Nothing has failed yet. */
static double higher(const struct capacity_search *search, double cpu_share)
{
	double up = cpu_share > 0 ? AIM / cpu_share : UP_MOST;

	return fmin(search->most, search->pass * fmin(UP_MOST, fmax(UP_LEAST, up)));
}

/* Nothing has passed yet. */
static double lower(const struct capacity_search *search, double cpu_share)
{
	double down = search->failed == CAPACITY_CPU ? AIM / cpu_share : 0.5;

	return search->fail * fmin(1 / UP_LEAST, fmax(DOWN_LEAST, down));
}

/* By halves; where CPU is what fails, by what was used of it. */
static double between(const struct capacity_search *search, double tried, double cpu_share)
{
	double middle = sqrt(search->pass * search->fail);
	double foretold = AIM * tried / cpu_share;

	if (search->failed != CAPACITY_CPU || !(foretold < search->fail))
		return middle;
	return fmax(foretold, fmin(middle, search->pass * 0.99 * NEAR_ENOUGH));
}

bool capacity_search_step(
	struct capacity_search *search, enum capacity_bound found, double cpu_share)
{
	double tried = search->next;

	if (found == CAPACITY_FREE) {
		search->pass = fmax(search->pass, tried);
	} else if (!search->fail || tried < search->fail) {
		search->fail = tried;
		search->failed = found;
	}
	if (!search->fail) {
		search->next = higher(search, cpu_share);
		return search->pass < search->most;
	}
	if (!search->pass) {
		search->next = lower(search, cpu_share);
		return search->next >= TARGETS_LEAST;
	}
	search->next = between(search, tried, cpu_share);
	return search->fail / search->pass > NEAR_ENOUGH;
}
