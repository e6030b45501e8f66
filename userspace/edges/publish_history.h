/* SPDX-License-Identifier: MIT */
/* The records of each target's last 24 hours (pure/history.h) on their way to Redis: what runs of each, and what has ended
 * and is not written yet. Writing one twice is no harm. */
#ifndef MOSPROBE_PUBLISH_HISTORY_H
#define MOSPROBE_PUBLISH_HISTORY_H

#include "pure/history.h"

/* A record that has ended. */
struct history_record {
	uint64_t order; /* of the entry that ended it; its target lives while that is held */
	const struct target *target;
	uint32_t number;
	uint8_t bytes[HISTORY_RECORD_SIZE];
};

/* Zeroed: empty. The queue's first `sent` are under way to Redis. */
struct histories {
	struct history_sums *sums; /* by target */
	size_t sums_count;
	struct history_record *queue;
	size_t first, count, room, sent;
	bool off; /* there are more targets than `auto` keeps it for */
};

void histories_free(struct histories *histories);
/* most: targets of which it is kept; with one more it is off for all. When memory is out, records are missing. */
void histories_take(struct histories *histories, const struct result *result, uint64_t order,
	uint64_t interval_ns, uint32_t most);
/* Its number is another target's from now on. */
void histories_forget(struct histories *histories, uint32_t target);

/* The next to be written, which counts as sent from then on; NULL = none. */
const struct history_record *histories_next(struct histories *histories);
/* The oldest one that was sent has its answer. */
void histories_done(struct histories *histories);
/* The connection is gone, and what was sent is to be sent again. */
void histories_lost(struct histories *histories);
/* The order of the oldest, UINT64_MAX = there is none. */
uint64_t histories_oldest(const struct histories *histories);

#endif
