/* SPDX-License-Identifier: MIT */
#include "edges/publish_lease.h"

#include <errno.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "vocabulary/nsec.h"

#define TTL_LEAST_MS 3000
#define TTL_MOST_MS 15000
#define LOOKS_PER_TTL 6
#define RACES_MOST 5
/* What two answers about one expiry may differ by without that it was refreshed. */
#define SLACK_MS 500

enum step {
	STEP_CLIENT,
	STEP_WATCH,
	STEP_LOOK,
	STEP_LEFT,
	STEP_WRITER,
	STEP_MULTI,
	STEP_SET,
	STEP_NAME,
	STEP_EXEC,
	STEP_KILL,
};

void lease_create(struct lease *ret, const struct keys *keys, uint64_t interval_ns)
{
	uint64_t ttl_ms = interval_ns / NSEC_PER_MSEC / 2;

	memset(ret, 0, sizeof *ret);
	ret->keys = keys;
	ret->ttl_ms = ttl_ms < TTL_LEAST_MS  ? TTL_LEAST_MS
		      : ttl_ms > TTL_MOST_MS ? TTL_MOST_MS
					     : ttl_ms;
	ret->own = holder_self();
}

static int ask(struct lease *lease, struct connection *connection, int step)
{
	const char *key = lease->keys->names[KEY_LEASE], *writer = lease->keys->names[KEY_WRITER];
	char number[24];

	lease->step = step;
	switch (step) {
	case STEP_CLIENT:
		return connection_say(connection, "CLIENT", "ID", NULL);
	case STEP_WATCH:
		return connection_say(connection, "WATCH", key, NULL);
	case STEP_LOOK:
		return connection_say(connection, "GET", key, NULL);
	case STEP_LEFT:
		return connection_say(connection, "PTTL", key, NULL);
	case STEP_WRITER:
		return connection_say(connection, "HMGET", writer, "client_id", "run_id", NULL);
	case STEP_MULTI:
		return connection_say(connection, "MULTI", NULL);
	case STEP_SET:
		snprintf(number, sizeof number, "%" PRIu64, lease->ttl_ms);
		return connection_say(connection, "SET", key, lease->own.text, "PX", number, NULL);
	case STEP_NAME:
		snprintf(number, sizeof number, "%lld", lease->client_id);
		return connection_say(connection, "HSET", writer, "client_id", number, "run_id",
			lease->run_id, "holder", lease->own.text, NULL);
	case STEP_EXEC:
		return connection_say(connection, "EXEC", NULL);
	default:
		snprintf(number, sizeof number, "%lld", lease->former_id);
		return connection_say(connection, "CLIENT", "KILL", "ID", number, NULL);
	}
}

const char *lease_step_name(const struct lease *lease)
{
	switch (lease->step) {
	case STEP_CLIENT:
		return "CLIENT ID";
	case STEP_WRITER:
	case STEP_NAME:
		return lease->keys->names[KEY_WRITER];
	case STEP_MULTI:
	case STEP_EXEC:
		return "EXEC";
	case STEP_KILL:
		return "CLIENT KILL";
	default:
		return lease->keys->names[KEY_LEASE];
	}
}

int lease_start(struct lease *lease, struct connection *connection, const char *run_id)
{
	snprintf(lease->run_id, sizeof lease->run_id, "%s", run_id);
	lease->races = 0;
	lease->former_id = 0;
	return ask(lease, connection, STEP_CLIENT);
}

/* It may be ours, of a former connection, or a process's that has ended without letting it go. */
static bool may_take(struct lease *lease, const char *text)
{
	struct holder other;

	if (!*text || holder_is(&lease->own, text))
		return true;
	snprintf(other.text, sizeof other.text, "%s", text);
	if (holder_is_gone(&other, &lease->own))
		return true;
	if (!holder_is(&lease->other, text)) {
		lease->other = other;
		lease->looked_ns = 0;
		lease->other_lives = false;
	}
	return false;
}

/* Another has it. When it has longer to go than it would have had, it was refreshed. */
static void look(struct lease *lease, long long left, uint64_t now_ns)
{
	uint64_t left_ms = left < 0 ? lease->ttl_ms : (uint64_t)left;
	uint64_t past_ms = (now_ns - lease->looked_ns) / NSEC_PER_MSEC;

	if (lease->looked_ns && left_ms + past_ms > lease->other_left_ms + SLACK_MS)
		lease->other_lives = true;
	lease->other_left_ms = left_ms;
	lease->looked_ns = now_ns;
}

static void read_former(struct lease *lease, const struct answer *answer)
{
	lease->former_id = strtoll(answer_element(answer, 0), NULL, 10);
	if (!lease->run_id[0] || strcmp(answer_element(answer, 1), lease->run_id) ||
		lease->former_id == lease->client_id)
		lease->former_id = 0;
}

static int taken(struct lease *lease, uint64_t now_ns)
{
	lease->other = (struct holder) { "" };
	lease->looked_ns = 0;
	lease->other_lives = false;
	lease_refreshed(lease, now_ns);
	return 1;
}

int lease_answer(struct lease *lease, struct connection *connection, const struct answer *answer,
	uint64_t now_ns)
{
	if (answer->error)
		return -EACCES;
	switch (lease->step) {
	case STEP_CLIENT:
		lease->client_id = answer->number;
		break;
	case STEP_LOOK:
		return ask(
			lease, connection, may_take(lease, answer->text) ? STEP_WRITER : STEP_LEFT);
	case STEP_LEFT:
		look(lease, answer->number, now_ns);
		return -EBUSY;
	case STEP_WRITER:
		read_former(lease, answer);
		break;
	case STEP_EXEC:
		/* Nothing: another was faster. */
		if (!answer->elements)
			return ++lease->races > RACES_MOST ? -EBUSY
							   : ask(lease, connection, STEP_WATCH);
		if (!lease->former_id)
			return taken(lease, now_ns);
		break;
	case STEP_KILL:
		return taken(lease, now_ns);
	}
	return ask(lease, connection, lease->step + 1);
}

uint64_t lease_again_ns(const struct lease *lease)
{
	return lease->ttl_ms * NSEC_PER_MSEC / LOOKS_PER_TTL;
}

void lease_refreshed(struct lease *lease, uint64_t now_ns)
{
	lease->refresh_ns = now_ns + lease->ttl_ms * NSEC_PER_MSEC / 3;
}
