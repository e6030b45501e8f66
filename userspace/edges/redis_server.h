/* SPDX-License-Identifier: MIT */
/* A Redis of one's own, for measuring what it costs: on a Unix socket in a folder of the caller's, with nothing kept on
 * disk. It ends with the caller. */
#ifndef MOSPROBE_REDIS_SERVER_H
#define MOSPROBE_REDIS_SERVER_H

#include "vocabulary/message.h"

struct redis_server;

/* Starts the program `redis-server` of the PATH, and waits until it answers. Returns 0, or a negative errno with a
 * message: -ENOENT when there is no such program. */
int redis_server_start(struct redis_server **ret, const char *folder, struct message *msg);
void redis_server_stop(struct redis_server *server); /* NULL is fine */

int redis_server_process(const struct redis_server *server);
/* Its URL as [redis] url takes it. */
const char *redis_server_url(const struct redis_server *server);
/* Forgets everything. */
void redis_server_clear(struct redis_server *server);

struct redis_server_counts {
	double commands, input_bytes; /* since its start */
	double memory_bytes;	      /* used, now, beyond what it takes when empty */
	double entries,
		stream_bytes; /* of the stream that was asked for, and what it takes of that memory */
};
/* stream: its key. */
struct redis_server_counts redis_server_counts(
	const struct redis_server *server, const char *stream);

#endif
