/* SPDX-License-Identifier: MIT */
/* A few questions to Redis that are waited for: for those who need the answers before they can go on. Takes no
 * lease and writes nothing by itself. */
#ifndef MOSPROBE_PUBLISH_DIALOGUE_H
#define MOSPROBE_PUBLISH_DIALOGUE_H

#include <stdint.h>

#include "edges/publish_greeting.h"
#include "pure/config.h"
#include "vocabulary/message.h"

struct dialogue {
	struct connection *connection;
	struct greeting greeting;
	struct keys keys;
	const char *url;
	uint64_t deadline_ns;
};

/* Connects and greets. timeout_ms bounds all of the dialogue. Returns 0, or a negative errno with a message that says
 * what to do; dialogue_close() is fine either way. */
int dialogue_open(struct dialogue *ret, const struct config *config, const char *password,
	unsigned timeout_ms, struct message *msg);
void dialogue_close(struct dialogue *dialogue);

/* Sends what was appended to dialogue->connection, and reads until take() has said that all is answered: it takes the
 * answers that have come, and returns 1 then, 0 to go on, or a negative errno with a message. */
int dialogue_converse(struct dialogue *dialogue,
	int (*take)(void *context, struct connection *connection, struct message *msg),
	void *context, struct message *msg);

#endif
