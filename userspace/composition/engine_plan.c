/* SPDX-License-Identifier: MIT */
/* How many sockets are wanted, and how many there will be. */
#include <math.h>

#include "composition/engine.h"
#include "edges/http.h"
#include "edges/machine.h"
#include "vocabulary/nsec.h"

#define SLOTS_LEAST 16
#define SLOTS_MOST 30000
#define DESCRIPTORS_RESERVED 48

static uint32_t slots_for(double starts_per_s, const struct config *config)
{
	double seconds = (double)config->timeout_ns / NSEC_PER_SEC;

	/* A tenth more, for starts do not fall perfectly evenly. */
	return starts_per_s > 0 ? (uint32_t)ceil(starts_per_s * seconds * 1.1) + SLOTS_LEAST : 0;
}

double engine_closer_starts(const struct config *config, const struct target *target)
{
	unsigned samples = target->settings->samples;
	unsigned more = config->closer_samples > samples ? config->closer_samples - samples : 0;

	return config->closer_share_pct / 100 * more;
}

static uint32_t smaller(uint32_t a, uint32_t b)
{
	return a < b ? a : b;
}

/* Both families want slots, and there are too few. v6_only: what targets want that cannot be IPv4. */
static void share_slots(struct engine_plan *plan, uint32_t v6_only)
{
	/* Names that may be either are mostly IPv4; an eighth at least is kept for the others. */
	uint32_t least = plan->limit / 8 + 1;
	uint32_t v6 = v6_only > least ? v6_only : least;

	v6 = smaller(smaller(v6, plan->wanted_v6), plan->limit / 2);
	plan->slots_v4 = smaller(plan->limit - v6, plan->wanted_v4);
	plan->slots_v6 = smaller(plan->limit - plan->slots_v4, plan->wanted_v6);
	/* A family without a slot would be skipped for ever: one more than allowed is better. */
	if (!plan->slots_v6 && plan->limit)
		plan->slots_v6 = 1;
}

/* How many connects may be under way to one address at once. */
static uint32_t most_at_one_address(const struct config *config, uint32_t slots)
{
	double rate = config->address_rate;
	double most = ceil(rate * (double)config->timeout_ns / NSEC_PER_SEC) + 1;

	return config->address_rate && most < slots ? (uint32_t)most : slots;
}

uint32_t engine_descriptors_reserved(const struct config *config)
{
	return DESCRIPTORS_RESERVED + (config->metrics_listen ? HTTP_DESCRIPTORS : 0);
}

struct engine_plan engine_plan(const struct config *config, const struct target_list *targets)
{
	double only_v4 = 0, only_v6 = 0, either = 0;
	double interval_s = (double)config->interval_ns / NSEC_PER_SEC;
	struct engine_plan plan = { 0 };
	uint64_t wanted, by_ports;

	for (size_t i = 0; i < targets_count(targets); i++) {
		const struct target *target = targets_at(targets, i);
		double starts = target->settings->samples;

		plan.starts_per_s += starts / interval_s;
		starts = (starts + engine_closer_starts(config, target)) / interval_s;
		if (target->literal == 4 || target->settings->family == FAMILY_4)
			only_v4 += starts;
		else if (target->literal == 6 || target->settings->family == FAMILY_6)
			only_v6 += starts;
		else
			either += starts;
	}
	plan.starts_most_per_s = only_v4 + only_v6 + either;
	plan.wanted_v4 = slots_for(only_v4 + either, config);
	plan.wanted_v6 = slots_for(only_v6 + either, config);
	plan.limit = sockets_limit(engine_descriptors_reserved(config));
	if (plan.limit > SLOTS_MOST)
		plan.limit = SLOTS_MOST;
	plan.ports = machine_ephemeral_ports();
	/* A port is taken per destination, and there are no more destinations than targets. */
	by_ports = (uint64_t)plan.ports * targets_count(targets);
	if (by_ports && by_ports < plan.limit)
		plan.limit = (uint32_t)by_ports;
	if (config->max_in_flight && config->max_in_flight < plan.limit)
		plan.limit = config->max_in_flight;

	plan.slots_v4 = plan.wanted_v4;
	plan.slots_v6 = plan.wanted_v6;
	wanted = (uint64_t)plan.wanted_v4 + plan.wanted_v6;
	if (wanted > plan.limit && plan.wanted_v4 && plan.wanted_v6) {
		share_slots(&plan, slots_for(only_v6, config));
	} else if (wanted > plan.limit) {
		plan.slots_v4 = plan.wanted_v4 ? plan.limit : 0;
		plan.slots_v6 = plan.wanted_v6 ? plan.limit : 0;
	}
	plan.most_at_one_address = most_at_one_address(config, plan.slots_v4 + plan.slots_v6);
	return plan;
}
