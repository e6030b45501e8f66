/* SPDX-License-Identifier: MIT */
#include <math.h>
#include <string.h>

#include "pure/window_own.h"

_Static_assert(sizeof(struct memory) == 12 && sizeof(struct kept_digest) == 32, "no padding");

size_t window_saved_size(const struct window_config *config)
{
	return sizeof(struct memory) + window_depth(config) * sizeof(struct kept_digest);
}

void window_save(const struct window *window, uint32_t target, void *ret_saved)
{
	char *saved = ret_saved;

	memcpy(saved, &window->memories[target], sizeof(struct memory));
	memcpy(saved + sizeof(struct memory), &window->digests[(size_t)target * window->depth],
		window->depth * sizeof(struct kept_digest));
}

/* What a cycle can have. */
static bool makes_sense(const struct digest *digest)
{
	return digest->mos_cycle <= 4.5f && isfinite(digest->step_sum_ns) &&
	       isfinite(digest->mean_ns) && isfinite(digest->m2);
}

bool window_load(struct window *window, uint32_t target, const void *saved)
{
	const char *digests = (const char *)saved + sizeof(struct memory);
	struct memory memory;

	memcpy(&memory, saved, sizeof memory);
	if (memory.newest >= window->depth || memory.count > window->depth)
		return false;
	/* What is not counted is never looked at. */
	for (unsigned back = 0; back < memory.count; back++) {
		unsigned at = (memory.newest + window->depth - back) % window->depth;
		struct kept_digest kept;
		struct digest digest;

		memcpy(&kept, digests + at * sizeof kept, sizeof kept);
		digest = window_digest(&kept);
		if (!makes_sense(&digest))
			return false;
	}
	window->memories[target] = memory;
	memcpy(&window->digests[(size_t)target * window->depth], digests,
		window->depth * sizeof(struct kept_digest));
	return true;
}
