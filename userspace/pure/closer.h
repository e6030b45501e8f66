/* SPDX-License-Identifier: MIT */
/* The closer look: more samples for whom there is doubt about, worst first, and for no more than a share of
 * all (measurement.md, section 1: with five samples a minute 5 % loss cannot be told from 2 %). Pure. */
#ifndef MOSPROBE_CLOSER_H
#define MOSPROBE_CLOSER_H

#include <stdbool.h>
#include <stdint.h>

struct closer;

/* targets: how many there can be, by index from 0. NULL when memory is out. */
struct closer *closer_create(uint32_t targets);
void closer_destroy(struct closer *closer); /* NULL is fine */

/* So many may be looked at closer at a time; 0 = nobody. */
void closer_limit(struct closer *closer, uint32_t most);

/* What is kept of the target will be needed: asks memory for it. */
void closer_prefetch(const struct closer *closer, uint32_t target);

/* What a target's newest cycle has shown. doubt: it is to be looked at closer; mos: 1..4.5. */
void closer_see(struct closer *closer, uint32_t target, bool doubt, double mos);

/* A cycle of the target begins, and its last one has: is this one a closer look? Not while as many as may be are
 * at least as bad, or are looked at. */
bool closer_take(struct closer *closer, uint32_t target);

/* The target has left. */
void closer_forget(struct closer *closer, uint32_t target);

#endif
