/* SPDX-License-Identifier: MIT */
#include "vocabulary/names.h"

#include <stdlib.h>
#include <string.h>

#define XXH_INLINE_ALL
#include <xxhash.h>

#include "vocabulary/arena.h"

/* Open addressing; a cell holds a number, plus one. */
struct names {
	const char **texts;
	uint32_t *cells;
	size_t size; /* of cells, a power of two, at least twice the room */
	uint32_t count, room;
	bool copies;
	struct arena *arena;
};

static uint64_t hash_of(const char *text)
{
	return XXH3_64bits(text, strlen(text));
}

static void put(uint32_t *cells, size_t size, uint64_t hash, uint32_t number)
{
	size_t cell = hash & (size - 1);

	while (cells[cell])
		cell = (cell + 1) & (size - 1);
	cells[cell] = number + 1;
}

static bool grow(struct names *names, uint32_t room)
{
	const char **texts = realloc(names->texts, room * sizeof *texts);
	size_t size = 16;
	uint32_t *cells;

	if (!texts)
		return false;
	names->texts = texts;
	while (size < 2 * (size_t)room)
		size *= 2;
	cells = calloc(size, sizeof *cells);
	if (!cells)
		return false;
	for (uint32_t i = 0; i < names->count; i++)
		put(cells, size, hash_of(texts[i]), i);
	free(names->cells);
	names->cells = cells;
	names->size = size;
	names->room = room;
	return true;
}

struct names *names_create(size_t expected, bool copies)
{
	struct names *names = calloc(1, sizeof *names);

	if (!names)
		return NULL;
	names->copies = copies;
	if (expected >= UINT32_MAX || !grow(names, expected ? (uint32_t)expected : 1)) {
		names_destroy(names);
		return NULL;
	}
	return names;
}

void names_destroy(struct names *names)
{
	if (!names)
		return;
	free(names->texts);
	free(names->cells);
	arena_free(&names->arena);
	free(names);
}

/* Its number, or NAMES_NO_MEMORY when it has none. */
static uint32_t find(const struct names *names, const char *text, uint64_t hash)
{
	for (size_t cell = hash & (names->size - 1); names->cells[cell];
		cell = (cell + 1) & (names->size - 1))
		if (!strcmp(names->texts[names->cells[cell] - 1], text))
			return names->cells[cell] - 1;
	return NAMES_NO_MEMORY;
}

bool names_known(const struct names *names, const char *text)
{
	return find(names, text, hash_of(text)) != NAMES_NO_MEMORY;
}

uint32_t names_number(struct names *names, const char *text)
{
	uint64_t hash = hash_of(text);
	uint32_t number = find(names, text, hash);

	if (number != NAMES_NO_MEMORY)
		return number;
	if (names->count == names->room &&
		(names->room > UINT32_MAX / 4 || !grow(names, 2 * names->room)))
		return NAMES_NO_MEMORY;
	if (names->copies)
		text = arena_text(&names->arena, text, strlen(text));
	if (!text)
		return NAMES_NO_MEMORY;
	number = names->count++;
	names->texts[number] = text;
	put(names->cells, names->size, hash, number);
	return number;
}

uint32_t names_count(const struct names *names)
{
	return names->count;
}

const char *names_at(const struct names *names, uint32_t number)
{
	return names->texts[number];
}
