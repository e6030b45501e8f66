/* SPDX-License-Identifier: MIT */
/* Where a target is visited. A cycle goes to one address from its first connect to its last: what its
 * result says, latency, jitter and address, is of one path. What the resolver has found meanwhile, and the
 * other family when one has failed, are for the next cycle. */
#include <inttypes.h>
#include <math.h>
#include <string.h>

#include "composition/prober_parts.h"
#include "vocabulary/log.h"
#include "vocabulary/nsec.h"

/* A hoster that moves moves thousands. */
#define MOVES_TOLD 20
#define MOVES_EVERY_NS NSEC_PER_MIN

static bool wants(const struct prober *prober, uint32_t target, enum family other)
{
	return prober_target(prober, target)->settings->family != other;
}

static struct address address_of(const struct prober *prober, uint32_t number, unsigned family)
{
	const struct host_address *host = &prober->addresses[number];
	struct address address = { .family = 0 };

	if (family == 4 && host->has_v4) {
		address.family = 4;
		memcpy(address.bytes, host->v4, sizeof host->v4);
	} else if (family == 6 && host->has_v6) {
		address.family = 6;
		memcpy(address.bytes, prober->addresses_v6[number].bytes, sizeof(struct host_v6));
	}
	return address;
}

void prober_set_address(
	struct prober *prober, uint32_t number, unsigned family, const struct address *address)
{
	struct host_address *host = &prober->addresses[number];
	bool has = address->family == family;

	if (family == 4) {
		host->has_v4 = has;
		memcpy(host->v4, address->bytes, sizeof host->v4);
		return;
	}
	host->has_v6 = has;
	if (has)
		memcpy(prober->addresses_v6[number].bytes, address->bytes, sizeof(struct host_v6));
}

static struct address choose(const struct prober *prober, uint32_t target)
{
	uint32_t number = prober_host(prober, target);
	const struct host_address *host = &prober->addresses[number];
	bool has4 = host->has_v4 && wants(prober, target, FAMILY_6);
	bool has6 = host->has_v6 && wants(prober, target, FAMILY_4);

	return address_of(
		prober, number, family_choose(&prober->visits[target].family, has4, has6));
}

struct address prober_address(const struct prober *prober, uint32_t target)
{
	uint32_t index = prober->visits[target].open_cycle;

	if (index != CYCLE_NONE && cycles_at(prober->cycles, index)->address.family)
		return cycles_at(prober->cycles, index)->address;
	return choose(prober, target);
}

void prober_note_family(struct prober *prober, uint32_t index)
{
	const struct cycle *cycle = cycles_at(prober->cycles, index);
	const struct host_address *host = &prober->addresses[prober_host(prober, cycle->target)];
	bool both = host->has_v4 && host->has_v6 && wants(prober, cycle->target, FAMILY_4) &&
		    wants(prober, cycle->target, FAMILY_6);
	bool refused_answers = prober_target(prober, cycle->target)->settings->refused_answers;
	bool answered = false;

	if (!cycle->address.family)
		return;
	for (unsigned i = 0; i < cycle->planned; i++) {
		uint8_t outcome = cycle->samples[i].outcome;

		/* Of those that never left nothing was learnt, but that there was no way. */
		if (outcome == OUTCOME_SKIPPED)
			return;
		answered |= outcome_class(outcome, refused_answers) == CLASS_ANSWERED;
	}
	prober->counters.family_changes +=
		family_note(&prober->visits[cycle->target].family, answered, both);
}

static void tell_move(struct prober *prober, uint32_t host, const struct address *before,
	const struct address *after)
{
	char from[ADDRESS_TEXT_SIZE], to[ADDRESS_TEXT_SIZE];

	prober->counters.address_changes++;
	if (prober->turn_ns >= prober->moves_until_ns) {
		if (prober->moves_told > MOVES_TOLD)
			log_event(LOG_INFO, "name_moves", "more names have moved", "names=%u",
				prober->moves_told - MOVES_TOLD);
		prober->moves_told = 0;
		prober->moves_until_ns = prober->turn_ns + MOVES_EVERY_NS;
	}
	/* The table has the screen. */
	if (prober->moves_told++ < MOVES_TOLD && prober->setup.config->output != OUTPUT_TABLE)
		log_event(LOG_INFO, "name_moved", "a name has another address",
			"name=%s from=%s to=%s", prober->generation->roster->hosts[host],
			address_text(before, from), address_text(after, to));
}

static void take(
	struct prober *prober, uint32_t number, unsigned family, const struct address *answer)
{
	struct address known = address_of(prober, number, family);

	if (known.family && answer->family && !address_equal(&known, answer))
		tell_move(prober, number, &known, answer);
	prober_set_address(prober, number, family, answer);
}

void prober_take_answers(struct prober *prober)
{
	struct dns_answer answer;

	while (prober->setup.answers && queue_pop(prober->setup.answers, &answer)) {
		take(prober, answer.host, 4, &answer.v4);
		take(prober, answer.host, 6, &answer.v6);
		prober->addresses[answer.host].status = answer.status;
	}
}

#define LOOKED_AT_NS NSEC_PER_SEC

static struct transition resolver_transition(
	struct prober *prober, const struct lookups_change *change)
{
	uint64_t held_ns = change->fails ? NSEC_PER_MIN : change->lasted_ns;

	return (struct transition) {
		.kind = KIND_VANTAGE,
		.reason = REASON_RESOLVER,
		.action = change->fails ? ACTION_TRIGGER : ACTION_RESOLVE,
		.severity = STATE_CRITICAL,
		.previous = change->fails ? STATE_OK : STATE_CRITICAL,
		.seq = ++prober->resolver_seq,
		.held_ms = held_ns / NSEC_PER_MSEC,
		.since_ms = prober->turn_ms - held_ns / NSEC_PER_MSEC,
		.threshold = prober->setup.config->guard.dns_share_pct,
		.measured = NAN,
		.usual = NAN,
		.result = result_of_many(prober->turn_ms, change->fails ? STATE_CRITICAL : STATE_OK,
			(uint32_t)change->all, (uint32_t)change->failed, CAUSE_DNS),
	};
}

void prober_watch_resolver(struct prober *prober)
{
	struct event event = { .kind = EVENT_TRANSITION };
	struct lookups_change change;
	struct resolver_stats stats;
	char text[REASON_SIZE];

	if (!prober->setup.resolver || prober->setup.begin_now ||
		prober->turn_ns < prober->lookups_due_ns)
		return;
	prober->lookups_due_ns = prober->turn_ns + LOOKED_AT_NS;
	stats = resolver_stats(prober->setup.resolver);
	change = lookups_step(&prober->lookups, stats.lookups, stats.failed,
		prober->setup.config->guard.dns_share_pct, prober->turn_ns);
	if (!change.happened)
		return;
	event.transition = resolver_transition(prober, &change);
	prober_send(prober, &event);
	prober_state_keep_events(prober);
	if (prober->setup.config->output == OUTPUT_TABLE)
		return;
	reason_text(text, &event.transition);
	log_event(LOG_WARN, "guard_resolver",
		change.fails ? "the resolver fails" : "the resolver answers again",
		"why=%s lookups=%llu failed=%llu", text, (unsigned long long)change.all,
		(unsigned long long)change.failed);
}
