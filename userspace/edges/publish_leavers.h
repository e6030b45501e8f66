/* SPDX-License-Identifier: MIT */
/* Targets that were removed: what Redis holds of them goes, after the last entry that was made of them.
 * And the moment from which nothing here refers to an earlier generation of targets. */
#ifndef MOSPROBE_PUBLISH_LEAVERS_H
#define MOSPROBE_PUBLISH_LEAVERS_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "pure/result.h"

struct leaver {
	uint64_t order; /* entries up to this one go before */
	uint32_t number;
	char *key; /* "NAME:PORT" */
};

/* Zeroed: empty. A queue: the first `sent` of it are under way to Redis. */
struct leavers {
	struct leaver *queue;
	size_t first, count, size, sent;
	uint64_t generation, order; /* to be let go of when nothing up to order is held; 0 = none */
};

void leavers_free(struct leavers *leavers);
/* order: of the newest entry. When memory is out, some of what was removed stays in Redis. */
void leavers_take(struct leavers *leavers, const struct roster_event *event, uint64_t order);
/* One that has left. False when memory is out. */
bool leavers_add(
	struct leavers *leavers, const struct target *target, uint32_t number, uint64_t order);
/* The next one whose entries are all written: none older than oldest_held is left. NULL = none. It
 * counts as sent from then on. */
const struct leaver *leavers_next(struct leavers *leavers, uint64_t oldest_held);
/* The oldest one that was sent has its answer. */
void leavers_done(struct leavers *leavers);
/* The connection is gone, and what was sent is to be sent again. */
void leavers_lost(struct leavers *leavers);
/* The generation that can be let go of, 0 = none (new). */
uint64_t leavers_generation(struct leavers *leavers, uint64_t oldest_held);

#endif
