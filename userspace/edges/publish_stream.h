/* SPDX-License-Identifier: MIT */
/* One Redis stream as its one writer sees it: what waits, what was sent and is not answered, and
 * the ids. It makes sure that every entry stands in the stream exactly once:
 *
 * - An entry gets its id, greater than all before, when it is first sent, and keeps it until Redis
 *   has said what became of it. Redis refuses an id that is not greater than its last one, so an
 *   entry that is sent twice is written once.
 * - When the connection is lost, all that was not answered is sent again, in its order, before
 *   anything newer. Such an entry is `uncertain`: it may be in the stream already. If Redis refuses
 *   its id, looking it up tells.
 * - A refusal of an entry that is not uncertain means that it is not in the stream. It goes back to
 *   what waits, and gets a new id when it is sent the next time.
 *
 * No I/O: the session sends, and says what was answered. */
#ifndef MOSPROBE_PUBLISH_STREAM_H
#define MOSPROBE_PUBLISH_STREAM_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "pure/result.h"

/* An id of a Redis stream, "MS-SEQ". */
struct stream_id {
	uint64_t ms, seq;
};
#define STREAM_ID_SIZE 42

/* Reads "MS-SEQ". Returns 0 or -EINVAL. */
int stream_id_parse(struct stream_id *ret, const char *text);
void stream_id_text(char ret[STREAM_ID_SIZE], struct stream_id id);

struct chunk;

/* A result on its way: as it was made, or as it was read from the disk. */
struct waiting {
	struct result result; /* of one from the disk only the time, of its chunk's oldest */
	struct chunk *chunk;  /* where it came from; NULL = it was made */
	uint32_t entry;	      /* which of that */
};

/* An entry in flight. */
struct entry {
	uint64_t order; /* which of all entries of both streams it is */
	struct stream_id id;
	union {
		struct result result; /* in either of the others */
		struct transition transition;
		struct waiting waiting;
	} body;
	uint8_t state;		/* the stream's own */
	bool uncertain;		/* was sent on a connection that was lost without an answer */
	bool added;		/* is in the stream, but not on enough replicas for all we know */
};

#define FLIGHT_MAX 4096 /* entries sent and not answered */

struct stream;

/* payload_size: of a struct waiting or a struct transition. max: how many may wait. Returns 0 or
 * -ENOMEM. */
int stream_create(struct stream **ret, size_t payload_size, size_t max);
void stream_destroy(struct stream *stream); /* NULL is fine */

/* Takes an entry to be sent. false when as many wait as may. */
bool stream_add(struct stream *stream, uint64_t order, const void *payload);
/* Takes an entry that is to be sent under this id, before anything that waits; in the order of the ids. uncertain: it
 * may have been sent already, by a former process. Without room in flight it is left out. */
void stream_restore(struct stream *stream, uint64_t order, struct stream_id id,
	const void *payload, bool uncertain);
/* Ids for so many entries, one by one higher than the first, which it returns. */
struct stream_id stream_reserve(struct stream *stream, uint32_t count, uint64_t wall_ms);
/* Entries that can be taken into flight. */
uint32_t stream_room(const struct stream *stream);
/* Takes the oldest that waits and was not sent; false when there is none. */
bool stream_take_oldest(struct stream *stream, void *ret_payload);
/* Redis told the last id that it generated: ours will be greater. */
void stream_raise_id(struct stream *stream, struct stream_id last);

/* May something be sent while fewer than `limit` entries are unanswered? Nothing may while a
 * refused entry waits for the answers to those sent after it. ret_order: which entry it is. */
bool stream_has_next(const struct stream *stream, uint32_t limit, uint64_t *ret_order);
/* Only after stream_has_next(): marks the next entry as sent and returns its slot, good until it is
 * answered. */
uint32_t stream_next(struct stream *stream, uint64_t wall_ms);
const struct entry *stream_entry(const struct stream *stream, uint32_t slot);

/* The answers. */
void stream_written(struct stream *stream, uint32_t slot);
/* Is in the stream, and is written once enough replicas have it. */
void stream_added(struct stream *stream, uint32_t slot);
bool stream_is_added(const struct stream *stream, uint32_t slot);
/* Not written. certain: neither was it ever before. */
void stream_refused(struct stream *stream, uint32_t slot, bool certain);
/* When all that was sent is answered and some of it was refused: takes the refused back, to be sent
 * again. false when there is nothing to take back (yet). */
bool stream_settle(struct stream *stream);
/* The connection is gone, and with it every answer that has not come. */
void stream_lost(struct stream *stream);

/* Entries that wait and have never been sent. */
size_t stream_waiting(const struct stream *stream);
/* Entries not yet answered, sent or not; of the oldest of them the wall clock (0 = none), and which of
 * all entries it is (UINT64_MAX = none). */
size_t stream_held(const struct stream *stream);
uint64_t stream_oldest_order(const struct stream *stream);
uint64_t stream_oldest_ms(const struct stream *stream);

#endif
