/* SPDX-License-Identifier: MIT */
#include "edges/redis_server.h"

#include <errno.h>
#include <limits.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

#include "edges/child.h"
#include "edges/scrape.h"
#include "vocabulary/nsec.h"

#define START_NS (5 * NSEC_PER_SEC)
#define STOP_NS (2 * NSEC_PER_SEC)
#define STATUS_NOT_FOUND 127
#define ANSWER_SIZE 16384

struct redis_server {
	pid_t pid;
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

static int wait_for(const struct redis_server *server, struct message *msg)
{
	const struct timespec moment = { .tv_nsec = (long)(10 * NSEC_PER_MSEC) };
	uint64_t until_ns = nsec_mono() + START_NS;
	char answer[64];
	int status;

	while (scrape_redis(answer, sizeof answer, server->socket, "PING") < 0 ||
		strncmp(answer, "+PONG", 5) != 0) {
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

static double named(const char *answer, const char *name)
{
	const char *line = strstr(answer, name);

	return line ? strtod(line + strlen(name), NULL) : 0;
}

/* Of an answer that is a number. more: what follows the key. */
static double number(
	const struct redis_server *server, const char *command, const char *key, const char *more)
{
	char question[256], answer[64];

	snprintf(question, sizeof question, "%s \"%s\" %s", command, key, more);
	return scrape_redis(answer, sizeof answer, server->socket, question) > 1 && answer[0] == ':'
		       ? strtod(answer + 1, NULL)
		       : 0;
}

void redis_server_clear(struct redis_server *server)
{
	char answer[ANSWER_SIZE];

	scrape_redis(answer, sizeof answer, server->socket, "FLUSHALL SYNC");
	if (scrape_redis(answer, sizeof answer, server->socket, "INFO") > 0)
		server->empty_bytes = named(answer, "\nused_memory:");
}

struct redis_server_counts redis_server_counts(
	const struct redis_server *server, const char *stream)
{
	struct redis_server_counts counts = { 0 };
	char answer[ANSWER_SIZE];

	if (scrape_redis(answer, sizeof answer, server->socket, "INFO") < 0)
		return counts;
	counts.commands = named(answer, "\ntotal_commands_processed:");
	counts.input_bytes = named(answer, "\ntotal_net_input_bytes:");
	counts.memory_bytes = named(answer, "\nused_memory:") - server->empty_bytes;
	counts.entries = number(server, "XLEN", stream, "");
	counts.stream_bytes = number(server, "MEMORY USAGE", stream, "SAMPLES 0");
	return counts;
}
