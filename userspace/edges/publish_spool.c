/* SPDX-License-Identifier: MIT */
#include "edges/publish_spool.h"

#include <assert.h>
#include <errno.h>
#include <stdlib.h>
#include <string.h>

#define LEAST_CAPACITY 4096 /* kept even when empty */

struct spool {
	unsigned char *elements; /* each an order and a payload */
	size_t capacity, first, depth;
	size_t payload_size, max;
};

static size_t element_size(const struct spool *spool)
{
	return sizeof(uint64_t) + spool->payload_size;
}

static unsigned char *element(const struct spool *spool, size_t i)
{
	return spool->elements + (spool->first + i) % spool->capacity * element_size(spool);
}

int spool_create(struct spool **ret, size_t payload_size, size_t max)
{
	struct spool *spool = calloc(1, sizeof *spool);

	if (!spool)
		return -ENOMEM;
	spool->payload_size = payload_size;
	spool->max = max;
	spool->capacity = LEAST_CAPACITY;
	spool->elements = malloc(spool->capacity * element_size(spool));
	if (!spool->elements) {
		free(spool);
		return -ENOMEM;
	}
	*ret = spool;
	return 0;
}

void spool_destroy(struct spool *spool)
{
	if (!spool)
		return;
	free(spool->elements);
	free(spool);
}

/* Grows by half: the copy is paid once per many entries, and little memory is taken for nothing. */
static bool make_room(struct spool *spool)
{
	size_t capacity = spool->capacity + spool->capacity / 2;
	size_t size = element_size(spool);
	size_t until_end = spool->capacity - spool->first;
	unsigned char *elements;

	if (spool->depth < spool->capacity)
		return true;
	elements = malloc(capacity * size);
	if (!elements)
		return false;
	memcpy(elements, spool->elements + spool->first * size, until_end * size);
	memcpy(elements + until_end * size, spool->elements, spool->first * size);
	free(spool->elements);
	spool->elements = elements;
	spool->capacity = capacity;
	spool->first = 0;
	return true;
}

static void write_element(const struct spool *spool, size_t i, uint64_t order, const void *payload)
{
	unsigned char *to = element(spool, i);

	memcpy(to, &order, sizeof order);
	memcpy(to + sizeof order, payload, spool->payload_size);
}

bool spool_push(struct spool *spool, uint64_t order, const void *payload)
{
	if (spool->depth >= spool->max || !make_room(spool))
		return false;
	write_element(spool, spool->depth, order, payload);
	spool->depth++;
	return true;
}

bool spool_put_back(struct spool *spool, uint64_t order, const void *payload)
{
	if (!make_room(spool))
		return false;
	spool->first = (spool->first ? spool->first : spool->capacity) - 1;
	spool->depth++;
	write_element(spool, 0, order, payload);
	return true;
}

/* What an outage filled is given back; failing to is no harm. */
static void shrink(struct spool *spool)
{
	unsigned char *elements;

	spool->first = 0;
	if (spool->capacity == LEAST_CAPACITY)
		return;
	elements = malloc(LEAST_CAPACITY * element_size(spool));
	if (!elements)
		return;
	free(spool->elements);
	spool->elements = elements;
	spool->capacity = LEAST_CAPACITY;
}

bool spool_pop(struct spool *spool, uint64_t *ret_order, void *ret_payload)
{
	const unsigned char *from;

	if (!spool->depth)
		return false;
	from = element(spool, 0);
	memcpy(ret_order, from, sizeof *ret_order);
	if (ret_payload)
		memcpy(ret_payload, from + sizeof *ret_order, spool->payload_size);
	spool->first = (spool->first + 1) % spool->capacity;
	if (!--spool->depth)
		shrink(spool);
	return true;
}

const void *spool_oldest(const struct spool *spool, uint64_t *ret_order)
{
	const unsigned char *from = element(spool, 0);

	assert(spool->depth);
	memcpy(ret_order, from, sizeof *ret_order);
	return from + sizeof *ret_order;
}

size_t spool_depth(const struct spool *spool)
{
	return spool->depth;
}
