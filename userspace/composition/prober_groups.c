/* SPDX-License-Identifier: MIT */
/* Which group each target is in, how it stands there, and what its group tells. */
#include <errno.h>
#include <math.h>
#include <string.h>

#include "composition/prober_parts.h"
#include "vocabulary/log.h"
#include "vocabulary/nsec.h"

int prober_groups_create(struct prober *prober)
{
	struct group_policy policy = prober->setup.config->groups;

	/* Of one target that somebody waits for there is no group. */
	if (prober->setup.begin_now)
		policy.label = NULL;
	prober->groups = groups_create(&policy, prober->room);
	return prober->groups ? 0 : -ENOMEM;
}

void prober_groups_place(struct prober *prober, uint32_t target)
{
	const char *label = prober->setup.config->groups.label;
	const struct target *known = prober_target(prober, target);

	if (!label)
		return;
	if (groups_place(prober->groups, target, target_label(known, label)))
		log_event(LOG_ERROR, "group_unplaced", "a target is in no group",
			"error=%s name=%s", strerror(ENOMEM), known->name);
}

void prober_groups_leave(struct prober *prober, uint32_t target)
{
	groups_place(prober->groups, target, NULL);
}

void prober_groups_see(struct prober *prober, const struct result *result, bool counted)
{
	const struct alert_state *alert = &prober->alerts[result->target_index];
	const struct alert_policy *policy = &result->target->settings->alert;
	bool bad = result->mos < policy->warning;

	groups_see(prober->groups, result->target_index,
		!counted ? STANDING_ABSENT
		: bad	 ? STANDING_BAD
			 : STANDING_GOOD,
		(enum cause)result->cause, alert->warning_cycles * prober->interval_ns,
		prober->turn_ns);
}

static struct transition group_transition(
	const struct prober *prober, const struct group_change *change)
{
	return (struct transition) {
		.kind = KIND_GROUP,
		.reason = REASON_LEVEL,
		.group = { prober->setup.config->groups.label, change->value },
		.action = change->open ? ACTION_TRIGGER : ACTION_RESOLVE,
		.severity = STATE_CRITICAL,
		.previous = change->open ? STATE_OK : STATE_CRITICAL,
		.seq = change->seq,
		.held_ms = change->held_ns / NSEC_PER_MSEC,
		.since_ms = prober->turn_ms - change->held_ns / NSEC_PER_MSEC,
		.threshold = prober->setup.config->groups.share_pct,
		.result = result_of_many(prober->turn_ms, change->open ? STATE_CRITICAL : STATE_OK,
			change->members, change->bad, change->cause),
	};
}

void prober_groups_step(struct prober *prober)
{
	struct event event = { .kind = EVENT_TRANSITION };
	struct group_change change;
	bool told = false;

	while (groups_step(prober->groups, prober->turn_ns, &change)) {
		event.transition = group_transition(prober, &change);
		prober->counters.groups_open += change.open ? 1 : UINT64_MAX;
		prober_send(prober, &event);
		told = true;
	}
	if (told)
		prober_state_keep_events(prober);
}
