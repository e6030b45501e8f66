/* SPDX-License-Identifier: MIT */
#include "edges/publish_greeting.h"

#include <errno.h>
#include <stdio.h>
#include <string.h>

enum step { STEP_AUTH, STEP_SELECT, STEP_INFO, STEP_RESULTS, STEP_ALERTS, STEP_DONE };

#define WORDS_MAX 3

static int say(struct connection *connection, const char *const words[WORDS_MAX])
{
	const char *said[WORDS_MAX];
	size_t lengths[WORDS_MAX];
	int count = 0;

	for (; count < WORDS_MAX && words[count]; count++) {
		said[count] = words[count];
		lengths[count] = strlen(words[count]);
	}
	return connection_append(connection, count, said, lengths);
}

/* Sends the command of the present step, or of the first after it that there is one for. */
static int send_step(struct greeting *greeting, struct connection *connection)
{
	char number[16];

	if (greeting->step == STEP_AUTH) {
		if (greeting->password && greeting->username)
			return say(connection, (const char *const[]) { "AUTH", greeting->username,
						       greeting->password });
		if (greeting->password)
			return say(connection,
				(const char *const[]) { "AUTH", greeting->password, NULL });
		greeting->step++;
	}
	if (greeting->step == STEP_SELECT) {
		if (connection_database(connection)) {
			snprintf(number, sizeof number, "%u", connection_database(connection));
			return say(connection, (const char *const[]) { "SELECT", number, NULL });
		}
		greeting->step++;
	}
	if (greeting->step == STEP_INFO)
		return say(connection, (const char *const[]) { "INFO", "server", NULL });
	return say(connection,
		(const char *const[]) { "XINFO", "STREAM",
			greeting->keys->names[greeting->step == STEP_RESULTS ? KEY_RESULTS
									     : KEY_ALERTS] });
}

int greeting_start(struct greeting *greeting, struct connection *connection)
{
	greeting->step = STEP_AUTH;
	greeting->version[0] = '\0';
	memset(greeting->streams, 0, sizeof greeting->streams);
	return send_step(greeting, connection);
}

static void read_version(struct greeting *greeting, const char *info)
{
	const char *at = strstr(info, "redis_version:");
	size_t length;

	if (!at)
		return;
	at += strlen("redis_version:");
	length = strcspn(at, "\r\n");
	if (length >= sizeof greeting->version)
		length = sizeof greeting->version - 1;
	memcpy(greeting->version, at, length);
	greeting->version[length] = '\0';
}

static const char *step_name(const struct greeting *greeting)
{
	switch (greeting->step) {
	case STEP_AUTH:
		return "AUTH";
	case STEP_SELECT:
		return "SELECT";
	case STEP_INFO:
		return "INFO";
	case STEP_RESULTS:
		return greeting->keys->names[KEY_RESULTS];
	default:
		return greeting->keys->names[KEY_ALERTS];
	}
}

/* Errors to go on from: no right to INFO costs the version only; no stream yet is how all begins; a
 * key of another type is the trouble of one of the two streams. */
static bool bearable(const struct greeting *greeting, enum trouble trouble)
{
	if (greeting->step == STEP_INFO)
		return trouble == TROUBLE_NOPERM;
	if (greeting->step == STEP_RESULTS || greeting->step == STEP_ALERTS)
		return trouble == TROUBLE_NO_SUCH_KEY || trouble == TROUBLE_WRONGTYPE;
	return false;
}

const char *greeting_error(const struct greeting *greeting, const struct answer *answer)
{
	/* "unknown command 'AUTH', with args beginning with: ..." */
	if (greeting->step == STEP_AUTH && trouble_of(answer->text) == TROUBLE_TOO_OLD)
		return "ERR unknown command";
	return answer->text;
}

const char *greeting_bad_key(const struct greeting *greeting, const struct answer *answer)
{
	if (answer->error && bearable(greeting, trouble_of(answer->text)) &&
		trouble_of(answer->text) != TROUBLE_NO_SUCH_KEY)
		return step_name(greeting);
	return NULL;
}

int greeting_answer(struct greeting *greeting, struct connection *connection,
	const struct answer *answer, enum trouble *ret_trouble, const char **ret_what)
{
	int stream = greeting->step - STEP_RESULTS;

	if (answer->error && !bearable(greeting, trouble_of(answer->text))) {
		*ret_trouble = trouble_of(answer->text);
		*ret_what = step_name(greeting);
		return -EACCES;
	}
	if (!answer->error && greeting->step == STEP_INFO)
		read_version(greeting, answer->text);
	if (!answer->error && stream >= 0) {
		if (stream_id_parse(&greeting->streams[stream].last,
			    answer_text_of(answer, "last-generated-id"))) {
			*ret_trouble = TROUBLE_PROTOCOL;
			*ret_what = step_name(greeting);
			return -EACCES;
		}
		greeting->streams[stream].length = answer_number_of(answer, "length");
	}
	if (++greeting->step == STEP_DONE)
		return 1;
	return send_step(greeting, connection);
}
