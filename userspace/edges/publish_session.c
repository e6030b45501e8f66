/* SPDX-License-Identifier: MIT */
#include "edges/publish_session.h"

#include <errno.h>
#include <inttypes.h>
#include <poll.h>
#include <stdlib.h>
#include <string.h>

#include "vocabulary/log.h"
#include "vocabulary/nsec.h"

/* Transitions are never dropped for want of room for results. This many are 16 alerts of each of
 * 16,000 targets, and 64 MiB. */
#define TRANSITIONS_MAX 262144

int session_create(struct session *ret, const struct config *config, const char *password,
	struct journal *journal, struct message *msg)
{
	size_t results_max = config->spool_max_bytes / (sizeof(uint64_t) + sizeof(struct waiting));
	int error;

	memset(ret, 0, sizeof *ret);
	ret->config = config;
	ret->journal = journal;
	error = connection_of(&ret->connection, config, password, msg);
	if (error)
		return error;
	ret->pipeline.connection = ret->connection;
	if (password) {
		ret->password = strdup(password);
		error = ret->password ? 0 : -ENOMEM;
	}
	if (!error)
		error = keys_create(&ret->keys, config);
	if (!error)
		error = commands_create(&ret->commands, &ret->pipeline, &ret->keys, config);
	if (!error)
		error = stream_create(
			&ret->courses[STREAM_RESULTS].stream, sizeof(struct waiting), results_max);
	if (!error)
		error = stream_create(&ret->courses[STREAM_ALERTS].stream,
			sizeof(struct transition), TRANSITIONS_MAX);
	if (error)
		return message_set(msg, error, "out of memory");
	if (journal)
		session_take_left(ret);
	error = config->state_dir ? session_open_disk(ret, msg) : 0;
	if (error)
		return error;
	lease_create(&ret->lease, &ret->keys, config->interval_ns);
	pthread_mutex_init(&ret->lease_mutex, NULL);
	ret->greeting = (struct greeting) {
		.lease = &ret->lease,
		.username = config->redis_username,
		.password = ret->password,
		.keys = &ret->keys,
	};
	return 0;
}

void session_free(struct session *session)
{
	for (int i = STREAM_COUNT - 1; i >= 0; i--)
		stream_destroy(session->courses[i].stream);
	disk_close(session->disk);
	chunk_free(&session->spilling);
	leavers_free(&session->leavers);
	mute_reader_free(&session->mutes);
	histories_free(&session->histories);
	test_reader_free(&session->tests);
	commands_free(&session->commands);
	keys_free(&session->keys);
	if (session->password)
		explicit_bzero(session->password, strlen(session->password));
	free(session->password);
	connection_destroy(session->connection);
	if (session->greeting.lease)
		pthread_mutex_destroy(&session->lease_mutex);
}

bool session_release(struct session *session)
{
	if (session->state != SESSION_READY)
		return true;
	if (!session->released)
		commands_release(&session->commands);
	session->released = true;
	return session_idle(session);
}

static void count(_Atomic uint64_t *counter)
{
	atomic_fetch_add_explicit(counter, 1, memory_order_relaxed);
}

static void take_transition(struct session *session, const struct transition *transition)
{
	if (session->journal)
		journal_take(session->journal, session->order, transition);
	if (stream_add(session->courses[STREAM_ALERTS].stream, session->order, transition))
		return;
	log_event(LOG_ERROR, "transitions_full", "an alert is lost: no more can wait for Redis",
		"url=%s waiting=%d", connection_url(session->connection), TRANSITIONS_MAX);
	count(&session->counters.dropped_transitions);
	if (session->journal)
		journal_done(session->journal, session->order);
}

void session_take(struct session *session, const struct event *event, uint64_t now_ns)
{
	session->order++;
	switch (event->kind) {
	case EVENT_RESULT:
		session_take_result(session, &event->result);
		histories_take(&session->histories, &event->result, session->order,
			session->config->interval_ns, session->config->history_targets_max);
		break;
	case EVENT_TRANSITION:
		take_transition(session, &event->transition);
		break;
	case EVENT_HEARTBEAT:
		session->heartbeat = event->heartbeat;
		session->heartbeat_ns = now_ns;
		session->heartbeat_due = true;
		break;
	case EVENT_ROSTER:
		leavers_take(&session->leavers, &event->roster, session->order);
		break;
	case EVENT_LEFT:
		leavers_add(
			&session->leavers, event->left.target, event->left.number, session->order);
		break;
	case EVENT_SAMPLE:
		break;
	}
}

uint64_t session_oldest(const struct session *session)
{
	uint64_t oldest = histories_oldest(&session->histories);

	for (int i = 0; i < STREAM_COUNT; i++) {
		uint64_t order = stream_oldest_order(session->courses[i].stream);

		if (order < oldest)
			oldest = order;
	}
	return oldest;
}

size_t session_held(const struct session *session)
{
	size_t held = 0;

	for (int i = 0; i < STREAM_COUNT; i++)
		held += stream_held(session->courses[i].stream);
	return held + disk_held(session->disk);
}

uint64_t session_oldest_ms(const struct session *session)
{
	uint64_t oldest_ms = disk_oldest_ms(session->disk);

	for (int i = 0; i < STREAM_COUNT; i++) {
		uint64_t ms = stream_oldest_ms(session->courses[i].stream);

		if (ms && (!oldest_ms || ms < oldest_ms))
			oldest_ms = ms;
	}
	return oldest_ms;
}

bool session_idle(const struct session *session)
{
	return !session_held(session) && !session->leavers.count && !session->histories.count &&
	       (session->state != SESSION_READY ||
		       (!pipeline_unanswered(&session->pipeline) &&
			       !connection_unsent(session->connection)));
}

void session_fail(struct session *session, enum trouble trouble, const char *what, const char *text,
	uint64_t now_ns)
{
	bool follows = trouble == TROUBLE_MOVED && connection_follow(session->connection, text);

	/* Whoever said it is not the one to ask again. */
	if (!follows && trouble_is_of_the_server(trouble))
		connection_turn_away(session->connection);
	connection_close(session->connection);
	pipeline_clear(&session->pipeline);
	leavers_lost(&session->leavers);
	histories_lost(&session->histories);
	for (int i = 0; i < STREAM_COUNT; i++) {
		stream_lost(session->courses[i].stream);
		session->courses[i].last_asked = false;
		session->courses[i].troubled = false;
	}
	session->state = SESSION_DOWN;
	if (session->lease_told.state == PUBLISH_LEASE_ASKED)
		session_say_lease(session, PUBLISH_LEASE_UNKNOWN);
	atomic_store(&session->counters.connected, false);
	backoff_fail(&session->backoff, now_ns);
	if (follows) {
		/* At once, but for one that sends us in circles. */
		if (session->backoff.failures == 1)
			session->backoff.until_ns = now_ns;
		return;
	}
	troubles_tell(&session->troubles, trouble, connection_url(session->connection), what, text);
}

/* Takes one answer. Returns false when the connection is gone. */
static bool take_answer(struct session *session, const struct answer *answer, uint64_t now_ns)
{
	struct question question;
	enum trouble trouble;
	struct message msg;

	if (session->state == SESSION_READY) {
		uint64_t took_ns = pipeline_timed(&session->pipeline, now_ns);

		if (took_ns) {
			count(&session->counters.round_trips);
			atomic_fetch_add_explicit(
				&session->counters.round_trips_ns, took_ns, memory_order_relaxed);
		}
		if (!pipeline_answered(&session->pipeline, &question)) {
			session_fail(session, TROUBLE_PROTOCOL, "an answer to nothing",
				answer->text, now_ns);
			return false;
		}
		if (session_answer(session, &question, answer, now_ns, &trouble, &msg))
			return true;
		session_fail(session, trouble, session->keys.names[question.key], msg.text, now_ns);
		return false;
	}
	return session_greeted(session, answer, now_ns);
}

static void receive(struct session *session, uint64_t now_ns)
{
	struct answer answer;
	struct message msg;
	bool got = false;
	int status;

	if (connection_read(session->connection, &got, &msg)) {
		session_fail(session, TROUBLE_LOST, "connection lost", msg.text, now_ns);
		return;
	}
	if (got)
		session->heard_ns = now_ns;
	while ((status = connection_answer(session->connection, &answer, &msg)) == 1) {
		bool alive = take_answer(session, &answer, now_ns);

		answer_free(&answer);
		if (!alive)
			return;
	}
	if (status < 0)
		session_fail(session, TROUBLE_PROTOCOL, "connection lost", msg.text, now_ns);
}

static void keep_ready(struct session *session, uint64_t now_ns)
{
	enum trouble trouble;
	struct message msg;

	if (pipeline_unanswered(&session->pipeline) &&
		now_ns >= session->heard_ns + SESSION_ANSWER_NS) {
		session_fail(
			session, TROUBLE_SILENT, "connection given up", "no answer comes", now_ns);
		return;
	}
	if (!session_send(session, now_ns, &trouble, &msg)) {
		session_fail(session, trouble, "connection lost", msg.text, now_ns);
		return;
	}
	session_backlog_recovered(session);
}

void session_turn(struct session *session, short revents, uint64_t now_ns)
{
	if (session->state == SESSION_DOWN)
		session_open(session, now_ns);
	else if (session->state == SESSION_CONNECTING)
		session_connect(session, revents, now_ns);
	else if (revents & ~POLLOUT)
		receive(session, now_ns);
	if (session->state == SESSION_GREETING)
		session_greet(session, now_ns);
	if (session->state == SESSION_READY)
		keep_ready(session, now_ns);
	if (session->leavers.generation) {
		uint64_t generation =
			leavers_generation(&session->leavers, session_oldest(session));

		if (generation)
			atomic_store(&session->counters.generation, generation);
	}
}

int session_fd(const struct session *session)
{
	return connection_fd(session->connection);
}

short session_events(const struct session *session)
{
	if (session->state == SESSION_CONNECTING)
		return POLLOUT;
	return connection_unsent(session->connection) ? POLLIN | POLLOUT : POLLIN;
}

uint64_t session_wake_ns(const struct session *session, uint64_t now_ns)
{
	uint64_t wake_ns = UINT64_MAX;

	if (session->state == SESSION_DOWN)
		return session->backoff.until_ns;
	if (session->state != SESSION_READY)
		return session->deadline_ns;
	/* What is asked every few seconds; with a full pipeline the answers are what is waited for. */
	if (atomic_load(&session->go) && pipeline_has_room(&session->pipeline))
		wake_ns = session->tests.due_ns;
	if (session->lease.refresh_ns < wake_ns)
		wake_ns = session->lease.refresh_ns;
	if (pipeline_unanswered(&session->pipeline) &&
		session->heard_ns + SESSION_ANSWER_NS < wake_ns)
		wake_ns = session->heard_ns + SESSION_ANSWER_NS;
	for (int i = 0; i < STREAM_COUNT; i++) {
		uint64_t until_ns = session->courses[i].backoff.until_ns;

		if (until_ns > now_ns && until_ns < wake_ns)
			wake_ns = until_ns;
	}
	return wake_ns;
}
