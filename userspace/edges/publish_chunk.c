/* SPDX-License-Identifier: MIT */
#include "edges/publish_chunk.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#define XXH_INLINE_ALL
#include <xxhash.h>
#include <zstd.h>

#define MAGIC "mosspool"
#define VERSION 1
#define LEVEL 1 /* the same names again and again: more effort gains little */
/* Entries of one chunk with every field and label of the longest. */
#define RAW_MOST ((uint64_t)CHUNK_ENTRIES_MAX * (FIELDS_TEXT_SIZE + FIELDS_MAX * 300))

static bool make_room(struct chunk *chunk, size_t more)
{
	size_t room = chunk->raw_room ? chunk->raw_room : 65536;
	char *raw;

	if (chunk->raw_size + more <= chunk->raw_room)
		return true;
	while (room < chunk->raw_size + more)
		room *= 2;
	raw = realloc(chunk->raw, room);
	if (!raw)
		return false;
	chunk->raw = raw;
	chunk->raw_room = room;
	return true;
}

static void put(struct chunk *chunk, const char *text)
{
	size_t size = strlen(text) + 1;

	memcpy(chunk->raw + chunk->raw_size, text, size);
	chunk->raw_size += size;
}

bool chunk_add(struct chunk *chunk, const struct fields *fields, uint64_t at_ms)
{
	size_t size = 1;

	for (unsigned i = 0; i < fields->count; i++)
		size += strlen(fields->list[i].name) + strlen(fields->list[i].text) + 2;
	if (chunk->count == CHUNK_ENTRIES_MAX || !make_room(chunk, size))
		return false;
	for (unsigned i = 0; i < fields->count; i++) {
		put(chunk, fields->list[i].name);
		put(chunk, fields->list[i].text);
	}
	put(chunk, "");
	if (!chunk->count++ || at_ms < chunk->oldest_ms)
		chunk->oldest_ms = at_ms;
	return true;
}

void chunk_free(struct chunk *chunk)
{
	free(chunk->raw);
	memset(chunk, 0, sizeof *chunk);
}

void *chunk_pack(const struct chunk *chunk, uint64_t prober, size_t *ret_size)
{
	size_t bound = ZSTD_compressBound(chunk->raw_size), packed;
	struct chunk_head head = {
		.magic = MAGIC,
		.version = VERSION,
		.count = chunk->count,
		.prober = prober,
		.oldest_ms = chunk->oldest_ms,
		.raw_size = chunk->raw_size,
	};
	char *file = malloc(sizeof head + bound);

	if (!file)
		return NULL;
	packed = ZSTD_compress(file + sizeof head, bound, chunk->raw, chunk->raw_size, LEVEL);
	if (ZSTD_isError(packed)) {
		free(file);
		return NULL;
	}
	head.packed_size = packed;
	head.checksum = XXH3_64bits(file + sizeof head, packed);
	memcpy(file, &head, sizeof head);
	*ret_size = sizeof head + packed;
	return file;
}

bool chunk_head_is_good(const struct chunk_head *head, uint64_t prober, uint64_t file_size)
{
	return !memcmp(head->magic, MAGIC, sizeof head->magic) && head->version == VERSION &&
	       head->prober == prober && head->count && head->count <= CHUNK_ENTRIES_MAX &&
	       head->raw_size <= RAW_MOST && head->packed_size == file_size - sizeof *head;
}

/* Where each entry begins. False when they are not as many as the head says. */
static bool find_entries(struct chunk *chunk)
{
	const char *at = chunk->raw, *end = chunk->raw + chunk->raw_size;

	if (!chunk->raw_size || end[-1])
		return false;
	for (uint32_t i = 0; i < chunk->count; i++) {
		if (at >= end)
			return false;
		chunk->entries[i] = at;
		while (*at) {
			at += strlen(at) + 1;
			if (at >= end)
				return false;
			at += strlen(at) + 1;
			if (at >= end)
				return false;
		}
		at++;
	}
	return at == end;
}

int chunk_unpack(struct chunk *ret, const struct chunk_head *head, const void *packed)
{
	size_t size;

	*ret = (struct chunk) {
		.count = head->count,
		.left = head->count,
		.oldest_ms = head->oldest_ms,
		.first = { head->first_ms, head->first_seq },
		.raw_size = head->raw_size,
		.raw_room = head->raw_size,
	};
	if (XXH3_64bits(packed, head->packed_size) != head->checksum)
		return -EBADMSG;
	ret->raw = malloc(head->raw_size + 1);
	if (!ret->raw)
		return -ENOMEM;
	size = ZSTD_decompress(ret->raw, head->raw_size, packed, head->packed_size);
	if (!ZSTD_isError(size) && size == head->raw_size && find_entries(ret))
		return 0;
	chunk_free(ret);
	return -EBADMSG;
}

void chunk_fields(const struct chunk *chunk, uint32_t entry, struct fields *ret)
{
	const char *at = chunk->entries[entry];

	ret->count = 0;
	ret->used = 0;
	while (*at) {
		const char *name = at, *text = name + strlen(name) + 1;

		fields_add_text(ret, name, text);
		at = text + strlen(text) + 1;
	}
}
