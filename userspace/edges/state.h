/* SPDX-License-Identifier: MIT */
/* prober.state_dir: what is known of every target, on disk, so that a prober goes on where it was killed. Each
 * target has a place with two halves in one file, written in turns by a thread of its own: a write that was
 * torn leaves the older half. Nothing is waited for by the prober, neither here nor by it: what is written
 * survives the process at once, and the machine within a minute. */
#ifndef MOSPROBE_STATE_H
#define MOSPROBE_STATE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "edges/journal.h"
#include "pure/state_record.h"
#include "vocabulary/message.h"

struct state_store;

struct state_setup {
	const char *dir;       /* made when it is not there, its parent must be */
	const char *prober_id; /* another prober's file is not taken */
	uint64_t interval_ns;
	size_t window_size; /* window_saved_size() */
	uint32_t room;	    /* targets that there can be, by number from 0 */
};

/* Locks the folder and reads what is there. What cannot be trusted (torn, truncated, damaged, another
 * prober's, another version's) is renamed to NAME.bad, and ret_note says so; "" = nothing to say. Returns 0, or a
 * negative errno with a message: -EBUSY when another prober has the folder. */
int state_open(struct state_store **ret, const struct state_setup *setup, struct message *ret_note,
	struct message *msg);
/* Writes what is queued, and ends the thread. NULL is fine. */
void state_close(struct state_store *state);

/* What was known of the target of this key (NAME:PORT), which has this number from now on. window: NULL when it
 * cannot be used, for the interval or the window is another one now: then nothing is held of the alert's conditions
 * either. False when nothing is known. To be called before state_start(). */
bool state_adopt(struct state_store *state, const char *key, uint32_t target,
	struct state_parts *ret, const void **ret_window);
/* One by one those that nobody adopted; false when there are no more. Before state_start(). */
bool state_next_orphan(
	struct state_store *state, struct state_parts *ret, const void **ret_window);
/* The newest cycle of any of them. */
uint64_t state_newest_cycle(const struct state_store *state);

/* Before state_start(): records wait until the transitions before them are in this journal, which must outlive the
 * store. */
void state_set_journal(struct state_store *state, struct journal *journal);

/* Nobody adopts any more: forgets the rest, and starts the thread. Returns 0 or a negative errno. */
int state_start(struct state_store *state, struct message *msg);
/* By the prober's thread: queues what is to be kept of a target. A full queue refuses, which
 * is counted, and the next cycle says it again. taken: how many transitions were made before, as
 * journal_taken() counts. */
void state_keep(struct state_store *state, uint32_t target, const struct state_parts *parts,
	const void *window, uint64_t taken);
/* What is known of the prober itself: the text that was kept last, NULL when there is none. It lives until
 * state_start(). */
const char *state_events(const struct state_store *state, size_t *ret_length);
/* Queues the next one, which is taken over (malloc); NULL is fine. taken: as of state_keep(). False when the queue is full:
 * it is to be said again. */
bool state_keep_events(struct state_store *state, char *text, uint64_t taken);

/* The target has left. */
void state_forget(struct state_store *state, uint32_t target, uint64_t taken);
/* Once a turn: wakes the thread. */
void state_wake(struct state_store *state);

struct state_stats {
	uint64_t written, refused, failed; /* records */
};
struct state_stats state_stats(const struct state_store *state);

#endif
