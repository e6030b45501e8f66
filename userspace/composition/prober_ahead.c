/* SPDX-License-Identifier: MIT */
/* What is needed next is on its way from memory while something else is done: see vocabulary/prefetch.h. */
#include "composition/prober_parts.h"
#include "vocabulary/prefetch.h"

/* So many completions, or cycles, before they are needed: the first look at one leads to what it names. */
#define FAR 12
#define NEAR 6

void prober_ahead_starts(const struct prober *prober, const struct due *due, uint32_t count)
{
	const struct roster *roster = prober->generation->roster;

	for (uint32_t i = 0; i < count; i++) {
		prefetch_all(&prober->visits[due[i].target], sizeof *prober->visits);
		prefetch(&roster->targets[due[i].target]);
		prefetch(&roster->host_of[due[i].target]);
		closer_prefetch(prober->closer, due[i].target);
	}
	for (uint32_t i = 0; i < count; i++) {
		prefetch(roster->targets[due[i].target]);
		prefetch_all(&prober->addresses[roster->host_of[due[i].target]],
			sizeof *prober->addresses);
	}
}

void prober_ahead_completions(const struct prober *prober, uint32_t at, uint32_t count)
{
	if (at + FAR < count) {
		uint32_t slot = prober->completions[at + FAR].slot;

		window_prefetch_flags(prober->window, prober->flights[slot].target);
		guard_prefetch(prober->guard, prober->flights[slot].target);
	}
	if (at + NEAR < count) {
		uint32_t slot = prober->completions[at + NEAR].slot;

		window_prefetch_newest(prober->window, prober->flights[slot].target);
	}
}

static uint32_t held_cycle(const struct prober *prober, uint32_t back)
{
	return prober->held[(prober->held_first + back) % prober->held_room].cycle;
}

void prober_ahead_folds(struct prober *prober)
{
	const struct roster *roster = prober->generation->roster;
	uint32_t target;

	if (prober->held_count > FAR)
		prefetch_all(
			cycles_at(prober->cycles, held_cycle(prober, FAR)), sizeof(struct cycle));
	if (prober->held_count <= NEAR)
		return;
	target = cycles_at(prober->cycles, held_cycle(prober, NEAR))->target;
	window_prefetch(prober->window, target);
	groups_prefetch(prober->groups, target);
	closer_prefetch(prober->closer, target);
	prefetch_all(&prober->visits[target], sizeof *prober->visits);
	prefetch(&prober->alerts[target]);
	prefetch_all(&prober->days[target], sizeof *prober->days);
	prefetch(&roster->targets[target]);
	prefetch(&roster->codec_of[target]);
}
