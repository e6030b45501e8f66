/* SPDX-License-Identifier: MIT */
/* publish_check(): the greeting alone, waited for. */
#include "edges/publish.h"

#include <errno.h>
#include <inttypes.h>
#include <poll.h>
#include <stdio.h>
#include <string.h>

#include "edges/publish_greeting.h"
#include "vocabulary/nsec.h"

struct check {
	struct connection *connection;
	struct greeting greeting;
	struct keys keys;
	struct publish_quiet *quiet;
	unsigned asked; /* of the questions about it that were answered */
	uint64_t deadline_ns;
};

static int wait_for(const struct check *check, short events)
{
	uint64_t now_ns = nsec_mono();
	struct pollfd fd = { .fd = connection_fd(check->connection), .events = events };
	int ready;

	if (now_ns >= check->deadline_ns)
		return -ETIMEDOUT;
	ready = poll(&fd, 1, (int)((check->deadline_ns - now_ns) / NSEC_PER_MSEC) + 1);
	if (ready < 0 && errno != EINTR)
		return -errno;
	return ready ? 0 : -ETIMEDOUT;
}

/* Connects. The message is the reason alone. */
static int connect_now(struct check *check, struct message *msg)
{
	int error = connection_open(check->connection, msg);

	if (error)
		return error;
	error = wait_for(check, POLLOUT);
	if (error)
		return message_set(msg, error, "nobody answers");
	return connection_finish(check->connection, msg);
}

/* Returns 1 when all is said, 0 to go on, or a negative errno with a message. */
static int take_answers(struct check *check, struct message *msg)
{
	enum trouble trouble;
	struct answer answer;
	const char *what;
	int status;

	while ((status = connection_answer(check->connection, &answer, msg)) == 1) {
		what = greeting_bad_key(&check->greeting, &answer);
		trouble = trouble_of(answer.text);
		status = what ? -EACCES
			      : greeting_answer(&check->greeting, check->connection, &answer,
					&trouble, &what);
		if (status == -EACCES)
			message_set(msg, 0, "%s: %s%s%s%s", what,
				greeting_error(&check->greeting, &answer),
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

/* Sends and reads until take() has said that all is said. */
static int converse(
	struct check *check, int (*take)(struct check *, struct message *), struct message *msg)
{
	int error, status;
	bool got;

	for (;;) {
		error = connection_unsent(check->connection)
				? connection_write(check->connection, msg)
				: 0;
		if (error)
			return error;
		error = wait_for(
			check, connection_unsent(check->connection) ? POLLIN | POLLOUT : POLLIN);
		if (error)
			return message_set(msg, error, "connected, but no answer comes");
		error = connection_read(check->connection, &got, msg);
		if (error)
			return error;
		status = take(check, msg);
		if (status)
			return status == 1 ? 0 : status;
	}
}

static int greet(struct check *check, struct message *msg)
{
	int error = greeting_start(&check->greeting, check->connection);

	if (error)
		return message_set(msg, error, "out of memory");
	return converse(check, take_answers, msg);
}

#define QUIET_NAMES "5"

/* The questions about who is quiet, in their order. */
enum {
	ASKED_RUNNING,
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

static int take_quiet(struct check *check, struct message *msg)
{
	struct publish_quiet *quiet = check->quiet;
	struct answer answer;
	int status;

	while ((status = connection_answer(check->connection, &answer, msg)) == 1) {
		switch (check->asked++) {
		case ASKED_RUNNING:
			quiet->running = answer.number > 0;
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
	const char *words[] = { command, check->keys.names[key], word };
	const size_t lengths[] = { strlen(command), strlen(words[1]), word ? strlen(word) : 0 };

	return connection_append(check->connection, word ? 3 : 2, words, lengths);
}

/* What a user may not read is as if it were not there: its prober would have said so. */
static int ask_who_is_quiet(struct check *check, struct message *msg)
{
	if (ask(check, "EXISTS", KEY_PROBER, NULL) || ask(check, "SCARD", KEY_UNVERIFIED, NULL) ||
		ask(check, "SRANDMEMBER", KEY_UNVERIFIED, QUIET_NAMES) ||
		ask(check, "SCARD", KEY_MUTED, NULL) ||
		ask(check, "SRANDMEMBER", KEY_MUTED, QUIET_NAMES))
		return message_set(msg, -ENOMEM, "out of memory");
	return converse(check, take_quiet, msg);
}

static void describe(const struct check *check, const struct config *config, struct message *ret)
{
	message_set(ret, 0,
		"%s at %s, results hold %lld of %" PRIu64 " entries, alerts %lld of %" PRIu64,
		*check->greeting.version ? check->greeting.version : "unknown version",
		config->redis_url, check->greeting.streams[0].length, config->results_maxlen,
		check->greeting.streams[1].length, config->alerts_maxlen);
}

int publish_check(const struct config *config, const char *password, unsigned timeout_ms,
	struct message *ret_found, struct publish_quiet *ret_quiet, struct message *msg)
{
	struct check check = {
		.deadline_ns = nsec_mono() + timeout_ms * NSEC_PER_MSEC,
		.quiet = ret_quiet,
	};
	struct message reason = { "" };
	int error;

	if (!config->redis_url)
		return message_set(msg, -EINVAL, "redis.url is empty");
	if (config->redis_username && !password)
		return message_set(msg, -EINVAL, "redis.username needs redis.password_file");
	error = connection_create(&check.connection, config->redis_url, msg);
	if (error)
		return error;
	*ret_quiet = (struct publish_quiet) { 0 };
	error = keys_create(&check.keys, config);
	check.greeting.username = config->redis_username;
	check.greeting.password = password;
	check.greeting.keys = &check.keys;
	if (error) {
		message_set(msg, error, "out of memory");
	} else {
		error = connect_now(&check, &reason);
		if (error)
			message_set(msg, error, "cannot connect to %s: %s (%s)", config->redis_url,
				reason.text, trouble_advice(TROUBLE_CONNECT));
	}
	if (!error) {
		error = greet(&check, &reason);
		if (!error)
			error = ask_who_is_quiet(&check, &reason);
		if (error)
			message_set(msg, error, "%s: %s", config->redis_url, reason.text);
	}
	if (!error)
		describe(&check, config, ret_found);
	keys_free(&check.keys);
	connection_destroy(check.connection);
	return error;
}
