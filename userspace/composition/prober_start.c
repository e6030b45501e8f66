/* SPDX-License-Identifier: MIT */
#include <assert.h>
#include <math.h>
#include <string.h>

#include "composition/prober_parts.h"
#include "vocabulary/nsec.h"

/* At most this many connects a turn: one costs about 16 us, and a turn should stay within a few ms. */
#define STARTS_PER_TURN 256
/* After a pause, starts that are still in time are caught up at this multiple of the usual rate. */
#define CATCH_UP_RATE 2.0
/* Targets whose memory is asked for together. */
#define STARTS_TOGETHER 16u

static const struct settings *settings_of(const struct prober *prober, uint32_t target)
{
	return prober_target(prober, target)->settings;
}

static int64_t cycle_begin_ns(const struct prober *prober, uint32_t target, uint64_t number)
{
	uint64_t phase_ns = schedule_phase_ns(
		(uint64_t)prober->visits[target].phase << 32, prober->interval_ns);

	return prober->epoch_ns + (int64_t)(number * prober->interval_ns + phase_ns);
}

static uint64_t spacing_ns(const struct prober *prober, uint32_t target)
{
	return prober->interval_ns / prober->visits[target].samples;
}

uint64_t prober_due_ns(const struct prober *prober, uint32_t target)
{
	const struct visit *visit = &prober->visits[target];

	return (uint64_t)cycle_begin_ns(prober, target, visit->number) +
	       schedule_offset_ns(visit->next_index, visit->samples, prober->interval_ns) +
	       visit->stretch_ms * NSEC_PER_MSEC;
}

void prober_limit_closer(struct prober *prober)
{
	double share = prober->setup.config->closer_share_pct / 100;
	uint32_t most = (uint32_t)(share * prober->generation->roster->present);

	/* `probe` shows what it was asked for. Of a few one may be. */
	if (prober->setup.begin_now || share <= 0)
		most = 0;
	else if (!most)
		most = 1;
	closer_limit(prober->closer, most);
}

/* On to the visit's next cycle. What its target's settings are now holds for all of it. */
static void next_cycle(struct prober *prober, uint32_t target)
{
	struct visit *visit = &prober->visits[target];

	visit->samples = (uint8_t)settings_of(prober, target)->samples;
	visit->next_index = 0;
	visit->open_cycle = CYCLE_NONE;
}

void prober_first_start(struct prober *prober, uint32_t target)
{
	struct visit *visit = &prober->visits[target];
	int64_t since_ns = (int64_t)prober->turn_ns - cycle_begin_ns(prober, target, 0);

	/* The first cycle that is whole. */
	visit->number = (uint32_t)((since_ns + (int64_t)prober->interval_ns - 1) /
				   (int64_t)prober->interval_ns);
	next_cycle(prober, target);
	schedule_add(prober->schedule, target, prober_due_ns(prober, target));
}

/* The sample that was due has been started or given up: on to the next. */
static void advance(struct prober *prober, uint32_t target)
{
	struct visit *visit = &prober->visits[target];
	uint64_t due_ns;

	visit->stretch_ms = 0;
	if (++visit->next_index == visit->samples) {
		next_cycle(prober, target);
		visit->number++;
		visit->no_more = prober->cycles_left && --prober->cycles_left[target] == 0;
		if (visit->no_more)
			return;
		/* After a pause of whole cycles these are simply missing. */
		due_ns = prober_due_ns(prober, target);
		if (due_ns + prober->interval_ns < prober->turn_ns)
			visit->number += (prober->turn_ns - due_ns) / prober->interval_ns;
	}
	schedule_add(prober->schedule, target, prober_due_ns(prober, target));
}

/* Opens the target's cycle with its first sample; false when the pool of open cycles is exhausted,
 * which takes two long pauses within a time-out, or memory is. */
static bool open_cycle(struct prober *prober, uint32_t target)
{
	struct visit *visit = &prober->visits[target];
	unsigned closer = prober->setup.config->closer_samples;

	if (visit->open_cycle != CYCLE_NONE)
		return true;
	/* Now, for the cycle before may have been judged since its last start. */
	if (closer_take(prober->closer, target) && visit->samples < closer)
		visit->samples = (uint8_t)closer;
	if (prober_may_hold(prober, cycles_count(prober->cycles) + 1))
		visit->open_cycle =
			cycles_open(prober->cycles, target, visit->number, visit->samples);
	visit->cycles_open += visit->open_cycle != CYCLE_NONE;
	return visit->open_cycle != CYCLE_NONE;
}

/* The cycle could not be opened. All of it is skipped: opened at a later sample it would wait for its
 * first one for ever. */
static void skip_cycle(struct prober *prober, uint32_t target)
{
	struct heartbeat *counters = &prober->counters;
	unsigned samples = prober->visits[target].samples;

	counters->samples += samples;
	counters->outcomes[OUTCOME_SKIPPED] += samples;
	counters->skips[SKIP_LATE] += samples;
	if (prober->unfinished)
		prober->unfinished--;
	prober->visits[target].next_index = (uint8_t)(samples - 1);
	advance(prober, target);
}

/* An outcome without a connect. */
static void give_up(struct prober *prober, uint32_t target, uint64_t due_ns, enum outcome outcome,
	enum skip_reason reason)
{
	struct visit *visit = &prober->visits[target];
	struct sample sample = {
		.due_ns = due_ns,
		.start_ns = prober->turn_ns,
		.target = target,
		.cycle = visit->open_cycle,
		.index = visit->next_index,
		.outcome = (uint8_t)outcome,
		.reason = (uint8_t)reason,
		.source = (uint8_t)prober->setup.engine->source,
	};
	struct address address = prober_address(prober, target);

	prober_sample_done(prober, &sample, &address);
	advance(prober, target);
}

static bool is_denied(const struct prober *prober, const struct address *address)
{
	const struct config *config = prober->setup.config;

	for (size_t i = 0; i < config->deny_count; i++)
		if (address_block_has(&config->deny[i], address))
			return true;
	return false;
}

/* Whether the target can be connected to now; else its sample is given up with the reason. */
static const struct address *usable_address(struct prober *prober, uint32_t target, uint64_t due_ns)
{
	uint32_t host = prober_host(prober, target);
	struct cycle *cycle = cycles_at(prober->cycles, prober->visits[target].open_cycle);
	struct address address;

	if (cycle->address.family)
		return &cycle->address;
	switch ((enum dns_status)prober->addresses[host].status) {
	case DNS_PENDING:
		give_up(prober, target, due_ns, OUTCOME_SKIPPED, SKIP_NO_ADDRESS);
		return NULL;
	case DNS_NOT_FOUND:
		give_up(prober, target, due_ns, OUTCOME_DNS_FAIL, 0);
		return NULL;
	case DNS_FAILED:
		give_up(prober, target, due_ns, OUTCOME_DNS_UNKNOWN, 0);
		return NULL;
	case DNS_OK:
		break;
	}
	address = prober_address(prober, target);
	if (!address.family) {
		give_up(prober, target, due_ns, OUTCOME_SKIPPED, SKIP_FAMILY);
		return NULL;
	}
	if (is_denied(prober, &address)) {
		give_up(prober, target, due_ns, OUTCOME_SKIPPED, SKIP_DENIED);
		return NULL;
	}
	cycle->address = address;
	return &cycle->address;
}

static void wait_in_line(struct prober *prober, uint32_t target, struct line *line)
{
	prober->visits[target].next_waiting = NOBODY;
	if (line->first == NOBODY)
		line->first = target;
	else
		prober->visits[line->last].next_waiting = target;
	line->last = target;
}

static uint32_t next_in_line(struct prober *prober, struct line *line)
{
	uint32_t target = line->first;

	line->first = prober->visits[target].next_waiting;
	return target;
}

/* Into the line of connects under way: newest last, so the oldest runs out first. */
static void take_off(struct prober *prober, uint32_t slot)
{
	struct flight *flight = &prober->flights[slot];

	flight->newer = NOBODY;
	flight->older = prober->newest;
	if (prober->newest != NOBODY)
		prober->flights[prober->newest].newer = slot;
	else
		prober->oldest = slot;
	prober->newest = slot;
}

static void connect_slot(struct prober *prober, uint32_t slot, uint32_t target, uint64_t due_ns,
	const struct address *address)
{
	const struct engine *engine = prober->setup.engine;
	struct visit *visit = &prober->visits[target];
	struct flight *flight = &prober->flights[slot];
	struct sockaddr_storage storage;
	socklen_t length =
		address_to_sockaddr(address, prober_target(prober, target)->port, &storage);

	assert(length <= sizeof flight->address);
	memcpy(&flight->address, &storage, length);
	flight->due_ns = due_ns;
	flight->start_ns = prober->turn_ns;
	flight->target = target;
	flight->cycle = visit->open_cycle;
	flight->index = visit->next_index;
	flight->family = address->family;
	flight->cancelled = false;
	if (engine->capture)
		flight->first_syn_before_ns = capture_first_syn_ns(engine->capture, slot);
	else
		flight->start_ns = nsec_mono(); /* the clock is all there is: as near as it gets */
	flight->expires_ns = flight->start_ns + prober->setup.config->timeout_ns;
	sockets_set_close(engine->sockets, slot, settings_of(prober, target)->close);
	engine_connect(engine, slot, &flight->address.any, length);
	take_off(prober, slot);
	advance(prober, target);
}

/* Whether the address may be connected to now. If not, the sample is put off, or given up when that would
 * be for longer than it may be late. */
static bool may_connect(
	struct prober *prober, uint32_t target, uint64_t due_ns, const struct address *address)
{
	struct heartbeat *counters = &prober->counters;
	struct visit *visit = &prober->visits[target];
	uint64_t wait_ns;

	/* It has its place in the line, and this is it. */
	if (visit->stretch_ms)
		return true;
	wait_ns = rates_take(prober->rates, address, prober->turn_ns, spacing_ns(prober, target));
	if (!wait_ns)
		return true;
	if (wait_ns == RATES_NEVER) {
		give_up(prober, target, due_ns, OUTCOME_SKIPPED, SKIP_ADDRESS_RATE);
		return false;
	}
	counters->address_waits++;
	counters->address_wait_max_ms =
		fmax(counters->address_wait_max_ms, (double)wait_ns / NSEC_PER_MSEC);
	/* From when it was due, and up to a whole millisecond. */
	visit->stretch_ms = (uint32_t)((prober->turn_ns + wait_ns - due_ns) / NSEC_PER_MSEC) + 1;
	schedule_add(prober->schedule, target, prober_due_ns(prober, target));
	return false;
}

/* Starts, skips, or leaves waiting (false) the sample of a target that is due. too_late: why, if it has
 * become later than the next one. */
static bool start(
	struct prober *prober, uint32_t target, uint64_t due_ns, enum skip_reason too_late)
{
	const struct address *address;
	uint32_t slot;

	if (prober->visits[target].leaving) {
		prober_starts_no_more(prober, target);
		return true;
	}
	if (!open_cycle(prober, target)) {
		skip_cycle(prober, target);
		return true;
	}
	if (!prober_guard_visits(prober, target)) {
		give_up(prober, target, due_ns, OUTCOME_SKIPPED, SKIP_GUARD);
		return true;
	}
	if (prober->turn_ns > due_ns + spacing_ns(prober, target)) {
		give_up(prober, target, due_ns, OUTCOME_SKIPPED, too_late);
		return true;
	}
	address = usable_address(prober, target, due_ns);
	if (!address)
		return true;
	slot = sockets_take(prober->setup.engine->sockets, address->family);
	if (slot == SLOT_NONE)
		return false;
	if (!may_connect(prober, target, due_ns, address)) {
		sockets_give(prober->setup.engine->sockets, slot);
		return true;
	}
	prober->start_tokens -= 1;
	connect_slot(prober, slot, target, due_ns, address);
	return true;
}

/* Those who found no slot before go first. */
static unsigned start_waiting(struct prober *prober, struct line *line, unsigned most)
{
	unsigned started = 0;

	while (started < most && line->first != NOBODY && prober->start_tokens >= 1) {
		uint32_t target = line->first;

		if (!start(prober, target, prober_due_ns(prober, target), SKIP_NO_SLOT))
			break;
		/* start() has put the target into the schedule, not back into a line. */
		next_in_line(prober, line);
		started++;
	}
	return started;
}

static void refill_tokens(struct prober *prober)
{
	double seconds = (double)(prober->turn_ns - prober->tokens_ns) / NSEC_PER_SEC;
	unsigned max_rate = prober->setup.config->max_rate;
	double rate = CATCH_UP_RATE * prober->generation->starts_most_per_s, most = rate * 0.02;

	if (most < START_TOKENS_LEAST)
		most = START_TOKENS_LEAST;
	if (max_rate && rate > max_rate) {
		rate = max_rate;
		most = fmax(1, fmin(most, rate * 0.02));
	}
	prober->start_tokens = fmin(most, prober->start_tokens + rate * seconds);
	prober->tokens_ns = prober->turn_ns;
}

/* The next few that are due, of `most` at most. */
static uint32_t pop_due(struct prober *prober, uint32_t most, struct due due[STARTS_TOGETHER])
{
	uint32_t count = 0;

	if (most > STARTS_TOGETHER)
		most = STARTS_TOGETHER;
	/* Each may take one. */
	if (most > prober->start_tokens)
		most = (uint32_t)prober->start_tokens;
	while (count < most && schedule_pop(prober->schedule, prober->turn_ns, &due[count].target,
				       &due[count].due_ns))
		count++;
	return count;
}

void prober_start_due(struct prober *prober)
{
	struct due due[STARTS_TOGETHER];
	unsigned started = 0;
	uint32_t count;

	refill_tokens(prober);
	for (unsigned i = 0; i < 2; i++)
		started += start_waiting(prober, &prober->waiting[i], STARTS_PER_TURN);
	while (started < STARTS_PER_TURN &&
		(count = pop_due(prober, STARTS_PER_TURN - started, due))) {
		prober_ahead_starts(prober, due, count);
		for (uint32_t i = 0; i < count; i++) {
			uint32_t target = due[i].target;

			if (start(prober, target, due[i].due_ns, SKIP_LATE))
				continue;
			prober->counters.slot_waits++;
			wait_in_line(prober, target,
				&prober->waiting[prober_address(prober, target).family == 6]);
		}
		started += count;
	}
	prober_watch_slots(prober);
}
