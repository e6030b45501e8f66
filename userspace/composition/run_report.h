/* SPDX-License-Identifier: MIT */
/* What a run has to say at its end. */
#ifndef MOSPROBE_RUN_REPORT_H
#define MOSPROBE_RUN_REPORT_H

#include "edges/publish.h"
#include "pure/result.h"
#include "vocabulary/queue.h"

/* Logs it. printed: the queue to standard output, redis: the publisher's counters; NULL = there was none. */
void run_report(const struct heartbeat *end, const struct queue *printed,
	const struct publish_stats *redis);

#endif
