/* SPDX-License-Identifier: MIT */
/* Canaries: a few names of guard.canary that are always up when anything is, connected to once a second by a
 * thread of its own. They are no targets: all that is asked is whether they answer. Any answer counts, a refusal too:
 * it has come all the way. */
#ifndef MOSPROBE_CANARY_H
#define MOSPROBE_CANARY_H

#include <stdbool.h>
#include <stdint.h>

#include "vocabulary/message.h"

#define CANARIES_MAX 16

struct canaries;

/* list: "NAME[:PORT] NAME[:PORT] ...", separated by blanks or commas; default_port where none is given. timeout_ns:
 * of one connect. Names are resolved as the system does, again every minute. Starts the thread. Returns 0, or a
 * negative errno with a message. */
int canaries_start(struct canaries **ret, const char *list, uint16_t default_port,
	uint64_t timeout_ns, struct message *msg);
void canaries_stop(struct canaries *canaries); /* NULL is fine */

/* Any thread. When the one of them that answered last did (CLOCK_MONOTONIC); 0 = none ever has. */
uint64_t canaries_answered_ns(struct canaries *canaries);

#endif
