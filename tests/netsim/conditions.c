/* SPDX-License-Identifier: MIT */
#include "conditions.h"

#include <math.h>

/* The sum of the latencies while they are gathered. */
struct gathered {
	const struct event *event;
	struct conditions *conditions;
	double base_ns, added_ns, jitter_ns;
};

double change_share(const struct change *change, uint64_t now_ns)
{
	double phase = 0;

	if (now_ns < change->from_ns)
		return 0;
	if (change->shape == SHAPE_RAMP) {
		if (now_ns >= change->until_ns)
			return 0;
		if (now_ns >= change->to_ns)
			return 1;
		return (double)(now_ns - change->from_ns) /
		       (double)(change->to_ns - change->from_ns);
	}
	if (now_ns >= change->to_ns)
		return 0;
	if (change->period_ns)
		phase = (double)((now_ns - change->from_ns + change->phase_ns) %
				 change->period_ns) /
			(double)change->period_ns;
	switch (change->shape) {
	case SHAPE_FLAP:
		return phase >= change->duty;
	case SHAPE_SWING:
		return change->square ? phase < change->duty : (1 - cos(2 * M_PI * phase)) / 2;
	default:
		return 1;
	}
}

static bool is_dark(const struct change *change, uint64_t now_ns)
{
	return (change->shape == SHAPE_OUTAGE || change->shape == SHAPE_FLAP) &&
	       change_share(change, now_ns) > 0;
}

/* Lost by the one or by the other, which know nothing of each other. */
static double either(double a, double b)
{
	return 1 - (1 - a) * (1 - b);
}

static void apply(struct gathered *gathered, const struct change *change, uint64_t now_ns)
{
	struct conditions *conditions = gathered->conditions;
	struct behaviour *behaviour = &conditions->behaviour;
	double share = change_share(change, now_ns), latency_ns;

	if (share <= 0)
		return;
	if (change->shape == SHAPE_OUTAGE || change->shape == SHAPE_FLAP) {
		conditions->dark = true;
		return;
	}
	latency_ns =
		draw_latency_ns(gathered->event, change->latency_min_ns, change->latency_max_ns);
	if (change->latency_set)
		gathered->base_ns += share * (latency_ns - gathered->base_ns);
	else
		gathered->added_ns += share * latency_ns;
	if (change->jitter != JITTER_NONE)
		gathered->jitter_ns += draw_jitter_ns(gathered->event, change->jitter,
			share * (double)change->jitter_ns, DRAW_CHANGE + 2 * change->line);
	for (int way = 0; way < DIRECTIONS; way++)
		behaviour->loss[way] = either(behaviour->loss[way], share * change->loss[way]);
	if (change->answers && share >= 0.5) {
		behaviour->answer = change->answer;
		behaviour->answer_ns = change->answer_ns;
	}
}

static const uint32_t *causes_of(const struct scenario *scenario, const struct segment *segment)
{
	static const uint32_t none[1];

	/* There are none at all when nothing ever changes. */
	return scenario->causes ? scenario->causes + segment->first_cause : none;
}

static void apply_all(struct gathered *gathered, const struct scenario *scenario,
	const struct segment *segment, uint64_t now_ns)
{
	const uint32_t *causes = causes_of(scenario, segment);

	for (uint32_t i = 0; i < segment->change_count; i++)
		apply(gathered, &scenario->changes[causes[segment->group_count + i]], now_ns);
	for (uint32_t i = 0; i < segment->group_count; i++) {
		const struct group *group = &scenario->groups[causes[i]];

		for (uint32_t k = 0; k < group->count; k++)
			apply(gathered, &scenario->changes[group->first + k], now_ns);
	}
	for (size_t i = 0; i < scenario->uplink_count; i++)
		apply(gathered, &scenario->changes[i], now_ns);
}

void conditions_at(const struct scenario *scenario, const struct segment *segment,
	const struct event *event, uint64_t now_ns, struct conditions *ret_conditions)
{
	const struct behaviour *own = &segment->behaviour;
	struct gathered gathered = {
		.event = event,
		.conditions = ret_conditions,
		.base_ns = draw_latency_ns(event, own->latency_min_ns, own->latency_max_ns),
		.jitter_ns =
			draw_jitter_ns(event, own->jitter, (double)own->jitter_ns, DRAW_JITTER),
	};
	const double most_ns = 2.0 * SCENARIO_DURATION_MAX_NS;
	double delay_ns;

	ret_conditions->behaviour = *own;
	ret_conditions->dark = false;
	apply_all(&gathered, scenario, segment, now_ns);
	delay_ns = gathered.base_ns + gathered.added_ns + gathered.jitter_ns;
	if (ret_conditions->behaviour.answer == ANSWER_LATE)
		delay_ns += (double)ret_conditions->behaviour.answer_ns;
	if (delay_ns < 0)
		delay_ns = 0;
	ret_conditions->delay_ns = (uint64_t)(delay_ns < most_ns ? delay_ns : most_ns);
}

bool conditions_dark(
	const struct scenario *scenario, const struct segment *segment, uint64_t now_ns)
{
	const uint32_t *causes = causes_of(scenario, segment);

	for (size_t i = 0; i < scenario->uplink_count; i++)
		if (is_dark(&scenario->changes[i], now_ns))
			return true;
	for (uint32_t i = 0; i < segment->change_count; i++)
		if (is_dark(&scenario->changes[causes[segment->group_count + i]], now_ns))
			return true;
	for (uint32_t i = 0; i < segment->group_count; i++) {
		const struct group *group = &scenario->groups[causes[i]];

		for (uint32_t k = 0; k < group->count; k++)
			if (is_dark(&scenario->changes[group->first + k], now_ns))
				return true;
	}
	return false;
}
