/* SPDX-License-Identifier: MIT */
/* Standard output: a live table, or JSON lines, by a thread of its own, so that a slow terminal or
 * pipe never makes the prober wait. Owns the terminal and jansson. */
#ifndef MOSPROBE_OUTPUT_H
#define MOSPROBE_OUTPUT_H

#include <stdint.h>

#include "pure/config.h"
#include "pure/targets.h"
#include "vocabulary/message.h"
#include "vocabulary/queue.h"

struct output;

/* Starts the thread for config->output (not OUTPUT_NONE). events: of struct event, read by this
 * thread only. targets and config must outlive it. Returns 0 or a negative errno with a message. */
int output_start(struct output **ret, const struct config *config, const struct target_list *targets,
	struct queue *events, struct message *msg);

/* Writes what is left in the queue, restores the terminal, joins the thread. NULL is fine. */
void output_stop(struct output *output);

/* Any thread: 1 when standard output is gone (a closed pipe): the run may as well end. */
int output_gone(const struct output *output);

#endif
