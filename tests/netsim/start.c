/* SPDX-License-Identifier: MIT */
#include "start.h"

#include <stddef.h>
#include <sys/mman.h>
#include <time.h>

static uint64_t clock_ns(clockid_t clock)
{
	struct timespec time;

	clock_gettime(clock, &time);
	return (uint64_t)time.tv_sec * 1000000000 + (uint64_t)time.tv_nsec;
}

struct start *start_create(void)
{
	void *page = mmap(NULL, sizeof(struct start), PROT_READ | PROT_WRITE,
		MAP_SHARED | MAP_ANONYMOUS, -1, 0);

	return page == MAP_FAILED ? NULL : page;
}

void start_set(struct start *start)
{
	start->realtime_ns = clock_ns(CLOCK_REALTIME);
	__atomic_store_n(&start->start_ns, clock_ns(CLOCK_MONOTONIC), __ATOMIC_RELEASE);
}

struct start start_get(const struct start *start)
{
	struct start now = { .start_ns = __atomic_load_n(&start->start_ns, __ATOMIC_ACQUIRE) };

	now.realtime_ns = start->realtime_ns;
	return now;
}

uint64_t start_elapsed_ns(const struct start *start)
{
	uint64_t start_ns = __atomic_load_n(&start->start_ns, __ATOMIC_ACQUIRE);

	return start_ns ? clock_ns(CLOCK_MONOTONIC) - start_ns : 0;
}
