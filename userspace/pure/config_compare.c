/* SPDX-License-Identifier: MIT */
#include <string.h>

#include "pure/config.h"
#include "pure/config_keys.h"

/* Targets, classes, what they start from and what they are scored with go over with the list of
 * targets; so does what is logged. */
static bool goes_over(const struct key *key)
{
	return key->target || !key->section || key->type == KEY_FILES ||
	       !strcmp(key->section, "score") || !strcmp(key->section, "log");
}

static bool same_text(const char *a, const char *b)
{
	return a && b ? !strcmp(a, b) : a == b;
}

static bool same_blocks(const struct config *a, const struct config *b)
{
	return a->deny_count == b->deny_count &&
	       (!a->deny_count || !memcmp(a->deny, b->deny, a->deny_count * sizeof *a->deny));
}

static bool same(const struct key *key, const struct config *a, const struct config *b)
{
	const char *at_a = (const char *)a + key->offset, *at_b = (const char *)b + key->offset;
	const char *text_a, *text_b;

	switch (key->type) {
	case KEY_TEXT:
		memcpy(&text_a, at_a, sizeof text_a);
		memcpy(&text_b, at_b, sizeof text_b);
		return same_text(text_a, text_b);
	case KEY_BLOCKS:
		return same_blocks(a, b);
	default:
		return !memcmp(at_a, at_b, key->size);
	}
}

void config_differences(const struct config *a, const struct config *b,
	void (*found)(void *context, const char *section, const char *key), void *context)
{
	const struct key *key;

	for (unsigned i = 0; (key = key_at(i)); i++)
		if (!goes_over(key) && !same(key, a, b))
			found(context, key->section, key->name);
}
