/* SPDX-License-Identifier: MIT */
/* publish_check(): the greeting, and a few questions. */
#include "edges/publish.h"

#include <errno.h>
#include <inttypes.h>
#include <stdio.h>

#include "edges/publish_dialogue.h"

struct check {
	struct dialogue dialogue;
	struct publish_quiet *quiet;
	unsigned asked; /* of the questions about it that were answered */
};

#define QUIET_NAMES "5"

/* The questions about who is quiet, in their order. */
enum {
	ASKED_RUNNING,
	ASKED_WRITER,
	ASKED_UNVERIFIED,
	ASKED_UNVERIFIED_NAMES,
	ASKED_MUTED,
	ASKED_MUTED_NAMES,
	ASKED_COUNT
};

static void take_names(const struct answer *answer, struct message *ret)
{
	size_t used = 0;

	for (size_t i = 0; i < answer->elements && used < sizeof ret->text; i++)
		used += (size_t)snprintf(ret->text + used, sizeof ret->text - used, "%s%s",
			i ? ", " : "", answer_element(answer, i));
}

static void take_writer(const struct answer *answer, struct publish_quiet *quiet)
{
	struct holder holder;

	if (answer->error || !*answer->text)
		return;
	snprintf(holder.text, sizeof holder.text, "%s", answer->text);
	holder_words(&holder, quiet->writer);
}

static int take_quiet(void *context, struct connection *connection, struct message *msg)
{
	struct check *check = context;
	struct publish_quiet *quiet = check->quiet;
	struct answer answer;
	int status;

	while ((status = connection_answer(connection, &answer, msg)) == 1) {
		switch (check->asked++) {
		case ASKED_RUNNING:
			quiet->running = answer.number > 0;
			break;
		case ASKED_WRITER:
			take_writer(&answer, quiet);
			break;
		case ASKED_UNVERIFIED:
			quiet->unverified = answer.number;
			break;
		case ASKED_UNVERIFIED_NAMES:
			take_names(&answer, &quiet->unverified_names);
			break;
		case ASKED_MUTED:
			quiet->muted = answer.number;
			break;
		case ASKED_MUTED_NAMES:
			take_names(&answer, &quiet->muted_names);
			break;
		}
		answer_free(&answer);
		if (check->asked == ASKED_COUNT)
			return 1;
	}
	return status;
}

static int ask(struct check *check, const char *command, enum key key, const char *word)
{
	return connection_say(
		check->dialogue.connection, command, check->dialogue.keys.names[key], word, NULL);
}

/* What a user may not read is as if it were not there: its prober would have said so. */
static int ask_who_is_quiet(struct check *check, struct message *msg)
{
	if (ask(check, "EXISTS", KEY_PROBER, NULL) || ask(check, "GET", KEY_LEASE, NULL) ||
		ask(check, "SCARD", KEY_UNVERIFIED, NULL) ||
		ask(check, "SRANDMEMBER", KEY_UNVERIFIED, QUIET_NAMES) ||
		ask(check, "SCARD", KEY_MUTED, NULL) ||
		ask(check, "SRANDMEMBER", KEY_MUTED, QUIET_NAMES))
		return message_set(msg, -ENOMEM, "out of memory");
	return dialogue_converse(&check->dialogue, take_quiet, check, msg);
}

static void describe(const struct check *check, const struct config *config, struct message *ret)
{
	message_set(ret, 0,
		"%s at %s, results hold %lld of %" PRIu64 " entries, alerts %lld of %" PRIu64,
		*check->dialogue.greeting.version ? check->dialogue.greeting.version
						  : "unknown version",
		config->redis_url, check->dialogue.greeting.streams[0].length,
		config->results_maxlen, check->dialogue.greeting.streams[1].length,
		config->alerts_maxlen);
}

int publish_check(const struct config *config, const char *password, unsigned timeout_ms,
	struct message *ret_found, struct publish_quiet *ret_quiet, struct message *msg)
{
	struct check check = { .quiet = ret_quiet };
	struct message reason = { "" };
	int error = dialogue_open(&check.dialogue, config, password, timeout_ms, msg);

	*ret_quiet = (struct publish_quiet) { 0 };
	if (!error) {
		error = ask_who_is_quiet(&check, &reason);
		if (error)
			message_set(msg, error, "%s: %s", config->redis_url, reason.text);
	}
	if (!error)
		describe(&check, config, ret_found);
	dialogue_close(&check.dialogue);
	return error;
}
