/* SPDX-License-Identifier: MIT */
/* The guard at work: finished cycles wait until it has cleared their time, and what it finds becomes an
 * event. */
#include <assert.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>

#define XXH_INLINE_ALL
#include <xxhash.h>

#include "composition/prober_parts.h"
#include "vocabulary/log.h"
#include "vocabulary/nsec.h"

#define HELD_LEAST 1024

/* How many cycles of one target may wait at the same time. */
static uint32_t held_most(const struct prober *prober, const struct guard_policy *policy)
{
	return policy->window_ns ? (uint32_t)(policy->window_ns / prober->interval_ns) + 1 : 0;
}

int prober_guard_create(struct prober *prober)
{
	const struct prober_setup *setup = &prober->setup;
	struct guard_policy policy = setup->config->guard;

	/* One target that somebody waits for is judged as it is. */
	if (setup->begin_now)
		policy.window_ns = 0;
	prober->guard = guard_create(&policy, prober->room);
	if (!prober->guard)
		return -1;
	guard_count(prober->guard, prober->generation->roster->present);
	/* Cycles in flight: the time-out is shorter than the interval, so a target has two at most, and
	 * after a pause a third for one turn: one is still to be cancelled, one was skipped, one
	 * begins. And those that wait here. */
	prober->open_cycles = (3 + held_most(prober, &policy)) * prober->room + 1;
	prober->held_room = HELD_LEAST;
	prober->held = calloc(prober->held_room, sizeof *prober->held);
	return prober->held ? 0 : -1;
}

bool prober_may_hold(struct prober *prober, uint32_t cycles)
{
	uint32_t room = prober->held_room, to_end = room - prober->held_first;
	struct held *larger;

	if (cycles <= room)
		return true;
	larger = malloc(2 * (size_t)room * sizeof *larger);
	if (!larger)
		return false;
	/* In order again, from the beginning on. */
	memcpy(larger, prober->held + prober->held_first, to_end * sizeof *larger);
	memcpy(larger + to_end, prober->held, prober->held_first * sizeof *larger);
	free(prober->held);
	prober->held = larger;
	prober->held_room = 2 * room;
	prober->held_first = 0;
	return true;
}

void prober_guard_destroy(struct prober *prober)
{
	guard_destroy(prober->guard);
	free(prober->held);
}

void prober_hold(struct prober *prober, uint32_t cycle)
{
	uint32_t place = (prober->held_first + prober->held_count++) % prober->held_room;

	assert(prober->held_count <= prober->held_room);
	prober->held[place] = (struct held) { .since_ns = prober->turn_ns, .cycle = cycle };
}

bool prober_release(struct prober *prober, uint32_t *ret_cycle)
{
	const struct held *oldest = &prober->held[prober->held_first];

	if (!prober->held_count ||
		prober->turn_ns - oldest->since_ns < guard_hold_ns(prober->guard))
		return false;
	*ret_cycle = oldest->cycle;
	prober->held_first = (prober->held_first + 1) % prober->held_room;
	prober->held_count--;
	return true;
}

void prober_guard_see(struct prober *prober, const struct sample *sample)
{
	uint32_t target = sample->target;
	bool refused_answers = prober_target(prober, target)->settings->refused_answers;
	enum sample_class class = outcome_class(sample->outcome, refused_answers);
	double rtt_ms = sample->rtt_ns ? sample->rtt_ns / 1e6 : (double)NAN;

	/* Of those that leave only silence would still come in: who answers has answered. */
	if (prober->visits[target].leaving || !window_used_to_answer(prober->window, target))
		return;
	if (sample->outcome == OUTCOME_LOCAL_ERROR)
		guard_see_local_error(prober->guard, prober->turn_ns);
	if (class == CLASS_MISSING)
		return;
	guard_see(prober->guard, target, class == CLASS_ANSWERED, prober->turn_ns);
	if (class == CLASS_ANSWERED)
		guard_measure(prober->guard, sample->sent, sample->lost,
			rtt_ms - window_own_latency_ms(prober->window, target), prober->turn_ns);
}

/* Why it tripped, or lets go. */
static enum transition_reason reason_of(const struct guard_change *change)
{
	static const enum transition_reason reasons[] = {
		[GUARD_SILENCE] = REASON_SILENCE,
		[GUARD_LOSS] = REASON_LOSS,
		[GUARD_DELAY] = REASON_DELAY,
		[GUARD_LOCAL_ERRORS] = REASON_LOCAL_ERRORS,
		[GUARD_CANARIES] = REASON_CANARIES,
	};

	return change->after == GUARD_LET_GO ? REASON_LET_GO : reasons[change->why];
}

/* What it tripped by, against what is usual and what it takes. */
static void add_measures(struct transition *transition, const struct guard_change *change,
	const struct guard_policy *policy)
{
	const struct rise_view *rise = &change->view.rise;

	transition->measured = transition->usual = NAN;
	transition->threshold = policy->share_pct;
	transition->result.loss_pct = rise->loss_pct;
	if (change->why == GUARD_LOSS) {
		transition->measured = rise->loss_pct;
		transition->usual = rise->loss_usual_pct;
		transition->threshold = policy->loss_rise_pct;
	} else if (change->why == GUARD_DELAY) {
		transition->measured = rise->off_ms;
		transition->usual = rise->off_usual_ms;
		transition->threshold = policy->delay_rise_ms;
	} else if (change->why == GUARD_LOCAL_ERRORS) {
		transition->measured =
			rise->samples ? 100.0 * rise->local_errors / rise->samples : (double)NAN;
		transition->usual = 0;
		transition->threshold = policy->local_errors_pct;
	}
}

static struct transition vantage_transition(
	struct prober *prober, const struct guard_change *change)
{
	const struct guard_policy *policy = &prober->setup.config->guard;
	bool trigger = change->after == GUARD_IMPAIRED;
	uint64_t held_ns = trigger ? policy->window_ns : change->lasted_ns;
	struct result result = result_of_many(prober->turn_ms, trigger ? STATE_CRITICAL : STATE_OK,
		change->view.visited, change->view.failed, CAUSE_NONE);

	struct transition transition;

	result.impaired = trigger;
	transition = (struct transition) {
		.kind = KIND_VANTAGE,
		.reason = (uint8_t)reason_of(change),
		.action = trigger ? ACTION_TRIGGER : ACTION_RESOLVE,
		.severity = STATE_CRITICAL,
		.previous = trigger ? STATE_OK : STATE_CRITICAL,
		.seq = ++prober->vantage_seq,
		.held_ms = held_ns / NSEC_PER_MSEC,
		.since_ms = prober->turn_ms - held_ns / NSEC_PER_MSEC,
		.result = result,
	};
	add_measures(&transition, change, policy);
	return transition;
}

void prober_guard_step(struct prober *prober)
{
	struct guard_change change;
	struct event event = { .kind = EVENT_TRANSITION };
	char text[REASON_SIZE];

	if (prober->setup.canaries)
		guard_see_canaries(prober->guard, canaries_answered_ns(prober->setup.canaries));
	change = guard_step(prober->guard, prober->turn_ns);
	/* Let go, it was told; that it has cleared then tells nothing new. */
	if (!change.happened || change.before == GUARD_LET_GO)
		return;
	prober->counters.impaired = guard_is_impaired(prober->guard);
	prober->counters.guard_trips += change.after == GUARD_IMPAIRED;
	event.transition = vantage_transition(prober, &change);
	prober_send(prober, &event);
	prober_state_keep_events(prober);
	prober->heartbeat_due_ns = prober->turn_ns;
	/* The table has it on its screen. */
	if (prober->setup.config->output == OUTPUT_TABLE)
		return;
	reason_text(text, &event.transition);
	log_event(LOG_WARN, "guard_vantage",
		change.after == GUARD_IMPAIRED ? "what is seen is this prober's own trouble"
					       : "this prober judges again",
		"why=%s targets=%u failed=%u", text, change.view.visited, change.view.failed);
}

bool prober_guard_visits(const struct prober *prober, uint32_t target)
{
	const uint64_t key[] = { target, prober->visits[target].number };

	return !guard_is_impaired(prober->guard) ||
	       guard_visits(prober->guard, XXH3_64bits(key, sizeof key));
}

bool prober_guard_reject(struct prober *prober, struct cycle *cycle)
{
	uint32_t now_ms = (uint32_t)(prober->turn_ns / NSEC_PER_MSEC);
	bool rejected = false;

	if (!guard_hold_ns(prober->guard))
		return false;
	for (unsigned i = 0; i < cycle->planned; i++) {
		struct cycle_sample *sample = &cycle->samples[i];
		uint64_t age_ns = (uint32_t)(now_ms - sample->start_ms) * NSEC_PER_MSEC;

		if (!guard_rejects(prober->guard, prober->turn_ns - age_ns))
			continue;
		prober->counters.guard_rejected += sample->outcome != OUTCOME_SKIPPED;
		sample->outcome = OUTCOME_SKIPPED;
		sample->rtt_ns = 0;
		rejected = true;
	}
	return rejected;
}
