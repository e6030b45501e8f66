/* SPDX-License-Identifier: MIT */
/* Entries that wait to be sent, in memory: a queue open at both ends, bounded, that grows with what
 * waits and gives its memory back when nothing does. */
#ifndef MOSPROBE_PUBLISH_SPOOL_H
#define MOSPROBE_PUBLISH_SPOOL_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct spool;

/* max: entries of payload_size bytes that it holds at most. Returns 0 or -ENOMEM. */
int spool_create(struct spool **ret, size_t payload_size, size_t max);
void spool_destroy(struct spool *spool); /* NULL is fine */

/* Copies an entry to the end. order: which of all entries it is, rising. false when it is full, or
 * memory is out. */
bool spool_push(struct spool *spool, uint64_t order, const void *payload);
/* Puts an entry back to the front, where it came from: allowed beyond max. false: out of memory. */
bool spool_put_back(struct spool *spool, uint64_t order, const void *payload);
/* Takes the oldest out; false when empty. ret_payload may be NULL. */
bool spool_pop(struct spool *spool, uint64_t *ret_order, void *ret_payload);

/* The payload and the order of the oldest; not when empty. */
const void *spool_oldest(const struct spool *spool, uint64_t *ret_order);
size_t spool_depth(const struct spool *spool);

#endif
