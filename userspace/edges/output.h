/* SPDX-License-Identifier: MIT */
/* Standard output: a live table, or JSON lines, by a thread of its own, so that a slow terminal or
 * pipe never makes the prober wait. Owns the terminal and jansson. */
#ifndef MOSPROBE_OUTPUT_H
#define MOSPROBE_OUTPUT_H

#include <stdint.h>

#include "pure/config.h"
#include "pure/roster.h"
#include "vocabulary/message.h"
#include "vocabulary/queue.h"

struct output;

/* Starts the thread for config->output (not OUTPUT_NONE). events: of struct event, read by this
 * thread only. roster: who is there at first; room: targets that there can be. config must outlive it.
 * Returns 0 or a negative errno with a message. */
int output_start(struct output **ret, const struct config *config, const struct roster *roster,
	uint32_t room, struct queue *events, struct message *msg);

/* Writes what is left in the queue, restores the terminal, joins the thread. NULL is fine. */
void output_stop(struct output *output);

/* Any thread: nothing here refers to an earlier generation of targets. */
uint64_t output_generation(const struct output *output);

/* Any thread: 1 when standard output is gone (a closed pipe): the run may as well end. */
int output_gone(const struct output *output);

#endif
