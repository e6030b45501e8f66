/* SPDX-License-Identifier: MIT */
/* Results on their way to the disk and back: many at a time, as the texts that they will have in the stream, so that
 * nothing else need be known then; compressed, with a checksum. Owns zstd. */
#ifndef MOSPROBE_PUBLISH_CHUNK_H
#define MOSPROBE_PUBLISH_CHUNK_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "edges/publish_stream.h"
#include "pure/fields.h"

#define CHUNK_ENTRIES_MAX 1024

struct chunk {
	uint64_t number; /* of its file */
	uint32_t count;	 /* entries */
	uint32_t left;	 /* that are not written yet, once it was read */
	uint64_t oldest_ms;	/* wall clock of the oldest */
	struct stream_id first; /* under which its first entry was sent, the others one by one higher; 0-0 = not */
	char *raw; /* "NAME\0TEXT\0...\0" of each, one after the other */
	size_t raw_size, raw_room;
	const char *entries[CHUNK_ENTRIES_MAX]; /* into raw, once it was read */
};

/* Zeroed: empty. Adds an entry. False when it is full, or memory is out. */
bool chunk_add(struct chunk *chunk, const struct fields *fields, uint64_t at_ms);
void chunk_free(struct chunk *chunk);

/* The first bytes of a file, as they stand there. */
struct chunk_head {
	char magic[8];
	uint32_t version, count;
	uint64_t prober;  /* a hash of its id */
	uint64_t oldest_ms;
	uint64_t raw_size, packed_size, checksum; /* of what follows */
	uint64_t first_ms, first_seq;
};

/* What to write, in a new piece of memory: a head and what follows; NULL when memory is out. */
void *chunk_pack(const struct chunk *chunk, uint64_t prober, size_t *ret_size);
/* Is this a head of this prober's, with a file of this size? */
bool chunk_head_is_good(const struct chunk_head *head, uint64_t prober, uint64_t file_size);
/* Back from what follows the head. Returns 0, -ENOMEM, or -EBADMSG when it is damaged. */
int chunk_unpack(struct chunk *ret, const struct chunk_head *head, const void *packed);

/* The names and texts of an entry, which live as long as the chunk. */
void chunk_fields(const struct chunk *chunk, uint32_t entry, struct fields *ret);

#endif
