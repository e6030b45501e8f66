/* SPDX-License-Identifier: MIT */
#include "edges/publish_commands.h"

#include <errno.h>
#include <inttypes.h>
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "edges/publish_chunk.h"

#define NUMBER_SIZE 24
#define HISTORY_EXPIRE_S "90000" /* a day, and an hour of downtime */

int commands_create(struct commands *ret, struct pipeline *pipeline, const struct keys *keys,
	const struct config *config)
{
	size_t prefix_length = strlen(keys->names[KEY_TARGET]);
	size_t history_length = strlen(keys->names[KEY_HISTORY]);

	memset(ret, 0, sizeof *ret);
	ret->pipeline = pipeline;
	ret->keys = keys;
	ret->prober_id = config->id;
	snprintf(ret->results_maxlen, sizeof ret->results_maxlen, "%" PRIu64,
		config->results_maxlen);
	snprintf(ret->alerts_maxlen, sizeof ret->alerts_maxlen, "%" PRIu64, config->alerts_maxlen);
	ret->path = malloc(prefix_length + TARGET_KEY_SIZE);
	ret->history = malloc(history_length + TARGET_KEY_SIZE);
	if (!ret->path || !ret->history)
		return -ENOMEM;
	memcpy(ret->history, keys->names[KEY_HISTORY], history_length + 1);
	ret->history_name = ret->history + history_length;
	memcpy(ret->path, keys->names[KEY_TARGET], prefix_length + 1);
	ret->name = ret->path + prefix_length;
	return 0;
}

void commands_free(struct commands *commands)
{
	free(commands->path);
	free(commands->history);
	commands->path = commands->history = NULL;
	marks_free(&commands->marks);
}

static void begin(struct commands *commands, const char *name, enum key key)
{
	pipeline_begin(commands->pipeline, name);
	pipeline_text(commands->pipeline, commands->keys->names[key]);
}

static void set_target(struct commands *commands, const struct result *result)
{
	size_t prefix_length = (size_t)(commands->name - commands->path);

	commands->index = result->target_index;
	commands->name_length = target_key(result->target, commands->path + prefix_length);
	commands->path_length = prefix_length + commands->name_length;
}

/* The XADD of the entry whose fields stand in commands->fields. Trimming is approximate (~): exact
 * trimming would take a node of the stream apart with every entry. */
static void add(struct commands *commands, enum stream_name stream, const char *id, uint32_t slot)
{
	enum key key = stream == STREAM_RESULTS ? KEY_RESULTS : KEY_ALERTS;

	begin(commands, "XADD", key);
	pipeline_text(commands->pipeline, "MAXLEN");
	pipeline_text(commands->pipeline, "~");
	pipeline_text(commands->pipeline,
		stream == STREAM_RESULTS ? commands->results_maxlen : commands->alerts_maxlen);
	pipeline_text(commands->pipeline, id);
	pipeline_fields(commands->pipeline, &commands->fields, commands->fields.count);
	pipeline_ask(commands->pipeline, (struct question) { .kind = ASKED_ADD,
						 .key = (uint8_t)key,
						 .stream = (uint8_t)stream,
						 .slot = slot,
						 .target = commands->index });
}

static void ask_target(struct commands *commands, enum key key, bool update)
{
	struct question question = {
		.kind = update ? ASKED_UPDATE : ASKED_TARGET,
		.key = (uint8_t)key,
		.target = commands->index,
	};

	pipeline_ask(commands->pipeline, question);
}

/* The command of a set, with a score of a sorted one. */
static void change_set(
	struct commands *commands, enum key key, const char *command, const char *score)
{
	begin(commands, command, key);
	if (score)
		pipeline_text(commands->pipeline, score);
	pipeline_word(commands->pipeline, commands->name, commands->name_length);
	ask_target(commands, key, false);
}

/* In which sets the target belongs. */
static uint8_t sets_of(const struct result *result)
{
	bool unverified = result->state == STATE_UNVERIFIED, muted = result->muted;
	uint8_t sets = MARK_KNOWN;

	if (unverified)
		sets |= MARK_UNVERIFIED;
	if (muted)
		sets |= MARK_MUTED;
	if (!unverified && !muted && isfinite(result->mos))
		sets |= MARK_WORST;
	if (result->open)
		sets |= result->state == STATE_CRITICAL ? MARK_CRITICAL : MARK_WARNING;
	return sets;
}

static void update_sets(
	struct commands *commands, const struct result *result, uint8_t before, uint8_t now)
{
	/* Of an unknown target everything is said, also where it does not belong. */
	uint8_t changed = before & MARK_KNOWN ? before ^ now : 0xff;
	uint64_t since_ms = result->state_since_ms ? result->state_since_ms : result->at_ms;
	char number[NUMBER_SIZE], score[FIXED_TEXT_SIZE];

	if (now & MARK_WORST) {
		fixed_text(score, result->mos, 4);
		change_set(commands, KEY_WORST, "ZADD", score);
	} else if (changed & MARK_WORST) {
		change_set(commands, KEY_WORST, "ZREM", NULL);
	}
	if (changed & MARK_UNVERIFIED)
		change_set(commands, KEY_UNVERIFIED, now & MARK_UNVERIFIED ? "SADD" : "SREM", NULL);
	if (changed & MARK_MUTED)
		change_set(commands, KEY_MUTED, now & MARK_MUTED ? "SADD" : "SREM", NULL);
	if (changed & MARK_OPEN) {
		snprintf(number, sizeof number, "%" PRIu64, since_ms);
		change_set(commands, KEY_OPEN, now & MARK_OPEN ? "ZADD" : "ZREM",
			now & MARK_OPEN ? number : NULL);
	}
}

/* HSET of the first `count` fields. update: they stand there already. */
static void set_hash(struct commands *commands, unsigned count, bool update)
{
	pipeline_begin(commands->pipeline, "HSET");
	pipeline_word(commands->pipeline, commands->path, commands->path_length);
	pipeline_fields(commands->pipeline, &commands->fields, count);
	ask_target(commands, KEY_TARGET, update);
}

/* alert_id is written by the transition alone, so that it never names an entry that is not there,
 * and so that it outlives this process; here it only gets its place. */
static void make_place_for_alert_id(struct commands *commands)
{
	pipeline_begin(commands->pipeline, "HSETNX");
	pipeline_word(commands->pipeline, commands->path, commands->path_length);
	pipeline_text(commands->pipeline, "alert_id");
	pipeline_text(commands->pipeline, "");
	ask_target(commands, KEY_TARGET, false);
}

/* One from the disk is older than what the hash has, or will have with the next cycle. */
static void add_stored(struct commands *commands, const struct entry *entry, uint32_t slot)
{
	char id[STREAM_ID_SIZE];

	commands->index = UINT32_MAX;
	stream_id_text(id, entry->id);
	chunk_fields(entry->body.waiting.chunk, entry->body.waiting.entry, &commands->fields);
	add(commands, STREAM_RESULTS, id, slot);
}

void commands_result(struct commands *commands, const struct entry *entry, uint32_t slot)
{
	const struct result *result = &entry->body.result;
	struct marks *marks = &commands->marks;
	uint8_t before, now = sets_of(result);
	char id[STREAM_ID_SIZE];
	unsigned every_cycle;
	uint64_t hash;

	if (entry->body.waiting.chunk) {
		add_stored(commands, entry, slot);
		return;
	}
	set_target(commands, result);
	marks_grow(marks, commands->index);
	before = marks_sets(marks, commands->index);
	stream_id_text(id, entry->id);

	result_fields(&commands->fields, result, commands->prober_id);
	add(commands, STREAM_RESULTS, id, slot);

	if (!marks_advance(marks, commands->index, entry->order))
		return;
	every_cycle = target_hash_fields(&commands->fields, result, commands->prober_id, id, NULL);
	hash = fields_hash(&commands->fields, every_cycle);
	if (hash == marks_hash(marks, commands->index))
		set_hash(commands, every_cycle, true);
	else
		set_hash(commands, commands->fields.count, false);
	if (!(before & MARK_KNOWN))
		make_place_for_alert_id(commands);
	update_sets(commands, result, before, now);
	marks_set(marks, commands->index, now, hash);
}

void commands_transition(struct commands *commands, const struct entry *entry, uint32_t slot)
{
	char id[STREAM_ID_SIZE];

	if (entry->body.result.target)
		set_target(commands, &entry->body.result);
	stream_id_text(id, entry->id);
	transition_fields(&commands->fields, &entry->body.transition, commands->prober_id);
	add(commands, STREAM_ALERTS, id, slot);
	/* The hash of one that was removed is gone, and of what did not happen it does not tell. */
	if (!entry->body.result.target || commands->index == UINT32_MAX ||
		entry->body.transition.kind == KIND_TEST)
		return;
	commands->fields.count = 0;
	fields_add_text(&commands->fields, "alert_id", id);
	set_hash(commands, 1, false);
}

void commands_leave(struct commands *commands, uint32_t number, const char *key)
{
	static const struct {
		enum key key;
		const char *command;
	} places[] = {
		{ KEY_WORST, "ZREM" },
		{ KEY_OPEN, "ZREM" },
		{ KEY_UNVERIFIED, "SREM" },
		{ KEY_MUTED, "SREM" },
	};
	size_t prefix_length = (size_t)(commands->name - commands->path);

	commands->index = number;
	commands->name_length = strlen(key);
	memcpy(commands->path + prefix_length, key, commands->name_length + 1);
	commands->path_length = prefix_length + commands->name_length;
	for (size_t i = 0; i < sizeof places / sizeof *places; i++)
		change_set(commands, places[i].key, places[i].command, NULL);
	strcpy(commands->history_name, key);
	pipeline_begin(commands->pipeline, "UNLINK");
	pipeline_word(commands->pipeline, commands->path, commands->path_length);
	pipeline_text(commands->pipeline, commands->history);
	pipeline_ask(commands->pipeline,
		(struct question) {
			.kind = ASKED_LEAVE, .key = KEY_TARGET, .target = commands->index });
	/* Should it come again, all of it is written. */
	marks_forget(&commands->marks, number);
}

void commands_find(struct commands *commands, enum stream_name stream, const struct entry *entry,
	uint32_t slot)
{
	enum key key = stream == STREAM_RESULTS ? KEY_RESULTS : KEY_ALERTS;
	char id[STREAM_ID_SIZE];

	stream_id_text(id, entry->id);
	begin(commands, "XRANGE", key);
	pipeline_text(commands->pipeline, id);
	pipeline_text(commands->pipeline, id);
	pipeline_ask(commands->pipeline, (struct question) { .kind = ASKED_FIND,
						 .key = (uint8_t)key,
						 .stream = (uint8_t)stream,
						 .slot = slot });
}

void commands_last(struct commands *commands, enum stream_name stream)
{
	enum key key = stream == STREAM_RESULTS ? KEY_RESULTS : KEY_ALERTS;

	pipeline_begin(commands->pipeline, "XINFO");
	pipeline_text(commands->pipeline, "STREAM");
	pipeline_text(commands->pipeline, commands->keys->names[key]);
	pipeline_ask(commands->pipeline,
		(struct question) {
			.kind = ASKED_LAST, .key = (uint8_t)key, .stream = (uint8_t)stream });
}

void commands_fresh(struct commands *commands)
{
	/* Targets that were removed from the list while no prober ran would stand in these for
	 * ever; those that are still there come back with their next result. */
	begin(commands, "UNLINK", KEY_WORST);
	pipeline_text(commands->pipeline, commands->keys->names[KEY_UNVERIFIED]);
	pipeline_text(commands->pipeline, commands->keys->names[KEY_MUTED]);
	pipeline_text(commands->pipeline, commands->keys->names[KEY_OPEN]);
	pipeline_ask(
		commands->pipeline, (struct question) { .kind = ASKED_FRESH, .key = KEY_WORST });
}

void commands_wait(struct commands *commands, unsigned replicas)
{
	char number[NUMBER_SIZE];

	snprintf(number, sizeof number, "%u", replicas);
	pipeline_begin(commands->pipeline, "WAIT");
	pipeline_text(commands->pipeline, number);
	pipeline_text(commands->pipeline, "100");
	pipeline_ask(commands->pipeline,
		(struct question) {
			.kind = ASKED_WAIT, .key = KEY_ALERTS, .stream = STREAM_ALERTS });
}

void commands_history(struct commands *commands, const struct history_record *record)
{
	char number[NUMBER_SIZE], *path = commands->history;

	target_key(record->target, commands->history_name);
	snprintf(number, sizeof number, "%u",
		record->number % HISTORY_RECORDS * HISTORY_RECORD_SIZE);
	pipeline_begin(commands->pipeline, "SETRANGE");
	pipeline_text(commands->pipeline, path);
	pipeline_text(commands->pipeline, number);
	pipeline_word(commands->pipeline, (const char *)record->bytes, sizeof record->bytes);
	pipeline_ask(
		commands->pipeline, (struct question) { .kind = ASKED_OTHER, .key = KEY_HISTORY });
	pipeline_begin(commands->pipeline, "EXPIRE");
	pipeline_text(commands->pipeline, path);
	pipeline_text(commands->pipeline, HISTORY_EXPIRE_S);
	pipeline_ask(commands->pipeline,
		(struct question) { .kind = ASKED_HISTORY, .key = KEY_HISTORY });
}

void commands_refresh(struct commands *commands, uint64_t ttl_ms)
{
	char number[NUMBER_SIZE];

	snprintf(number, sizeof number, "%" PRIu64, ttl_ms);
	begin(commands, "PEXPIRE", KEY_LEASE);
	pipeline_text(commands->pipeline, number);
	pipeline_ask(
		commands->pipeline, (struct question) { .kind = ASKED_LEASE, .key = KEY_LEASE });
}

void commands_release(struct commands *commands)
{
	begin(commands, "UNLINK", KEY_LEASE);
	pipeline_ask(
		commands->pipeline, (struct question) { .kind = ASKED_OTHER, .key = KEY_LEASE });
}

void commands_register(struct commands *commands)
{
	begin(commands, "SADD", KEY_PROBERS);
	pipeline_text(commands->pipeline, commands->prober_id);
	/* In a Redis Cluster this key may be another node's. It is a convenience, no more. */
	pipeline_ask(commands->pipeline,
		(struct question) { .kind = ASKED_NOTHING, .key = KEY_PROBERS });
}

void commands_heartbeat(struct commands *commands, uint64_t expire_ms)
{
	char number[NUMBER_SIZE];

	begin(commands, "HSET", KEY_PROBER);
	pipeline_fields(commands->pipeline, &commands->fields, commands->fields.count);
	pipeline_ask(
		commands->pipeline, (struct question) { .kind = ASKED_OTHER, .key = KEY_PROBER });
	snprintf(number, sizeof number, "%" PRIu64, expire_ms);
	begin(commands, "PEXPIRE", KEY_PROBER);
	pipeline_text(commands->pipeline, number);
	pipeline_ask(
		commands->pipeline, (struct question) { .kind = ASKED_OTHER, .key = KEY_PROBER });
}
