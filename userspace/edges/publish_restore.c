/* SPDX-License-Identifier: MIT */
/* publish_restore(): what Redis knows of each target's alert, for a prober that has no memory of its own or an older
 * one. From the target's hash, and from the transition that it names. */
#include "edges/publish.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "edges/publish_dialogue.h"

#define BATCH 1024

struct restore {
	struct dialogue dialogue;
	const struct roster *roster;
	struct publish_known *known;
	char (*alert_ids)[STREAM_ID_SIZE]; /* by the place in the batch */
	uint32_t first, count;		   /* the batch: targets */
	uint32_t taken, asked;
	uint32_t *order; /* of the second round: which of the batch was asked about */
};

static int take_hashes(void *context, struct connection *connection, struct message *msg)
{
	struct restore *restore = context;
	struct answer answer;
	int status;

	while ((status = connection_answer(connection, &answer, msg)) == 1) {
		struct publish_known *known = &restore->known[restore->first + restore->taken];
		char *alert_id = restore->alert_ids[restore->taken];
		enum state state = state_find(answer_element(&answer, 2));

		known->seq = (uint32_t)strtoul(answer_element(&answer, 0), NULL, 10);
		known->since_ms = strtoull(answer_element(&answer, 1), NULL, 10);
		/* As far as its newest result tells; the transition tells better. */
		known->level = state > STATE_OK && state < STATE_COUNT ? state : STATE_OK;
		alert_id[0] = '\0';
		strncat(alert_id, answer_element(&answer, 3), STREAM_ID_SIZE - 1);
		answer_free(&answer);
		if (++restore->taken == restore->count)
			return 1;
	}
	return status;
}

/* An array of one entry: its id, and its names and values. */
static void take_transition(struct publish_known *known, const struct answer *answer)
{
	const char *action = answer_entry_text(answer, "event_action");
	enum state severity = state_find(answer_entry_text(answer, "severity"));
	unsigned long seq = strtoul(answer_entry_text(answer, "seq"), NULL, 10);

	if (!*action)
		return;
	if (seq > known->seq)
		known->seq = (uint32_t)seq;
	known->level = strcmp(action, "trigger") || severity == STATE_COUNT ? STATE_OK : severity;
	known->suppressed = known->level != STATE_OK && *answer_entry_text(answer, "suppressed_by");
}

static int take_transitions(void *context, struct connection *connection, struct message *msg)
{
	struct restore *restore = context;
	struct answer answer;
	int status;

	while ((status = connection_answer(connection, &answer, msg)) == 1) {
		uint32_t i = restore->order[restore->taken];

		if (answer.elements)
			take_transition(&restore->known[restore->first + i], &answer);
		answer_free(&answer);
		if (++restore->taken == restore->asked)
			return 1;
	}
	return status;
}

static int ask_hashes(struct restore *restore, struct message *msg)
{
	const char *prefix = restore->dialogue.keys.names[KEY_TARGET];
	size_t length = strlen(prefix);
	char *path = malloc(length + TARGET_KEY_SIZE);
	int error = path ? 0 : -ENOMEM;

	restore->taken = 0;
	if (path)
		memcpy(path, prefix, length + 1);
	for (uint32_t i = 0; i < restore->count && !error; i++) {
		target_key(restore->roster->targets[restore->first + i], path + length);
		error = connection_say(restore->dialogue.connection, "HMGET", path, "seq",
			"since_ms", "state", "alert_id", NULL);
	}
	free(path);
	return error ? message_set(msg, error, "out of memory")
		     : dialogue_converse(&restore->dialogue, take_hashes, restore, msg);
}

static int ask_transitions(struct restore *restore, struct message *msg)
{
	restore->taken = restore->asked = 0;
	for (uint32_t i = 0; i < restore->count; i++) {
		const char *id = restore->alert_ids[i];

		if (!*id)
			continue;
		if (connection_say(restore->dialogue.connection, "XRANGE",
			    restore->dialogue.keys.names[KEY_ALERTS], id, id, NULL))
			return message_set(msg, -ENOMEM, "out of memory");
		restore->order[restore->asked++] = i;
	}
	return restore->asked
		       ? dialogue_converse(&restore->dialogue, take_transitions, restore, msg)
		       : 0;
}

int publish_restore(const struct config *config, const char *password, const struct roster *roster,
	unsigned timeout_ms, struct publish_known *ret, struct message *msg)
{
	struct restore restore = { .roster = roster, .known = ret };
	int error = dialogue_open(&restore.dialogue, config, password, timeout_ms, msg);

	restore.alert_ids = malloc(BATCH * sizeof *restore.alert_ids);
	restore.order = malloc(BATCH * sizeof *restore.order);
	if (!error && (!restore.alert_ids || !restore.order))
		error = message_set(msg, -ENOMEM, "out of memory");
	for (; !error && restore.first < roster->count; restore.first += BATCH) {
		uint32_t left = roster->count - restore.first;

		restore.count = left < BATCH ? left : BATCH;
		error = ask_hashes(&restore, msg);
		if (!error)
			error = ask_transitions(&restore, msg);
	}
	free(restore.alert_ids);
	free(restore.order);
	dialogue_close(&restore.dialogue);
	return error;
}
