/* SPDX-License-Identifier: MIT */
/* What is known of targets goes to prober.state_dir, and comes back after a restart. */
#include <errno.h>
#include <stdlib.h>

#include "composition/prober_parts.h"
#include "pure/prober_record.h"
#include "vocabulary/log.h"

static uint32_t larger(uint32_t a, uint32_t b)
{
	return a > b ? a : b;
}

/* What was told of before it stood in the record is not told again. */
static void catch_up_events(struct prober *prober, struct prober_events *events)
{
	const struct transition *told;
	size_t at = 0;

	while (prober->setup.journal && (told = journal_next_taken(prober->setup.journal, &at))) {
		bool open = told->action == ACTION_TRIGGER;

		if (told->kind == KIND_GROUP && told->group.value) {
			groups_catch_up(prober->groups, told->group.value, told->seq, open,
				prober->turn_ns);
		} else if (told->kind != KIND_VANTAGE) {
			continue;
		} else if (told->reason == REASON_RESOLVER) {
			if (told->seq > events->resolver_seq)
				events->resolver_fails = open;
			events->resolver_seq = larger(events->resolver_seq, told->seq);
		} else {
			if (told->seq > events->vantage_seq)
				events->impaired = open;
			events->vantage_seq = larger(events->vantage_seq, told->seq);
		}
	}
}

/* Events about this prober and its groups go on. Before targets are restored, which are their groups' members. */
static void restore_events(struct prober *prober)
{
	struct prober_events events = { .vantage_seq = 0 };
	size_t length;
	const char *text = state_events(prober->setup.state, &length);

	if (text && !prober_record_read(text, length, prober->setup.config->id, &events,
			    prober->groups, prober->turn_ns))
		log_event(LOG_WARN, "state_events",
			"what is kept of guard and groups is damaged or another's, and not used",
			"file=%s state_dir=%s", "prober.events", prober->setup.config->state_dir);
	catch_up_events(prober, &events);
	prober->vantage_seq = events.vantage_seq;
	prober->resolver_seq = events.resolver_seq;
	if (events.impaired)
		guard_resume(prober->guard, prober->turn_ns);
	if (events.resolver_fails)
		prober->lookups.since_ns = prober->turn_ns;
	prober->counters.impaired = guard_is_impaired(prober->guard);
	prober->counters.groups_open = groups_count_open(prober->groups);
}

int prober_state_create(struct prober *prober)
{
	const struct window_config config = { prober->setup.config->window,
		prober->setup.config->average };
	uint64_t newest, now;

	if (!prober->setup.state)
		return 0;
	if (prober->setup.journal)
		prober->transitions = journal_taken(prober->setup.journal);
	prober->saved = malloc(window_saved_size(&config));
	if (!prober->saved)
		return -ENOMEM;
	restore_events(prober);
	/* Numbers go on rising, also when the wall clock was behind at this start. */
	newest = state_newest_cycle(prober->setup.state);
	now = (uint64_t)((int64_t)prober->turn_ns - prober->epoch_ns) / prober->interval_ns;
	if (newest >= now) {
		prober->epoch_ns -= (int64_t)((newest + 1 - now) * prober->interval_ns);
		log_event(LOG_WARN, "clock_behind",
			"the wall clock is behind what this prober has published: cycles go on from there",
			"cycle=%llu", (unsigned long long)newest + 1);
	}
	return 0;
}

void prober_state_keep_events(struct prober *prober)
{
	const struct prober_events events = {
		.vantage_seq = prober->vantage_seq,
		.resolver_seq = prober->resolver_seq,
		.impaired = guard_is_impaired(prober->guard),
		.resolver_fails = prober->lookups.since_ns != 0,
	};

	prober->events_unkept =
		prober->setup.state &&
		!state_keep_events(prober->setup.state,
			prober_record_text(prober->setup.config->id, &events, prober->groups),
			prober->transitions);
}

static enum state standing(struct prober *prober, uint32_t target)
{
	if (!window_is_verified(prober->window, target))
		return STATE_UNVERIFIED;
	if (!window_is_settled(prober->window, target,
		    prober_target(prober, target)->settings->samples,
		    prober->visits[target].number))
		return STATE_SETTLING;
	return alert_level(&prober->alerts[target]);
}

/* How it stood in its group: what was bad then is bad still, and nothing new. */
static void see_group(struct prober *prober, uint32_t target, uint64_t cycle)
{
	const struct target *known = prober_target(prober, target);
	struct result result = { .target = known, .target_index = target };
	enum cause cause;

	result.mos = window_mos(prober->window, target, cycle, &cause);
	result.cause = (uint8_t)cause;
	prober_groups_see(prober, &result, prober->visits[target].state >= STATE_OK);
}

/* The newest transition that a former process made of it; NULL = none is known. */
static const struct transition *newest_transition(const struct prober *prober, uint32_t target)
{
	return prober->setup.journal ? journal_newest(prober->setup.journal, target) : NULL;
}

void prober_state_catch_up(struct prober *prober, uint32_t target, const struct transition *newest)
{
	struct alert_state *alert = &prober->alerts[target];

	if (newest->seq <= alert->seq)
		return;
	*alert = (struct alert_state) {
		.changed_ms = newest->result.at_ms,
		.seq = newest->seq,
		.suppressed = newest->group.label && newest->action == ACTION_TRIGGER,
		.level = newest->action == ACTION_TRIGGER ? newest->severity : STATE_OK,
	};
	if (newest->action == ACTION_TRIGGER && newest->previous == STATE_OK)
		day_alert(&prober->days[target], newest->result.cycle, prober->interval_ns);
}

/* A transition that was made after its target's record was written is not made again. */
static void catch_up(struct prober *prober, uint32_t target)
{
	const struct transition *newest = newest_transition(prober, target);

	if (newest)
		prober_state_catch_up(prober, target, newest);
}

void prober_state_restore(struct prober *prober, uint32_t target)
{
	struct visit *visit = &prober->visits[target];
	struct state_parts parts;
	char key[TARGET_KEY_SIZE];
	const void *window;

	if (!prober->setup.state || prober->state_started)
		return;
	target_key(prober_target(prober, target), key);
	if (!state_adopt(prober->setup.state, key, target, &parts, &window)) {
		catch_up(prober, target);
		return;
	}
	prober->alerts[target] = parts.alert;
	prober->days[target] = parts.day;
	catch_up(prober, target);
	visit->address_hash = parts.address_hash;
	if (window && !window_load(prober->window, target, window))
		return;
	prober->counters.states[visit->state]--;
	visit->state = (uint8_t)standing(prober, target);
	prober->counters.states[visit->state]++;
	prober->restored++;
	see_group(prober, target, parts.cycle);
}

void prober_take_known(struct prober *prober)
{
	uint32_t taken = 0;

	for (uint32_t i = 0; prober->setup.known && i < prober->generation->roster->count; i++) {
		const struct publish_known *known = &prober->setup.known[i];

		if (known->seq <= prober->alerts[i].seq)
			continue;
		prober->alerts[i] = (struct alert_state) {
			.changed_ms = known->since_ms,
			.seq = known->seq,
			.suppressed = known->suppressed,
			.level = known->level,
		};
		taken++;
	}
	if (taken)
		log_event(LOG_INFO, "redis_restored", "alerts go on where Redis has them",
			"targets=%u", taken);
}

int prober_state_start(struct prober *prober, struct message *msg)
{
	bool caught_up = false;
	int error;

	prober->state_started = true;
	if (!prober->setup.state)
		return 0;
	if (prober->restored)
		log_event(LOG_INFO, "state_restored", "targets go on where they were",
			"restored=%u targets=%u", prober->restored,
			prober->generation->roster->present);
	prober_end_orphans(prober);
	/* The journal may forget them once that is kept. */
	for (uint32_t i = 0; i < prober->generation->roster->count; i++)
		if (newest_transition(prober, i)) {
			prober_state_keep(prober, i, state_newest_cycle(prober->setup.state));
			caught_up = true;
		}
	error = state_start(prober->setup.state, msg);
	if (!error && prober->setup.journal && !caught_up)
		journal_kept(prober->setup.journal, prober->transitions);
	return error;
}

void prober_state_keep(struct prober *prober, uint32_t target, uint64_t cycle)
{
	struct state_parts parts = {
		.cycle = cycle,
		.alert = prober->alerts[target],
		.day = prober->days[target],
		.address_hash = prober->visits[target].address_hash,
	};

	if (!prober->setup.state)
		return;
	target_key(prober_target(prober, target), parts.key);
	window_save(prober->window, target, prober->saved);
	state_keep(prober->setup.state, target, &parts, prober->saved, prober->transitions);
}

void prober_state_forget(struct prober *prober, uint32_t target)
{
	if (prober->setup.state)
		state_forget(prober->setup.state, target, prober->transitions);
}
