/* SPDX-License-Identifier: MIT */
#include "vocabulary/log.h"

#include <errno.h>
#include <poll.h>
#include <pthread.h>
#include <stdarg.h>
#include <stdatomic.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <time.h>
#include <unistd.h>

#include "vocabulary/log_fold.h"
#include "vocabulary/log_text.h"
#include "vocabulary/nsec.h"

/* Lines that wait for a reader of standard error. */
#define QUEUE_COUNT 128
#define STOP_NS NSEC_PER_SEC
#define PREFIX_SIZE 32
#define FAILURE (LOG_DEBUG + 1) /* a level without a name */

struct waiting {
	unsigned level, length;
	char text[LOG_TEXT_SIZE];
};

static _Atomic(enum log_level) max_level = LOG_INFO;
static _Atomic bool journal;

/* What the threads share: held for copies in memory only. */
static struct {
	pthread_mutex_t mutex;
	pthread_cond_t changed;
	bool threaded, ending, done;
	pthread_t thread;
	struct log_fold fold;
	struct waiting queue[QUEUE_COUNT];
	unsigned first, count;
	uint32_t lost;
} shared = { .mutex = PTHREAD_MUTEX_INITIALIZER, .changed = PTHREAD_COND_INITIALIZER };

void log_set_level(enum log_level level)
{
	atomic_store(&max_level, level);
}

/* Is standard error the stream that the service manager has made for the journal? */
static bool leads_to_journal(void)
{
	const char *named = getenv("JOURNAL_STREAM");
	struct stat found;
	char stream[64];

	if (!named || fstat(STDERR_FILENO, &found))
		return false;
	snprintf(stream, sizeof stream, "%llu:%llu", (unsigned long long)found.st_dev,
		(unsigned long long)found.st_ino);
	return !strcmp(named, stream);
}

void log_set_form(enum log_form form)
{
	atomic_store(&journal, form == LOG_JOURNAL || (form == LOG_AUTO && leads_to_journal()));
}

/* A log that cannot be written is nobody's reason to stop. */
static void write_all(const char *bytes, size_t length)
{
	struct pollfd room = { .fd = STDERR_FILENO, .events = POLLOUT };

	while (length) {
		ssize_t written = write(STDERR_FILENO, bytes, length);

		if (written > 0) {
			bytes += written;
			length -= (size_t)written;
		} else if (errno == EAGAIN) {
			/* Another process has made it non-blocking. */
			poll(&room, 1, -1);
		} else if (errno != EINTR) {
			return;
		}
	}
}

/* In one write(2). */
static void write_line(const struct waiting *waiting)
{
	static const struct {
		const char *name;
		unsigned priority; /* of syslog(3) */
	} levels[] = {
		[LOG_ERROR] = { "error: ", 3 },
		[LOG_WARN] = { "warning: ", 4 },
		[LOG_INFO] = { "info: ", 6 },
		[LOG_DEBUG] = { "debug: ", 7 },
		[FAILURE] = { "", 3 },
	};
	char line[PREFIX_SIZE + LOG_TEXT_SIZE + 1];
	int used =
		atomic_load(&journal)
			? snprintf(line, PREFIX_SIZE, "<%u>", levels[waiting->level].priority)
			: snprintf(line, PREFIX_SIZE, "mosprobe: %s", levels[waiting->level].name);

	memcpy(line + used, waiting->text, waiting->length);
	line[(unsigned)used + waiting->length] = '\n';
	write_all(line, (unsigned)used + waiting->length + 1);
}

/* Returns false when none waits. The mutex is held, and let go of meanwhile. */
static bool write_first(void)
{
	struct waiting line;

	if (!shared.count)
		return false;
	line = shared.queue[shared.first];
	shared.first = (shared.first + 1) % QUEUE_COUNT;
	shared.count--;
	pthread_mutex_unlock(&shared.mutex);
	write_line(&line);
	pthread_mutex_lock(&shared.mutex);
	return true;
}

/* To the queue. The mutex is held. */
static void put(void *context, unsigned level, const struct log_text *text)
{
	struct waiting *line = &shared.queue[(shared.first + shared.count) % QUEUE_COUNT];

	if (shared.count == QUEUE_COUNT) {
		shared.lost++;
		return;
	}
	line->level = level;
	line->length = (unsigned)text->length;
	memcpy(line->text, text->text, text->length);
	shared.count++;
}

__attribute__((format(printf, 4, 5))) static void make(
	struct log_text *ret, const char *event, const char *sentence, const char *facts, ...)
{
	va_list args;

	va_start(args, facts);
	log_text_make(ret, event, sentence, facts, args);
	va_end(args);
}

/* Everything that waits. The mutex is held. */
static void drain(void)
{
	struct log_text text;

	while (write_first())
		;
	if (!shared.lost)
		return;
	make(&text, "log_lost", "lines of the log had no room: standard error is read too slowly",
		"lines=%u", shared.lost);
	shared.lost = 0;
	put(NULL, LOG_WARN, &text);
	write_first();
}

static void begin(void)
{
	pthread_mutex_lock(&shared.mutex);
	shared.fold.write = put;
}

static void end(void)
{
	if (shared.threaded)
		pthread_cond_signal(&shared.changed);
	else
		drain();
	pthread_mutex_unlock(&shared.mutex);
}

void log_event(
	enum log_level level, const char *event, const char *sentence, const char *facts, ...)
{
	struct log_text text;
	va_list args;

	if (level > atomic_load(&max_level))
		return;
	va_start(args, facts);
	log_text_make(&text, event, sentence, facts, args);
	va_end(args);
	begin();
	fold_take(&shared.fold, level, &text, nsec_mono());
	end();
}

void log_failure(const char *failure)
{
	struct log_text text;

	log_text_plain(&text, failure);
	begin();
	put(NULL, FAILURE, &text);
	end();
}

static void wait_for_lines(void)
{
	uint64_t due_ns = fold_due_ns(&shared.fold);
	const struct timespec due = { .tv_sec = (time_t)(due_ns / NSEC_PER_SEC),
		.tv_nsec = (long)(due_ns % NSEC_PER_SEC) };

	if (due_ns == UINT64_MAX)
		pthread_cond_wait(&shared.changed, &shared.mutex);
	else
		pthread_cond_clockwait(&shared.changed, &shared.mutex, CLOCK_MONOTONIC, &due);
}

static void *run(void *arg)
{
	pthread_mutex_lock(&shared.mutex);
	while (!shared.ending || shared.count || shared.lost) {
		fold_expire(&shared.fold, nsec_mono());
		if (shared.count || shared.lost)
			drain();
		else if (!shared.ending)
			wait_for_lines();
	}
	shared.done = true;
	pthread_cond_broadcast(&shared.changed);
	pthread_mutex_unlock(&shared.mutex);
	return NULL;
}

void log_start(void)
{
	pthread_mutex_lock(&shared.mutex);
	if (!shared.threaded) {
		shared.ending = shared.done = false;
		shared.threaded = !pthread_create(&shared.thread, NULL, run, NULL);
		if (shared.threaded)
			pthread_setname_np(shared.thread, "log");
	}
	pthread_mutex_unlock(&shared.mutex);
}

/* Of a reader that stands still nobody waits for ever. */
static void end_thread(void)
{
	uint64_t until_ns = nsec_mono() + STOP_NS;
	const struct timespec until = { .tv_sec = (time_t)(until_ns / NSEC_PER_SEC),
		.tv_nsec = (long)(until_ns % NSEC_PER_SEC) };

	shared.ending = true;
	pthread_cond_signal(&shared.changed);
	while (!shared.done &&
		!pthread_cond_clockwait(&shared.changed, &shared.mutex, CLOCK_MONOTONIC, &until))
		;
}

void log_stop(void)
{
	bool ended;

	begin();
	fold_flush(&shared.fold, nsec_mono());
	if (shared.threaded)
		end_thread();
	ended = shared.threaded && shared.done;
	if (ended)
		shared.threaded = false;
	end();
	if (ended)
		pthread_join(shared.thread, NULL);
}
