/* SPDX-License-Identifier: MIT */
/* Who is the one writer of a prober's keys. `lease` names it and expires; `writer` names its connection and does not.
 * Who takes the lease over ends that connection (CLIENT KILL ID), so that nothing of the former writer's is applied
 * after it: what was fenced so costs nothing per entry. A writer writes only on a connection on which it has
 * taken the lease, also when the former one was its own. No I/O but through the connection. */
#ifndef MOSPROBE_PUBLISH_LEASE_H
#define MOSPROBE_PUBLISH_LEASE_H

#include <stdbool.h>
#include <stdint.h>

#include "edges/publish_connection.h"
#include "edges/publish_holder.h"
#include "edges/publish_keys.h"

#define REDIS_RUN_ID_SIZE 41

struct lease {
	/* set by lease_create() */
	const struct keys *keys;
	uint64_t ttl_ms;
	struct holder own;
	/* who has it, when it is not us; and for how long still, as Redis said last */
	struct holder other;
	uint64_t other_left_ms;
	uint64_t looked_ns; /* when that was; 0 = nobody else has it */
	bool other_lives;   /* it was refreshed since we looked first */
	/* of the connection at hand */
	int step;
	unsigned races;
	long long client_id, former_id; /* of connections, 0 = not known */
	char run_id[REDIS_RUN_ID_SIZE];
	uint64_t refresh_ns; /* when it is due */
};

/* interval_ns: the prober's; whoever waits for the lease has it within one, and within 20 s. */
void lease_create(struct lease *ret, const struct keys *keys, uint64_t interval_ns);

/* Sends the first command. run_id: of this server, "" = not known: then nobody is fenced. Returns 0 or -ENOMEM. */
int lease_start(struct lease *lease, struct connection *connection, const char *run_id);
/* Takes the answer to the newest command, and sends the next. Returns 1 when the lease is ours, 0 when an answer is to
 * come, -EBUSY when another has it (and lease->other is who), -EACCES when this answer is an error, or -ENOMEM. */
int lease_answer(struct lease *lease, struct connection *connection, const struct answer *answer,
	uint64_t now_ns);
/* What was asked last: a command or a key. */
const char *lease_step_name(const struct lease *lease);

/* When to look again at another's lease, in ns after it was looked at. */
uint64_t lease_again_ns(const struct lease *lease);
/* When it is to be refreshed again; once it has been asked for. */
void lease_refreshed(struct lease *lease, uint64_t now_ns);

#endif
