/* SPDX-License-Identifier: MIT */
/* What outlives the process: the journal, and what a former process has left in it. */
#include "edges/publish_session.h"

#include "vocabulary/log.h"

int session_open_disk(struct session *session, struct message *msg)
{
	const struct config *config = session->config;
	struct message note;
	int error = disk_open(&session->disk, config->state_dir, config->id,
		config->disk_spool_max_bytes, &note, msg);

	if (error)
		return error;
	if (note.text[0])
		log_event(LOG_WARN, "spool_damaged", "not all that waited on disk is sent",
			"why=%s", note.text);
	if (disk_held(session->disk))
		log_event(LOG_INFO, "spool_left", "results of before the start are to be sent",
			"url=%s waiting=%llu", connection_url(session->connection),
			(unsigned long long)disk_held(session->disk));
	return 0;
}

/* First what has an id: new ones are greater. */
void session_take_left(struct session *session)
{
	struct stream *stream = session->courses[STREAM_ALERTS].stream;
	struct journal_left left;
	size_t at = 0, held;

	session->order = journal_order(session->journal);
	while (journal_next_left(session->journal, &at, &left))
		if (left.id_ms)
			stream_restore(stream, left.order,
				(struct stream_id) { left.id_ms, left.id_seq }, left.transition,
				true);
	for (at = 0; journal_next_left(session->journal, &at, &left);)
		if (!left.id_ms)
			stream_add(stream, left.order, left.transition);
	held = stream_held(stream);
	if (held)
		log_event(LOG_INFO, "transitions_left", "alerts of before the start are to be sent",
			"url=%s waiting=%zu", connection_url(session->connection), held);
}

void session_keep(struct session *session)
{
	if (session->journal)
		journal_flush(session->journal);
}
