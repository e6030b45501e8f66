/* SPDX-License-Identifier: MIT */
#include "edges/canary.h"

#include <errno.h>
#include <netdb.h>
#include <poll.h>
#include <pthread.h>
#include <signal.h>
#include <stdatomic.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/eventfd.h>
#include <sys/socket.h>
#include <unistd.h>

#include "vocabulary/nsec.h"

#define EVERY_NS NSEC_PER_SEC
#define RESOLVE_EVERY_NS NSEC_PER_MIN
/* Connects of one canary that are under way: one begins every second, and lasts as long as the time-out. */
#define UNDER_WAY 8

struct attempt {
	int fd; /* -1 = free */
	uint64_t expires_ns;
};

struct canary {
	char *host, *port;
	struct sockaddr_storage address;
	socklen_t address_length; /* 0 = not known */
	uint64_t resolve_ns;	  /* when it is looked up again */
	struct attempt attempts[UNDER_WAY];
};

struct canaries {
	struct canary list[CANARIES_MAX];
	unsigned count;
	uint64_t timeout_ns, due_ns;
	int stop_fd;
	pthread_t thread;
	bool runs;
	pthread_mutex_t mutex;
	uint64_t answered_ns, held_since_ns; /* by it; 0 = not held up */
};

/* "NAME", "NAME:PORT" or "[ADDRESS]:PORT". */
static int add(struct canaries *canaries, const char *text, size_t length, uint16_t default_port)
{
	struct canary *canary = &canaries->list[canaries->count];
	bool bracketed = *text == '[';
	char *host = strndup(text, length), *end, port[8];

	if (!host)
		return -ENOMEM;
	canaries->count++;
	for (unsigned i = 0; i < UNDER_WAY; i++)
		canary->attempts[i].fd = -1;
	snprintf(port, sizeof port, "%u", default_port);
	end = strchr(host, bracketed ? ']' : ':');
	if (end) {
		if (end[bracketed] == ':')
			snprintf(port, sizeof port, "%s", end + bracketed + 1);
		*end = '\0';
	}
	if (bracketed)
		memmove(host, host + 1, strlen(host));
	canary->host = host;
	canary->port = strdup(port);
	return canary->port ? 0 : -ENOMEM;
}

static int read_list(
	struct canaries *canaries, const char *list, uint16_t default_port, struct message *msg)
{
	for (const char *at = list + strspn(list, " ,"); *at; at += strspn(at, " ,")) {
		size_t length = strcspn(at, " ,");

		if (canaries->count == CANARIES_MAX)
			return message_set(msg, -EINVAL, "guard.canary: at most %d", CANARIES_MAX);
		if (add(canaries, at, length, default_port))
			return message_set(msg, -ENOMEM, "out of memory");
		at += length;
	}
	return 0;
}

static void resolve(struct canary *canary, uint64_t now_ns)
{
	const struct addrinfo wanted = { .ai_socktype = SOCK_STREAM, .ai_flags = AI_NUMERICSERV };
	struct addrinfo *found = NULL;

	canary->resolve_ns = now_ns + RESOLVE_EVERY_NS;
	/* While it cannot be looked up it stays where it was. */
	if (getaddrinfo(canary->host, canary->port, &wanted, &found) || !found)
		return;
	memcpy(&canary->address, found->ai_addr, found->ai_addrlen);
	canary->address_length = found->ai_addrlen;
	freeaddrinfo(found);
}

/* Without a farewell: a RST at most. */
static void end(struct attempt *attempt)
{
	const struct linger hard = { .l_onoff = 1 };

	setsockopt(attempt->fd, SOL_SOCKET, SO_LINGER, &hard, sizeof hard);
	close(attempt->fd);
	attempt->fd = -1;
}

static void answered(struct canaries *canaries)
{
	pthread_mutex_lock(&canaries->mutex);
	canaries->answered_ns = nsec_mono();
	pthread_mutex_unlock(&canaries->mutex);
}

static void begin(struct canaries *canaries, struct canary *canary, uint64_t now_ns)
{
	struct attempt *attempt = canary->attempts;

	while (attempt < canary->attempts + UNDER_WAY && attempt->fd >= 0)
		attempt++;
	if (attempt == canary->attempts + UNDER_WAY || !canary->address_length)
		return;
	attempt->fd =
		socket(canary->address.ss_family, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0);
	if (attempt->fd < 0)
		return;
	attempt->expires_ns = now_ns + canaries->timeout_ns;
	if (!connect(attempt->fd, (const struct sockaddr *)&canary->address,
		    canary->address_length) ||
		errno == ECONNREFUSED) {
		answered(canaries);
		end(attempt);
	} else if (errno != EINPROGRESS) {
		end(attempt);
	}
}

static void look(struct canaries *canaries, struct attempt *attempt, uint64_t now_ns)
{
	struct pollfd fd = { .fd = attempt->fd, .events = POLLOUT };
	socklen_t length = sizeof(int);
	int error = 0;

	if (attempt->fd < 0)
		return;
	if (poll(&fd, 1, 0) > 0) {
		getsockopt(attempt->fd, SOL_SOCKET, SO_ERROR, &error, &length);
		if (!error || error == ECONNREFUSED)
			answered(canaries);
		end(attempt);
	} else if (now_ns >= attempt->expires_ns) {
		end(attempt);
	}
}

/* A resolver that does not answer holds this thread up, and that is no silence of the canaries: they grow no older
 * meanwhile. */
static void hold(struct canaries *canaries, uint64_t since_ns)
{
	pthread_mutex_lock(&canaries->mutex);
	if (canaries->held_since_ns && canaries->answered_ns)
		canaries->answered_ns += nsec_mono() - canaries->held_since_ns;
	canaries->held_since_ns = since_ns;
	pthread_mutex_unlock(&canaries->mutex);
}

static void turn(struct canaries *canaries, uint64_t now_ns)
{
	bool due = now_ns >= canaries->due_ns;

	for (unsigned i = 0; i < canaries->count; i++) {
		struct canary *canary = &canaries->list[i];

		for (unsigned k = 0; k < UNDER_WAY; k++)
			look(canaries, &canary->attempts[k], now_ns);
		if (!due)
			continue;
		if (now_ns >= canary->resolve_ns) {
			hold(canaries, nsec_mono());
			resolve(canary, now_ns);
			hold(canaries, 0);
		}
		begin(canaries, canary, now_ns);
	}
	if (due)
		canaries->due_ns = now_ns + EVERY_NS;
}

static void *run(void *arg)
{
	struct canaries *canaries = arg;
	struct pollfd fds[1 + CANARIES_MAX * UNDER_WAY];
	nfds_t count;

	do {
		turn(canaries, nsec_mono());
		fds[0] = (struct pollfd) { .fd = canaries->stop_fd, .events = POLLIN };
		count = 1;
		for (unsigned i = 0; i < canaries->count; i++)
			for (unsigned k = 0; k < UNDER_WAY; k++)
				if (canaries->list[i].attempts[k].fd >= 0)
					fds[count++] = (struct pollfd) {
						.fd = canaries->list[i].attempts[k].fd,
						.events = POLLOUT,
					};
	} while (poll(fds, count, 100) <= 0 || !fds[0].revents);
	return NULL;
}

int canaries_start(struct canaries **ret, const char *list, uint16_t default_port,
	uint64_t timeout_ns, struct message *msg)
{
	struct canaries *canaries = calloc(1, sizeof *canaries);
	sigset_t all, before;
	int error;

	if (!canaries)
		return message_set(msg, -ENOMEM, "out of memory");
	pthread_mutex_init(&canaries->mutex, NULL);
	canaries->timeout_ns = timeout_ns;
	canaries->stop_fd = eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK);
	error = canaries->stop_fd < 0 ? message_set(msg, -errno, "eventfd: %s", strerror(errno))
				      : read_list(canaries, list, default_port, msg);
	if (!error) {
		sigfillset(&all);
		pthread_sigmask(SIG_SETMASK, &all, &before);
		error = -pthread_create(&canaries->thread, NULL, run, canaries);
		pthread_sigmask(SIG_SETMASK, &before, NULL);
		if (error)
			message_set(msg, error, "cannot start a thread: %s", strerror(-error));
	}
	canaries->runs = !error;
	if (error) {
		canaries_stop(canaries);
		return error;
	}
	pthread_setname_np(canaries->thread, "canary");
	*ret = canaries;
	return 0;
}

void canaries_stop(struct canaries *canaries)
{
	if (!canaries)
		return;
	if (canaries->runs) {
		eventfd_write(canaries->stop_fd, 1);
		pthread_join(canaries->thread, NULL);
	}
	for (unsigned i = 0; i < canaries->count; i++) {
		for (unsigned k = 0; k < UNDER_WAY; k++)
			if (canaries->list[i].attempts[k].fd >= 0)
				end(&canaries->list[i].attempts[k]);
		free(canaries->list[i].host);
		free(canaries->list[i].port);
	}
	if (canaries->stop_fd >= 0)
		close(canaries->stop_fd);
	pthread_mutex_destroy(&canaries->mutex);
	free(canaries);
}

uint64_t canaries_answered_ns(struct canaries *canaries)
{
	uint64_t answered_ns;

	pthread_mutex_lock(&canaries->mutex);
	answered_ns = canaries->answered_ns;
	if (canaries->held_since_ns && answered_ns)
		answered_ns += nsec_mono() - canaries->held_since_ns;
	pthread_mutex_unlock(&canaries->mutex);
	return answered_ns;
}
