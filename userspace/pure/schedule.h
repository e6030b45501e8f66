/* SPDX-License-Identifier: MIT */
/* Who is due when: a timing wheel over all targets, each with one next start. Constant work per start,
 * 16 bytes per target. Pure: time comes in as a parameter. */
#ifndef MOSPROBE_SCHEDULE_H
#define MOSPROBE_SCHEDULE_H

#include <stdbool.h>
#include <stdint.h>

struct schedule;

#define SCHEDULE_NEVER UINT64_MAX

/* targets: how many can be added, by index from 0. horizon_ns: how far ahead starts usually lie (the
 * interval); later ones work too, at the cost of being looked at more than once. now_ns: starts before
 * it are due at once. NULL when memory is out. */
struct schedule *schedule_create(uint32_t targets, uint64_t horizon_ns, uint64_t now_ns);
void schedule_destroy(struct schedule *schedule); /* NULL is fine */

/* The next start of a target that is not in the wheel. */
void schedule_add(struct schedule *schedule, uint32_t target, uint64_t due_ns);

/* Takes one target whose start is due at now_ns out of the wheel; false when there is none. now_ns
 * must not go back. The order is that of the due times to within a tick (1/65536 of the horizon),
 * but for starts that were overdue already when they were added. */
bool schedule_pop(
	struct schedule *schedule, uint64_t now_ns, uint32_t *ret_target, uint64_t *ret_due_ns);

/* Until when one may sleep: the next start, or, when all lie beyond the horizon, an earlier moment
 * at which they are to be looked at again with schedule_pop(). After a schedule_pop() that returned
 * false it lies after that now_ns. SCHEDULE_NEVER when the wheel is empty. */
uint64_t schedule_next_ns(const struct schedule *schedule);

/* The phase of a target within the interval, from a hash that never changes: 0 .. interval_ns - 1,
 * evenly spread. */
uint64_t schedule_phase_ns(uint64_t hash, uint64_t interval_ns);

/* When sample `index` of `samples` of a cycle is due, from the cycle's begin. */
uint64_t schedule_offset_ns(unsigned index, unsigned samples, uint64_t interval_ns);

#endif
