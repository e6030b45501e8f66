/* SPDX-License-Identifier: MIT */
/* How a connection comes about: connecting, the greeting, and what is done once it is ready. */
#include "edges/publish_session.h"

#include <errno.h>
#include <stdio.h>

#include "vocabulary/log.h"
#include "vocabulary/nsec.h"

void session_open(struct session *session, uint64_t now_ns)
{
	struct message msg;

	if (now_ns < session->backoff.until_ns)
		return;
	if (connection_open(session->connection, &msg)) {
		session_fail(session, TROUBLE_CONNECT, "cannot connect", msg.text, now_ns);
		return;
	}
	log_event(LOG_DEBUG, "redis_connecting", "a connection is opened", "url=%s",
		connection_url(session->connection));
	session->state = SESSION_CONNECTING;
	session->deadline_ns = now_ns + SESSION_CONNECT_NS;
}

void session_connect(struct session *session, short revents, uint64_t now_ns)
{
	struct message msg;

	if (!revents) {
		if (now_ns >= session->deadline_ns)
			session_fail(session, TROUBLE_SILENT, "cannot connect", "nobody answers",
				now_ns);
		return;
	}
	if (connection_finish(session->connection, &msg)) {
		session_fail(session, TROUBLE_CONNECT, "cannot connect", msg.text, now_ns);
		return;
	}
	if (greeting_start(&session->greeting, session->connection)) {
		session_fail(session, TROUBLE_OTHER, "", "out of memory", now_ns);
		return;
	}
	session->state = SESSION_GREETING;
	if (session->lease_told.state == PUBLISH_LEASE_UNKNOWN)
		session_say_lease(session, PUBLISH_LEASE_ASKED);
	session->deadline_ns = now_ns + SESSION_ANSWER_NS;
}

void session_say_lease(struct session *session, enum publish_lease_state state)
{
	char words[HOLDER_SIZE];

	holder_words(&session->lease.other, words);
	pthread_mutex_lock(&session->lease_mutex);
	session->lease_told.state = state;
	snprintf(session->lease_told.holder, sizeof session->lease_told.holder, "%s", words);
	pthread_mutex_unlock(&session->lease_mutex);
	atomic_store(&session->lost, state == PUBLISH_LEASE_ANOTHERS);
}

static bool was_connected(const struct session *session)
{
	return atomic_load_explicit(&session->counters.connects, memory_order_relaxed);
}

static void become_ready(struct session *session, uint64_t now_ns)
{
	size_t held = session_held(session);

	for (int i = 0; i < STREAM_COUNT; i++) {
		stream_raise_id(session->courses[i].stream, session->greeting.streams[i].last);
		session->courses[i].last_wanted = false;
	}
	marks_forget_all(&session->commands.marks);
	session->begun = session->wait_due = false;
	session->heartbeat_due = session->heartbeat_ns != 0;
	session->heard_ns = now_ns;
	session->mutes.due_ns = session->lag.due_ns = session->tests.due_ns = 0;
	session->state = SESSION_READY;
	if (!was_connected(session) || session->troubles.untold_recovery)
		log_event(LOG_INFO, "redis_connected", "Redis takes entries",
			"url=%s version=%s waiting=%zu", connection_url(session->connection),
			session->greeting.version, held);
	session->troubles.untold_recovery = false;
	atomic_fetch_add_explicit(&session->counters.connects, 1, memory_order_relaxed);
	atomic_store(&session->counters.connected, true);
	session_say_lease(session, PUBLISH_LEASE_HELD);
}

/* Another prober of this id writes, or has written until a moment ago. */
static void wait_for_lease(struct session *session, uint64_t now_ns)
{
	connection_close(session->connection);
	session->state = SESSION_DOWN;
	session->backoff.until_ns = now_ns + lease_again_ns(&session->lease);
	session_say_lease(session,
		session->lease.other_lives ? PUBLISH_LEASE_ANOTHERS : PUBLISH_LEASE_AWAITED);
}

bool session_greeted(struct session *session, const struct answer *answer, uint64_t now_ns)
{
	const char *what = greeting_bad_key(&session->greeting, answer);
	enum trouble trouble;
	int status;

	if (what)
		troubles_tell(&session->troubles, trouble_of(answer->text),
			connection_url(session->connection), what, answer->text);
	status = greeting_answer(
		&session->greeting, session->connection, answer, now_ns, &trouble, &what);
	if (status == 1)
		become_ready(session, now_ns);
	else if (!status)
		session->deadline_ns = now_ns + SESSION_ANSWER_NS; /* of the next answer */
	else if (status == -EACCES)
		session_fail(
			session, trouble, what, greeting_error(&session->greeting, answer), now_ns);
	else if (status == -EBUSY)
		wait_for_lease(session, now_ns);
	else if (status)
		session_fail(session, TROUBLE_OTHER, "", "out of memory", now_ns);
	return status >= 0;
}

void session_greet(struct session *session, uint64_t now_ns)
{
	struct message msg;
	int error;

	if (connection_unsent(session->connection)) {
		error = connection_write(session->connection, &msg);
		if (error) {
			session_fail(session,
				error == -EPROTO ? trouble_of(msg.text) : TROUBLE_LOST,
				"connection lost", msg.text, now_ns);
			return;
		}
	}
	if (now_ns >= session->deadline_ns)
		session_fail(session, TROUBLE_SILENT, "connected", "no answer comes", now_ns);
}
