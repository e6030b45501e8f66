/* SPDX-License-Identifier: MIT */
/* The memory of every target: one digest per finished cycle, and what follows from the newest of them:
 * latency, jitter, loss, failures, and the mean of the cycles' MOS. Pure; cycles that are missing never
 * come here. */
#ifndef MOSPROBE_WINDOW_H
#define MOSPROBE_WINDOW_H

#include <stdbool.h>
#include <stdint.h>

#include "pure/cycle.h"
#include "vocabulary/verdict.h"

struct window;

#define WINDOW_MOST 60

struct window_config {
	unsigned cycles;  /* of the window, prober.window: 1..WINDOW_MOST */
	unsigned average; /* of a mos, prober.average: 1..WINDOW_MOST */
};

/* What one cycle came to, before it enters a window. */
struct cycle_summary {
	unsigned answered, failed; /* samples */
	uint8_t outcome;	   /* enum cycle_outcome */
	uint8_t error; /* enum outcome, the commonest that was no answer; OUTCOME_OK = none */
	uint8_t stamp_source; /* enum stamp_source, the least exact used; STAMP_SOURCE_COUNT = none */
};

/* Quantities over the window. NAN = does not exist. */
struct window_numbers {
	uint32_t n, answered, failed, sent, lost;
	double latency_ms, jitter_ms, stddev_ms, loss_pct, fail_pct;
};

/* Where the newest cycle's score went, in R points: what window_remember() keeps for the cause. */
struct window_score {
	double mos_cycle; /* 1..4.5 */
	double r_delay, r_jitter, r_loss, r_failed;
};

/* Room for targets, by index from 0. NULL when memory is out. */
struct window *window_create(const struct window_config *config, uint32_t targets);
void window_destroy(struct window *window); /* NULL is fine */

/* What is kept of the target will be needed: its flags; when these are there, its newest cycle; all of
 * it. Asks memory for it. */
void window_prefetch_flags(const struct window *window, uint32_t target);
void window_prefetch_newest(const struct window *window, uint32_t target);
void window_prefetch(const struct window *window, uint32_t target);

/* As if the target had never been visited. */
void window_forget(struct window *window, uint32_t target);

/* refused_answers: the target's `refused=answer`. */
struct cycle_summary window_summarise(const struct cycle *cycle, bool refused_answers);

/* Folds a finished cycle that is not missing into its target's window. While the target has never
 * answered, nothing is kept, and false comes back; the cycle of its first answer counts from that
 * sample on. new_address: the target's address is not that of its cycle before: jitter starts anew. */
bool window_fold(
	struct window *window, const struct cycle *cycle, bool refused_answers, bool new_address);

/* Samples of the newest folded cycle that count: what mos_cycle is made of. */
void window_newest(
	const struct window *window, uint32_t target, unsigned *ret_answered, unsigned *ret_failed);

/* The quantities over the window as of cycle `number`; older than 2 * window has left. */
struct window_numbers window_numbers(const struct window *window, uint32_t target, uint64_t number);

/* Keeps the newest folded cycle's score. */
void window_remember(struct window *window, uint32_t target, const struct window_score *score);

/* The mean mos_cycle over the last `average` cycles, NAN when there is none; and what took most of it
 * over the same cycles, CAUSE_NONE while mos is 4.0 or more. */
double window_mos(
	const struct window *window, uint32_t target, uint64_t number, enum cause *ret_cause);

/* A target's memory as bytes, to be kept and taken back by the same build and configuration.
 * window_load() returns false, and takes nothing, when they cannot be such. */
size_t window_saved_size(const struct window_config *config);
void window_save(const struct window *window, uint32_t target, void *ret_saved);
bool window_load(struct window *window, uint32_t target, const void *saved);

/* Did it answer in the newest cycle that was folded? */
bool window_used_to_answer(const struct window *window, uint32_t target);
/* The latency of the newest cycle that was folded, in ms; NAN = it had none. */
double window_own_latency_ms(const struct window *window, uint32_t target);
/* Has it ever answered? */
bool window_is_verified(const struct window *window, uint32_t target);
/* Has its window once held min(15, samples * window.cycles) samples? Kept once true. samples: of a
 * cycle of this target. To be asked after each fold. */
bool window_is_settled(struct window *window, uint32_t target, unsigned samples, uint64_t number);

#endif
