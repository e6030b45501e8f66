/* SPDX-License-Identifier: MIT */
/* Overlapping lines, made into disjoint stretches once, so that a look-up is a binary search. */
#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "lines.h"

static const struct behaviour defaults = {
	.latency_min_ns = 20000000,
	.latency_max_ns = 20000000,
	.burst_step_ns = 10000000,
	.window = 65160,
	.timer = true,
};

/* A line's range: of a block, or of a change. */
struct layer {
	struct ip_range range;
	unsigned int line;
	const struct block *block; /* NULL: a change */
	uint32_t change;	   /* of scenario->changes */
};

struct sweep {
	struct scenario *scenario;
	struct layer *layers; /* by their first address */
	size_t layer_count;
	const struct layer *
		*active; /* those around the current address, in the order of override() */
	size_t active_count;
	ip_number *edges; /* where something begins, or the address after its end */
	size_t cause_capacity;
};

/* Larger ranges first, of equal ones the earlier line: each overrides those before it. */
static int override(const struct layer *a, const struct layer *b)
{
	ip_number a_size = a->range.last - a->range.first;
	ip_number b_size = b->range.last - b->range.first;

	if (a_size != b_size)
		return a_size > b_size ? -1 : 1;
	return a->line < b->line ? -1 : 1;
}

static int compare_first(const void *a, const void *b)
{
	const struct layer *x = a, *y = b;

	return (x->range.first > y->range.first) - (x->range.first < y->range.first);
}

static int compare_edge(const void *a, const void *b)
{
	const ip_number *x = a, *y = b;

	return (*x > *y) - (*x < *y);
}

static int compare_change(const void *a, const void *b)
{
	const struct change *x = a, *y = b;

	if (x->owner != y->owner)
		return x->owner < y->owner ? -1 : 1;
	if (x->group != y->group)
		return x->group < y->group ? -1 : 1;
	return (x->line > y->line) - (x->line < y->line);
}

static void enter(struct sweep *sweep, const struct layer *layer)
{
	size_t i = sweep->active_count++;

	for (; i > 0 && override(sweep->active[i - 1], layer) > 0; i--)
		sweep->active[i] = sweep->active[i - 1];
	sweep->active[i] = layer;
}

static void leave(struct sweep *sweep, ip_number edge)
{
	size_t kept = 0;

	for (size_t i = 0; i < sweep->active_count; i++)
		if (sweep->active[i]->range.last >= edge)
			sweep->active[kept++] = sweep->active[i];
	sweep->active_count = kept;
}

static void merge_path(struct behaviour *merged, const struct behaviour *own, unsigned int keys)
{
	if (keys & KEY_LATENCY) {
		merged->latency_min_ns = own->latency_min_ns;
		merged->latency_max_ns = own->latency_max_ns;
	}
	if (keys & KEY_JITTER) {
		merged->jitter = own->jitter;
		merged->jitter_ns = own->jitter_ns;
	}
	if (keys & KEY_LOSS)
		merged->loss[FORTH] = own->loss[FORTH];
	if (keys & KEY_LOSS_BACK)
		merged->loss[BACK] = own->loss[BACK];
	if (keys & KEY_BURST)
		merged->burst[FORTH] = own->burst[FORTH];
	if (keys & KEY_BURST_BACK)
		merged->burst[BACK] = own->burst[BACK];
	if (keys & KEY_BURST_STEP)
		merged->burst_step_ns = own->burst_step_ns;
}

static void merge_peer(struct behaviour *merged, const struct behaviour *own, unsigned int keys)
{
	if (keys & KEY_ANSWER) {
		merged->answer = own->answer;
		merged->answer_ns = own->answer_ns;
	}
	if (keys & KEY_TIMESTAMPS)
		merged->timestamps = own->timestamps;
	if (keys & KEY_TIMER)
		merged->timer = own->timer;
	if (keys & KEY_WINDOW)
		merged->window = own->window;
}

static int add_cause(struct sweep *sweep, uint32_t cause)
{
	struct scenario *scenario = sweep->scenario;
	size_t larger = sweep->cause_capacity ? sweep->cause_capacity * 2 : 64;
	uint32_t *causes;

	if (scenario->cause_count == sweep->cause_capacity) {
		causes = realloc(scenario->causes, larger * sizeof *causes);
		if (!causes)
			return -ENOMEM;
		scenario->causes = causes;
		sweep->cause_capacity = larger;
	}
	scenario->causes[scenario->cause_count++] = cause;
	return 0;
}

/* The groups of a block, each once, and only those to which something happens. */
static int add_groups(struct sweep *sweep, struct segment *segment, const struct block *block)
{
	const struct scenario *scenario = sweep->scenario;
	int error = 0;

	for (int i = 0; !error && i < block->group_count; i++) {
		uint32_t group = block->groups[i], k = 0;

		while (k < segment->group_count &&
			scenario->causes[segment->first_cause + k] != group)
			k++;
		if (k < segment->group_count || !scenario->groups[group].count)
			continue;
		error = add_cause(sweep, group);
		segment->group_count++;
	}
	return error;
}

/* The segment from here on; left out when only changes are there. */
static int emit(struct sweep *sweep, struct ip_range range)
{
	struct scenario *scenario = sweep->scenario;
	struct segment *segment = &scenario->segments[scenario->segment_count];
	size_t blocks = 0;
	int error = 0;

	*segment = (struct segment) {
		.range = range,
		.behaviour = defaults,
		.first_cause = (uint32_t)scenario->cause_count,
	};
	for (size_t i = 0; !error && i < sweep->active_count; i++) {
		const struct block *block = sweep->active[i]->block;

		if (!block)
			continue;
		blocks++;
		merge_path(&segment->behaviour, &block->behaviour, block->keys);
		merge_peer(&segment->behaviour, &block->behaviour, block->keys);
		error = add_groups(sweep, segment, block);
	}
	for (size_t i = 0; blocks && !error && i < sweep->active_count; i++) {
		if (sweep->active[i]->block)
			continue;
		error = add_cause(sweep, sweep->active[i]->change);
		segment->change_count++;
	}
	scenario->segment_count += blocks > 0;
	return error;
}

static int run(struct sweep *sweep)
{
	const size_t edge_count = 2 * sweep->layer_count;
	size_t next = 0;
	int error = 0;

	for (size_t i = 0; !error && i + 1 < edge_count; i++) {
		ip_number edge = sweep->edges[i];

		if (edge == sweep->edges[i + 1])
			continue;
		leave(sweep, edge);
		while (next < sweep->layer_count && sweep->layers[next].range.first == edge)
			enter(sweep, &sweep->layers[next++]);
		if (sweep->active_count)
			error = emit(sweep, (struct ip_range) { edge, sweep->edges[i + 1] - 1 });
	}
	return error;
}

/* Sorts the changes by their owners, and tells each group which are its. */
static void order_changes(struct scenario *scenario)
{
	if (scenario->change_count)
		qsort(scenario->changes, scenario->change_count, sizeof *scenario->changes,
			compare_change);
	for (uint32_t i = 0; i < scenario->change_count; i++) {
		const struct change *change = &scenario->changes[i];
		struct group *group =
			change->owner == OWNER_GROUP ? &scenario->groups[change->group] : NULL;

		scenario->uplink_count += change->owner == OWNER_UPLINK;
		if (group && !group->count++)
			group->first = i;
	}
}

/* The lines with a range, and where each begins and ends. */
static void fill(struct sweep *sweep)
{
	struct scenario *scenario = sweep->scenario;

	for (size_t i = 0; i < scenario->block_count; i++)
		sweep->layers[sweep->layer_count++] = (struct layer) {
			.range = scenario->blocks[i].range,
			.line = scenario->blocks[i].line,
			.block = &scenario->blocks[i],
		};
	for (uint32_t i = 0; i < scenario->change_count; i++)
		if (scenario->changes[i].owner == OWNER_RANGE)
			sweep->layers[sweep->layer_count++] = (struct layer) {
				.range = scenario->changes[i].range,
				.line = scenario->changes[i].line,
				.change = i,
			};
	for (size_t i = 0; i < sweep->layer_count; i++) {
		sweep->edges[2 * i] = sweep->layers[i].range.first;
		sweep->edges[2 * i + 1] = sweep->layers[i].range.last + 1;
	}
	qsort(sweep->layers, sweep->layer_count, sizeof *sweep->layers, compare_first);
	qsort(sweep->edges, 2 * sweep->layer_count, sizeof *sweep->edges, compare_edge);
}

int scenario_flatten(struct scenario *scenario)
{
	size_t most = scenario->block_count + scenario->change_count;
	struct sweep sweep = { .scenario = scenario };
	int error = -ENOMEM;

	order_changes(scenario);
	sweep.layers = calloc(most + 1, sizeof *sweep.layers);
	sweep.active = calloc(most + 1, sizeof *sweep.active);
	sweep.edges = calloc(2 * most + 1, sizeof *sweep.edges);
	scenario->segments = calloc(2 * most + 1, sizeof *scenario->segments);
	if (sweep.layers && sweep.active && sweep.edges && scenario->segments) {
		fill(&sweep);
		error = run(&sweep);
	}
	free(sweep.layers);
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
