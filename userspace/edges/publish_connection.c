/* SPDX-License-Identifier: MIT */
#include "edges/publish_connection.h"

#include <errno.h>
#include <fcntl.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/un.h>

#include <hiredis/hiredis.h>

#define HOST_MAX 255
#define SAY_WORDS_MAX 12

struct connection {
	redisContext *context;
	char *url;
	char path[sizeof((struct sockaddr_un *)NULL)->sun_path]; /* "" = TCP */
	char host[HOST_MAX + 1];
	int port;
	unsigned database;
	/* Where a cluster has sent us last, and whether we go there; port 0 = nowhere. */
	char moved_host[HOST_MAX + 1];
	int moved_port;
	bool moved;
	bool unsent;
};

static int not_a_url(const char *url, struct message *msg)
{
	return message_set(msg, -EINVAL,
		"redis.url = %s: must be redis://HOST[:PORT][/DATABASE] or unix:///PATH[?db=DATABASE]",
		url);
}

/* A number of 1 to 5 digits up to `end`; -1 when it is not. */
static int read_number(const char *text, const char *end)
{
	int value = 0;

	if (text == end || end - text > 5)
		return -1;
	for (; text < end; text++) {
		if (*text < '0' || *text > '9')
			return -1;
		value = value * 10 + *text - '0';
	}
	return value;
}

/* HOST[:PORT][/DATABASE], an IPv6 address in brackets. */
static int read_host(struct connection *connection, const char *text, struct message *msg)
{
	const char *slash = strchrnul(text, '/'), *colon, *end, *from = text;
	int number;

	if (memchr(text, '@', (size_t)(slash - text)))
		return message_set(msg, -EINVAL,
			"redis.url: no user and password here: they go into redis.username and "
			"redis.password_file");
	if (*text == '[') {
		from++;
		end = memchr(text, ']', (size_t)(slash - text));
		if (!end)
			return not_a_url(connection->url, msg);
		colon = end + 1;
	} else {
		colon = memchr(text, ':', (size_t)(slash - text));
		end = colon ? colon : slash;
		colon = end;
	}
	if (end == from || end - from > HOST_MAX || (colon != slash && *colon != ':'))
		return not_a_url(connection->url, msg);
	memcpy(connection->host, from, (size_t)(end - from));
	number = colon == slash ? 6379 : read_number(colon + 1, slash);
	if (number < 1 || number > 65535)
		return not_a_url(connection->url, msg);
	connection->port = number;
	if (*slash && slash[1]) {
		number = read_number(slash + 1, slash + strlen(slash));
		if (number < 0)
			return not_a_url(connection->url, msg);
		connection->database = (unsigned)number;
	}
	return 0;
}

/* /PATH[?db=DATABASE] */
static int read_path(struct connection *connection, const char *text, struct message *msg)
{
	const char *end = strchrnul(text, '?');
	int number;

	if (end - text < 2)
		return not_a_url(connection->url, msg);
	if ((size_t)(end - text) >= sizeof connection->path)
		return message_set(msg, -EINVAL,
			"redis.url = %s: the path of a socket has at most %zu bytes",
			connection->url, sizeof connection->path - 1);
	memcpy(connection->path, text, (size_t)(end - text));
	if (!*end)
		return 0;
	number = strncmp(end, "?db=", 4) ? -1 : read_number(end + 4, end + strlen(end));
	if (number < 0)
		return not_a_url(connection->url, msg);
	connection->database = (unsigned)number;
	return 0;
}

static int read_url(struct connection *connection, struct message *msg)
{
	if (!strncmp(connection->url, "redis://", 8))
		return read_host(connection, connection->url + 8, msg);
	if (!strncmp(connection->url, "unix:///", 8))
		return read_path(connection, connection->url + 7, msg);
	return not_a_url(connection->url, msg);
}

int connection_create(struct connection **ret, const char *url, struct message *msg)
{
	struct connection *connection = calloc(1, sizeof *connection);
	int error;

	if (!connection)
		return message_set(msg, -ENOMEM, "out of memory");
	connection->url = strdup(url);
	error = connection->url ? read_url(connection, msg)
				: message_set(msg, -ENOMEM, "out of memory");
	if (error) {
		connection_destroy(connection);
		return error;
	}
	*ret = connection;
	return 0;
}

int connection_of(struct connection **ret, const struct config *config, const char *password,
	struct message *msg)
{
	if (!config->redis_url)
		return message_set(msg, -EINVAL, "redis.url is empty");
	if (config->redis_username && !password)
		return message_set(msg, -EINVAL, "redis.username needs redis.password_file");
	return connection_create(ret, config->redis_url, msg);
}

void connection_destroy(struct connection *connection)
{
	if (!connection)
		return;
	connection_close(connection);
	free(connection->url);
	free(connection);
}

const char *connection_url(const struct connection *connection)
{
	return connection->url;
}

unsigned connection_database(const struct connection *connection)
{
	return connection->database;
}

/* hiredis keeps errno for REDIS_ERR_IO only, and a text for everything. */
static int context_error(const redisContext *context, struct message *msg)
{
	int error = context->err == REDIS_ERR_IO && errno ? -errno : -ECONNRESET;

	return message_set(msg, error, "%s", context->errstr);
}

int connection_open(struct connection *connection, struct message *msg)
{
	int error;

	connection_close(connection);
	errno = 0;
	if (connection->moved)
		connection->context =
			redisConnectNonBlock(connection->moved_host, connection->moved_port);
	else if (*connection->path)
		connection->context = redisConnectUnixNonBlock(connection->path);
	else
		connection->context = redisConnectNonBlock(connection->host, connection->port);
	if (!connection->context)
		return message_set(msg, -ENOMEM, "out of memory");
	if (connection->context->err) {
		error = context_error(connection->context, msg);
		connection_close(connection);
		return error;
	}
	fcntl(connection->context->fd, F_SETFD, FD_CLOEXEC);
	return 0;
}

int connection_finish(struct connection *connection, struct message *msg)
{
	int error = 0;
	socklen_t size = sizeof error;

	if (getsockopt(connection->context->fd, SOL_SOCKET, SO_ERROR, &error, &size))
		error = errno;
	return error ? message_set(msg, -error, "%s", strerror(error)) : 0;
}

bool connection_follow(struct connection *connection, const char *moved)
{
	const char *at = strrchr(moved, ' '), *colon = strrchr(moved, ':');
	const char *here = connection->moved ? connection->moved_host : connection->host;
	char host[HOST_MAX + 1];
	int port;

	if (!at || !colon || colon < at || colon - at - 1 > HOST_MAX)
		return false;
	/* Without a host it is the one that we asked. */
	snprintf(host, sizeof host, "%.*s", (int)(colon - at - 1), at + 1);
	if (!*host)
		snprintf(host, sizeof host, "%s", *here ? here : "127.0.0.1");
	port = read_number(colon + 1, colon + strlen(colon));
	if (port < 1 || port > 65535)
		return false;
	if (connection->moved && port == connection->moved_port &&
		!strcmp(host, connection->moved_host))
		return false;
	snprintf(connection->moved_host, sizeof connection->moved_host, "%s", host);
	connection->moved_port = port;
	connection->moved = true;
	return true;
}

void connection_turn_away(struct connection *connection)
{
	connection->moved = !connection->moved && connection->moved_port;
}

void connection_close(struct connection *connection)
{
	if (connection->context)
		redisFree(connection->context);
	connection->context = NULL;
	connection->unsent = false;
}

int connection_fd(const struct connection *connection)
{
	return connection->context ? connection->context->fd : -1;
}

int connection_append(
	struct connection *connection, int count, const char **words, const size_t *lengths)
{
	if (redisAppendCommandArgv(connection->context, count, words, lengths) != REDIS_OK)
		return -ENOMEM;
	connection->unsent = true;
	return 0;
}

int connection_say(struct connection *connection, const char *command, ...)
{
	const char *words[SAY_WORDS_MAX];
	size_t lengths[SAY_WORDS_MAX];
	int count = 0;
	va_list rest;

	va_start(rest, command);
	for (const char *word = command; word && count < SAY_WORDS_MAX;
		word = va_arg(rest, const char *)) {
		words[count] = word;
		lengths[count++] = strlen(word);
	}
	va_end(rest);
	return connection_append(connection, count, words, lengths);
}

bool connection_unsent(const struct connection *connection)
{
	return connection->unsent;
}

/* A server that hangs up often says why first ("max number of clients reached"), and our write
 * fails before we have read it. */
static bool last_words(redisContext *context, struct message *msg)
{
	char bytes[512];
	ssize_t got = recv(context->fd, bytes, sizeof bytes, MSG_DONTWAIT);
	void *reply = NULL;
	bool said;

	if (got <= 0 || redisReaderFeed(context->reader, bytes, (size_t)got) != REDIS_OK ||
		redisReaderGetReply(context->reader, &reply) != REDIS_OK || !reply)
		return false;
	said = ((redisReply *)reply)->type == REDIS_REPLY_ERROR;
	if (said)
		message_set(msg, 0, "%s", ((redisReply *)reply)->str);
	freeReplyObject(reply);
	return said;
}

int connection_write(struct connection *connection, struct message *msg)
{
	int done = 0, error;

	errno = 0;
	if (redisBufferWrite(connection->context, &done) != REDIS_OK) {
		error = context_error(connection->context, msg);
		return last_words(connection->context, msg) ? -EPROTO : error;
	}
	connection->unsent = !done;
	return 0;
}

int connection_read(struct connection *connection, bool *ret_got, struct message *msg)
{
	size_t before = connection->context->reader->len;

	errno = 0;
	if (redisBufferRead(connection->context) != REDIS_OK)
		return context_error(connection->context, msg);
	*ret_got = connection->context->reader->len > before;
	return 0;
}

int connection_answer(struct connection *connection, struct answer *ret, struct message *msg)
{
	void *raw = NULL;

	if (redisReaderGetReply(connection->context->reader, &raw) != REDIS_OK)
		return message_set(msg, -EPROTO, "%s", connection->context->reader->errstr);
	if (!raw)
		return 0;
	*ret = answer_of(raw);
	return 1;
}

void answer_free(struct answer *answer)
{
	freeReplyObject(answer->reply);
}
