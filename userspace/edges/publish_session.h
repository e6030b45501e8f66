/* SPDX-License-Identifier: MIT */
/* All that the publisher's thread does, without the thread: takes events, keeps a connection, sends
 * what waits, and understands the answers. The caller polls for it. */
#ifndef MOSPROBE_PUBLISH_SESSION_H
#define MOSPROBE_PUBLISH_SESSION_H

#include <pthread.h>
#include <stdatomic.h>
#include <stdbool.h>
#include <stdint.h>

#include "edges/journal.h"
#include "edges/publish.h"
#include "edges/publish_backoff.h"
#include "edges/publish_commands.h"
#include "edges/publish_connection.h"
#include "edges/publish_disk.h"
#include "edges/publish_greeting.h"
#include "edges/publish_keys.h"
#include "edges/publish_lag.h"
#include "edges/publish_leavers.h"
#include "edges/publish_mutes.h"
#include "edges/publish_pipeline.h"
#include "edges/publish_stream.h"
#include "edges/publish_test.h"
#include "edges/publish_trouble.h"
#include "pure/config.h"
#include "pure/result.h"
#include "vocabulary/message.h"

#define SESSION_CONNECT_NS (3 * NSEC_PER_SEC) /* to connect */
#define SESSION_ANSWER_NS (5 * NSEC_PER_SEC)  /* from one answer to the next, when one is due */

/* Written by the publisher's thread, read by any. */
struct session_counters {
	_Atomic uint64_t written, dropped, dropped_transitions, spooled, connects;
	_Atomic uint64_t oldest_ms; /* wall clock of the oldest that is spooled; 0 = none */
	_Atomic uint64_t round_trips, round_trips_ns;
	_Atomic bool connected;
	_Atomic uint64_t generation; /* nothing here refers to an earlier one of the targets */
};

/* What becomes of one of the two streams. */
struct course {
	struct stream *stream;
	struct backoff backoff; /* after a refusal; one entry at a time until one is taken */
	bool troubled;		/* something was refused since it last settled */
	bool last_wanted;	/* our ids are behind: the last one is to be read again */
	bool last_asked;
};

struct session {
	const struct config *config;
	struct journal *journal; /* NULL = none */
	char *password;
	struct keys keys;
	struct connection *connection;
	struct greeting greeting;
	struct lease lease;
	pthread_mutex_t lease_mutex;
	struct publish_lease lease_told; /* by it */
	_Atomic bool lost;		 /* the lease is another's */
	_Atomic bool go;		 /* until then only the lease is kept */
	struct pipeline pipeline;
	struct commands commands;
	struct course courses[STREAM_COUNT];
	enum { SESSION_DOWN, SESSION_CONNECTING, SESSION_GREETING, SESSION_READY } state;
	struct backoff backoff;
	uint64_t deadline_ns; /* of connecting or greeting */
	uint64_t heard_ns;    /* when an answer came, or was first awaited */
	struct leavers leavers;
	struct mute_reader mutes;
	struct histories histories;
	struct lag lag;
	struct test_reader tests;
	struct troubles troubles;
	bool wait_due;	   /* replicas are to be asked for */
	bool begun;	   /* on this connection */
	bool released;	   /* the lease */
	bool fresh;	   /* what a former process left has been forgotten */
	struct disk *disk; /* NULL = none */
	struct chunk spilling;
	bool spills_told;      /* that results go to the disk */
	bool drops_told;       /* that results are being dropped */
	uint64_t drops_before; /* dropped when the present outage began */
	uint64_t order;	       /* of the newest entry */
	struct heartbeat heartbeat;
	uint64_t heartbeat_ns; /* when it came; 0 = none yet */
	bool heartbeat_due;
	struct session_counters counters;
};

/* Starts connecting with the first turn. password: NULL = none, copied. Returns 0, or a negative
 * errno with a message; session_free() is fine either way. */
int session_create(struct session *ret, const struct config *config, const char *password,
	struct journal *journal, struct message *msg);
void session_free(struct session *session);

/* Takes an event from the prober. */
void session_take(struct session *session, const struct event *event, uint64_t now_ns);
/* Does what there is to do now. revents: what poll(2) said of the connection. */
void session_turn(struct session *session, short revents, uint64_t now_ns);
/* What to poll for, and until when at the latest (of what the newest turn left; now_ns:
 * the time of that turn); fd -1 = nothing. */
int session_fd(const struct session *session);
short session_events(const struct session *session);
uint64_t session_wake_ns(const struct session *session, uint64_t now_ns);
/* The oldest of all entries that Redis has not acknowledged, UINT64_MAX = none; and how many they are. */
uint64_t session_oldest(const struct session *session);
size_t session_held(const struct session *session);
/* Wall clock of the oldest that is held; 0 = none is. */
uint64_t session_oldest_ms(const struct session *session);
/* Nothing is held, and nothing is under way either. */
bool session_idle(const struct session *session);

/* Closes the connection. Everything that was not answered is to be sent again, whenever there is one again. */
void session_fail(struct session *session, enum trouble trouble, const char *what, const char *text,
	uint64_t now_ns);

/* Lets go of the lease; false while that is under way. When nothing else is to be done any more. */
bool session_release(struct session *session);
/* In publish_opening.c: for publish_lease(). */
void session_say_lease(struct session *session, enum publish_lease_state state);
/* In publish_opening.c: begins to connect when it is time to; goes on when poll(2) says so; sends what of the greeting
 * is unsent. */
void session_open(struct session *session, uint64_t now_ns);
void session_connect(struct session *session, short revents, uint64_t now_ns);
void session_greet(struct session *session, uint64_t now_ns);
/* Takes an answer of the greeting. Returns false when the connection is gone. */
bool session_greeted(struct session *session, const struct answer *answer, uint64_t now_ns);

/* In publish_left.c: takes what a former process has not seen done: transitions from the journal; results from
 * prober.state_dir, which returns 0, or a negative errno with a message. */
void session_take_left(struct session *session);
int session_open_disk(struct session *session, struct message *msg);
/* In publish_backlog.c: takes a result; puts a chunk from the disk into flight, when there is one and room for it; tells
 * when nothing waits any more; and leaves what waits to the next process. */
void session_take_result(struct session *session, const struct result *result);
void session_feed(struct session *session, uint64_t wall_ms);
void session_backlog_recovered(struct session *session);
void session_leave_backlog(struct session *session);
/* In publish_left.c: what was taken and sent is in the journal when it returns. */
void session_keep(struct session *session);

/* In publish_answers.c: what the answer to a question means, once the greeting is over. Returns
 * false when the connection is of no use any more: then *ret_trouble and msg are why. */
bool session_answer(struct session *session, const struct question *question,
	const struct answer *answer, uint64_t now_ns, enum trouble *ret_trouble,
	struct message *msg);

/* In publish_sending.c: sends what may be sent now. Returns false when the connection is gone. */
bool session_send(
	struct session *session, uint64_t now_ns, enum trouble *ret_trouble, struct message *msg);

#endif
