/* SPDX-License-Identifier: MIT */
/* Connects in batches without io_uring, for where it is forbidden: plain connect(2) on sockets that do
 * not block, and epoll. The same contract as edges/ring.h; some 3 us dearer per connect, two system
 * calls more. */
#ifndef MOSPROBE_POLLER_H
#define MOSPROBE_POLLER_H

#include <stdint.h>
#include <sys/socket.h>

#include "vocabulary/completion.h"
#include "vocabulary/message.h"

struct poller;

/* Makes the sockets, by slot, non-blocking; they stay the caller's. Returns 0, or a negative errno with a
 * message. */
int poller_open(struct poller **ret, const int *fds, uint32_t count, struct message *msg);
void poller_close(struct poller *poller); /* NULL is fine */

/* Connects a slot that has no connect under way; the SYN leaves before this returns. */
void poller_connect(
	struct poller *poller, uint32_t slot, const struct sockaddr *address, socklen_t length);
/* Ends a slot's connect: its completion comes with the next turn, with -ECANCELED if nothing else had
 * ended it. */
void poller_cancel(struct poller *poller, uint32_t slot);

/* Waits, for at most wait_ns, until `wanted` completions are there (0: does not wait). Returns how many
 * were written to ret, at most most; those left come with the next call. */
uint32_t poller_turn(struct poller *poller, uint64_t wait_ns, uint32_t wanted,
	struct completion *ret, uint32_t most);

#endif
