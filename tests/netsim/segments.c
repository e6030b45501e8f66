/* SPDX-License-Identifier: MIT */
/* Overlapping lines, made into disjoint stretches once, so that a look-up is a binary search. */
#include "scenario.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

static const struct behaviour defaults = {
	.latency_min_ns = 20000000,
	.latency_max_ns = 20000000,
};

struct sweep {
	struct scenario *scenario;
	const struct block **by_first; /* all blocks */
	const struct block *
		*active; /* those around the current address, in the order of override() */
	size_t active_count;
	ip_number *edges; /* where something begins, or the address after its end */
	size_t edge_count;
};

/* Larger ranges first, of equal ones the earlier line: each overrides those before it. */
static int override(const struct block *a, const struct block *b)
{
	ip_number a_size = a->range.last - a->range.first;
	ip_number b_size = b->range.last - b->range.first;

	if (a_size != b_size)
		return a_size > b_size ? -1 : 1;
	return a->line < b->line ? -1 : 1;
}

static int compare_first(const void *a, const void *b)
{
	const struct block *const *x = a, *const *y = b;

	return ((*x)->range.first > (*y)->range.first) - ((*x)->range.first < (*y)->range.first);
}

static int compare_edge(const void *a, const void *b)
{
	const ip_number *x = a, *y = b;

	return (*x > *y) - (*x < *y);
}

static void enter(struct sweep *sweep, const struct block *block)
{
	size_t i = sweep->active_count++;

	for (; i > 0 && override(sweep->active[i - 1], block) > 0; i--)
		sweep->active[i] = sweep->active[i - 1];
	sweep->active[i] = block;
}

static void leave(struct sweep *sweep, ip_number edge)
{
	size_t kept = 0;

	for (size_t i = 0; i < sweep->active_count; i++)
		if (sweep->active[i]->range.last >= edge)
			sweep->active[kept++] = sweep->active[i];
	sweep->active_count = kept;
}

static struct behaviour merge(const struct sweep *sweep)
{
	struct behaviour merged = defaults;

	for (size_t i = 0; i < sweep->active_count; i++) {
		const struct behaviour *own = &sweep->active[i]->behaviour;
		unsigned int keys = sweep->active[i]->keys;

		if (keys & KEY_LATENCY) {
			merged.latency_min_ns = own->latency_min_ns;
			merged.latency_max_ns = own->latency_max_ns;
		}
		if (keys & KEY_JITTER) {
			merged.jitter = own->jitter;
			merged.jitter_ns = own->jitter_ns;
		}
		if (keys & KEY_LOSS)
			merged.loss = own->loss;
		if (keys & KEY_LOSS_BACK)
			merged.loss_back = own->loss_back;
		if (keys & KEY_ANSWER)
			merged.answer = own->answer;
	}
	return merged;
}

static void run(struct sweep *sweep)
{
	struct scenario *scenario = sweep->scenario;
	size_t next = 0;

	for (size_t i = 0; i + 1 < sweep->edge_count; i++) {
		ip_number edge = sweep->edges[i];

		if (edge == sweep->edges[i + 1])
			continue;
		leave(sweep, edge);
		while (next < scenario->block_count && sweep->by_first[next]->range.first == edge)
			enter(sweep, sweep->by_first[next++]);
		if (sweep->active_count)
			scenario->segments[scenario->segment_count++] = (struct segment) {
				.range = { edge, sweep->edges[i + 1] - 1 },
				.behaviour = merge(sweep),
			};
	}
}

int scenario_flatten(struct scenario *scenario)
{
	size_t count = scenario->block_count;
	struct sweep sweep = { .scenario = scenario, .edge_count = 2 * count };
	int error = 0;

	sweep.by_first = calloc(count + 1, sizeof *sweep.by_first);
	sweep.active = calloc(count + 1, sizeof *sweep.active);
	sweep.edges = calloc(2 * count + 1, sizeof *sweep.edges);
	scenario->segments = calloc(2 * count + 1, sizeof *scenario->segments);
	if (sweep.by_first && sweep.active && sweep.edges && scenario->segments) {
		for (size_t i = 0; i < count; i++) {
			sweep.by_first[i] = &scenario->blocks[i];
			sweep.edges[2 * i] = scenario->blocks[i].range.first;
			sweep.edges[2 * i + 1] = scenario->blocks[i].range.last + 1;
		}
		qsort(sweep.by_first, count, sizeof *sweep.by_first, compare_first);
		qsort(sweep.edges, sweep.edge_count, sizeof *sweep.edges, compare_edge);
		run(&sweep);
	} else {
		error = -ENOMEM;
	}
	free(sweep.by_first);
	free(sweep.active);
	free(sweep.edges);
	return error;
}

int64_t scenario_find(const struct scenario *scenario, ip_number ip)
{
	size_t low = 0, high = scenario->segment_count;

	while (low < high) {
		size_t middle = low + (high - low) / 2;
		const struct ip_range *range = &scenario->segments[middle].range;

		if (ip < range->first)
			high = middle;
		else if (ip > range->last)
			low = middle + 1;
		else
			return (int64_t)middle;
	}
	return -1;
}
