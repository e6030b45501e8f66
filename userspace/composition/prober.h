/* SPDX-License-Identifier: MIT */
/* The prober: one thread that takes what is due, submits it, collects what has come, joins it with the
 * stamps, folds finished cycles, scores them, steps their alerts and hands the results on, turn after
 * turn. It never waits for Redis, DNS, a disk or a terminal. */
#ifndef MOSPROBE_PROBER_H
#define MOSPROBE_PROBER_H

#include <stdbool.h>
#include <stdint.h>

#include "composition/engine.h"
#include "composition/generation.h"
#include "edges/canary.h"
#include "edges/publish.h"
#include "edges/resolver.h"
#include "edges/state.h"
#include "pure/config.h"
#include "pure/metrics.h"
#include "pure/result.h"
#include "vocabulary/mailbox.h"
#include "vocabulary/queue.h"

struct prober;

/* All of it must outlive the prober. */
struct prober_setup {
	const struct config *config;
	const struct generation *generation; /* the first one */
	const struct engine *engine;
	struct resolver *resolver; /* NULL: every target is an address */
	struct queue *answers;	   /* of struct dns_answer; NULL: likewise */
	struct queue *publish;	   /* of struct event; NULL = none */
	struct publish *publisher; /* who reads that; NULL = none */
	struct canaries *canaries; /* NULL = none */
	struct state_store *state; /* opened, not started; NULL = nothing is kept */
	const struct publish_known *known; /* of the first generation's targets; NULL = nothing */
	struct journal *journal;   /* what the publisher has taken, for the state; NULL = none */
	struct queue *output;	   /* of struct event; NULL = none */
	struct mailbox *snapshots; /* of struct metrics_snapshot, for others; NULL = none */
	uint32_t room;	/* targets that there can be after reloads; 0: those that there are */
	bool begin_now; /* the first cycle of every target begins at once, for `probe` */

	/* Called for every sample that has an outcome; NULL = none. */
	void (*on_sample)(
		void *context, const struct sample *sample, const struct address *address);
	/* Called for every result; NULL = none. */
	void (*on_result)(void *context, const struct result *result);
	void *context;
};

/* Takes over what setup->state knows, and starts it. Returns 0 or a negative errno. */
int prober_create(struct prober **ret, const struct prober_setup *setup);
void prober_destroy(struct prober *prober); /* NULL is fine */

/* One turn, a few milliseconds when there is work, at most 50. False when there is nothing left to do:
 * every target has had its config->cycles, or prober_stop() was called and nothing is in flight. */
bool prober_turn(struct prober *prober);

/* Goes on with another generation, from now on and over some turns; takes *change. Not while it is still
 * busy with an earlier one. */
void prober_adopt(
	struct prober *prober, const struct generation *generation, struct roster_change *change);
bool prober_is_adopting(const struct prober *prober);
const struct generation *prober_generation(const struct prober *prober);
/* Of all generations before the present one nothing is under way. */
bool prober_all_left(const struct prober *prober);

/* Any thread: when its newest turn began (CLOCK_MONOTONIC). */
uint64_t prober_turned_ns(const struct prober *prober);

/* Starts nothing any more; what is in flight ends within config->timeout_ns. Async-signal-safe. */
void prober_stop(struct prober *prober);

/* As of now; to be called by the prober's thread. */
struct heartbeat prober_heartbeat(const struct prober *prober);

#endif
