/* SPDX-License-Identifier: MIT */
#include "vocabulary/queue.h"

#include <errno.h>
#include <stdatomic.h>
#include <stdlib.h>
#include <string.h>
#include <sys/eventfd.h>
#include <unistd.h>

#define LINE 64

struct queue {
	/* The writer's line, the reader's line, and what never changes, kept apart. */
	_Alignas(LINE) _Atomic size_t tail;
	size_t head_seen;
	_Atomic uint64_t refused;
	_Alignas(LINE) _Atomic size_t head;
	_Atomic bool sleeping;
	_Alignas(LINE) size_t mask;
	size_t element_size;
	unsigned char *elements;
	int fd;
};

int queue_create(struct queue **ret, size_t element_size, size_t capacity)
{
	struct queue *queue;
	size_t size = 2;
	int error;

	while (size < capacity)
		size *= 2;
	queue = aligned_alloc(LINE, sizeof *queue);
	if (!queue)
		return -ENOMEM;
	memset(queue, 0, sizeof *queue);
	queue->mask = size - 1;
	queue->element_size = element_size;
	queue->fd = eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK);
	if (queue->fd < 0) {
		error = -errno;
		free(queue);
		return error;
	}
	queue->elements = calloc(size, element_size);
	if (!queue->elements) {
		queue_destroy(queue);
		return -ENOMEM;
	}
	*ret = queue;
	return 0;
}

void queue_destroy(struct queue *queue)
{
	if (!queue)
		return;
	close(queue->fd);
	free(queue->elements);
	free(queue);
}

bool queue_push(struct queue *queue, const void *element)
{
	size_t tail = atomic_load_explicit(&queue->tail, memory_order_relaxed);

	if (tail - queue->head_seen > queue->mask) {
		queue->head_seen = atomic_load_explicit(&queue->head, memory_order_acquire);
		if (tail - queue->head_seen > queue->mask) {
			atomic_fetch_add_explicit(&queue->refused, 1, memory_order_relaxed);
			return false;
		}
	}
	memcpy(queue->elements + (tail & queue->mask) * queue->element_size, element,
		queue->element_size);
	atomic_store_explicit(&queue->tail, tail + 1, memory_order_release);
	return true;
}

void queue_wake(struct queue *queue)
{
	/* Pairs with the fence in queue_may_sleep(): either the reader sees the new tail, or we
	 * see that it sleeps. */
	atomic_thread_fence(memory_order_seq_cst);
	/* Taken back before the wake-up: once awake, the reader may already be saying anew that it
	 * sleeps, and that must stand. */
	if (atomic_load_explicit(&queue->sleeping, memory_order_relaxed) &&
		atomic_exchange_explicit(&queue->sleeping, false, memory_order_relaxed))
		eventfd_write(queue->fd, 1);
}

bool queue_pop(struct queue *queue, void *ret_element)
{
	size_t head = atomic_load_explicit(&queue->head, memory_order_relaxed);

	if (head == atomic_load_explicit(&queue->tail, memory_order_acquire))
		return false;
	memcpy(ret_element, queue->elements + (head & queue->mask) * queue->element_size,
		queue->element_size);
	atomic_store_explicit(&queue->head, head + 1, memory_order_release);
	return true;
}

int queue_fd(const struct queue *queue)
{
	return queue->fd;
}

bool queue_may_sleep(struct queue *queue)
{
	atomic_store_explicit(&queue->sleeping, true, memory_order_relaxed);
	atomic_thread_fence(memory_order_seq_cst);
	if (!queue_depth(queue))
		return true;
	atomic_store_explicit(&queue->sleeping, false, memory_order_relaxed);
	return false;
}

void queue_awake(struct queue *queue)
{
	eventfd_t ignored;

	atomic_store_explicit(&queue->sleeping, false, memory_order_relaxed);
	eventfd_read(queue->fd, &ignored);
}

size_t queue_depth(const struct queue *queue)
{
	size_t head = atomic_load_explicit(&queue->head, memory_order_acquire);

	return atomic_load_explicit(&queue->tail, memory_order_acquire) - head;
}

size_t queue_capacity(const struct queue *queue)
{
	return queue->mask + 1;
}

uint64_t queue_refused(const struct queue *queue)
{
	return atomic_load_explicit(&queue->refused, memory_order_relaxed);
}
