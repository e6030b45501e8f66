/* SPDX-License-Identifier: MIT */
/* Redis: results and transitions into their streams, with the state to reconcile from, by a thread
 * of its own. It reads a queue that the prober fills and never makes the prober wait: when Redis is
 * away, entries spool in memory up to a bound; beyond it the oldest results are dropped and counted,
 * never a transition. Owns hiredis. */
#ifndef MOSPROBE_PUBLISH_H
#define MOSPROBE_PUBLISH_H

#include <stdbool.h>
#include <stdint.h>

#include "edges/journal.h"
#include "pure/config.h"
#include "pure/mutes.h"
#include "vocabulary/message.h"
#include "vocabulary/queue.h"

struct publish;

#define PUBLISH_HOLDER_SIZE 256 /* a process, in words */

/* Starts the thread, which takes the lease and then waits for publish_go(). Reads [redis] of config, which must outlive it; password: NULL = none, copied.
 * events: of struct event, read by this thread only. Redis need not be there. journal: where
 * transitions are kept until Redis has them, NULL = nowhere; it must outlive the thread. Returns 0, or a
 * negative errno with a message. */
int publish_start(struct publish **ret, const struct config *config, const char *password,
	struct queue *events, struct journal *journal, struct message *msg);

/* Any thread: counters since start. */
struct publish_stats {
	uint64_t written;	      /* entries that Redis acknowledged */
	uint64_t dropped;	      /* results dropped beyond the bound of the spool */
	uint64_t dropped_transitions; /* beyond 262,144 waiting: an error, see the log */
	uint64_t spooled;	      /* entries waiting, now */
	uint64_t oldest_ms;	      /* wall clock of the oldest of them, 0 = none */
	uint64_t round_trips, round_trips_ns; /* commands that were timed to their answer */
	uint64_t reconnects;
	bool connected;
	uint64_t generation; /* of targets: nothing here refers to an earlier one */
};
struct publish_stats publish_stats(const struct publish *publish);

/* Any thread: who writes under this id. */
enum publish_lease_state {
	PUBLISH_LEASE_UNKNOWN, /* no Redis has said so yet */
	PUBLISH_LEASE_ASKED,   /* one is connected, and is being asked */
	PUBLISH_LEASE_AWAITED, /* another has it, and whether that lives is not known */
	PUBLISH_LEASE_ANOTHERS,
	PUBLISH_LEASE_HELD /* we */
};
struct publish_lease {
	enum publish_lease_state state;
	char holder[PUBLISH_HOLDER_SIZE]; /* the other, in words */
};
struct publish_lease publish_lease(struct publish *publish);
/* Another has it, and lives: one atomic read. */
bool publish_lease_lost(const struct publish *publish);
/* Until then nothing is written but the lease. */
void publish_go(struct publish *publish);

/* What Redis knows of a target's alert. */
struct publish_known {
	uint64_t since_ms;
	uint32_t seq;	/* of its newest transition, 0 = none */
	uint8_t level;	/* enum state: STATE_OK, or of the alert that is open */
	bool suppressed; /* by its group's event */
};
/* Reads that for all targets of the roster into ret, by their numbers, on a connection of its own, within timeout_ms.
 * Returns 0, or a negative errno with a message. */
int publish_restore(const struct config *config, const char *password, const struct roster *roster,
	unsigned timeout_ms, struct publish_known *ret, struct message *msg);

/* Any one thread: NAME:PORT of the target whose alert `mosprobe test-alert` asks for; NULL = none. To be freed. */
char *publish_take_test(struct publish *publish);

/* For `mosprobe test-alert`: asks the running prober for an alert of this target (NAME:PORT) that did not happen, and
 * tells the listener of its entries, and of consumer groups that have acknowledged them. Returns 0 when all of it came
 * within timeout_ms, or a negative errno with a message: -ESRCH no prober runs, -ETIMEDOUT, -ENOENT nobody reads. */
struct publish_test_listener {
	void (*entry)(void *context, const char *action, const char *id);
	void (*group)(void *context, const char *group);
	void *context;
};
int publish_test(const struct config *config, const char *password, const char *target,
	unsigned timeout_ms, const struct publish_test_listener *listener, struct message *msg);

/* Any one thread: who is muted by operators, when that was read anew; NULL = nothing new. To be destroyed by
 * the caller. */
struct mutes *publish_take_mutes(struct publish *publish);

/* Tells the thread to publish what it holds for at most timeout_ns, and joins it.
 * ret_final (may be NULL): the counters at its end. NULL is fine, and leaves ret_final alone. */
void publish_stop(struct publish *publish, uint64_t timeout_ns, struct publish_stats *ret_final);

/* Whom a running prober is quiet about. */
struct publish_quiet {
	bool running; /* there is a heartbeat */
	char writer[PUBLISH_HOLDER_SIZE]; /* who has the lease, in words; "" = nobody */
	long long unverified, muted;
	struct message unverified_names, muted_names; /* a few of them, by name */
};

/* For `mosprobe check`: connects, authenticates, pings, reads the version and the two streams.
 * Returns 0 with ret_found a line such as "7.0.15 at unix:///..., results hold 12 of 1000000
 * entries", and what a prober of this id that runs has written of those it is quiet about; or a negative
 * errno with a message that says what to do. timeout_ms bounds it. */
int publish_check(const struct config *config, const char *password, unsigned timeout_ms,
	struct message *ret_found, struct publish_quiet *ret_quiet, struct message *msg);

#endif
