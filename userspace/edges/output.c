/* SPDX-License-Identifier: MIT */
#include "edges/output.h"

#include <errno.h>
#include <poll.h>
#include <pthread.h>
#include <signal.h>
#include <stdatomic.h>
#include <stdlib.h>
#include <string.h>
#include <sys/eventfd.h>
#include <sys/stat.h>
#include <unistd.h>

#include "edges/output_own.h"
#include "vocabulary/log.h"
#include "vocabulary/nsec.h"

#define BUFFER_SIZE 65536
/* A pipe or terminal that is ready takes this much without blocking (PIPE_BUF). */
#define PIECE_SIZE 4096
#define EVENTS_PER_TURN 1024
#define SLEEP_MOST_MS 1000
/* How long a reader that does not read can hold up the end of the run. */
#define LAST_WORDS_NS (2 * NSEC_PER_SEC)

struct sink {
	int fd, stop_fd;
	size_t piece;
	uint64_t give_up_ns; /* 0 while the run goes on */
	_Atomic bool gone;
	char last; /* the newest character written */
	size_t used;
	char buffer[BUFFER_SIZE];
};

struct output {
	struct queue *events;
	struct output_json *json; /* one of the two, or samples */
	struct output_table *table;
	pthread_t thread;
	_Atomic bool stop;
	_Atomic uint64_t generation;
	struct sink sink;
};

/* Returns false when the run has ended and the reader still does not read. */
static bool wait_writable(struct sink *sink)
{
	struct pollfd fds[] = { { .fd = sink->fd, .events = POLLOUT },
		{ .fd = sink->stop_fd, .events = POLLIN } };

	for (;;) {
		uint64_t now_ns = nsec_mono();
		bool ending = sink->give_up_ns;

		if (ending && now_ns >= sink->give_up_ns)
			return false;
		poll(fds, ending ? 1 : 2,
			ending ? (int)((sink->give_up_ns - now_ns) / NSEC_PER_MSEC) + 1 : -1);
		if (fds[0].revents)
			return true;
		if (fds[1].revents && !ending)
			sink->give_up_ns = nsec_mono() + LAST_WORDS_NS;
	}
}

/* Returns false when the rest cannot be written. */
static bool write_piece(struct sink *sink, const char **from, size_t *left)
{
	ssize_t written;

	if (!wait_writable(sink)) {
		sink->gone = true;
		return false;
	}
	written = write(sink->fd, *from, *left < sink->piece ? *left : sink->piece);
	if (written > 0) {
		sink->last = (*from)[written - 1];
		*from += written;
		*left -= (size_t)written;
		return true;
	}
	if (written == 0 || errno == EINTR || errno == EAGAIN)
		return true;
	/* A full disk is no reason to stop probing; a reader that has left may be one. */
	if (errno != ENOSPC && errno != EDQUOT && errno != EFBIG)
		sink->gone = true;
	else
		log_event(LOG_ERROR, "output_lost", "what is printed is lost", "error=%s",
			strerror(errno));
	return false;
}

void sink_flush(struct sink *sink)
{
	const char *from = sink->buffer;
	size_t left = sink->used;

	while (left && !sink->gone && write_piece(sink, &from, &left))
		;
	sink->used = 0;
	/* A line that was cut off must not run into the next one. */
	if (left && !sink->gone && sink->last != '\n')
		sink->buffer[sink->used++] = '\n';
}

void sink_add(struct sink *sink, const char *bytes, size_t length)
{
	while (length) {
		size_t room = BUFFER_SIZE - sink->used, part = length < room ? length : room;

		memcpy(sink->buffer + sink->used, bytes, part);
		sink->used += part;
		bytes += part;
		length -= part;
		if (sink->used == BUFFER_SIZE)
			sink_flush(sink);
	}
}

static bool take_events(struct output *output)
{
	struct event event;

	for (int i = 0; i < EVENTS_PER_TURN; i++) {
		if (!queue_pop(output->events, &event))
			return false;
		if (event.kind == EVENT_ROSTER && event.roster.all_left)
			atomic_store(&output->generation, event.roster.generation);
		if (output->json)
			output_json_event(output->json, &event, &output->sink);
		else if (!output->table)
			output_samples_event(&event, &output->sink);
		else
			output_table_event(output->table, &event, &output->sink);
	}
	return true;
}

static int draw(struct output *output, bool last)
{
	int wait_ms = -1;

	if (output->table)
		wait_ms = output_table_draw(output->table, nsec_mono(), last, &output->sink);
	sink_flush(&output->sink);
	return wait_ms;
}

/* Until an event comes, the run ends, wait_ms (-1: any time) have passed, or the reader leaves. */
static void sleep_a_while(struct output *output, int wait_ms)
{
	struct sink *sink = &output->sink;
	struct pollfd fds[] = {
		{ .fd = sink->stop_fd, .events = POLLIN },
		{ .fd = queue_fd(output->events), .events = POLLIN },
		{ .fd = sink->gone ? -1 : sink->fd, .events = 0 },
	};

	if (wait_ms < 0 || wait_ms > SLEEP_MOST_MS)
		wait_ms = SLEEP_MOST_MS;
	if (queue_may_sleep(output->events))
		poll(fds, sizeof fds / sizeof *fds, wait_ms);
	queue_awake(output->events);
	if (fds[2].revents & (POLLERR | POLLHUP | POLLNVAL))
		sink->gone = true;
}

static void *run(void *arg)
{
	struct output *output = arg;

	while (!atomic_load(&output->stop)) {
		bool more = take_events(output);
		int wait_ms = draw(output, false);

		if (!more)
			sleep_a_while(output, wait_ms);
	}
	while (take_events(output))
		;
	draw(output, true);
	return NULL;
}

static void destroy(struct output *output)
{
	output_json_destroy(output->json);
	output_table_destroy(output->table);
	if (output->sink.stop_fd >= 0)
		close(output->sink.stop_fd);
	free(output);
}

static bool is_live(int fd)
{
	const char *terminal = getenv("TERM");

	return isatty(fd) && terminal && *terminal && strcmp(terminal, "dumb") != 0;
}

/* Signals are the main thread's; a closed pipe comes back as EPIPE. */
static int start_thread(struct output *output)
{
	sigset_t all, before;
	int error;

	sigfillset(&all);
	pthread_sigmask(SIG_SETMASK, &all, &before);
	error = pthread_create(&output->thread, NULL, run, output);
	pthread_sigmask(SIG_SETMASK, &before, NULL);
	return -error;
}

static void open_sink(struct sink *sink)
{
	struct stat status;

	sink->fd = STDOUT_FILENO;
	sink->last = '\n';
	sink->piece = PIECE_SIZE;
	if (!fstat(sink->fd, &status) && S_ISREG(status.st_mode))
		sink->piece = BUFFER_SIZE;
	sink->stop_fd = eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK);
}

int output_start(struct output **ret, const struct config *config, const struct roster *roster,
	uint32_t room, struct queue *events, struct message *msg)
{
	struct output *output = calloc(1, sizeof *output);
	int error;

	if (!output)
		return message_set(msg, -ENOMEM, "output: out of memory");
	output->events = events;
	open_sink(&output->sink);
	if (output->sink.stop_fd < 0) {
		error = message_set(msg, -errno, "output: cannot start: %m");
		goto fail;
	}
	if (config->output == OUTPUT_JSONL)
		output->json = output_json_create(config);
	else if (config->output == OUTPUT_SAMPLES)
		output_samples_heading(&output->sink);
	else
		output->table = output_table_create(
			config, roster, room, is_live(STDOUT_FILENO), STDOUT_FILENO);
	if (!output->json && !output->table && config->output != OUTPUT_SAMPLES) {
		error = message_set(msg, -ENOMEM, "output: out of memory");
		goto fail;
	}
	error = start_thread(output);
	if (error) {
		message_set(msg, error, "output: cannot start a thread");
		goto fail;
	}
	*ret = output;
	return 0;
fail:
	destroy(output);
	return error;
}

void output_stop(struct output *output)
{
	if (!output)
		return;
	atomic_store(&output->stop, true);
	eventfd_write(output->sink.stop_fd, 1);
	pthread_join(output->thread, NULL);
	destroy(output);
}

int output_gone(const struct output *output)
{
	return output->sink.gone;
}

uint64_t output_generation(const struct output *output)
{
	return atomic_load(&output->generation);
}
