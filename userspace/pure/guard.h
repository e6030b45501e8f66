/* SPDX-License-Identifier: MIT */
/* The guard: is it us? When most of the targets that used to answer fall silent within seconds, when all lines
 * lose more or are slower than they used to be, or when samples fail at our own side, it is
 * our own uplink, not theirs. The guard then says that this vantage point is impaired: what was sampled
 * from its window before it tripped until it clears counts for no target, and few are visited meanwhile.
 *
 * A cycle is to be judged guard window after its last outcome, not before: by then the guard has either
 * tripped over the time that it came from, or cleared it. So nothing has to be undone.
 *
 * Pure: times are CLOCK_MONOTONIC in nanoseconds, passed in, and do not go back. */
#ifndef MOSPROBE_GUARD_H
#define MOSPROBE_GUARD_H

#include <stdbool.h>
#include <stdint.h>

#include "pure/rise.h"
#include "vocabulary/settings.h"

enum guard_state {
	GUARD_CLEAR,
	GUARD_IMPAIRED,
	GUARD_LET_GO /* impaired for longer than policy.max_ns: judged as usual until it has cleared */
};

/* What the guard sees, over its window: each target once, by its newest sample. */
struct guard_view {
	uint32_t visited; /* targets that used to answer */
	uint32_t failed;  /* of these, did not */
	struct rise_view rise;
};

/* Which measure it tripped by. */
enum guard_why {
	GUARD_SILENCE, /* targets that used to answer did not */
	GUARD_LOSS,
	GUARD_DELAY,
	GUARD_LOCAL_ERRORS,
	GUARD_CANARIES /* none of them answers */
};

/* What guard_step() did. */
struct guard_change {
	bool happened;
	enum guard_state before, after;
	enum guard_why why; /* it tripped */
	struct guard_view view;
	uint64_t lasted_ns; /* since it tripped; 0 when it tripped now */
};

struct guard;

/* targets: how many there can be, by index from 0; until guard_count() as many are there. Returns NULL when
 * memory is out. With window_ns = 0, or while less than min_targets are there, it never trips. It lets go of what
 * lasts for policy.max_ns; where canaries are, only while one of them answers. */
struct guard *guard_create(const struct guard_policy *policy, uint32_t targets);
void guard_destroy(struct guard *guard); /* NULL is fine */

/* So many targets are there. */
void guard_count(struct guard *guard, uint32_t present);

/* How long a finished cycle is held back before it is judged; 0 for a guard that never trips. */
uint64_t guard_hold_ns(const struct guard *guard);

/* What is kept of the target will be needed: asks memory for it. */
void guard_prefetch(const struct guard *guard, uint32_t target);

/* A sample of a target that used to answer has its outcome; missing ones are not told. */
void guard_see(struct guard *guard, uint32_t target, bool answered, uint64_t now_ns);

/* The target has left: nothing of it counts any more, nor is waited for. */
void guard_forget(struct guard *guard, uint32_t target);

/* The same sample, when it was answered: its SYNs, and by how much its rtt is off what the target's used to be
 * (NAN: not known). */
void guard_measure(
	struct guard *guard, unsigned sent, unsigned lost, double off_ms, uint64_t now_ns);
/* A sample of a target that used to answer failed at our own side. */
void guard_see_local_error(struct guard *guard, uint64_t now_ns);

/* When the canary that answered last did; 0: none ever has, or there are none. */
void guard_see_canaries(struct guard *guard, uint64_t answered_ns);

/* After a restart: it had tripped, and it has not been seen that it is over. */
void guard_resume(struct guard *guard, uint64_t now_ns);

/* Looks at the window as of now_ns, and trips, clears or lets go. */
struct guard_change guard_step(struct guard *guard, uint64_t now_ns);

bool guard_is_impaired(const struct guard *guard);

/* Whether a sample that started at start_ns came from a time in which we were impaired: it counts for
 * nobody. */
bool guard_rejects(const struct guard *guard, uint64_t start_ns);

/* Whether a target is visited now. While impaired only so many are as are needed to see that it is over;
 * hash: one that never changes, of the target and its cycle. */
bool guard_visits(const struct guard *guard, uint64_t hash);

#endif
