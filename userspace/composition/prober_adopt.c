/* SPDX-License-Identifier: MIT */
/* Targets come and go. A reload was read and numbered elsewhere; what is left to do is a little for each
 * target that is new or gone, and that over as many turns as it takes. */
#include <string.h>

#include "composition/prober_parts.h"

/* Targets and hosts taken in in one turn: a fraction of a millisecond. */
#define ADOPTED_PER_TURN 256

void prober_take_literal(struct prober *prober, uint32_t host)
{
	struct host_address *known = &prober->addresses[host];
	struct address address;

	/* The target list has parsed it before. What is known of a name stays: it may have been looked up
	 * already. */
	known->named = address_parse(&address, prober->generation->roster->hosts[host]) != 0;
	if (known->named)
		return;
	prober_set_address(prober, host, address.family, &address);
	known->status = DNS_OK;
}

void prober_begin(struct prober *prober, uint32_t target)
{
	uint64_t cycles = prober->setup.config->cycles;
	struct visit *visit = &prober->visits[target];

	*visit = (struct visit) {
		.next_waiting = NOBODY,
		.state = STATE_UNVERIFIED,
		.band = BAND_NONE,
		.awaited = true,
	};
	if (prober->cycles_left)
		prober->cycles_left[target] = (uint32_t)cycles;
	if (!prober->setup.begin_now)
		visit->phase = (uint32_t)(target_hash(prober_target(prober, target)) >> 32);
	prober->unfinished += cycles;
	prober->counters.targets++;
	prober->counters.states[STATE_UNVERIFIED]++;
	prober->counts.bands[BAND_NONE]++;
	prober->counts.awaited++;
	prober_groups_place(prober, target);
	prober_first_start(prober, target);
	prober_state_restore(prober, target);
}

/* Nothing of it is under way any more. */
static void leave(struct prober *prober, uint32_t target)
{
	struct visit *visit = &prober->visits[target];

	if (!visit->no_more || visit->cycles_open)
		return;
	visit->leaving = false;
	prober->leaving--;
	window_forget(prober->window, target);
	prober_groups_leave(prober, target);
	closer_forget(prober->closer, target);
	prober_state_forget(prober, target);
	prober->days[target] = (struct day_memory) { 0 };
	if (visit->returning)
		prober_begin(prober, target);
}

void prober_starts_no_more(struct prober *prober, uint32_t target)
{
	struct visit *visit = &prober->visits[target];

	visit->no_more = true;
	if (visit->open_cycle != CYCLE_NONE &&
		cycles_cut(prober->cycles, visit->open_cycle, visit->next_index))
		prober_hold(prober, visit->open_cycle);
	visit->open_cycle = CYCLE_NONE;
	leave(prober, target);
}

void prober_discard(struct prober *prober, uint32_t cycle)
{
	uint32_t target = cycles_at(prober->cycles, cycle)->target;

	cycles_close(prober->cycles, cycle);
	prober->visits[target].cycles_open--;
	if (prober->unfinished)
		prober->unfinished--;
	leave(prober, target);
}

static void remove_target(struct prober *prober, uint32_t target)
{
	struct visit *visit = &prober->visits[target];
	bool open = visit->open_cycle != CYCLE_NONE;

	/* It came again before it had left, and has not begun. */
	if (visit->leaving) {
		visit->returning = false;
		return;
	}
	prober_resolve(prober, prober_target(prober, target), target, REASON_REMOVED);
	prober->counters.targets--;
	prober->counters.states[visit->state]--;
	prober->counts.bands[visit->band]--;
	prober->counts.awaited -= visit->awaited;
	prober->counters.muted -= visit->muted;
	/* Cycles that are open count until they are discarded. */
	if (prober->cycles_left)
		prober->unfinished -= prober->cycles_left[target] - open;
	visit->leaving = true;
	prober->leaving++;
	guard_forget(prober->guard, target);
	leave(prober, target);
}

static void add_target(struct prober *prober, uint32_t target)
{
	if (prober->visits[target].leaving)
		prober->visits[target].returning = true;
	else
		prober_begin(prober, target);
}

void prober_adopt(
	struct prober *prober, const struct generation *generation, struct roster_change *change)
{
	prober->generation = generation;
	prober->adoption = (struct adoption) { .change = *change, .busy = true };
	*change = (struct roster_change) { 0 };
	prober->left_told = false;
}

bool prober_is_adopting(const struct prober *prober)
{
	return prober->adoption.busy;
}

bool prober_all_left(const struct prober *prober)
{
	return !prober->adoption.busy && !prober->leaving;
}

const struct generation *prober_generation(const struct prober *prober)
{
	return prober->generation;
}

/* Returns false when the queue is full. It is looked at first: a refusal would be counted as a loss. */
static bool tell(const struct prober *prober, struct queue *queue, bool all_left)
{
	struct event event = { .kind = EVENT_ROSTER };

	if (!queue)
		return true;
	if (queue_depth(queue) >= queue_capacity(queue))
		return false;
	event.roster = (struct roster_event) {
		.roster = prober->generation->roster,
		.generation = prober->generation->number,
		.all_left = all_left,
	};
	return queue_push(queue, &event);
}

static void tell_all(struct prober *prober, bool all_left)
{
	struct adoption *adoption = &prober->adoption;

	if (!adoption->published)
		adoption->published = tell(prober, prober->setup.publish, all_left);
	if (!adoption->printed)
		adoption->printed = tell(prober, prober->setup.output, all_left);
}

/* Its label may have changed. */
static void place_again(struct prober *prober, uint32_t target)
{
	if (prober->generation->roster->here[target] && !prober->visits[target].leaving)
		prober_groups_place(prober, target);
}

void prober_adopt_step(struct prober *prober)
{
	struct adoption *adoption = &prober->adoption;
	struct roster_change *change = &adoption->change;

	uint32_t places = change->changed_count ? prober->generation->roster->count : 0;

	if (!adoption->busy && (prober->leaving || prober->left_told))
		return;
	for (unsigned i = 0; i < ADOPTED_PER_TURN; i++) {
		if (adoption->removed < change->removed_count)
			remove_target(prober, change->removed[adoption->removed++]);
		else if (adoption->hosts < change->hosts_added_count)
			prober_take_literal(prober, change->hosts_added[adoption->hosts++]);
		else if (adoption->added < change->added_count)
			add_target(prober, change->added[adoption->added++]);
		else if (adoption->placed < places)
			place_again(prober, adoption->placed++);
		else
			break;
	}
	if (adoption->removed < change->removed_count || adoption->added < change->added_count ||
		adoption->placed < places)
		return;
	guard_count(prober->guard, prober->generation->roster->present);
	prober_limit_closer(prober);
	/* First that they are gone, and once nothing of theirs is under way that too. */
	tell_all(prober, !adoption->busy);
	if (!adoption->published || !adoption->printed)
		return;
	adoption->published = adoption->printed = false;
	if (adoption->busy) {
		roster_change_free(change);
		*adoption = (struct adoption) { 0 };
	} else {
		prober->left_told = true;
	}
}
