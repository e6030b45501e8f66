/* SPDX-License-Identifier: MIT */
/* The lines of a scenario, one by one: what scenario.c has of keys.c and changes.c, and segments.c
 * of both. Pure. */
#ifndef NETSIM_LINES_H
#define NETSIM_LINES_H

#include "scenario.h"

/* The index of a group in scenario->groups, made when it is new. Returns 0 or -ENOMEM. */
int scenario_group(struct scenario *scenario, const char *name, size_t length, unsigned int line,
	uint32_t *ret_group);
bool group_name_allowed(const char *name, size_t length);

/* One KEY=VALUE of a line that begins with a range (keys.c). Returns 0, -ENOMEM, or -EINVAL with
 * what is allowed. */
int block_set(struct scenario *scenario, struct block *block, const char *key, const char *value,
	char ret_message[SCENARIO_MESSAGE_SIZE]);

/* The shape of a change by its name; false when there is none such. */
bool change_shape(const char *name, enum shape *ret_shape);
/* A change of this shape without any keys, with its defaults. */
void change_begin(struct change *change, enum shape shape);
/* One KEY=VALUE of it; keys_seen, at first 0, is this function's own. Returns NULL, or what is
 * allowed. */
const char *change_set(
	struct change *change, unsigned int *keys_seen, const char *key, const char *value);
/* When the line is whole. Returns NULL, or what is missing. */
const char *change_check(const struct change *change, unsigned int keys_seen);

/* One word of a line `dns`; words_seen, at first 0, is this function's own. value is NULL when the
 * word is no pair. Returns 0, -ENOMEM, or -EINVAL with what is allowed in *ret_why. */
int dns_set(struct dns_line *dns, unsigned int *words_seen, const char *key, const char *value,
	const char **ret_why);
/* When the line is whole. Returns NULL, or what is missing. */
const char *dns_check(const struct dns_line *dns, unsigned int words_seen);

/* Blocks and changes to segments (segments.c). Returns 0 or -ENOMEM. */
int scenario_flatten(struct scenario *scenario);

#endif
