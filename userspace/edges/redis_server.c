/* SPDX-License-Identifier: MIT */
#include "edges/redis_server.h"

#include <errno.h>
#include <hiredis/hiredis.h>
#include <limits.h>
#include <signal.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

#include "edges/child.h"
#include "vocabulary/nsec.h"

#define START_NS (5 * NSEC_PER_SEC)
#define STOP_NS (2 * NSEC_PER_SEC)
#define STATUS_NOT_FOUND 127
#define ANSWER_S 10 /* to forget a million keys takes a while */

struct redis_server {
	pid_t pid;
	redisContext *connection; /* NULL until it answers */
	double empty_bytes;
	char folder[PATH_MAX], socket[PATH_MAX + 16], url[PATH_MAX + 32];
};

static int become_server(void *context)
{
	const struct redis_server *server = context;

	signal(SIGPIPE, SIG_DFL);
	execlp("redis-server", "redis-server", "--port", "0", "--unixsocket", server->socket,
		"--dir", server->folder, "--save", "", "--appendonly", "no", "--daemonize", "no",
		(char *)NULL);
	return errno == ENOENT ? STATUS_NOT_FOUND : 1;
}

static bool is_open(struct redis_server *server)
{
	const struct timeval timeout = { .tv_sec = ANSWER_S };

	redisFree(server->connection);
	server->connection = redisConnectUnixWithTimeout(server->socket, timeout);
	return server->connection && !server->connection->err &&
	       !redisSetTimeout(server->connection, timeout);
}

static int wait_for(struct redis_server *server, struct message *msg)
{
	const struct timespec moment = { .tv_nsec = (long)(10 * NSEC_PER_MSEC) };
	uint64_t until_ns = nsec_mono() + START_NS;
	int status;

	while (!is_open(server)) {
		if (child_ended(server->pid, &status))
			return status == STATUS_NOT_FOUND
				       ? message_set(msg, -ENOENT,
						 "there is no redis-server on the PATH")
				       : message_set(msg, -ECHILD,
						 "redis-server ended at once, with status %d",
						 status);
		if (nsec_mono() > until_ns)
			return message_set(msg, -ETIMEDOUT, "redis-server did not answer");
		nanosleep(&moment, NULL);
	}
	return 0;
}

int redis_server_start(struct redis_server **ret, const char *folder, struct message *msg)
{
	struct redis_server *server = calloc(1, sizeof *server);
	char log[PATH_MAX + 16];
	int error;

	if (!server)
		return message_set(msg, -ENOMEM, "out of memory");
	snprintf(server->folder, sizeof server->folder, "%s", folder);
	snprintf(server->socket, sizeof server->socket, "%s/redis.sock", folder);
	snprintf(server->url, sizeof server->url, "unix://%s", server->socket);
	snprintf(log, sizeof log, "%s/redis.log", folder);
	server->pid = child_start(become_server, server, log, SIGKILL);
	if (server->pid < 0)
		error = message_set(
			msg, server->pid, "cannot start redis-server: %s", strerror(-server->pid));
	else
		error = wait_for(server, msg);
	/* One that ended by itself is reaped already. */
	if (error == -ETIMEDOUT)
		child_end(server->pid, STOP_NS);
	if (error) {
		redisFree(server->connection);
		free(server);
		return error;
	}
	*ret = server;
	return 0;
}

void redis_server_stop(struct redis_server *server)
{
	if (!server)
		return;
	redisFree(server->connection);
	child_end(server->pid, STOP_NS);
	free(server);
}

int redis_server_process(const struct redis_server *server)
{
	return server->pid;
}

const char *redis_server_url(const struct redis_server *server)
{
	return server->url;
}

/* key: NULL = the command names none. NULL = no answer: the next one begins with a new connection. */
static redisReply *ask(const struct redis_server *server, const char *command, const char *key)
{
	if (server->connection->err && redisReconnect(server->connection))
		return NULL;
	return redisCommand(server->connection, command, key);
}

/* INFO's value of that name, 0 = it has none. */
static double named(const redisReply *info, const char *name)
{
	const char *line =
		info && info->type == REDIS_REPLY_STRING ? strstr(info->str, name) : NULL;

	return line ? strtod(line + strlen(name), NULL) : 0;
}

/* Frees an answer that is a number; 0 of any other. */
static double number(redisReply *reply)
{
	double value = reply && reply->type == REDIS_REPLY_INTEGER ? (double)reply->integer : 0;

	freeReplyObject(reply);
	return value;
}

void redis_server_clear(struct redis_server *server)
{
	redisReply *info;

	freeReplyObject(ask(server, "FLUSHALL SYNC", NULL));
	info = ask(server, "INFO", NULL);
	server->empty_bytes = named(info, "\nused_memory:");
	freeReplyObject(info);
}

struct redis_server_counts redis_server_counts(
	const struct redis_server *server, const char *stream)
{
	struct redis_server_counts counts = { 0 };
	redisReply *info = ask(server, "INFO", NULL);

	if (info) {
		counts.commands = named(info, "\ntotal_commands_processed:");
		counts.input_bytes = named(info, "\ntotal_net_input_bytes:");
		counts.memory_bytes = named(info, "\nused_memory:") - server->empty_bytes;
		counts.entries = number(ask(server, "XLEN %s", stream));
		counts.stream_bytes = number(ask(server, "MEMORY USAGE %s SAMPLES 0", stream));
	}
	freeReplyObject(info);
	return counts;
}
