/* SPDX-License-Identifier: MIT */
#include "edges/publish_greeting.h"

#include <errno.h>
#include <stdio.h>
#include <string.h>

enum step { STEP_AUTH, STEP_SELECT, STEP_INFO, STEP_LEASE, STEP_RESULTS, STEP_ALERTS, STEP_DONE };

/* Sends the command of the present step, or of the first after it that there is one for. */
static int send_step(struct greeting *greeting, struct connection *connection)
{
	char number[16];

	if (greeting->step == STEP_AUTH) {
		if (greeting->password && greeting->username)
			return connection_say(
				connection, "AUTH", greeting->username, greeting->password, NULL);
		if (greeting->password)
			return connection_say(connection, "AUTH", greeting->password, NULL);
		greeting->step++;
	}
	if (greeting->step == STEP_SELECT) {
		if (connection_database(connection)) {
			snprintf(number, sizeof number, "%u", connection_database(connection));
			return connection_say(connection, "SELECT", number, NULL);
		}
		greeting->step++;
	}
	if (greeting->step == STEP_INFO)
		return connection_say(connection, "INFO", "server", NULL);
	if (greeting->step == STEP_LEASE) {
		if (greeting->lease)
			return lease_start(greeting->lease, connection, greeting->run_id);
		greeting->step++;
	}
	return connection_say(connection, "XINFO", "STREAM",
		greeting->keys->names[greeting->step == STEP_RESULTS ? KEY_RESULTS : KEY_ALERTS],
		NULL);
}

int greeting_start(struct greeting *greeting, struct connection *connection)
{
	greeting->step = STEP_AUTH;
	greeting->version[0] = greeting->run_id[0] = '\0';
	memset(greeting->streams, 0, sizeof greeting->streams);
	return send_step(greeting, connection);
}

/* The value of a line of INFO, cut to size; "" when there is none. */
static void read_info(char *ret, size_t size, const char *info, const char *name)
{
	const char *at = strstr(info, name);
	size_t length;

	ret[0] = '\0';
	if (!at)
		return;
	at += strlen(name);
	length = strcspn(at, "\r\n");
	if (length >= size)
		length = size - 1;
	memcpy(ret, at, length);
	ret[length] = '\0';
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
	case STEP_LEASE:
		return lease_step_name(greeting->lease);
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
	const struct answer *answer, uint64_t now_ns, enum trouble *ret_trouble,
	const char **ret_what)
{
	int stream = greeting->step - STEP_RESULTS, status;

	if (answer->error && !bearable(greeting, trouble_of(answer->text))) {
		*ret_trouble = trouble_of(answer->text);
		*ret_what = step_name(greeting);
		return -EACCES;
	}
	if (greeting->step == STEP_LEASE) {
		status = lease_answer(greeting->lease, connection, answer, now_ns);
		if (status != 1)
			return status;
	}
	if (!answer->error && greeting->step == STEP_INFO) {
		read_info(greeting->version, sizeof greeting->version, answer->text,
			"redis_version:");
		read_info(greeting->run_id, sizeof greeting->run_id, answer->text, "run_id:");
	}
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
