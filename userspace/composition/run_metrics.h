/* SPDX-License-Identifier: MIT */
/* What a run answers over HTTP: /metrics, /healthz and /readyz. The prober's thread hands a snapshot over with each
 * heartbeat, and waits for nobody; all the rest is read and written by the server's. */
#ifndef MOSPROBE_RUN_METRICS_H
#define MOSPROBE_RUN_METRICS_H

#include "composition/engine.h"
#include "composition/prober.h"
#include "edges/publish.h"
#include "pure/config.h"
#include "vocabulary/mailbox.h"
#include "vocabulary/message.h"
#include "vocabulary/queue.h"

struct run_metrics;

/* Listens at metrics.listen; *ret is NULL when that is empty. config and engine must outlive it. Returns 0, or a
 * negative errno with a message. */
int run_metrics_start(struct run_metrics **ret, const struct config *config,
	const struct engine *engine, struct message *msg);
/* What it looks at from now on: NULL = not there yet, or never. They must outlive it. metrics NULL is fine. */
void run_metrics_watch(struct run_metrics *metrics, const struct publish *publish,
	const struct queue *printed, const struct prober *prober);
/* For struct prober_setup; NULL when metrics is. */
struct mailbox *run_metrics_mailbox(const struct run_metrics *metrics);
/* NULL is fine. */
void run_metrics_stop(struct run_metrics *metrics);

#endif
