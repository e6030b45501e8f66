/* SPDX-License-Identifier: MIT */
#include "edges/publish.h"

#include <errno.h>
#include <poll.h>
#include <pthread.h>
#include <signal.h>
#include <stdatomic.h>
#include <stdlib.h>
#include <string.h>
#include <sys/eventfd.h>
#include <unistd.h>

#include "edges/publish_session.h"
#include "vocabulary/log.h"
#include "vocabulary/nsec.h"

#define EVENTS_PER_TURN 8192 /* so that a burst does not keep the connection waiting */

struct publish {
	struct session session;
	struct queue *events;
	pthread_t thread;
	int stop_fd;
	_Atomic uint64_t stop_ns; /* 0 = go on; else when to end at the latest */
};

/* Into the spool at once, connected or not: the queue is the prober's. */
static void take_events(struct publish *publish, uint64_t now_ns)
{
	struct event event;

	for (int i = 0; i < EVENTS_PER_TURN && queue_pop(publish->events, &event); i++)
		session_take(&publish->session, &event, now_ns);
	session_keep(&publish->session);
	atomic_store_explicit(&publish->session.counters.spooled, session_held(&publish->session),
		memory_order_relaxed);
	atomic_store_explicit(&publish->session.counters.oldest_ms,
		session_oldest_ms(&publish->session), memory_order_relaxed);
}

static bool finished(struct publish *publish, uint64_t now_ns)
{
	uint64_t stop_ns = atomic_load(&publish->stop_ns);

	if (!stop_ns)
		return false;
	return now_ns >= stop_ns ||
	       (!queue_depth(publish->events) && session_idle(&publish->session) &&
		       session_release(&publish->session));
}

/* Sleeps until there is something to do. Returns what the connection is ready for. */
static short wait_for_work(struct publish *publish, uint64_t now_ns)
{
	struct pollfd fds[] = {
		{ .fd = session_fd(&publish->session),
			.events = session_events(&publish->session) },
		{ .fd = queue_fd(publish->events), .events = POLLIN },
		{ .fd = publish->stop_fd, .events = POLLIN },
	};
	uint64_t wake_ns = session_wake_ns(&publish->session, now_ns);
	uint64_t stop_ns = atomic_load(&publish->stop_ns);
	struct timespec timeout = { 0 };

	if (stop_ns) {
		/* The eventfd has done its work, and stays readable. */
		fds[2].fd = -1;
		if (stop_ns < wake_ns)
			wake_ns = stop_ns;
	}
	if (wake_ns > now_ns + NSEC_PER_HOUR)
		wake_ns = now_ns + NSEC_PER_HOUR;
	if (queue_may_sleep(publish->events) && wake_ns > now_ns) {
		timeout.tv_sec = (time_t)((wake_ns - now_ns) / NSEC_PER_SEC);
		timeout.tv_nsec = (long)((wake_ns - now_ns) % NSEC_PER_SEC);
	}
	if (ppoll(fds, sizeof fds / sizeof fds[0], &timeout, NULL) < 0)
		fds[0].revents = 0;
	queue_awake(publish->events);
	return fds[0].revents;
}

static void *run(void *arg)
{
	struct publish *publish = arg;
	uint64_t now_ns = nsec_mono();
	short revents = 0;

	for (;;) {
		take_events(publish, now_ns);
		session_turn(&publish->session, revents, now_ns);
		if (finished(publish, now_ns))
			break;
		revents = wait_for_work(publish, now_ns);
		now_ns = nsec_mono();
	}
	/* What is left is for the next process. */
	while (queue_depth(publish->events))
		take_events(publish, now_ns);
	session_leave_backlog(&publish->session);
	return NULL;
}

/* With every signal blocked: they are for the main thread, and a SIGPIPE for nobody. */
static int start_thread(struct publish *publish)
{
	sigset_t all, before;
	int error;

	sigfillset(&all);
	pthread_sigmask(SIG_SETMASK, &all, &before);
	error = pthread_create(&publish->thread, NULL, run, publish);
	pthread_sigmask(SIG_SETMASK, &before, NULL);
	if (!error)
		pthread_setname_np(publish->thread, "publish");
	return -error;
}

int publish_start(struct publish **ret, const struct config *config, const char *password,
	struct queue *events, struct journal *journal, struct message *msg)
{
	struct publish *publish = calloc(1, sizeof *publish);
	int error;

	if (!publish)
		return message_set(msg, -ENOMEM, "out of memory");
	publish->events = events;
	publish->stop_fd = eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK);
	if (publish->stop_fd < 0) {
		error = message_set(msg, -errno, "eventfd: %s", strerror(errno));
		free(publish);
		return error;
	}
	error = session_create(&publish->session, config, password, journal, msg);
	if (!error) {
		error = start_thread(publish);
		if (error)
			message_set(msg, error, "cannot start a thread: %s", strerror(-error));
	}
	if (error) {
		session_free(&publish->session);
		close(publish->stop_fd);
		free(publish);
		return error;
	}
	*ret = publish;
	return 0;
}

void publish_stop(struct publish *publish, uint64_t timeout_ns, struct publish_stats *ret_final)
{
	size_t held;

	if (!publish)
		return;
	atomic_store(&publish->stop_ns, nsec_mono() + timeout_ns);
	eventfd_write(publish->stop_fd, 1);
	pthread_join(publish->thread, NULL);
	held = session_held(&publish->session) - disk_held(publish->session.disk) +
	       queue_depth(publish->events);
	if (held)
		log_event(LOG_WARN, "redis_unpublished", "Redis has not had all",
			"url=%s entries=%zu", connection_url(publish->session.connection), held);
	if (ret_final) {
		*ret_final = publish_stats(publish);
		ret_final->spooled = held;
	}
	session_free(&publish->session);
	close(publish->stop_fd);
	free(publish);
}

struct publish_stats publish_stats(const struct publish *publish)
{
	const struct session_counters *counters = &publish->session.counters;
	uint64_t connects = atomic_load_explicit(&counters->connects, memory_order_relaxed);

	return (struct publish_stats) {
		.written = atomic_load_explicit(&counters->written, memory_order_relaxed),
		.dropped = atomic_load_explicit(&counters->dropped, memory_order_relaxed),
		.dropped_transitions =
			atomic_load_explicit(&counters->dropped_transitions, memory_order_relaxed),
		.spooled = atomic_load_explicit(&counters->spooled, memory_order_relaxed),
		.oldest_ms = atomic_load_explicit(&counters->oldest_ms, memory_order_relaxed),
		.round_trips = atomic_load_explicit(&counters->round_trips, memory_order_relaxed),
		.round_trips_ns =
			atomic_load_explicit(&counters->round_trips_ns, memory_order_relaxed),
		.reconnects = connects ? connects - 1 : 0,
		.connected = atomic_load(&counters->connected),
		.generation = atomic_load(&counters->generation),
	};
}

struct publish_lease publish_lease(struct publish *publish)
{
	struct session *session = &publish->session;
	struct publish_lease lease;

	pthread_mutex_lock(&session->lease_mutex);
	lease = session->lease_told;
	pthread_mutex_unlock(&session->lease_mutex);
	return lease;
}

bool publish_lease_lost(const struct publish *publish)
{
	return atomic_load_explicit(&publish->session.lost, memory_order_relaxed);
}

void publish_go(struct publish *publish)
{
	atomic_store(&publish->session.go, true);
	queue_wake(publish->events);
}

char *publish_take_test(struct publish *publish)
{
	_Atomic(char *) *newest = &publish->session.tests.newest;

	return atomic_load_explicit(newest, memory_order_relaxed) ? atomic_exchange(newest, NULL)
								  : NULL;
}

struct mutes *publish_take_mutes(struct publish *publish)
{
	_Atomic(struct mutes *) *newest = &publish->session.mutes.newest;

	return atomic_load_explicit(newest, memory_order_relaxed) ? atomic_exchange(newest, NULL)
								  : NULL;
}
