/* SPDX-License-Identifier: MIT */
#include "vocabulary/arena.h"

#include <stdalign.h>
#include <stdlib.h>
#include <string.h>

#define CHUNK_SIZE 65536

struct arena {
	struct arena *older;
	size_t used, size;
	alignas(max_align_t) char bytes[];
};

static void *take(struct arena **arena, size_t size, size_t align)
{
	struct arena *chunk = *arena;
	size_t at = chunk ? (chunk->used + align - 1) & ~(align - 1) : 0;

	if (!chunk || at > chunk->size || chunk->size - at < size) {
		size_t bytes = size > CHUNK_SIZE ? size : CHUNK_SIZE;

		if (bytes > (size_t)-1 - sizeof *chunk)
			return NULL;
		chunk = malloc(sizeof *chunk + bytes);
		if (!chunk)
			return NULL;
		chunk->older = *arena;
		chunk->size = bytes;
		*arena = chunk;
		at = 0;
	}
	chunk->used = at + size;
	return chunk->bytes + at;
}

void *arena_take(struct arena **arena, size_t size)
{
	void *memory = take(arena, size, alignof(max_align_t));

	return memory ? memset(memory, 0, size) : NULL;
}

char *arena_text(struct arena **arena, const char *text, size_t length)
{
	char *copy = take(arena, length + 1, 1);

	if (!copy)
		return NULL;
	memcpy(copy, text, length);
	copy[length] = '\0';
	return copy;
}

void arena_free(struct arena **arena)
{
	while (*arena) {
		struct arena *older = (*arena)->older;

		free(*arena);
		*arena = older;
	}
}
