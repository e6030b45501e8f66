/* SPDX-License-Identifier: MIT */
/* Inside of config: the one table of every key, and how a value is read into its place. Defaults
 * and ranges stand there as text, so that what is documented, what is checked and what a message
 * says are the same. */
#ifndef MOSPROBE_CONFIG_KEYS_H
#define MOSPROBE_CONFIG_KEYS_H

#include <stdbool.h>
#include <stddef.h>

#include "pure/config.h"
#include "vocabulary/arena.h"
#include "vocabulary/message.h"

#define KEY_MAX 96 /* at least the number of keys */

enum key_type {
	KEY_NUMBER,	 /* double; NAN when empty is allowed */
	KEY_PERCENT,	 /* double, per cent */
	KEY_COUNT,	 /* an unsigned integer of 2, 4 or 8 bytes */
	KEY_DURATION,	 /* uint64_t, nanoseconds */
	KEY_DURATION_MS, /* double, milliseconds */
	KEY_SIZE,	 /* uint64_t, bytes */
	KEY_CHOICE,	 /* an enum, or one byte */
	KEY_MUTE,	 /* yes, no or until:TIME as uint64_t, ms since 1970 */
	KEY_CODEC,	 /* struct settings_draft's codec_name */
	KEY_RECOVERY,	 /* a number, and whether it was given */
	KEY_TEXT,	 /* char *; NULL when empty */
	KEY_FILES,	 /* struct config's target_files */
	KEY_BLOCKS,	 /* struct config's deny */
	KEY_SOURCES,	 /* struct config's source */
};

struct key_choice {
	const char *name;
	unsigned value;
};

struct key {
	const char *section; /* NULL: of targets and classes only */
	const char *name;
	enum key_type type;
	bool target; /* a target key too; its place is in struct settings_draft */
	bool may_be_empty;
	const char *initial; /* default, as one would write it */
	const char *min, *max;
	const char *zero; /* another word for 0: auto, none */
	const struct key_choice *choices;
	/* Checks a text and may tidy it in place. Returns 0 or -EINVAL with the reason. */
	int (*check)(char *value, struct message *why);
	size_t offset, size;
};

/* Key i of the table, NULL past its end. */
const struct key *key_at(unsigned i);
unsigned key_index(const struct key *key);
/* NULL when there is none. */
const struct key *key_find(const char *section, const char *name);
const struct key *key_find_target(const char *name);
bool key_is_list(const struct key *key);

/* Reads value into its place at base (the struct config, or for target keys the settings_draft).
 * A list is replaced, or with more added to. Memory comes from *arena (unused for target keys).
 * Returns 0, -ENOMEM, or -EINVAL with the reason only: "must be from 1.0 to 4.5". */
int key_read(const struct key *key, void *base, struct arena **arena, const char *value, bool more,
	struct message *why);

/* Value as it may stand in a message: cut when long, without the secrets that an URL may hold. */
const char *key_value_shown(const struct key *key, const char *value, char *buffer);

/* Reads a list into base's list, see key_read(). */
int key_read_list(const struct key *key, struct config *config, struct arena **arena,
	const char *value, bool more, struct message *why);

/* The checks of struct key. */
int check_id(char *value, struct message *why);
int check_prefix(char *value, struct message *why);
int check_canaries(char *value, struct message *why);
int check_shard(char *value, struct message *why);
int check_label(char *value, struct message *why);
int check_redis_url(char *value, struct message *why);
int check_servers(char *value, struct message *why);
int check_listen(char *value, struct message *why);
/* Letters, digits, _ - . and at most max of them. */
bool is_plain_name(const char *name, size_t max);

#endif
