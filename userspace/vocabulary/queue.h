/* SPDX-License-Identifier: MIT */
/* A bounded queue from one thread to one other, of elements of one size, without locks. A full
 * queue refuses, and every refusal is counted. The reader sleeps on an eventfd, which the writer
 * touches only when the reader said that it sleeps. */
#ifndef MOSPROBE_QUEUE_H
#define MOSPROBE_QUEUE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct queue;

/* capacity is rounded up to a power of two. Returns 0, -ENOMEM, or the errno of eventfd(2). */
int queue_create(struct queue **ret, size_t element_size, size_t capacity);
/* NULL is fine. Neither thread may use it any more. */
void queue_destroy(struct queue *queue);

/* Writer. Copies one element in; false when full (counted). */
bool queue_push(struct queue *queue, const void *element);
/* Writer. Wakes a sleeping reader; call it once after a batch of pushes. */
void queue_wake(struct queue *queue);

/* Reader. Copies the oldest element out; false when empty. */
bool queue_pop(struct queue *queue, void *ret_element);
/* Reader. The eventfd: readable after queue_wake(). */
int queue_fd(const struct queue *queue);
/* Reader. Says that it is about to sleep; false when something has come in the meantime, and it
 * should not. After waking call queue_awake(). */
bool queue_may_sleep(struct queue *queue);
void queue_awake(struct queue *queue);

/* Any thread. */
size_t queue_depth(const struct queue *queue);
size_t queue_capacity(const struct queue *queue);
uint64_t queue_refused(const struct queue *queue);

#endif
