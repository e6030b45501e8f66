/* SPDX-License-Identifier: MIT */
/* What a folded cycle means: the day, the ladder, and the transition that is told of. */
#include <math.h>

#include "composition/prober_parts.h"

void prober_take_mutes(struct prober *prober)
{
	struct mutes *mutes =
		prober->setup.publisher ? publish_take_mutes(prober->setup.publisher) : NULL;

	if (!mutes)
		return;
	mutes_destroy(prober->mutes);
	prober->mutes = mutes;
}

/* By its own settings, or by operators. */
static bool is_muted(const struct prober *prober, const struct target *target)
{
	return target->settings->mute_until_ms > prober->turn_ms ||
	       mutes_until_ms(prober->mutes, target) > prober->turn_ms;
}

/* What begins while its group's event is open is a part of it, and so is the end of that. */
static bool is_suppressed(
	const struct prober *prober, const struct alert_transition *step, uint32_t target)
{
	if (step->state == STATE_OK)
		return prober->alerts[target].suppressed;
	return groups_open_value(prober->groups, target);
}

static void send_transition(struct prober *prober, const struct alert_transition *step,
	const struct result *result, enum transition_reason reason)
{
	struct event event = { .kind = EVENT_TRANSITION };
	struct alert_state *alert = &prober->alerts[result->target_index];
	bool suppressed = is_suppressed(prober, step, result->target_index);

	event.transition = (struct transition) {
		.result = *result,
		.since_ms = prober->turn_ms - step->held_ms,
		.held_ms = step->held_ms,
		.seq = alert->seq,
		.action = step->state == STATE_OK ? ACTION_RESOLVE : ACTION_TRIGGER,
		.severity = step->state == STATE_OK ? step->previous : step->state,
		.previous = step->previous,
		.kind = KIND_MOS,
		.reason = (uint8_t)reason,
		.threshold = step->threshold,
	};
	if (suppressed)
		event.transition.group = (struct transition_group) {
			.label = prober->setup.config->groups.label,
			.value = groups_value(prober->groups, result->target_index),
		};
	alert->suppressed = suppressed && step->state != STATE_OK;
	prober_send(prober, &event);
}

/* What of this cycle goes into the day, and what the day is like with it. */
static void remember_day(struct prober *prober, bool folded, const struct alert_transition *step,
	struct result *result)
{
	const struct settings *settings = result->target->settings;
	struct day_memory *day = &prober->days[result->target_index];
	struct day_numbers numbers;

	if (folded)
		day_fold(day, result->cycle, prober->interval_ns, result->latency_ms,
			result->mos_cycle < settings->alert.warning);
	if (step->happened && step->previous == STATE_OK)
		day_alert(day, result->cycle, prober->interval_ns);
	if (!window_is_verified(prober->window, result->target_index))
		return;
	numbers = day_numbers(day, result->cycle, prober->interval_ns);
	result->low_min_24h = numbers.low_min;
	result->alerts_24h = numbers.alerts;
	result->latency_rise_ms = numbers.latency_rise_ms;
}

static struct alert_transition step_ladder(struct prober *prober, bool settled,
	const struct result *result, enum transition_reason *ret_reason)
{
	uint32_t target = result->target_index;
	struct alert_state *alert = &prober->alerts[target];
	const struct alert_policy *policy = &result->target->settings->alert;
	/* An alert waits until it is known whether it is one of many; one that is open goes on. */
	bool waits = alert_level(alert) == STATE_OK &&
		     groups_undecided(prober->groups, target, prober->turn_ns);
	const struct alert_cycle cycle = {
		.mos = result->mos,
		.interval_ns = prober->interval_ns,
		.at_ms = prober->turn_ms,
		.may_fire = settled && !waits,
	};
	struct alert_transition step = alert_step(alert, policy, &cycle);

	if (step.happened || !alert->suppressed)
		return step;
	*ret_reason = REASON_ALONE;
	return alert_tell_again(
		alert, policy, &cycle, groups_over_ns(prober->groups, target, prober->turn_ns));
}

/* Its next cycle may be a closer look. */
static void see_doubt(struct prober *prober, const struct result *result)
{
	uint32_t target = result->target_index;
	uint32_t codec = prober->generation->roster->codec_of[target];
	bool doubt = result->open || result->mos < prober->generation->closer_below[codec];

	closer_see(prober->closer, target, doubt, result->mos);
}

void prober_judge(struct prober *prober, bool folded, struct result *result)
{
	const struct settings *settings = result->target->settings;
	uint32_t target = result->target_index;
	struct alert_state *alert = &prober->alerts[target];
	struct visit *visit = &prober->visits[target];
	struct alert_transition step = { .happened = false };
	bool muted = is_muted(prober, result->target), settled;
	enum transition_reason reason = muted ? REASON_MUTED : REASON_LEVEL;
	enum cause cause;

	result->mos = window_mos(prober->window, target, result->cycle, &cause);
	settled = window_is_settled(prober->window, target, settings->samples, result->cycle);
	result->cause = cause;
	if (folded || muted)
		prober_groups_see(prober, result, settled && !muted);
	if (muted)
		step = alert_mute(alert, prober->turn_ms);
	else if (folded)
		step = step_ladder(prober, settled, result, &reason);
	result->cause = cause;
	result->muted = muted;
	prober->counters.muted = prober->counters.muted - visit->muted + muted;
	visit->muted = muted;
	if (!window_is_verified(prober->window, target))
		result->state = STATE_UNVERIFIED;
	else if (!settled)
		result->state = STATE_SETTLING;
	else
		result->state = alert_level(alert);
	if (settled && !isnan(result->mos))
		result->band = band_of(result->mos);
	result->open = alert_level(alert) != STATE_OK;
	result->seq = alert->seq;
	result->state_since_ms = alert->changed_ms;
	if (folded)
		see_doubt(prober, result);

	remember_day(prober, folded, &step, result);
	if (step.happened)
		send_transition(prober, &step, result, reason);
}

void prober_tell(struct prober *prober, const struct alert_transition *step, struct result *result,
	enum transition_reason reason)
{
	remember_day(prober, false, step, result);
	send_transition(prober, step, result, reason);
}
