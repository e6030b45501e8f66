/* SPDX-License-Identifier: MIT */
/* Inside of targets: the list itself, for the part that keeps it and the part that reads text. */
#ifndef MOSPROBE_TARGETS_OWN_H
#define MOSPROBE_TARGETS_OWN_H

#include "pure/target_line.h"
#include "pure/targets.h"
#include "vocabulary/arena.h"

#define LABELS_MAX 32
#define LABEL_VALUE_MAX 256
#define LABELS_SIZE (LABELS_MAX * (TARGET_PAIR_KEY_MAX + LABEL_VALUE_MAX + 2) + 1)
#define FILE_NAME_SHOWN 255 /* bytes of a file's name in messages */

/* Numbers of elements by a hash of the element: open addressing, 0 = free, else number + 1. */
struct index {
	uint32_t *slots;
	size_t size, used; /* size is 0 or a power of two */
	uint64_t (*hash)(const struct target_list *list, size_t number);
};

struct source {
	const char *file;
	size_t first; /* its first target */
};

/* A draft and what became of it. Finishing one runs the E-Model, and lines are often alike: drafts are
 * remembered by their hash, the newer one in place of the older. */
struct drafted {
	struct settings_draft draft;
	const struct settings *settings; /* NULL = none here */
};
#define DRAFTED_SIZE 256

struct target_list {
	struct arena *arena;
	struct target **chunks;
	size_t count, chunk_count;
	struct index by_key;
	struct settings **settings; /* each once */
	size_t settings_count;
	struct index by_settings;
	struct source *sources;
	size_t source_count;
	struct drafted drafted[DRAFTED_SIZE];
	struct target_line line;
	char labels[LABELS_SIZE];
};

/* The list's one copy of settings; NULL when memory is out. */
const struct settings *targets_intern(struct target_list *list, const struct settings *settings);

/* Puts a target in that is complete but for its name, which is copied, and its labels, which are the
 * first labels_size bytes of list->labels. Returns 0, -ENOMEM, or -EINVAL when it is in already. */
int targets_put(struct target_list *list, const struct target *made, size_t labels_size,
	struct message *msg);

/* The targets put from now on come from file. Returns 0 or -ENOMEM. */
int targets_add_source(struct target_list *list, const char *file);

#endif
