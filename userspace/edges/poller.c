/* SPDX-License-Identifier: MIT */
#include "edges/poller.h"

#include <errno.h>
#include <fcntl.h>
#include <stdbool.h>
#include <stdlib.h>
#include <string.h>
#include <sys/epoll.h>
#include <time.h>
#include <unistd.h>

#include "vocabulary/nsec.h"

#define EVENTS_PER_CALL 1024

struct poller {
	int epoll_fd;
	const int *fds;
	uint32_t count;
	bool *under_way; /* by slot */
	/* Connects that ended: a slot has at most one, so a ring of `count` never overflows. */
	struct completion *done;
	uint32_t done_first, done_count;
	struct epoll_event events[EVENTS_PER_CALL];
};

static int add_socket(const struct poller *poller, uint32_t slot)
{
	/* Edge-triggered and added once: no system call per connect. An edge of the connection before
	 * tells nothing: epoll asks the socket anew before it hands an event out. */
	struct epoll_event event = { .events = EPOLLOUT | EPOLLET, .data.u32 = slot };
	int fd = poller->fds[slot], flags = fcntl(fd, F_GETFL);

	if (flags < 0 || fcntl(fd, F_SETFL, flags | O_NONBLOCK) ||
		epoll_ctl(poller->epoll_fd, EPOLL_CTL_ADD, fd, &event))
		return -errno;
	return 0;
}

int poller_open(struct poller **ret, const int *fds, uint32_t count, struct message *msg)
{
	struct poller *poller = calloc(1, sizeof *poller);
	int error = 0;

	if (!poller)
		return message_set(msg, -ENOMEM, "out of memory");
	poller->fds = fds;
	poller->count = count;
	poller->under_way = calloc(count, sizeof *poller->under_way);
	poller->done = calloc(count, sizeof *poller->done);
	poller->epoll_fd = epoll_create1(EPOLL_CLOEXEC);
	if (poller->epoll_fd < 0)
		error = -errno;
	else if (!poller->under_way || !poller->done)
		error = -ENOMEM;
	for (uint32_t slot = 0; !error && slot < count; slot++)
		error = add_socket(poller, slot);
	if (error) {
		poller_close(poller);
		return message_set(
			msg, error, "epoll with %u sockets: %s", count, strerror(-error));
	}
	*ret = poller;
	return 0;
}

void poller_close(struct poller *poller)
{
	if (!poller)
		return;
	if (poller->epoll_fd >= 0)
		close(poller->epoll_fd);
	free(poller->under_way);
	free(poller->done);
	free(poller);
}

static void complete(struct poller *poller, uint32_t slot, int result)
{
	uint32_t place = (poller->done_first + poller->done_count) % poller->count;

	if (!poller->under_way[slot])
		return;
	poller->under_way[slot] = false;
	poller->done_count++;
	poller->done[place] = (struct completion) { .slot = slot, .result = result };
}

void poller_connect(
	struct poller *poller, uint32_t slot, const struct sockaddr *address, socklen_t length)
{
	int result = connect(poller->fds[slot], address, length) ? -errno : 0;

	poller->under_way[slot] = true;
	/* Interrupted or not: it goes on by itself. */
	if (result != -EINPROGRESS && result != -EINTR)
		complete(poller, slot, result);
}

void poller_cancel(struct poller *poller, uint32_t slot)
{
	complete(poller, slot, -ECANCELED);
}

static int result_of(const struct poller *poller, uint32_t slot)
{
	socklen_t length = sizeof(int);
	int error = 0;

	if (getsockopt(poller->fds[slot], SOL_SOCKET, SO_ERROR, &error, &length))
		return -errno;
	return -error;
}

static struct timespec timespec_of(uint64_t ns)
{
	return (struct timespec) { .tv_sec = (time_t)(ns / NSEC_PER_SEC),
		.tv_nsec = (long)(ns % NSEC_PER_SEC) };
}

/* One look at what is ready, after waiting for at most wait_ns. Returns how many events there were. */
static int look(struct poller *poller, uint64_t wait_ns)
{
	struct timespec wait = timespec_of(wait_ns);
	int ready = epoll_pwait2(poller->epoll_fd, poller->events, EVENTS_PER_CALL, &wait, NULL);

	/* Before Linux 5.11 only milliseconds can be waited for. */
	if (ready < 0 && errno == ENOSYS)
		ready = epoll_wait(poller->epoll_fd, poller->events, EVENTS_PER_CALL,
			(int)((wait_ns + NSEC_PER_MSEC - 1) / NSEC_PER_MSEC));
	for (int i = 0; i < ready; i++) {
		uint32_t slot = poller->events[i].data.u32;

		/* Asking clears the socket's error, which is the connect's to take. */
		if (poller->under_way[slot])
			complete(poller, slot, result_of(poller, slot));
	}
	return ready;
}

static void look_at_all(struct poller *poller, uint64_t wait_ns)
{
	while (look(poller, wait_ns) == EVENTS_PER_CALL)
		wait_ns = 0;
}

uint32_t poller_turn(struct poller *poller, uint64_t wait_ns, uint32_t wanted,
	struct completion *ret, uint32_t most)
{
	uint32_t count = 0;

	if (poller->done_count >= wanted)
		wait_ns = 0;
	/* For a batch the time is slept away first: few looks for many completions. */
	if (wanted > 1 && wait_ns) {
		struct timespec all = timespec_of(wait_ns);

		nanosleep(&all, NULL);
		wait_ns = 0;
	}
	look_at_all(poller, wait_ns);
	for (; count < most && poller->done_count; count++, poller->done_count--) {
		ret[count] = poller->done[poller->done_first];
		poller->done_first = (poller->done_first + 1) % poller->count;
	}
	return count;
}
