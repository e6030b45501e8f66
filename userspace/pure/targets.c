/* SPDX-License-Identifier: MIT */
#include "pure/targets.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#define XXH_INLINE_ALL
#include <xxhash.h>

#include "pure/targets_own.h"

#define CHUNK_TARGETS 1024 /* targets stay where they are when the list grows */

static uint64_t hash_target_at(const struct target_list *list, size_t number)
{
	return target_hash(targets_at(list, number));
}

static uint64_t hash_settings(const struct settings *settings)
{
	return XXH3_64bits(settings, sizeof *settings);
}

static uint64_t hash_settings_at(const struct target_list *list, size_t number)
{
	return hash_settings(list->settings[number]);
}

static void index_insert(struct index *index, uint64_t hash, uint32_t slot)
{
	size_t i = hash & (index->size - 1);

	while (index->slots[i])
		i = (i + 1) & (index->size - 1);
	index->slots[i] = slot;
}

/* Adds the element that has this number, the next one; no equal one may be in. */
static int index_add(struct index *index, const struct target_list *list, size_t number)
{
	if (number >= UINT32_MAX)
		return -ENOMEM;
	if (4 * (index->used + 1) > 3 * index->size) {
		struct index larger = *index;

		larger.size = index->size ? 2 * index->size : 64;
		larger.slots = calloc(larger.size, sizeof *larger.slots);
		if (!larger.slots)
			return -ENOMEM;
		for (size_t i = 0; i < index->size; i++)
			if (index->slots[i])
				index_insert(&larger, index->hash(list, index->slots[i] - 1),
					index->slots[i]);
		free(index->slots);
		*index = larger;
	}
	index_insert(index, index->hash(list, number), (uint32_t)number + 1);
	index->used++;
	return 0;
}

struct target_list *targets_create(void)
{
	struct target_list *list = calloc(1, sizeof *list);

	if (!list)
		return NULL;
	list->by_key.hash = hash_target_at;
	list->by_settings.hash = hash_settings_at;
	return list;
}

void targets_destroy(struct target_list *list)
{
	if (!list)
		return;
	for (size_t i = 0; i < list->chunk_count; i++)
		free(list->chunks[i]);
	free(list->chunks);
	free(list->by_key.slots);
	free(list->by_settings.slots);
	free(list->settings);
	free(list->sources);
	arena_free(&list->arena);
	free(list);
}

size_t targets_count(const struct target_list *list)
{
	return list->count;
}

const struct target *targets_at(const struct target_list *list, size_t i)
{
	return &list->chunks[i / CHUNK_TARGETS][i % CHUNK_TARGETS];
}

static const char *file_of(const struct target_list *list, size_t number)
{
	size_t i = list->source_count - 1;

	while (list->sources[i].first > number)
		i--;
	return list->sources[i].file;
}

/* Returns the target's number, or SIZE_MAX. */
static size_t find(const struct target_list *list, const char *name, uint16_t port, uint64_t hash)
{
	const struct index *index = &list->by_key;

	if (!index->size)
		return SIZE_MAX;
	for (size_t i = hash & (index->size - 1); index->slots[i];
		i = (i + 1) & (index->size - 1)) {
		const struct target *target = targets_at(list, index->slots[i] - 1);

		if (target->port == port && !strcmp(target->name, name))
			return index->slots[i] - 1;
	}
	return SIZE_MAX;
}

static uint8_t literal_of(const char *name)
{
	/* Of all names only IPv6 addresses have a colon. */
	return strchr(name, ':') ? 6 : 0;
}

const struct target *targets_find(const struct target_list *list, const char *name, uint16_t port)
{
	struct target wanted = { .name = name, .port = port, .literal = literal_of(name) };
	size_t number = find(list, name, port, target_hash(&wanted));

	return number == SIZE_MAX ? NULL : targets_at(list, number);
}

/* Padding may make two of equal ones, which costs memory and no more. */
const struct settings *targets_intern(struct target_list *list, const struct settings *settings)
{
	const struct index *index = &list->by_settings;
	uint64_t hash = hash_settings(settings);
	struct settings **larger, *copy;

	for (size_t i = hash & (index->size - 1); index->size && index->slots[i];
		i = (i + 1) & (index->size - 1)) {
		copy = list->settings[index->slots[i] - 1];
		if (!memcmp(copy, settings, sizeof *copy))
			return copy;
	}
	if (!(list->settings_count & (list->settings_count - 1))) {
		size_t room = list->settings_count ? 2 * list->settings_count : 1;

		larger = realloc(list->settings, room * sizeof(struct settings *));
		if (!larger)
			return NULL;
		list->settings = larger;
	}
	copy = arena_take(&list->arena, sizeof *copy);
	if (!copy)
		return NULL;
	memcpy(copy, settings, sizeof *copy);
	list->settings[list->settings_count] = copy;
	if (index_add(&list->by_settings, list, list->settings_count))
		return NULL;
	list->settings_count++;
	return copy;
}

static struct target *append(struct target_list *list)
{
	size_t chunk = list->count / CHUNK_TARGETS;

	if (chunk == list->chunk_count) {
		struct target **chunks = realloc(list->chunks, (chunk + 1) * sizeof *chunks);

		if (!chunks)
			return NULL;
		list->chunks = chunks;
		chunks[chunk] = calloc(CHUNK_TARGETS, sizeof *chunks[chunk]);
		if (!chunks[chunk])
			return NULL;
		list->chunk_count++;
	}
	return &list->chunks[chunk][list->count % CHUNK_TARGETS];
}

const char *target_label(const struct target *target, const char *key)
{
	const char *label = target->labels;

	while (label && *label) {
		const char *value = label + strlen(label) + 1;

		if (!strcmp(label, key))
			return value;
		label = value + strlen(value) + 1;
	}
	return NULL;
}

int targets_put(struct target_list *list, const struct target *made, size_t labels_size,
	struct message *msg)
{
	size_t same = find(list, made->name, made->port, target_hash(made));
	struct target *target;
	char key[TARGET_KEY_SIZE];

	if (same != SIZE_MAX) {
		target_key(made, key);
		return message_set(msg, -EINVAL, "%s: the same target stands in %s:%u", key,
			file_of(list, same), targets_at(list, same)->line);
	}
	target = append(list);
	if (!target)
		return message_set(msg, -ENOMEM, "out of memory");
	*target = *made;
	target->name = arena_text(&list->arena, made->name, strlen(made->name));
	if (labels_size)
		target->labels = arena_text(&list->arena, list->labels, labels_size);
	if (!target->name || (labels_size && !target->labels) ||
		index_add(&list->by_key, list, list->count))
		return message_set(msg, -ENOMEM, "out of memory");
	list->count++;
	return 0;
}

int targets_add_source(struct target_list *list, const char *file)
{
	struct source *sources = realloc(list->sources, (list->source_count + 1) * sizeof *sources);
	size_t length = strnlen(file, FILE_NAME_SHOWN);

	if (!sources)
		return -ENOMEM;
	list->sources = sources;
	sources[list->source_count].first = list->count;
	sources[list->source_count].file = arena_text(&list->arena, file, length);
	if (!sources[list->source_count].file)
		return -ENOMEM;
	list->source_count++;
	return 0;
}

size_t target_key(const struct target *target, char ret_key[TARGET_KEY_SIZE])
{
	char digits[6], *digit = digits + sizeof digits, *end = ret_key;
	unsigned port = target->port;
	size_t length = strlen(target->name);

	if (target->literal == 6)
		*end++ = '[';
	memcpy(end, target->name, length);
	end += length;
	if (target->literal == 6)
		*end++ = ']';
	*end++ = ':';
	do
		*--digit = (char)('0' + port % 10);
	while (port /= 10);
	length = (size_t)(digits + sizeof digits - digit);
	memcpy(end, digit, length);
	end[length] = '\0';
	return (size_t)(end - ret_key) + length;
}

uint64_t target_hash(const struct target *target)
{
	char key[TARGET_KEY_SIZE];

	return XXH3_64bits(key, target_key(target, key));
}

int targets_keep_shard(struct target_list *list, const struct shard *shard)
{
	size_t count = list->count, kept = 0;

	for (size_t i = 0; i < count; i++) {
		const struct target *target = targets_at(list, i);

		if (!shard_has(shard, target_hash(target)))
			continue;
		list->chunks[kept / CHUNK_TARGETS][kept % CHUNK_TARGETS] = *target;
		kept++;
	}
	list->count = kept;
	list->by_key.used = 0;
	if (list->by_key.slots)
		memset(list->by_key.slots, 0, list->by_key.size * sizeof *list->by_key.slots);
	for (size_t i = 0; i < kept; i++)
		if (index_add(&list->by_key, list, i))
			return -ENOMEM;
	return 0;
}
