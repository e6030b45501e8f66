/* SPDX-License-Identifier: MIT */
#include "edges/publish_stream.h"

#include <assert.h>
#include <errno.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "edges/publish_spool.h"

_Static_assert(offsetof(struct transition, result) == 0, "the result of either kind");
_Static_assert(offsetof(struct waiting, result) == 0, "the result of either kind");
_Static_assert((FLIGHT_MAX & (FLIGHT_MAX - 1)) == 0, "slots are masked positions");

enum entry_state {
	ENTRY_AGAIN,   /* has an id, and is to be sent again with it */
	ENTRY_SENT,    /* not answered */
	ENTRY_REFUSED, /* not written */
	ENTRY_WRITTEN
};

struct stream {
	struct spool *spool; /* never sent, or certainly not written: without an id */
	size_t payload_size;
	struct stream_id last;
	/* Positions that only rise: head <= cursor <= tail. [head, cursor) was sent on this
	 * connection, [cursor, tail) is to be sent again, all of it before anything of the spool. */
	uint32_t head, cursor, tail;
	uint32_t unanswered, refused;
	struct entry flight[FLIGHT_MAX];
};

static struct entry *at(const struct stream *stream, uint32_t position)
{
	return (struct entry *)&stream->flight[position & (FLIGHT_MAX - 1)];
}

int stream_id_parse(struct stream_id *ret, const char *text)
{
	struct stream_id id;
	int end = 0;

	if (sscanf(text, "%" SCNu64 "-%" SCNu64 "%n", &id.ms, &id.seq, &end) != 2 || text[end])
		return -EINVAL;
	*ret = id;
	return 0;
}

void stream_id_text(char ret[STREAM_ID_SIZE], struct stream_id id)
{
	snprintf(ret, STREAM_ID_SIZE, "%" PRIu64 "-%" PRIu64, id.ms, id.seq);
}

int stream_create(struct stream **ret, size_t payload_size, size_t max)
{
	struct stream *stream = calloc(1, sizeof *stream);
	int error;

	if (!stream)
		return -ENOMEM;
	assert(payload_size <= sizeof stream->flight[0].body);
	stream->payload_size = payload_size;
	error = spool_create(&stream->spool, payload_size, max);
	if (error) {
		free(stream);
		return error;
	}
	*ret = stream;
	return 0;
}

void stream_destroy(struct stream *stream)
{
	if (!stream)
		return;
	spool_destroy(stream->spool);
	free(stream);
}

bool stream_add(struct stream *stream, uint64_t order, const void *payload)
{
	return spool_push(stream->spool, order, payload);
}

bool stream_take_oldest(struct stream *stream, void *ret_payload)
{
	uint64_t order;

	return spool_pop(stream->spool, &order, ret_payload);
}

uint32_t stream_room(const struct stream *stream)
{
	return FLIGHT_MAX - (stream->tail - stream->head);
}

void stream_raise_id(struct stream *stream, struct stream_id last)
{
	if (last.ms > stream->last.ms ||
		(last.ms == stream->last.ms && last.seq > stream->last.seq))
		stream->last = last;
}

void stream_restore(struct stream *stream, uint64_t order, struct stream_id id, const void *payload,
	bool uncertain)
{
	struct entry *entry = at(stream, stream->tail);

	if (stream->tail - stream->head == FLIGHT_MAX)
		return;
	stream->tail++;
	entry->order = order;
	entry->id = id;
	entry->state = ENTRY_AGAIN;
	entry->uncertain = uncertain;
	memcpy(&entry->body, payload, stream->payload_size);
	stream_raise_id(stream, id);
}

/* The clock may have been set back, or the last id may lie ahead of it: then ids go on from it. */
static struct stream_id new_id(struct stream *stream, uint64_t wall_ms)
{
	if (wall_ms > stream->last.ms)
		stream->last = (struct stream_id) { wall_ms, 0 };
	else if (stream->last.seq == UINT64_MAX)
		stream->last = (struct stream_id) { stream->last.ms + 1, 0 };
	else
		stream->last.seq++;
	return stream->last;
}

struct stream_id stream_reserve(struct stream *stream, uint32_t count, uint64_t wall_ms)
{
	struct stream_id first = new_id(stream, wall_ms);

	for (uint32_t i = 1; i < count; i++)
		new_id(stream, first.ms);
	return first;
}

bool stream_has_next(const struct stream *stream, uint32_t limit, uint64_t *ret_order)
{
	if (stream->refused || stream->unanswered >= limit)
		return false;
	if (stream->cursor != stream->tail) {
		*ret_order = at(stream, stream->cursor)->order;
		return true;
	}
	if (!spool_depth(stream->spool) || stream->tail - stream->head == FLIGHT_MAX)
		return false;
	spool_oldest(stream->spool, ret_order);
	return true;
}

uint32_t stream_next(struct stream *stream, uint64_t wall_ms)
{
	uint32_t position = stream->cursor++;
	struct entry *entry = at(stream, position);

	if (position == stream->tail) {
		bool taken = spool_pop(stream->spool, &entry->order, &entry->body);

		assert(taken);
		(void)taken;
		entry->id = new_id(stream, wall_ms);
		entry->uncertain = false;
		stream->tail++;
	} else {
		assert(entry->state == ENTRY_AGAIN);
	}
	entry->state = ENTRY_SENT;
	entry->added = false;
	stream->unanswered++;
	return position & (FLIGHT_MAX - 1);
}

const struct entry *stream_entry(const struct stream *stream, uint32_t slot)
{
	return &stream->flight[slot];
}

void stream_written(struct stream *stream, uint32_t slot)
{
	assert(stream->flight[slot].state == ENTRY_SENT);
	stream->flight[slot].state = ENTRY_WRITTEN;
	stream->unanswered--;
	while (stream->head != stream->cursor && at(stream, stream->head)->state == ENTRY_WRITTEN)
		stream->head++;
}

void stream_added(struct stream *stream, uint32_t slot)
{
	stream->flight[slot].added = true;
	stream->flight[slot].uncertain = true;
}

bool stream_is_added(const struct stream *stream, uint32_t slot)
{
	return stream->flight[slot].state == ENTRY_SENT && stream->flight[slot].added;
}

void stream_refused(struct stream *stream, uint32_t slot, bool certain)
{
	struct entry *entry = &stream->flight[slot];

	assert(entry->state == ENTRY_SENT);
	entry->state = ENTRY_REFUSED;
	if (certain)
		entry->uncertain = false;
	stream->unanswered--;
	stream->refused++;
}

/* Leaves in flight only what keeps its id, one after the other, all to be sent again. From the
 * newest to the oldest, so that what goes back to the spool stands there in its order. */
static void gather(struct stream *stream)
{
	uint32_t kept = stream->tail;

	for (uint32_t i = stream->tail; i != stream->head;) {
		struct entry *entry = at(stream, --i);

		if (entry->state == ENTRY_WRITTEN)
			continue;
		if (entry->state == ENTRY_REFUSED && !entry->uncertain &&
			spool_put_back(stream->spool, entry->order, &entry->body))
			continue;
		/* Also a refused one for which there is no memory: its id will be refused, it will
		 * not be found, and it comes back here. */
		if (entry->state != ENTRY_AGAIN)
			entry->uncertain = true;
		entry->state = ENTRY_AGAIN;
		if (--kept != i)
			*at(stream, kept) = *entry;
	}
	stream->head = kept;
	stream->cursor = kept;
	stream->unanswered = 0;
	stream->refused = 0;
}

bool stream_settle(struct stream *stream)
{
	if (!stream->refused || stream->unanswered)
		return false;
	gather(stream);
	return true;
}

void stream_lost(struct stream *stream)
{
	gather(stream);
}

size_t stream_waiting(const struct stream *stream)
{
	return spool_depth(stream->spool);
}

size_t stream_held(const struct stream *stream)
{
	/* Written ones may stand between those that are not. */
	return spool_depth(stream->spool) + stream->unanswered + stream->refused +
	       (stream->tail - stream->cursor);
}

uint64_t stream_oldest_ms(const struct stream *stream)
{
	const struct result *result;
	uint64_t order;

	if (stream->head != stream->tail)
		return at(stream, stream->head)->body.result.at_ms;
	if (!spool_depth(stream->spool))
		return 0;
	result = spool_oldest(stream->spool, &order);
	return result->at_ms;
}

uint64_t stream_oldest_order(const struct stream *stream)
{
	uint64_t order = UINT64_MAX, waiting;

	/* One that was refused, or that came from the disk, may be younger than what stands behind it. */
	for (uint32_t i = stream->head; i != stream->tail; i++)
		if (at(stream, i)->state != ENTRY_WRITTEN && at(stream, i)->order < order)
			order = at(stream, i)->order;
	if (spool_depth(stream->spool)) {
		spool_oldest(stream->spool, &waiting);
		if (waiting < order)
			order = waiting;
	}
	return order;
}
