/* SPDX-License-Identifier: MIT */
#include "edges/publish_test.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "edges/publish.h"
#include "edges/publish_dialogue.h"
#include "vocabulary/nsec.h"

#define EVERY_NS (2 * NSEC_PER_SEC)
#define AGAIN_NS (200 * NSEC_PER_MSEC)

void test_reader_free(struct test_reader *reader)
{
	free(atomic_exchange(&reader->newest, NULL));
}

void test_reader_ask(
	struct test_reader *reader, struct pipeline *pipeline, const char *key, uint64_t now_ns)
{
	if (now_ns < reader->due_ns)
		return;
	reader->due_ns = now_ns + EVERY_NS;
	if (atomic_load(&reader->newest))
		return;
	pipeline_begin(pipeline, "SPOP");
	pipeline_text(pipeline, key);
	pipeline_ask(pipeline, (struct question) { .kind = ASKED_TEST, .key = KEY_TEST });
}

void test_reader_take(struct test_reader *reader, const struct answer *answer)
{
	if (!answer->error && *answer->text)
		free(atomic_exchange(&reader->newest, strdup(answer->text)));
}

/* The other side: who asks, and waits. */
struct asker {
	struct dialogue dialogue;
	const char *target;
	void (*say)(void *context, const char *action, const char *id);
	void (*say_group)(void *context, const char *group);
	void *context;
	bool runs, resolved;
	char after[1 + STREAM_ID_SIZE]; /* "(ID": entries up to this one have been looked at */
	size_t groups, groups_told;
	char told[16][64]; /* groups that have it */
};

static int take_runs(void *context, struct connection *connection, struct message *msg)
{
	struct asker *asker = context;
	struct answer answer;
	int status = connection_answer(connection, &answer, msg);

	if (status != 1)
		return status;
	asker->runs = answer.number > 0;
	answer_free(&answer);
	return 1;
}

static int take_asked(void *context, struct connection *connection, struct message *msg)
{
	struct answer answer;
	int status = connection_answer(connection, &answer, msg);

	(void)context;
	if (status != 1)
		return status;
	if (answer.error)
		status = message_set(msg, -EACCES, "%s", answer.text);
	answer_free(&answer);
	return status;
}

/* XRANGE of one entry after the last one. */
static int take_entry(void *context, struct connection *connection, struct message *msg)
{
	struct asker *asker = context;
	struct answer answer;
	int status = connection_answer(connection, &answer, msg);

	if (status != 1)
		return status;
	if (answer.elements) {
		const char *id = answer_entry_id(&answer);
		const char *action = answer_entry_text(&answer, "event_action");

		memcpy(asker->after, "(", 2);
		strncat(asker->after, id, STREAM_ID_SIZE - 1);
		if (!strcmp(answer_entry_text(&answer, "kind"), "test") &&
			!strcmp(answer_entry_text(&answer, "target"), asker->target)) {
			asker->say(asker->context, action, id);
			asker->resolved |= !strcmp(action, "resolve");
		}
	}
	answer_free(&answer);
	return 1;
}

static bool is_told(const struct asker *asker, const char *group)
{
	for (size_t i = 0; i < asker->groups_told; i++)
		if (!strncmp(asker->told[i], group, sizeof asker->told[i] - 1))
			return true;
	return false;
}

/* Has a group been given the entry, and acknowledged all that it was given? */
static int take_groups(void *context, struct connection *connection, struct message *msg)
{
	struct asker *asker = context;
	struct answer answer;
	int status = connection_answer(connection, &answer, msg);

	if (status != 1)
		return status;
	asker->groups = answer.error ? 0 : answer.elements;
	for (size_t i = 0; i < asker->groups; i++) {
		const char *group = answer_inner_text(&answer, i, "name");
		struct stream_id given = { 0 }, ours = { 0 };

		stream_id_parse(&given, answer_inner_text(&answer, i, "last-delivered-id"));
		stream_id_parse(&ours, asker->after + 1);
		if (given.ms < ours.ms || (given.ms == ours.ms && given.seq < ours.seq) ||
			answer_inner_number(&answer, i, "pending") || is_told(asker, group) ||
			asker->groups_told == sizeof asker->told / sizeof *asker->told)
			continue;
		strncat(asker->told[asker->groups_told++], group, sizeof *asker->told - 1);
		asker->say_group(asker->context, group);
	}
	answer_free(&answer);
	return 1;
}

static int ask(struct asker *asker, struct message *msg)
{
	struct dialogue *dialogue = &asker->dialogue;
	const struct stream_id last = dialogue->greeting.streams[STREAM_ALERTS].last;
	int error;

	asker->after[0] = '(';
	stream_id_text(asker->after + 1, last);
	if (connection_say(dialogue->connection, "EXISTS", dialogue->keys.names[KEY_PROBER], NULL))
		return message_set(msg, -ENOMEM, "out of memory");
	error = dialogue_converse(dialogue, take_runs, asker, msg);
	if (error)
		return error;
	if (!asker->runs)
		return message_set(msg, -ESRCH,
			"no prober of this id runs: nobody would be told of an alert either");
	if (connection_say(dialogue->connection, "SADD", dialogue->keys.names[KEY_TEST],
		    asker->target, NULL))
		return message_set(msg, -ENOMEM, "out of memory");
	return dialogue_converse(dialogue, take_asked, asker, msg);
}

/* Until done() or the end of the dialogue's time. */
static int watch(struct asker *asker, bool groups, struct message *msg)
{
	const struct timespec pause = { .tv_nsec = (long)AGAIN_NS };
	struct dialogue *dialogue = &asker->dialogue;
	const char *alerts = dialogue->keys.names[KEY_ALERTS];
	int error = 0;

	while (!error && nsec_mono() + AGAIN_NS < dialogue->deadline_ns &&
		(groups ? asker->groups_told < asker->groups || !asker->groups
			: !asker->resolved)) {
		char before[1 + STREAM_ID_SIZE];

		memcpy(before, asker->after, sizeof before);
		error = groups ? connection_say(
					 dialogue->connection, "XINFO", "GROUPS", alerts, NULL)
			       : connection_say(dialogue->connection, "XRANGE", alerts,
					 asker->after, "+", "COUNT", "1", NULL);
		if (error)
			return message_set(msg, error, "out of memory");
		error = dialogue_converse(dialogue, groups ? take_groups : take_entry, asker, msg);
		if (groups && !asker->groups)
			break;
		if (!strcmp(before, asker->after))
			nanosleep(&pause, NULL);
	}
	return error;
}

int publish_test(const struct config *config, const char *password, const char *target,
	unsigned timeout_ms, const struct publish_test_listener *listener, struct message *msg)
{
	struct asker asker = {
		.target = target,
		.say = listener->entry,
		.say_group = listener->group,
		.context = listener->context,
	};
	struct message reason = { "" };
	int error = dialogue_open(&asker.dialogue, config, password, timeout_ms, msg);

	if (!error) {
		error = ask(&asker, &reason);
		if (!error)
			error = watch(&asker, false, &reason);
		if (!error && !asker.resolved)
			error = message_set(&reason, -ETIMEDOUT,
				"the prober has sent nothing within %u s: is %s one of its "
				"targets? Its log says",
				timeout_ms / 1000, target);
		if (!error)
			error = watch(&asker, true, &reason);
		if (error)
			message_set(msg, error, "%s: %s", config->redis_url, reason.text);
		else if (asker.groups_told < asker.groups)
			error = message_set(msg, -ETIMEDOUT,
				"%zu of %zu consumer groups have not acknowledged it within %u s",
				asker.groups - asker.groups_told, asker.groups, timeout_ms / 1000);
		else if (!asker.groups)
			error = message_set(msg, -ENOENT,
				"nobody reads %s: it has no consumer group",
				asker.dialogue.keys.names[KEY_ALERTS]);
	}
	dialogue_close(&asker.dialogue);
	return error;
}
