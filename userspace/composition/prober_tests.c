/* SPDX-License-Identifier: MIT */
/* `mosprobe test-alert`: a transition of a target that did not happen, and its end, go the way that all alerts go. */
#include <stdlib.h>
#include <string.h>

#include "composition/prober_parts.h"
#include "vocabulary/log.h"
#include "vocabulary/nsec.h"

/* Names that are compared in one turn, until the one that was asked for is found. */
#define COMPARED_PER_TURN 4096

static void tell(struct prober *prober, uint32_t target)
{
	static const struct {
		uint8_t action, previous;
	} steps[] = { { ACTION_TRIGGER, STATE_OK }, { ACTION_RESOLVE, STATE_WARNING } };
	struct result result = prober_standing(prober, prober_target(prober, target), target);
	/* No ladder counts them: seconds do. */
	uint32_t seq = (uint32_t)(prober->turn_ms / 1000);

	for (unsigned i = 0; i < 2; i++) {
		struct event event = { .kind = EVENT_TRANSITION };

		result.state = i ? STATE_OK : STATE_WARNING;
		event.transition = (struct transition) {
			.result = result,
			.since_ms = prober->turn_ms,
			.seq = seq + i,
			.action = steps[i].action,
			.severity = STATE_WARNING,
			.previous = steps[i].previous,
			.kind = KIND_TEST,
			.threshold = result.target->settings->alert.warning,
		};
		prober_send(prober, &event);
	}
}

/* Goes on with the next turn where it has to. */
static void look_for(struct prober *prober)
{
	const struct roster *roster = prober->generation->roster;
	char key[TARGET_KEY_SIZE];

	for (unsigned i = 0; i < COMPARED_PER_TURN && prober->test_at < roster->count; i++) {
		uint32_t target = prober->test_at++;

		if (!roster->here[target] || prober->visits[target].leaving)
			continue;
		target_key(roster->targets[target], key);
		if (strcmp(key, prober->test))
			continue;
		tell(prober, target);
		prober->test_at = UINT32_MAX;
		break;
	}
	if (prober->test_at < roster->count)
		return;
	if (prober->test_at != UINT32_MAX)
		log_event(LOG_WARN, "test_unknown",
			"test-alert was asked of a target that is not there", "target=%s",
			prober->test);
	free(prober->test);
	prober->test = NULL;
}

void prober_step_tests(struct prober *prober)
{
	if (!prober->test && prober->setup.publisher) {
		prober->test = publish_take_test(prober->setup.publisher);
		prober->test_at = 0;
	}
	if (prober->test)
		look_for(prober);
}
