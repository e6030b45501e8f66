/* SPDX-License-Identifier: MIT */
#include "edges/publish_dialogue.h"

#include <errno.h>
#include <poll.h>
#include <string.h>

#include "vocabulary/nsec.h"

#define FOLLOWS_MOST 3

static int wait_for(const struct dialogue *dialogue, short events)
{
	uint64_t now_ns = nsec_mono();
	struct pollfd fd = { .fd = connection_fd(dialogue->connection), .events = events };
	int ready;

	if (now_ns >= dialogue->deadline_ns)
		return -ETIMEDOUT;
	ready = poll(&fd, 1, (int)((dialogue->deadline_ns - now_ns) / NSEC_PER_MSEC) + 1);
	if (ready < 0 && errno != EINTR)
		return -errno;
	return ready ? 0 : -ETIMEDOUT;
}

/* Connects. The message is the reason alone. */
static int connect_now(struct dialogue *dialogue, struct message *msg)
{
	int error = connection_open(dialogue->connection, msg);

	if (error)
		return error;
	error = wait_for(dialogue, POLLOUT);
	if (error)
		return message_set(msg, error, "nobody answers");
	return connection_finish(dialogue->connection, msg);
}

/* Returns 1 when all is said, 0 to go on, or a negative errno with a message. */
static int take_greeting(void *context, struct connection *connection, struct message *msg)
{
	struct greeting *greeting = context;
	enum trouble trouble;
	struct answer answer;
	const char *what;
	int status;

	while ((status = connection_answer(connection, &answer, msg)) == 1) {
		what = greeting_bad_key(greeting, &answer);
		trouble = trouble_of(answer.text);
		status = what ? -EACCES
			      : greeting_answer(greeting, connection, &answer, nsec_mono(),
					&trouble, &what);
		if (status == -EACCES && trouble == TROUBLE_MOVED &&
			connection_follow(connection, answer.text))
			status = -EREMCHG;
		if (status == -EACCES || status == -EREMCHG)
			message_set(msg, 0, "%s: %s%s%s%s", what, greeting_error(greeting, &answer),
				*trouble_advice(trouble) ? " (" : "", trouble_advice(trouble),
				*trouble_advice(trouble) ? ")" : "");
		else if (status < 0)
			message_set(msg, 0, "out of memory");
		answer_free(&answer);
		if (status)
			return status;
	}
	return status;
}

int dialogue_converse(struct dialogue *dialogue,
	int (*take)(void *context, struct connection *connection, struct message *msg),
	void *context, struct message *msg)
{
	struct connection *connection = dialogue->connection;
	int error, status;
	bool got;

	for (;;) {
		error = connection_unsent(connection) ? connection_write(connection, msg) : 0;
		if (error)
			return error;
		error = wait_for(
			dialogue, connection_unsent(connection) ? POLLIN | POLLOUT : POLLIN);
		if (error)
			return message_set(msg, error, "connected, but no answer comes");
		error = connection_read(connection, &got, msg);
		if (error)
			return error;
		status = take(context, connection, msg);
		if (status)
			return status == 1 ? 0 : status;
	}
}

static int greet(struct dialogue *dialogue, struct message *msg)
{
	if (greeting_start(&dialogue->greeting, dialogue->connection))
		return message_set(msg, -ENOMEM, "out of memory");
	return dialogue_converse(dialogue, take_greeting, &dialogue->greeting, msg);
}

int dialogue_open(struct dialogue *ret, const struct config *config, const char *password,
	unsigned timeout_ms, struct message *msg)
{
	struct message reason = { "" };
	int error;

	memset(ret, 0, sizeof *ret);
	ret->deadline_ns = nsec_mono() + timeout_ms * NSEC_PER_MSEC;
	ret->url = config->redis_url;
	error = connection_of(&ret->connection, config, password, msg);
	if (error)
		return error;
	error = keys_create(&ret->keys, config);
	if (error)
		return message_set(msg, error, "out of memory");
	ret->greeting.username = config->redis_username;
	ret->greeting.password = password;
	ret->greeting.keys = &ret->keys;
	for (unsigned i = 0;; i++) {
		error = connect_now(ret, &reason);
		if (error)
			return message_set(msg, error, "cannot connect to %s: %s (%s)", ret->url,
				reason.text, trouble_advice(TROUBLE_CONNECT));
		error = greet(ret, &reason);
		if (error != -EREMCHG || i == FOLLOWS_MOST)
			return error ? message_set(msg, error, "%s: %s", ret->url, reason.text) : 0;
	}
}

void dialogue_close(struct dialogue *dialogue)
{
	keys_free(&dialogue->keys);
	connection_destroy(dialogue->connection);
}
