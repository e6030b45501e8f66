/* SPDX-License-Identifier: MIT */
/* What the answers mean. */
#include "edges/publish_session.h"

#include "vocabulary/log.h"

static void tell(struct session *session, const struct question *question, enum trouble trouble,
	const struct answer *answer)
{
	troubles_tell(&session->troubles, trouble, connection_url(session->connection),
		session->keys.names[question->key], answer->text);
}

static void written(struct session *session, const struct question *question)
{
	struct course *course = &session->courses[question->stream];
	const struct entry *entry;

	if (session->journal && question->stream == STREAM_ALERTS)
		journal_done(session->journal, stream_entry(course->stream, question->slot)->order);
	entry = stream_entry(course->stream, question->slot);
	if (question->stream == STREAM_RESULTS && entry->body.waiting.chunk)
		disk_entry_done(session->disk, entry->body.waiting.chunk);
	stream_written(course->stream, question->slot);
	atomic_fetch_add_explicit(&session->counters.written, 1, memory_order_relaxed);
	if (!course->backoff.failures)
		return;
	backoff_reset(&course->backoff);
	log_event(LOG_INFO, "redis_resumed", "a stream takes entries again", "key=%s url=%s",
		session->keys.names[question->key], connection_url(session->connection));
}

/* It is in the stream. */
static void added(struct session *session, const struct question *question)
{
	struct stream *stream = session->courses[question->stream].stream;

	if (question->stream != STREAM_ALERTS || !session->config->wait_replicas) {
		written(session, question);
		return;
	}
	stream_added(stream, question->slot);
	/* One that was sent now has its WAIT behind it; one that was found has none. */
	session->wait_due |= question->kind == ASKED_FIND;
}

/* How many replicas have what is in the stream so far. Without enough of them it is sent again, is found, and this is
 * asked again. */
static void replicated(
	struct session *session, const struct question *question, const struct answer *answer)
{
	struct course *course = &session->courses[question->stream];
	bool enough = !answer->error && answer->number >= (long long)session->config->wait_replicas;
	struct question entry = *question;
	struct message text;
	uint32_t count = 0;

	for (entry.slot = 0; entry.slot < FLIGHT_MAX; entry.slot++) {
		if (!stream_is_added(course->stream, entry.slot))
			continue;
		count++;
		if (enough)
			written(session, &entry);
		else
			stream_refused(course->stream, entry.slot, false);
	}
	if (enough || !count)
		return;
	course->troubled = true;
	if (answer->error)
		return;
	message_set(&text, 0, "%lld of the %u replicas of redis.wait_replicas have an alert",
		answer->number, session->config->wait_replicas);
	troubles_tell(&session->troubles, TROUBLE_NOREPLICAS, connection_url(session->connection),
		session->keys.names[question->key], text.text);
}

static void add_refused(
	struct session *session, const struct question *question, enum trouble trouble)
{
	struct course *course = &session->courses[question->stream];
	const struct entry *entry = stream_entry(course->stream, question->slot);

	if (trouble != TROUBLE_SMALLER_ID) {
		/* Not written now; one that was sent before may stand there already, and keeps its
		 * id until that is known. */
		course->troubled = true;
		stream_refused(course->stream, question->slot, false);
		return;
	}
	if (entry->uncertain) {
		/* Either it was written and its answer got lost, or something newer was. */
		commands_find(&session->commands, question->stream, entry, question->slot);
		return;
	}
	/* Somebody else writes here: all by ourselves we only give greater ids. */
	course->troubled = true;
	stream_refused(course->stream, question->slot, true);
	course->last_wanted = true;
}

static void last_answered(struct session *session, const struct question *question,
	const struct answer *answer, uint64_t now_ns)
{
	struct course *course = &session->courses[question->stream];
	struct stream_id last;

	course->last_asked = false;
	if (!answer->error &&
		!stream_id_parse(&last, answer_text_of(answer, "last-generated-id"))) {
		stream_raise_id(course->stream, last);
		course->last_wanted = false;
	} else if (trouble_of(answer->text) == TROUBLE_NO_SUCH_KEY) {
		course->last_wanted = false;
	} else {
		backoff_fail(&course->backoff, now_ns);
	}
}

static void take_mutes(struct session *session, const struct answer *answer)
{
	const char *key = session->keys.names[KEY_MUTE];
	uint32_t wrong = mute_reader_take(&session->mutes, answer, session->config->defaults.port);

	if (wrong)
		log_event(LOG_WARN, "redis_mutes_wrong", "members are no NAME:PORT, or no time",
			"key=%s url=%s members=%u", key, connection_url(session->connection),
			wrong);
}

bool session_answer(struct session *session, const struct question *question,
	const struct answer *answer, uint64_t now_ns, enum trouble *ret_trouble,
	struct message *msg)
{
	enum trouble trouble = answer->error ? trouble_of(answer->text) : TROUBLE_OTHER;
	struct course *course = &session->courses[question->stream];

	/* An uncertain entry that is refused is no trouble but the proof that it was sent before. */
	if (answer->error && question->kind != ASKED_NOTHING && trouble != TROUBLE_NO_SUCH_KEY &&
		!(trouble == TROUBLE_SMALLER_ID && question->kind == ASKED_ADD &&
			stream_entry(course->stream, question->slot)->uncertain))
		tell(session, question, trouble, answer);
	switch (question->kind) {
	case ASKED_ADD:
		if (answer->error)
			add_refused(session, question, trouble);
		else
			added(session, question);
		break;
	case ASKED_WAIT:
		replicated(session, question, answer);
		break;
	case ASKED_FIND:
		if (!answer->error && answer->elements) {
			added(session, question);
			break;
		}
		course->troubled |= answer->error;
		stream_refused(course->stream, question->slot, !answer->error);
		break;
	case ASKED_LAST:
		last_answered(session, question, answer, now_ns);
		break;
	case ASKED_TARGET:
		if (answer->error)
			marks_forget(&session->commands.marks, question->target);
		break;
	case ASKED_UPDATE:
		/* New fields: the hash was not there, because somebody deleted it or Redis
		 * evicted it. The next result writes all of it. */
		if (answer->error || answer->number)
			marks_forget(&session->commands.marks, question->target);
		break;
	case ASKED_LEAVE:
		leavers_done(&session->leavers);
		break;
	case ASKED_HISTORY:
		histories_done(&session->histories);
		break;
	case ASKED_TEST:
		test_reader_take(&session->tests, answer);
		break;
	case ASKED_GROUPS:
		lag_take(&session->lag, (enum stream_name)question->stream, answer);
		break;
	case ASKED_MUTES:
		take_mutes(session, answer);
		break;
	case ASKED_FRESH:
		session->fresh = !answer->error;
		break;
	case ASKED_LEASE:
		if (answer->error || answer->number || session->released)
			break;
		/* It has expired, was deleted, or Redis has forgotten all. */
		*ret_trouble = TROUBLE_LOST;
		message_set(msg, 0, "the lease is gone, and is taken again");
		return false;
	case ASKED_OTHER:
	case ASKED_NOTHING:
		break;
	}
	if (!answer->error)
		backoff_reset(&session->backoff);
	if (answer->error &&
		(question->kind == ASKED_ADD || question->kind == ASKED_LEASE ||
			question->kind == ASKED_OTHER) &&
		trouble_wants_reconnect(trouble)) {
		*ret_trouble = trouble;
		message_set(msg, 0, "%s", answer->text);
		return false;
	}
	return true;
}
