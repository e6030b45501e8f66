/* SPDX-License-Identifier: MIT */
/* The first commands on a new connection: who we are, which database, which Redis it is, and how
 * far the two streams have come. One at a time, each only when the one before was answered well:
 * what follows a refused SELECT would go to another database. */
#ifndef MOSPROBE_PUBLISH_GREETING_H
#define MOSPROBE_PUBLISH_GREETING_H

#include <stdbool.h>

#include "edges/publish_connection.h"
#include "edges/publish_keys.h"
#include "edges/publish_lease.h"
#include "edges/publish_stream.h"
#include "edges/publish_trouble.h"

#define REDIS_VERSION_SIZE 32

struct greeting {
	/* set by the caller, and kept for every connection */
	const char *username; /* NULL = the default user */
	const char *password; /* NULL = none */
	const struct keys *keys;
	struct lease *lease; /* to be taken; NULL = only asks */
	/* what was found */
	char version[REDIS_VERSION_SIZE]; /* "" = it may not be asked */
	char run_id[REDIS_RUN_ID_SIZE];	  /* of this server's process, "" = as above */
	struct {
		struct stream_id last; /* 0-0 = no such stream */
		long long length;
	} streams[2]; /* results, alerts */
	int step;
};

/* Sends the first command. Returns 0 or -ENOMEM. */
int greeting_start(struct greeting *greeting, struct connection *connection);

/* Takes the answer to the newest command and sends the next. Returns 1 when all is said, 0 when an
 * answer is to come, -ENOMEM, -EBUSY when another has the lease, or -EACCES when this one cannot be gone on from:
 * then ret_trouble is its kind and ret_what names the command or the key. */
int greeting_answer(struct greeting *greeting, struct connection *connection,
	const struct answer *answer, uint64_t now_ns, enum trouble *ret_trouble,
	const char **ret_what);

/* What an error says, without the password that some servers repeat. */
const char *greeting_error(const struct greeting *greeting, const struct answer *answer);

/* The key whose answer said nothing of use, though the greeting goes on; NULL = none. Such a stream
 * counts as empty, and Redis will refuse what is sent to it. */
const char *greeting_bad_key(const struct greeting *greeting, const struct answer *answer);

#endif
