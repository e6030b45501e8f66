/* SPDX-License-Identifier: MIT */
/* Memory that is taken piece by piece and given back all at once: names, labels, settings. */
#ifndef MOSPROBE_ARENA_H
#define MOSPROBE_ARENA_H

#include <stddef.h>

struct arena; /* NULL is a valid, empty arena */

/* Zeroed, aligned for any type; NULL when memory is out. It lives until arena_free(). */
void *arena_take(struct arena **arena, size_t size);
/* A NUL-terminated copy of length bytes, unaligned; NULL when memory is out. */
char *arena_text(struct arena **arena, const char *text, size_t length);
/* Gives all of it back and leaves *arena NULL. */
void arena_free(struct arena **arena);

#endif
