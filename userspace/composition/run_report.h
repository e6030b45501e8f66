/* SPDX-License-Identifier: MIT */
/* What a run has to say at its beginning and at its end. */
#ifndef MOSPROBE_RUN_REPORT_H
#define MOSPROBE_RUN_REPORT_H

#include "composition/engine.h"
#include "edges/publish.h"
#include "pure/result.h"
#include "vocabulary/queue.h"

/* Logs what of the machine may not suffice. */
void run_warn(const struct engine_plan *plan);
/* Logs how it went. printed: the queue to standard output, redis: the publisher's counters; NULL = there was none. */
void run_report(const struct heartbeat *end, const struct queue *printed,
	const struct publish_stats *redis);

#endif
