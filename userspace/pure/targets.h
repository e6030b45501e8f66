/* SPDX-License-Identifier: MIT */
/* The list of targets, from the text of the targets files. */
#ifndef MOSPROBE_TARGETS_H
#define MOSPROBE_TARGETS_H

#include <stddef.h>
#include <stdint.h>

#include "pure/config.h"
#include "pure/shard.h"
#include "vocabulary/address.h"
#include "vocabulary/message.h"
#include "vocabulary/settings.h"

#define TARGET_NAME_MAX 253 /* characters of a name, RFC 1035 2.3.4 without the dot */
#define TARGET_KEY_SIZE (TARGET_NAME_MAX + 16) /* "NAME:PORT", "[2001:db8::7]:5060" */

/* Immutable once read; owned by its list. */
struct target {
	const char *name; /* lower case, no trailing dot; an address in its canonical form */
	const struct settings *settings; /* shared with the targets that have the same */
	const char *labels; /* "key\0value\0key\0value\0\0" in the order given; NULL = none */
	uint32_t line;	    /* where it stands, from 1 */
	uint16_t port;
	uint8_t literal; /* 4 or 6 when name is an address, else 0 */
};

struct target_list;

/* An empty list; NULL when memory is out. */
struct target_list *targets_create(void);
void targets_destroy(struct target_list *list); /* NULL is fine */

/* Adds every target of text (length bytes, any bytes). file is used in messages and copied; config
 * is finished. Returns 0, -ENOMEM, or -EINVAL with "FILE:LINE: what: why"; the list is then good for
 * targets_destroy() only. The same name and port twice is an error that names both lines (and
 * files). */
int targets_add(struct target_list *list, const char *text, size_t length, const char *file,
	const struct config *config, struct message *msg);

/* Leaves only those that belong to this shard; targets_at() begins anew. Returns 0 or -ENOMEM. */
int targets_keep_shard(struct target_list *list, const struct shard *shard);

size_t targets_count(const struct target_list *list);
/* i below targets_count(). The pointer lives as long as the list. */
const struct target *targets_at(const struct target_list *list, size_t i);

/* The target of that name (as struct target has it) and port, NULL when there is none. */
const struct target *targets_find(const struct target_list *list, const char *name, uint16_t port);

/* "NAME:PORT", the TARGET of every Redis key; IPv6 addresses in brackets. Returns its length. */
size_t target_key(const struct target *target, char ret_key[TARGET_KEY_SIZE]);
/* The value of its label of this name, NULL when it has none. */
const char *target_label(const struct target *target, const char *key);
/* XXH3 (64 bits) of the key, which never changes: the target's phase comes from it. */
uint64_t target_hash(const struct target *target);

/* Checks and normalises a NAME or NAME:PORT or [ADDRESS]:PORT as it stands on a line (also used for
 * `mosprobe probe`). Names: RFC 1123 2.1, with _; internationalised ones in their xn-- form only.
 * ret_port 0: none given. Returns 0 or -EINVAL with "what: why". */
int target_parse_name(const char *text, size_t length, char ret_name[TARGET_NAME_MAX + 1],
	uint16_t *ret_port, uint8_t *ret_literal, struct message *msg);

#endif
