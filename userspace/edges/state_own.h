/* SPDX-License-Identifier: MIT */
/* What state.c and state_adopt.c share. */
#ifndef MOSPROBE_STATE_OWN_H
#define MOSPROBE_STATE_OWN_H

#include <pthread.h>
#include <stdatomic.h>

#include "edges/state.h"
#include "edges/state_file.h"
#include "vocabulary/queue.h"

#define STATE_NO_PLACE UINT32_MAX

/* What goes through the queue, with the record behind it. */
struct item {
	uint32_t target;
	uint32_t forget;
	uint64_t taken; /* to be in the journal before */
	char *events;	/* then it is this, and no record */
	uint64_t record[];
};

struct state_store {
	struct state_setup setup;
	struct state_file file;
	uint32_t *table; /* of what was found: place + 1 by the hash of the key */
	uint32_t mask;
	bool *adopted;	 /* by place */
	uint32_t orphan; /* the next place that state_next_orphan() looks at */
	uint64_t newest_cycle;

	uint32_t *place_of; /* by target; STATE_NO_PLACE */
	uint32_t *free_places, free_count, free_room;

	struct queue *queue;
	struct item *kept, *item; /* the prober's, the thread's */
	pthread_t thread;
	bool runs;
	_Atomic bool stop;
	_Atomic uint64_t written, failed;
	char *events; /* as they were found */
	size_t events_length;
	struct journal *journal; /* NULL = none */
};

/* Returns -ENOMEM. */
int state_out_of_memory(struct message *msg);
/* Which target stands where. Returns 0 or -ENOMEM. */
int state_index_found(struct state_store *state, struct message *msg);
/* Writes a record into the target's place. */
void state_write_item(struct state_store *state, struct item *item);

#endif
