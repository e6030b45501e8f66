/* SPDX-License-Identifier: MIT */
/* transitions.log in prober.state_dir: every transition on its way to Redis, so that one that was made is in the
 * stream exactly once, whatever kills the process. Its life in the file: taken (before a target's record
 * with its sequence number is written), sent (with the id that Redis will refuse a second time; before it leaves),
 * done (Redis has it). What is not done is sent again by the next process: under its id when it has one.
 * And a record that is older than what was taken is brought up to it. Owns the file. */
#ifndef MOSPROBE_JOURNAL_H
#define MOSPROBE_JOURNAL_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "pure/config.h"
#include "pure/result.h"
#include "vocabulary/message.h"

struct journal;

/* dir: locked by state_open() already. What cannot be trusted is set aside, and ret_note says so; "" =
 * nothing to say. Transitions of targets that config does not name any more are sent all the same: config
 * must outlive the journal, as roster must. Returns 0, or a negative errno with a message. */
int journal_open(struct journal **ret, const char *dir, const struct config *config,
	const struct roster *roster, struct message *ret_note, struct message *msg);
/* After both threads have ended. NULL is fine. */
void journal_close(struct journal *journal);

/* A transition that a former process has left. */
struct journal_left {
	uint64_t order;
	uint64_t id_ms, id_seq; /* 0-0 = it was not sent */
	const struct transition *transition;
};
/* The next that is not done, in their order; false when there are no more. *at: 0 at first. */
bool journal_next_left(const struct journal *journal, size_t *at, struct journal_left *ret);
/* The next one, done or not: made by a former process, in their order; NULL when there are no more. Of a target that
 * is not in the roster the index is UINT32_MAX. */
const struct transition *journal_next_taken(const struct journal *journal, size_t *at);
/* The newest of a target that a former process has taken; NULL = none. */
const struct transition *journal_newest(const struct journal *journal, uint32_t target);

/* The publisher's thread. An order rises, and greater than journal_order() at the start. */
uint64_t journal_order(const struct journal *journal);
void journal_take(struct journal *journal, uint64_t order, const struct transition *transition);
void journal_sent(struct journal *journal, uint64_t order, uint64_t id_ms, uint64_t id_seq);
void journal_done(struct journal *journal, uint64_t order);
/* What was said so far is on disk when it returns, or it has been complained that it is not. Empties the file
 * when nothing in it is needed. */
void journal_flush(struct journal *journal);

/* Any thread. How many transitions were taken by this process (1 = none), which is how many it made but for those
 * that are in the publisher's queue. */
#define JOURNAL_FIRST 1
uint64_t journal_taken(const struct journal *journal);
/* The thread of the records: those of all that were taken so far are written; or some could not be, and the file
 * is not emptied for an hour. */
void journal_kept(struct journal *journal, uint64_t taken);
void journal_hold(struct journal *journal);

#endif
