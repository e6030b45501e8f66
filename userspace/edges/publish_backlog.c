/* SPDX-License-Identifier: MIT */
/* Results that wait: in memory up to redis.spool_max, then on disk, then the oldest are dropped. What is on disk comes
 * back a chunk at a time between the new ones, which so never wait for it. */
#include "edges/publish_session.h"

#include "vocabulary/log.h"

static struct stream *results_of(const struct session *session)
{
	return session->courses[STREAM_RESULTS].stream;
}

static void drop(struct session *session, uint64_t count)
{
	_Atomic uint64_t *dropped = &session->counters.dropped;

	if (!count)
		return;
	if (!session->drops_told) {
		session->drops_told = true;
		session->drops_before = atomic_load_explicit(dropped, memory_order_relaxed);
		log_event(LOG_WARN, "spool_full",
			"the oldest results are dropped: no more may wait for Redis",
			"bound=%s url=%s waiting=%zu",
			session->disk ? "redis.disk_spool_max" : "redis.spool_max",
			connection_url(session->connection), session_held(session));
	}
	atomic_fetch_add_explicit(dropped, count, memory_order_relaxed);
}

/* The oldest in memory, as one chunk, to the disk. */
static void spill(struct session *session)
{
	struct fields *fields = &session->commands.fields;
	struct chunk *chunk = &session->spilling;
	struct waiting waiting;
	uint64_t dropped = 0;

	while (chunk->count < CHUNK_ENTRIES_MAX &&
		stream_take_oldest(results_of(session), &waiting)) {
		uint64_t at_ms = waiting.result.at_ms;

		if (waiting.chunk)
			chunk_fields(waiting.chunk, waiting.entry, fields);
		else
			result_fields(fields, &waiting.result, session->config->id);
		dropped += !chunk_add(chunk, fields, at_ms);
		if (waiting.chunk)
			disk_entry_done(session->disk, waiting.chunk);
	}
	drop(session, dropped + disk_put(session->disk, chunk));
}

static void tell_of_spilling(struct session *session)
{
	if (!session->spills_told)
		log_event(LOG_WARN, "spool_spills",
			"the oldest results go to state_dir: no more may wait in memory",
			"bound=%s url=%s waiting=%zu", "redis.spool_max",
			connection_url(session->connection), stream_held(results_of(session)));
	session->spills_told = true;
}

void session_take_result(struct session *session, const struct result *result)
{
	const struct waiting waiting = { .result = *result };
	struct waiting oldest;

	while (!stream_add(results_of(session), session->order, &waiting)) {
		/* Without memory nothing may be waiting. */
		if (session->disk && stream_waiting(results_of(session))) {
			tell_of_spilling(session);
			spill(session);
			continue;
		}
		drop(session, 1);
		if (!stream_take_oldest(results_of(session), &oldest))
			return;
	}
}

void session_feed(struct session *session, uint64_t wall_ms)
{
	struct stream *stream = results_of(session);
	uint64_t dropped = 0;
	struct chunk *chunk;
	struct stream_id id;

	if (!session->disk || stream_room(stream) < CHUNK_ENTRIES_MAX)
		return;
	chunk = disk_take(session->disk, &dropped);
	drop(session, dropped);
	if (!chunk)
		return;
	id = chunk->first;
	/* A former process has sent it, or has meant to. */
	if (!id.ms)
		disk_sending(session->disk, chunk, stream_reserve(stream, chunk->count, wall_ms));
	for (uint32_t i = 0; i < chunk->count; i++) {
		const struct waiting waiting = {
			.result = { .at_ms = chunk->oldest_ms },
			.chunk = chunk,
			.entry = i,
		};
		const struct stream_id own = { chunk->first.ms, chunk->first.seq + i };

		stream_restore(stream, session->order, own, &waiting, id.ms != 0);
	}
}

void session_backlog_recovered(struct session *session)
{
	if (stream_waiting(results_of(session)) || disk_held(session->disk))
		return;
	session->spills_told = false;
	if (!session->drops_told)
		return;
	session->drops_told = false;
	log_event(LOG_WARN, "spool_dropped", "Redis has all that waited, but for what was dropped",
		"url=%s dropped=%llu", connection_url(session->connection),
		(unsigned long long)(atomic_load_explicit(
					     &session->counters.dropped, memory_order_relaxed) -
				     session->drops_before));
}

void session_leave_backlog(struct session *session)
{
	uint64_t held;

	if (!session->disk)
		return;
	while (stream_waiting(results_of(session)))
		spill(session);
	held = disk_held(session->disk);
	if (held)
		log_event(LOG_INFO, "spool_kept", "results wait in state_dir for the next start",
			"url=%s waiting=%llu", connection_url(session->connection),
			(unsigned long long)held);
}
