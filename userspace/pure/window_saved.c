/* SPDX-License-Identifier: MIT */
#include <string.h>

#include "pure/window_own.h"

_Static_assert(sizeof(struct memory) == 4 && sizeof(struct kept_digest) == 44, "no padding");

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

bool window_load(struct window *window, uint32_t target, const void *saved)
{
	struct memory memory;

	memcpy(&memory, saved, sizeof memory);
	if (memory.newest >= window->depth || memory.count > window->depth)
		return false;
	window->memories[target] = memory;
	memcpy(&window->digests[(size_t)target * window->depth],
		(const char *)saved + sizeof memory, window->depth * sizeof(struct kept_digest));
	return true;
}
