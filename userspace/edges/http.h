/* SPDX-License-Identifier: MIT */
/* A small HTTP server for what is scraped: GET and HEAD, by a thread of its own, a few connections at a time. It has
 * no authentication and no TLS. Owns libmicrohttpd. */
#ifndef MOSPROBE_HTTP_H
#define MOSPROBE_HTTP_H

#include <stddef.h>

#include "pure/listen.h"
#include "vocabulary/message.h"

struct http;

#define HTTP_CONNECTIONS_MAX 8
/* Descriptors that it may have open: these, what it listens at, and what its thread waits with. */
#define HTTP_DESCRIPTORS (HTTP_CONNECTIONS_MAX + 3)

struct http_answer {
	unsigned status; /* 200, ...; 0: there is nothing at this path, or no memory for it */
	const char *content_type; /* lives as long as the server */
	char *body;		  /* from malloc(); the server frees it */
	size_t length;
};

/* Could it listen there now? Returns 0, or a negative errno with a message. */
int http_try(const struct listen_place *place, struct message *msg);

/* Listens and starts the thread, which calls answer() for every request, one at a time, with the path without its query.
 * Returns 0, or a negative errno with a message (the port is in use). */
int http_start(struct http **ret, const struct listen_place *place,
	struct http_answer (*answer)(void *context, const char *path), void *context,
	struct message *msg);
/* Joins the thread. NULL is fine. */
void http_stop(struct http *http);

#endif
