/* SPDX-License-Identifier: MIT */
#include "pure/lookups.h"

#include "vocabulary/nsec.h"

#define STEP_NS (NSEC_PER_MIN / LOOKUPS_STEPS)
/* Of fewer no share is one. */
#define LEAST 3
/* It is over when no more than this part of what it takes is left. */
#define CLEAR_PART 0.5

static void move_on(struct lookups *lookups, uint64_t step)
{
	uint64_t steps = step - lookups->step;

	if (steps > LOOKUPS_STEPS)
		steps = LOOKUPS_STEPS;
	for (uint64_t i = 0; i < steps; i++) {
		lookups->all[(step - i) % LOOKUPS_STEPS] = 0;
		lookups->failed[(step - i) % LOOKUPS_STEPS] = 0;
	}
	lookups->step = step;
}

struct lookups_change lookups_step(
	struct lookups *lookups, uint64_t all, uint64_t failed, double share_pct, uint64_t now_ns)
{
	struct lookups_change change = { 0 };
	double part = lookups->since_ns ? CLEAR_PART : 1;

	move_on(lookups, now_ns / STEP_NS);
	lookups->all[lookups->step % LOOKUPS_STEPS] += all - lookups->all_before;
	lookups->failed[lookups->step % LOOKUPS_STEPS] += failed - lookups->failed_before;
	lookups->all_before = all;
	lookups->failed_before = failed;
	for (unsigned i = 0; i < LOOKUPS_STEPS; i++) {
		change.all += lookups->all[i];
		change.failed += lookups->failed[i];
	}
	change.fails = (double)change.failed > part * share_pct / 100 * (double)change.all;
	/* Whoever asks for nothing does not know. */
	if (lookups->since_ns ? !change.all : change.all < LEAST)
		change.fails = lookups->since_ns != 0;
	change.happened = change.fails != (lookups->since_ns != 0);
	if (change.happened && !change.fails)
		change.lasted_ns = now_ns - lookups->since_ns;
	if (change.happened)
		lookups->since_ns = change.fails ? now_ns : 0;
	return change;
}
