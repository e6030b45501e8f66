/* SPDX-License-Identifier: MIT */
/* Answers what arrives on a link as a scenario has it. The kernel's arrival stamp is the truth: an
 * answer is due at arrival + delay. */
#ifndef NETSIM_RESPONDER_H
#define NETSIM_RESPONDER_H

#include <stdbool.h>

#include "scenario.h"
#include "start.h"
#include "truth.h"

struct responder;

/* Opens interface, which is up, in the caller's network namespace. scenario, start and truth (NULL:
 * no log), which are the caller's, must outlive the responder. Returns 0 or a negative errno. */
int responder_create(struct responder **ret_responder, const struct scenario *scenario,
	const struct start *start, const char *interface, struct truth *truth);
void responder_destroy(struct responder *responder); /* NULL is fine */

/* Answers until the other end of stop_fd is closed. busy: never sleeps, which costs a whole CPU; a
 * virtual machine's timers can make a sleep, and so an answer, milliseconds late. */
void responder_run(struct responder *responder, int stop_fd, bool busy);

/* At the end: finishes the log of truth, and see statistics_print(). False when the log could
 * not be written, which standard error then tells. */
bool responder_report(struct responder *responder, bool verbose);

#endif
