/* SPDX-License-Identifier: MIT */
/* Memory that will be needed soon is asked for now. What is kept of a target lies in many places, and with
 * a million of them none is in a cache: one after the other they would cost more than all that is
 * computed with them. Never needed for a result; an address that is not there does no harm. */
#ifndef MOSPROBE_PREFETCH_H
#define MOSPROBE_PREFETCH_H

#include <stddef.h>
#include <stdint.h>

#define CACHE_LINE 64u

static inline void prefetch(const void *what)
{
	__builtin_prefetch(what, 1);
}

static inline void prefetch_all(const void *what, size_t size)
{
	uintptr_t first = (uintptr_t)what & ~(uintptr_t)(CACHE_LINE - 1);

	for (uintptr_t line = first; line < (uintptr_t)what + size; line += CACHE_LINE)
		prefetch((const void *)line);
}

#endif
