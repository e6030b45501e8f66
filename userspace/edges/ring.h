/* SPDX-License-Identifier: MIT */
/* Connects submitted and completed in batches. Owns liburing. */
#ifndef MOSPROBE_RING_H
#define MOSPROBE_RING_H

#include <stdint.h>
#include <sys/socket.h>

#include "vocabulary/completion.h"
#include "vocabulary/message.h"

struct ring;

/* Registers the sockets, by slot, as fixed files. They stay the caller's. The kernel refuses this ring all
 * other requests, for good (IORING_REGISTER_RESTRICTIONS). Returns 0, or a negative
 * errno with a message: -ENOSYS or -EPERM where io_uring is forbidden. */
int ring_open(struct ring **ret, const int *fds, uint32_t count, struct message *msg);
void ring_close(struct ring *ring); /* NULL is fine */

/* Queues a connect of a slot that has none under way. address must stay until ring_turn() returns. */
void ring_connect(
	struct ring *ring, uint32_t slot, const struct sockaddr *address, socklen_t length);
/* Queues the end of a slot's connect; its completion still comes. */
void ring_cancel(struct ring *ring, uint32_t slot);

/* Submits what is queued and waits, for at most wait_ns, until `wanted` completions are there (0: does
 * not wait). Returns how many were written to ret, at most most; those left come with the next
 * call. */
uint32_t ring_turn(struct ring *ring, uint64_t wait_ns, uint32_t wanted, struct completion *ret,
	uint32_t most);

#endif
