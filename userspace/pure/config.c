/* SPDX-License-Identifier: MIT */
#include "pure/config.h"

#include <errno.h>
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "pure/config_keys.h"
#include "pure/config_own.h"
#include "pure/parse.h"
#include "pure/text.h"

static const char *const sections[] = { "prober", "score", "alert", "guard", "dns", "redis",
	"metrics", "log" };

#define COUNT(array) (sizeof(array) / sizeof(array)[0])

struct config *config_create(const char *id_default)
{
	struct config *config = calloc(1, sizeof *config);
	struct config_own *own = calloc(1, sizeof *own);
	const struct key *key;
	struct message why;

	if (!config || !own)
		goto fail;
	config->own = own;
	own->classes_end = &own->classes;
	own->draft.ie = own->draft.bpl = NAN;
	config->id = arena_text(&own->arena, id_default, strlen(id_default));
	if (!config->id)
		goto fail;
	for (unsigned i = 0; (key = key_at(i)); i++) {
		void *base = key->target ? (void *)&own->draft : config;

		if (key->initial && key_read(key, base, &own->arena, key->initial, false, &why))
			goto fail; /* -ENOMEM: the table is right, as its test says */
	}
	config->defaults = own->draft.settings;
	return config;
fail:
	if (own)
		arena_free(&own->arena);
	free(own);
	free(config);
	return NULL;
}

void config_destroy(struct config *config)
{
	if (!config)
		return;
	arena_free(&config->own->arena);
	free(config->own);
	free(config);
}

int config_unknown_section(const char *name, struct message *why)
{
	struct nearest nearest = { .wanted = name };

	for (size_t i = 0; i < COUNT(sections); i++) {
		if (!strcmp(sections[i], name))
			return 0;
		nearest_offer(&nearest, sections[i]);
	}
	nearest_offer(&nearest, "class NAME");
	return message_set(why, -EINVAL, "unknown section, did you mean [%s]?", nearest.best);
}

static int unknown_key(const char *section, const char *name, struct message *why)
{
	struct nearest nearest = { .wanted = name };
	const struct key *key;

	for (unsigned i = 0; (key = key_at(i)); i++) {
		bool same = !strcmp(key->name, name);

		if (key->section && !strcmp(key->section, section))
			nearest_offer(&nearest, key->name);
		else if (same && key->section)
			return message_set(why, -EINVAL, "unknown key here, it belongs into [%s]",
				key->section);
		else if (same)
			return message_set(why, -EINVAL,
				"unknown key here, it belongs to targets and classes");
	}
	return message_set(why, -EINVAL, "unknown key, did you mean %s?", nearest.best);
}

/* Any key of any section but a class. where: see struct config_own. */
static int assign(struct config *config, const struct key *key, const char *value, bool more,
	const char *where, struct message *why)
{
	struct config_own *own = config->own;
	void *base = key->target ? (void *)&own->draft : config;
	char *copy = arena_text(&own->arena, where, strlen(where));

	if (!copy)
		return message_set(why, -ENOMEM, "out of memory");
	if (key->type == KEY_BLOCKS && !more)
		own->deny_none = !strcmp(value, "none");
	own->where[key_index(key)] = copy;
	return key_read(key, base, &own->arena, value, more, why);
}

int config_assign(struct config *config, const char *section, const char *name, const char *value,
	bool more, const char *where, struct message *why)
{
	const struct key *key = key_find(section, name);
	int rc = config_unknown_section(section, why);

	if (rc)
		return rc;
	return key ? assign(config, key, value, more, where, why) : unknown_key(section, name, why);
}

int config_set_target_files(struct config *config, const char *const *files, size_t count)
{
	struct arena **arena = &config->own->arena;
	char **copies = arena_take(arena, (count + 1) * sizeof *copies);

	if (!copies)
		return -ENOMEM;
	for (size_t i = 0; i < count; i++) {
		copies[i] = arena_text(arena, files[i], strlen(files[i]));
		if (!copies[i])
			return -ENOMEM;
	}
	config->target_files = copies;
	config->target_file_count = count;
	return 0;
}

int config_set(struct config *config, const char *section, const char *key, const char *value,
	const char *where, struct message *msg)
{
	char safe[MESSAGE_SIZE], buffer[SHOWN_SIZE];
	const char *found = strstr(where, value);
	struct message why;
	int rc;

	/* The option's value is in where, and may hold what must not be shown. */
	if (found && *value)
		snprintf(safe, sizeof safe, "%.*s%s%s", (int)(found - where), where,
			key_value_shown(key_find(section, key), value, buffer),
			found + strlen(value));
	else
		snprintf(safe, sizeof safe, "%s", where);
	rc = config_assign(config, section, key, value, false, safe, &why);
	return rc ? message_set(msg, rc, "%s: %s", safe, why.text) : 0;
}

const struct settings_draft *config_class_find(const struct config *config, const char *name)
{
	if (!name || !*name)
		return &config->own->draft;
	for (const struct config_class *class = config->own->classes; class; class = class->next)
		if (!strcmp(class->name, name))
			return &class->draft;
	return NULL;
}
