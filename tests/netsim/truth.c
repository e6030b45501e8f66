/* SPDX-License-Identifier: MIT */
#include "truth.h"

#include <errno.h>
#include <pthread.h>
#include <stdbool.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

#include "pages.h"

#define IDLE_NS 5000000 /* between two looks at an empty queue */

/* A ring with one writer of `tail` and one of `head`. */
struct truth {
	struct truth_record *records;
	uint64_t head __attribute__((aligned(64))); /* the file writer's */
	uint64_t tail __attribute__((aligned(64))); /* the responder's, as all below */
	uint64_t head_seen;
	uint64_t lost;
	struct truth_header header;
	bool header_written; /* the file writer's, and then truth_finish()'s */
	bool stop;	     /* to the file writer: no more records come */
	int fd, error;
	pthread_t thread;
};

static int write_all(int fd, const void *bytes, size_t length)
{
	const char *from = bytes;

	while (length) {
		ssize_t written = write(fd, from, length);

		if (written < 0 && errno == EINTR)
			continue;
		if (written <= 0)
			return written ? -errno : -EIO;
		from += written;
		length -= (size_t)written;
	}
	return 0;
}

static void write_header(struct truth *truth)
{
	if (!truth->header_written)
		truth->error = write_all(truth->fd, &truth->header, sizeof truth->header);
	truth->header_written = true;
}

/* What is there now, up to the end of the ring's memory. True when there was something. */
static bool write_some(struct truth *truth)
{
	uint64_t tail = __atomic_load_n(&truth->tail, __ATOMIC_ACQUIRE), count = tail - truth->head;
	uint64_t first = truth->head % TRUTH_QUEUE;

	if (count > TRUTH_QUEUE - first)
		count = TRUTH_QUEUE - first;
	if (count)
		write_header(truth);
	/* After an error it goes on emptying the queue: the count of the lost is then not the
	 * cause. */
	if (count && !truth->error)
		truth->error = write_all(
			truth->fd, truth->records + first, count * sizeof *truth->records);
	__atomic_store_n(&truth->head, truth->head + count, __ATOMIC_RELEASE);
	return count > 0;
}

static void *write_file(void *argument)
{
	const struct timespec idle = { .tv_nsec = IDLE_NS };
	struct truth *truth = argument;
	bool stop = false;

	for (;;) {
		stop = __atomic_load_n(&truth->stop, __ATOMIC_ACQUIRE);
		if (write_some(truth))
			continue;
		if (stop)
			return NULL;
		nanosleep(&idle, NULL);
	}
}

int truth_create(struct truth **ret_truth, int fd, const cpu_set_t *cpus)
{
	struct truth *truth = aligned_alloc(64, sizeof *truth);
	pthread_attr_t attributes;
	int error;

	if (!truth)
		return -ENOMEM;
	memset(truth, 0, sizeof *truth);
	truth->fd = fd;
	truth->records = pages_take(TRUTH_QUEUE * sizeof *truth->records, SIZE_MAX);
	if (!truth->records) {
		free(truth);
		return -ENOMEM;
	}
	pthread_attr_init(&attributes);
	pthread_attr_setaffinity_np(&attributes, sizeof *cpus, cpus);
	error = pthread_create(&truth->thread, &attributes, write_file, truth);
	pthread_attr_destroy(&attributes);
	if (error) {
		pages_give(truth->records, TRUTH_QUEUE * sizeof *truth->records);
		free(truth);
		return -error;
	}
	*ret_truth = truth;
	return 0;
}

void truth_begin(struct truth *truth, uint64_t start_ns, uint64_t start_realtime_ns, uint64_t seed)
{
	truth->header = (struct truth_header) {
		.magic = TRUTH_MAGIC,
		.start_ns = start_ns,
		.start_realtime_ns = start_realtime_ns,
		.seed = seed,
		.record_bytes = sizeof(struct truth_record),
	};
}

void truth_put(struct truth *truth, const struct truth_record *record)
{
	if (!truth)
		return;
	if (truth->tail - truth->head_seen == TRUTH_QUEUE)
		truth->head_seen = __atomic_load_n(&truth->head, __ATOMIC_ACQUIRE);
	if (truth->tail - truth->head_seen == TRUTH_QUEUE) {
		truth->lost++;
		return;
	}
	truth->records[truth->tail % TRUTH_QUEUE] = *record;
	__atomic_store_n(&truth->tail, truth->tail + 1, __ATOMIC_RELEASE);
}

int64_t truth_finish(struct truth *truth)
{
	const struct truth_record end = { .type = TRUTH_END, .syn = truth->lost };

	__atomic_store_n(&truth->stop, true, __ATOMIC_RELEASE);
	pthread_join(truth->thread, NULL);
	write_header(truth);
	if (!truth->error)
		truth->error = write_all(truth->fd, &end, sizeof end);
	return truth->error ? truth->error : (int64_t)truth->lost;
}

void truth_destroy(struct truth *truth)
{
	if (!truth)
		return;
	pages_give(truth->records, TRUTH_QUEUE * sizeof *truth->records);
	free(truth);
}
