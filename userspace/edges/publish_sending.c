/* SPDX-License-Identifier: MIT */
/* What is sent, and when. */
#include "edges/publish_session.h"

#include <errno.h>

#include "vocabulary/nsec.h"

#define BATCH_BYTES (64u << 10) /* formatted before the socket is asked again */
#define HEARTBEAT_LEAST_MS 15000

static uint64_t counted(const _Atomic uint64_t *counter)
{
	return atomic_load_explicit(counter, memory_order_relaxed);
}

/* The prober that is gone must look gone: the last heartbeat is not written again with a new life,
 * but with what is left of its own. */
static void send_heartbeat(struct session *session, uint64_t now_ns, uint64_t wall_ms)
{
	const struct heartbeat *heartbeat = &session->heartbeat;
	struct session_counters *counters = &session->counters;
	struct fields *fields = &session->commands.fields;
	uint64_t age_ms = (now_ns - session->heartbeat_ns) / NSEC_PER_MSEC;
	uint64_t expire_ms = 3 * heartbeat->interval_ms;
	uint64_t oldest_ms = session_oldest_ms(session);
	char lag[2 * LAG_TEXT_SIZE], pending[2 * LAG_TEXT_SIZE];

	session->heartbeat_due = false;
	if (expire_ms < HEARTBEAT_LEAST_MS)
		expire_ms = HEARTBEAT_LEAST_MS;
	if (age_ms >= expire_ms)
		return;
	heartbeat_fields(fields, heartbeat, session->config->id);
	fields_add_text(fields, "version", MOSPROBE_VERSION);
	fields_add_integer(fields, "spool_depth", session_held(session));
	fields_add_integer(fields, "spool_disk", disk_held(session->disk));
	fields_add_integer(
		fields, "spool_age_ms", oldest_ms && oldest_ms < wall_ms ? wall_ms - oldest_ms : 0);
	lag_text(lag, session->lag.lag);
	lag_text(pending, session->lag.pending);
	fields_add_text(fields, "consumer_lag", lag);
	fields_add_text(fields, "consumer_pending", pending);
	fields_add_integer(fields, "written", counted(&counters->written));
	fields_add_integer(fields, "dropped", counted(&counters->dropped));
	fields_add_integer(fields, "dropped_transitions", counted(&counters->dropped_transitions));
	fields_add_integer(fields, "reconnects", counted(&counters->connects) - 1);
	commands_heartbeat(&session->commands, expire_ms - age_ms);
}

/* The stream that holds the oldest entry that may be sent now; STREAM_COUNT = none. In the order in
 * which they came, so that a transition stands in its stream before its result tells of it. */
static int next_stream(const struct session *session, uint64_t now_ns)
{
	uint64_t oldest = UINT64_MAX, order;
	int next = STREAM_COUNT;

	for (int i = 0; i < STREAM_COUNT; i++) {
		const struct course *course = &session->courses[i];
		uint32_t limit = course->backoff.failures ? 1 : FLIGHT_MAX;

		if (course->last_wanted || now_ns < course->backoff.until_ns ||
			!stream_has_next(course->stream, limit, &order) || order >= oldest)
			continue;
		oldest = order;
		next = i;
	}
	return next;
}

static void send_transition(struct session *session, const struct entry *entry, uint32_t slot)
{
	if (session->journal)
		journal_sent(session->journal, entry->order, entry->id.ms, entry->id.seq);
	commands_transition(&session->commands, entry, slot);
	session->wait_due = session->config->wait_replicas;
}

static void send_batch(struct session *session, uint64_t now_ns, uint64_t wall_ms)
{
	uint64_t until = session->pipeline.appended_bytes + BATCH_BYTES;
	int next;

	while (session->pipeline.appended_bytes < until && pipeline_has_room(&session->pipeline) &&
		!session->pipeline.out_of_memory &&
		(next = next_stream(session, now_ns)) != STREAM_COUNT) {
		struct stream *stream = session->courses[next].stream;
		uint32_t slot = stream_next(stream, wall_ms);

		if (next == STREAM_RESULTS)
			commands_result(&session->commands, stream_entry(stream, slot), slot);
		else
			send_transition(session, stream_entry(stream, slot), slot);
	}
	/* One for all of them: each holds up whatever is asked after it. */
	if (session->wait_due && pipeline_has_room(&session->pipeline)) {
		commands_wait(&session->commands, session->config->wait_replicas);
		session->wait_due = false;
	}
	/* Before any of it leaves. */
	session_keep(session);
}

static void send_leavers(struct session *session)
{
	const struct leaver *leaver;
	uint64_t oldest;

	if (session->leavers.sent == session->leavers.count)
		return;
	oldest = session_oldest(session);
	while (pipeline_has_room(&session->pipeline) &&
		(leaver = leavers_next(&session->leavers, oldest))) {
		commands_leave(&session->commands, leaver->number, leaver->key);
		histories_forget(&session->histories, leaver->number);
	}
}

static void send_histories(struct session *session)
{
	const struct history_record *record;

	while (pipeline_has_room(&session->pipeline) &&
		(record = histories_next(&session->histories)))
		commands_history(&session->commands, record);
}

/* What was refused is taken back when all is answered that was sent with it. */
static void settle(struct session *session, uint64_t now_ns)
{
	for (int i = 0; i < STREAM_COUNT; i++) {
		struct course *course = &session->courses[i];

		if (stream_settle(course->stream) && course->troubled) {
			backoff_fail(&course->backoff, now_ns);
			course->troubled = false;
		}
		if (course->last_wanted && !course->last_asked &&
			now_ns >= course->backoff.until_ns) {
			course->last_asked = true;
			commands_last(&session->commands, (enum stream_name)i);
		}
	}
}

/* First of a connection. */
static void begin(struct session *session)
{
	session->begun = true;
	if (!session->fresh)
		commands_fresh(&session->commands);
	commands_register(&session->commands);
}

/* What is not an entry. */
static void append(struct session *session, uint64_t now_ns, uint64_t wall_ms)
{
	if (!session->begun)
		begin(session);
	if (session->heartbeat_due && pipeline_has_room(&session->pipeline))
		send_heartbeat(session, now_ns, wall_ms);
	send_histories(session);
	send_leavers(session);
	if (pipeline_has_room(&session->pipeline))
		mute_reader_ask(&session->mutes, &session->pipeline, session->keys.names[KEY_MUTE],
			now_ns, wall_ms);
	if (pipeline_has_room(&session->pipeline))
		lag_ask(&session->lag, &session->pipeline, &session->keys, now_ns);
	if (pipeline_has_room(&session->pipeline))
		test_reader_ask(
			&session->tests, &session->pipeline, session->keys.names[KEY_TEST], now_ns);
}

bool session_send(
	struct session *session, uint64_t now_ns, enum trouble *ret_trouble, struct message *msg)
{
	uint64_t wall_ms = nsec_real() / NSEC_PER_MSEC;
	bool go = atomic_load(&session->go);
	int error;

	if (!pipeline_unanswered(&session->pipeline))
		session->heard_ns = now_ns;
	if (now_ns >= session->lease.refresh_ns) {
		commands_refresh(&session->commands, session->lease.ttl_ms);
		lease_refreshed(&session->lease, now_ns);
	}
	if (go) {
		settle(session, now_ns);
		session_feed(session, wall_ms);
		append(session, now_ns, wall_ms);
	}
	do {
		if (go && !connection_unsent(session->connection))
			send_batch(session, now_ns, wall_ms);
		if (session->pipeline.out_of_memory) {
			*ret_trouble = TROUBLE_OTHER;
			message_set(msg, 0, "out of memory");
			return false;
		}
		if (!connection_unsent(session->connection))
			break;
		error = connection_write(session->connection, msg);
		if (error) {
			*ret_trouble = error == -EPROTO ? trouble_of(msg->text) : TROUBLE_LOST;
			return false;
		}
	} while (!connection_unsent(session->connection));
	if (!connection_unsent(session->connection))
		pipeline_time(&session->pipeline);
	return true;
}
