/* SPDX-License-Identifier: MIT */
#include "edges/ring.h"

#include <errno.h>
#include <liburing.h>
#include <stdlib.h>
#include <string.h>
#include <sys/syscall.h>
#include <unistd.h>

#include "vocabulary/nsec.h"

#define ENTRIES_MAX 4096u
#define COMPLETIONS_MAX 65536u

struct ring {
	struct io_uring uring;
	bool cancelling; /* in this turn */
};

/* What a completion belongs to, in its user_data: the slot, and which request it was. A time-out of
 * liburing's own on kernels before 5.11 has all bits set. */
enum request { REQUEST_CONNECT = 1, REQUEST_CANCEL = 2 };

static uint64_t pack(enum request request, uint32_t slot)
{
	return (uint64_t)request << 32 | slot;
}

/* What completes is worked on when the thread that submits asks for it, not whenever an answer comes in: it
 * is not woken for each. Kernels before 6.1 know nothing of that. */
static int open_uring(
	struct io_uring *uring, unsigned entries, const struct io_uring_params *wanted)
{
	struct io_uring_params params = *wanted;
	int error;

	params.flags |= IORING_SETUP_SINGLE_ISSUER | IORING_SETUP_DEFER_TASKRUN;
	error = io_uring_queue_init_params(entries, uring, &params);
	if (error != -EINVAL)
		return error;
	params = *wanted;
	return io_uring_queue_init_params(entries, uring, &params);
}

/* For good: connects of sockets that were registered, and their cancels; nothing that would pass by a filter
 * of system calls. The time-out is liburing's own, on kernels before 5.11. */
static int restrict_and_enable(struct io_uring *uring)
{
	struct io_uring_restriction left[] = {
		{ .opcode = IORING_RESTRICTION_SQE_OP, .sqe_op = IORING_OP_CONNECT },
		{ .opcode = IORING_RESTRICTION_SQE_OP, .sqe_op = IORING_OP_ASYNC_CANCEL },
		{ .opcode = IORING_RESTRICTION_SQE_OP, .sqe_op = IORING_OP_TIMEOUT },
		{ .opcode = IORING_RESTRICTION_SQE_FLAGS_ALLOWED, .sqe_flags = IOSQE_FIXED_FILE },
	};
	unsigned count = sizeof left / sizeof *left;

	/* By number: liburing 2.3 does not export its functions for it. */
	if (syscall(__NR_io_uring_register, uring->ring_fd, IORING_REGISTER_RESTRICTIONS, left,
		    count) ||
		syscall(__NR_io_uring_register, uring->ring_fd, IORING_REGISTER_ENABLE_RINGS, NULL,
			0))
		return -errno;
	return 0;
}

int ring_open(struct ring **ret, const int *fds, uint32_t count, struct message *msg)
{
	struct io_uring_params params = { .flags = IORING_SETUP_CQSIZE | IORING_SETUP_CLAMP |
						   IORING_SETUP_R_DISABLED };
	struct ring *ring = calloc(1, sizeof *ring);
	int error;

	if (!ring)
		return message_set(msg, -ENOMEM, "out of memory");
	/* A completion for every slot's connect and for its cancel. */
	params.cq_entries = 2 * count + 64 < COMPLETIONS_MAX ? 2 * count + 64 : COMPLETIONS_MAX;
	error = open_uring(
		&ring->uring, count < ENTRIES_MAX / 2 ? 2 * count + 8 : ENTRIES_MAX, &params);
	if (error) {
		free(ring);
		return message_set(msg, error, "io_uring: %s%s", strerror(-error),
			error == -EPERM || error == -ENOSYS
				? " (forbidden here: kernel.io_uring_disabled, or a container's filter)"
				: "");
	}
	error = io_uring_register_files(&ring->uring, fds, count);
	if (error) {
		ring_close(ring);
		return message_set(msg, error, "io_uring: registering %u sockets: %s", count,
			strerror(-error));
	}
	error = restrict_and_enable(&ring->uring);
	if (error) {
		ring_close(ring);
		return message_set(msg, error, "io_uring: restricting it: %s", strerror(-error));
	}
	*ret = ring;
	return 0;
}

void ring_close(struct ring *ring)
{
	if (!ring)
		return;
	io_uring_queue_exit(&ring->uring);
	free(ring);
}

static struct io_uring_sqe *next_request(struct ring *ring)
{
	struct io_uring_sqe *sqe = io_uring_get_sqe(&ring->uring);

	while (!sqe) {
		/* Full: what is there goes out now. */
		io_uring_submit(&ring->uring);
		sqe = io_uring_get_sqe(&ring->uring);
	}
	return sqe;
}

void ring_connect(
	struct ring *ring, uint32_t slot, const struct sockaddr *address, socklen_t length)
{
	struct io_uring_sqe *sqe = next_request(ring);

	io_uring_prep_connect(sqe, (int)slot, address, length);
	sqe->flags |= IOSQE_FIXED_FILE;
	sqe->user_data = pack(REQUEST_CONNECT, slot);
}

void ring_cancel(struct ring *ring, uint32_t slot)
{
	struct io_uring_sqe *sqe;

	/* What has come in and was not worked on yet goes first, or a connect that was answered while the
	 * machine stood still would be cancelled. */
	if (!ring->cancelling)
		io_uring_get_events(&ring->uring);
	ring->cancelling = true;
	sqe = next_request(ring);
	io_uring_prep_cancel64(sqe, pack(REQUEST_CONNECT, slot), 0);
	sqe->user_data = pack(REQUEST_CANCEL, slot);
}

uint32_t ring_turn(
	struct ring *ring, uint64_t wait_ns, uint32_t wanted, struct completion *ret, uint32_t most)
{
	struct io_uring_cqe *cqe;
	uint32_t count = 0;
	unsigned head, seen = 0;

	ring->cancelling = false;
	if (wanted && wait_ns) {
		struct __kernel_timespec timeout = {
			.tv_sec = (long long)(wait_ns / NSEC_PER_SEC),
			.tv_nsec = (long long)(wait_ns % NSEC_PER_SEC),
		};

		/* Time-out and signal are no errors here: whatever has come is collected. */
		io_uring_submit_and_wait_timeout(&ring->uring, &cqe, wanted, &timeout, NULL);
	} else {
		/* Getting events also flushes completions that did not fit into the queue. */
		io_uring_submit_and_get_events(&ring->uring);
	}
	io_uring_for_each_cqe(&ring->uring, head, cqe)
	{
		if (count == most)
			break;
		seen++;
		if (cqe->user_data >> 32 != REQUEST_CONNECT)
			continue;
		ret[count].slot = (uint32_t)cqe->user_data;
		ret[count].result = cqe->res;
		count++;
	}
	io_uring_cq_advance(&ring->uring, seen);
	return count;
}
