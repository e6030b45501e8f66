/* SPDX-License-Identifier: MIT */
#include "edges/publish_marks.h"

#include <stdlib.h>
#include <string.h>

void marks_free(struct marks *marks)
{
	free(marks->sets);
	free(marks->hashes);
	free(marks->orders);
	memset(marks, 0, sizeof *marks);
}

void marks_grow(struct marks *marks, uint32_t target)
{
	size_t count = marks->count ? marks->count : 1024;
	uint64_t *hashes;
	uint32_t *orders;
	uint8_t *sets;

	if (target < marks->count)
		return;
	while (count <= target)
		count += count / 2;
	hashes = realloc(marks->hashes, count * sizeof *hashes);
	if (hashes)
		marks->hashes = hashes;
	sets = realloc(marks->sets, count * sizeof *sets);
	if (sets)
		marks->sets = sets;
	orders = realloc(marks->orders, count * sizeof *orders);
	if (orders)
		marks->orders = orders;
	if (!hashes || !sets || !orders)
		return;
	memset(hashes + marks->count, 0, (count - marks->count) * sizeof *hashes);
	memset(orders + marks->count, 0, (count - marks->count) * sizeof *orders);
	memset(sets + marks->count, 0, (count - marks->count) * sizeof *sets);
	marks->count = count;
}

bool marks_advance(struct marks *marks, uint32_t target, uint64_t order)
{
	if (target >= marks->count)
		return true;
	/* The difference of the low halves: no target is two thousand million entries behind. 0 is
	 * no order. */
	if (marks->orders[target] && (int32_t)((uint32_t)order - marks->orders[target]) < 0)
		return false;
	marks->orders[target] = (uint32_t)order;
	return true;
}

uint8_t marks_sets(const struct marks *marks, uint32_t target)
{
	return target < marks->count ? marks->sets[target] : 0;
}

uint64_t marks_hash(const struct marks *marks, uint32_t target)
{
	return target < marks->count ? marks->hashes[target] : 0;
}

void marks_set(struct marks *marks, uint32_t target, uint8_t sets, uint64_t hash)
{
	if (target < marks->count) {
		marks->sets[target] = sets;
		marks->hashes[target] = hash;
	}
}

void marks_forget(struct marks *marks, uint32_t target)
{
	marks_set(marks, target, 0, 0);
}

void marks_forget_all(struct marks *marks)
{
	if (marks->count) {
		memset(marks->sets, 0, marks->count * sizeof *marks->sets);
		memset(marks->hashes, 0, marks->count * sizeof *marks->hashes);
	}
}
