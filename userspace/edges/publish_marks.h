/* SPDX-License-Identifier: MIT */
/* What Redis is known to hold of each target, so that only what changes is written: 13 bytes a
 * target. Forgotten with every connection, since a Redis that was restarted may have lost it. */
#ifndef MOSPROBE_PUBLISH_MARKS_H
#define MOSPROBE_PUBLISH_MARKS_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

enum {
	MARK_KNOWN = 1, /* else nothing is known of the target */
	MARK_WORST = 2,
	MARK_UNVERIFIED = 4,
	MARK_MUTED = 8,
	MARK_WARNING = 16, /* in `open`, since it became a warning */
	MARK_CRITICAL = 32,
	MARK_OPEN = MARK_WARNING | MARK_CRITICAL
};

/* Zeroed: empty. */
struct marks {
	uint8_t *sets;	  /* MARK_* */
	uint64_t *hashes; /* of the fields that seldom change, 0 = not written */
	uint32_t *orders; /* the low half of the order of the newest result; never forgotten */
	size_t count;
};

void marks_free(struct marks *marks);
/* Makes room for a target. When memory is out there is none, and the target stays unknown. */
void marks_grow(struct marks *marks, uint32_t target);
/* A result of the target is about to be written. false when a newer one was: a result that Redis
 * refused comes later than those that it took. */
bool marks_advance(struct marks *marks, uint32_t target, uint64_t order);
uint8_t marks_sets(const struct marks *marks, uint32_t target);
uint64_t marks_hash(const struct marks *marks, uint32_t target);
void marks_set(struct marks *marks, uint32_t target, uint8_t sets, uint64_t hash);
/* Of one target, or of all. */
void marks_forget(struct marks *marks, uint32_t target);
void marks_forget_all(struct marks *marks);

#endif
