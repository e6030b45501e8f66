/* SPDX-License-Identifier: MIT */
#include <poll.h>
#include <pthread.h>
#include <sched.h>
#include <string.h>
#include <sys/eventfd.h>
#include <unistd.h>

#include "../check.h"
#include "vocabulary/queue.h"

/* Longer than any pause of a loaded machine: who sleeps so long was never woken. */
#define FORGOTTEN_MS 20000

static struct queue *create(size_t element_size, size_t capacity)
{
	struct queue *queue = NULL;

	assert_int_equal(queue_create(&queue, element_size, capacity), 0);
	return queue;
}

static bool is_readable(const struct queue *queue)
{
	struct pollfd pollfd = { .fd = queue_fd(queue), .events = POLLIN };

	return poll(&pollfd, 1, 0) == 1;
}

static void capacity_is_a_power_of_two(void **state)
{
	static const size_t pairs[][2] = { { 1, 2 }, { 2, 2 }, { 3, 4 }, { 8, 8 }, { 1000, 1024 } };

	for (size_t i = 0; i < sizeof pairs / sizeof *pairs; i++) {
		struct queue *queue = create(1, pairs[i][0]);

		assert_int_equal(queue_capacity(queue), pairs[i][1]);
		assert_int_equal(queue_depth(queue), 0);
		queue_destroy(queue);
	}
	queue_destroy(NULL);
}

static void first_in_first_out_and_bounded(void **state)
{
	struct queue *queue = create(sizeof(uint64_t), 4);
	uint64_t in = 0, out = 0, refused = 0;

	for (unsigned i = 0; i < 20000; i++) {
		uint64_t element = 4711;

		if (random_below(2)) {
			bool full = in - out == 4;

			assert_true(queue_push(queue, &in) == !full);
			in += !full;
			refused += full;
		} else {
			assert_true(queue_pop(queue, &element) == (in > out));
			assert_int_equal(element, in > out ? out : 4711);
			out += in > out;
		}
		assert_int_equal(queue_depth(queue), in - out);
		assert_int_equal(queue_refused(queue), refused);
	}
	assert_true(refused > 100);
	queue_destroy(queue);
}

static void elements_of_any_size(void **state)
{
	for (size_t size = 1; size < 300; size += 37) {
		struct queue *queue = create(size, 4);
		unsigned char in[300], out[300];

		for (unsigned round = 0; round < 9; round++) {
			memset(in, (int)(round + 1), sizeof in);
			memset(out, 0xee, sizeof out);
			assert_true(queue_push(queue, in));
			assert_true(queue_pop(queue, out));
			assert_memory_equal(in, out, size);
			assert_int_equal(out[size], 0xee);
		}
		queue_destroy(queue);
	}
}

/* What the reader does between the write to its eventfd and the return of queue_wake(). */
static void (*while_waking)(void);

/* Stands in for libc's: a moment of the writer at which this test can play the reader. */
int eventfd_write(int fd, eventfd_t value)
{
	ssize_t written = write(fd, &value, sizeof value);

	if (while_waking)
		while_waking();
	return written == sizeof value ? 0 : -1;
}

static void only_a_sleeper_is_woken(void **state)
{
	struct queue *queue = create(sizeof(int), 4);
	int element = 7;

	queue_wake(queue);
	assert_false(is_readable(queue));
	assert_true(queue_may_sleep(queue));
	assert_false(is_readable(queue));
	assert_true(queue_push(queue, &element));
	queue_wake(queue);
	assert_true(is_readable(queue));
	queue_awake(queue);
	assert_false(is_readable(queue));

	/* Something is there: no sleep, and no wake. */
	assert_false(queue_may_sleep(queue));
	queue_wake(queue);
	assert_false(is_readable(queue));

	/* Woken by something else: the queue's reader is awake all the same. */
	assert_true(queue_pop(queue, &element));
	assert_true(queue_may_sleep(queue));
	queue_awake(queue);
	queue_wake(queue);
	assert_false(is_readable(queue));
	queue_destroy(queue);
}

static struct queue *sleeping_again;

static void fall_asleep_again(void)
{
	int element;

	while_waking = NULL;
	assert_true(is_readable(sleeping_again));
	queue_awake(sleeping_again);
	assert_true(queue_pop(sleeping_again, &element));
	assert_true(queue_may_sleep(sleeping_again));
}

/* The reader wakes, empties the queue and sleeps again before the writer is back from waking it:
 * the writer must not forget this second sleep. */
static void a_quick_reader_is_woken_again(void **state)
{
	struct queue *queue = sleeping_again = create(sizeof(int), 4);
	int element = 1;

	assert_true(queue_may_sleep(queue));
	assert_true(queue_push(queue, &element));
	while_waking = fall_asleep_again;
	queue_wake(queue);
	assert_null(while_waking);
	assert_int_equal(queue_depth(queue), 0);

	assert_true(queue_push(queue, &element));
	queue_wake(queue);
	assert_true(is_readable(queue));
	queue_destroy(queue);
}

struct element {
	uint64_t number, check;
	unsigned char ballast[40];
};

enum { ELEMENTS = 300000 };

static void *write_all(void *argument)
{
	struct queue *queue = argument;
	struct element element;

	for (uint64_t i = 0; i < ELEMENTS;) {
		/* Batches from one to many times the queue. */
		uint64_t batch_end = i + 1 + i * 7919 % 300;

		for (; i < batch_end && i < ELEMENTS; i++) {
			element.number = i;
			element.check = ~i;
			memset(element.ballast, (int)(i & 0xff), sizeof element.ballast);
			while (!queue_push(queue, &element)) {
				queue_wake(queue);
				sched_yield();
			}
		}
		queue_wake(queue);
		if (batch_end % 3 == 0)
			sched_yield();
	}
	return NULL;
}

/* Sleeps as the publisher and the resolver do. */
static void read_all(struct queue *queue)
{
	struct pollfd pollfd = { .fd = queue_fd(queue), .events = POLLIN };
	struct element element;
	uint64_t slept = 0;

	for (uint64_t i = 0; i < ELEMENTS;) {
		if (queue_pop(queue, &element)) {
			assert_int_equal(element.number, i);
			assert_int_equal(element.check, ~i);
			for (unsigned b = 0; b < sizeof element.ballast; b++)
				if (element.ballast[b] != (i & 0xff))
					fail_msg("element %ju is torn", (uintmax_t)i);
			i++;
			continue;
		}
		if (queue_may_sleep(queue)) {
			slept++;
			if (poll(&pollfd, 1, FORGOTTEN_MS) != 1)
				fail_msg("asleep at %ju, depth %zu: nobody woke the reader",
					(uintmax_t)i, queue_depth(queue));
		}
		queue_awake(queue);
	}
	print_message("# slept %ju times\n", (uintmax_t)slept);
}

static void two_threads(void **state)
{
	static const size_t capacities[] = { 2, 64, 4096 };

	for (size_t i = 0; i < sizeof capacities / sizeof *capacities; i++) {
		struct queue *queue = create(sizeof(struct element), capacities[i]);
		pthread_t writer;

		assert_int_equal(pthread_create(&writer, NULL, write_all, queue), 0);
		read_all(queue);
		assert_int_equal(pthread_join(writer, NULL), 0);
		assert_int_equal(queue_depth(queue), 0);
		queue_destroy(queue);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(capacity_is_a_power_of_two),
		cmocka_unit_test(first_in_first_out_and_bounded),
		cmocka_unit_test(elements_of_any_size),
		cmocka_unit_test(only_a_sleeper_is_woken),
		cmocka_unit_test(a_quick_reader_is_woken_again),
		cmocka_unit_test(two_threads),
	};

	random_seed();
	cmocka_set_message_output(CM_OUTPUT_TAP);
	return cmocka_run_group_tests(tests, NULL, NULL);
}
