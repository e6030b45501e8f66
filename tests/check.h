/* SPDX-License-Identifier: MIT */
/* What tests share: cmocka with what it needs, comparison of doubles, and random numbers from a
 * seed that is printed, so that a failure can be had again with SEED=... */
#ifndef MOSPROBE_TESTS_CHECK_H
#define MOSPROBE_TESTS_CHECK_H

#include <math.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <time.h>

#include <cmocka.h>

/* Within eps, or both NAN: what does not exist is equal to what does not exist. */
#define assert_near(a, b, eps) check_near(a, b, eps, #a, __FILE__, __LINE__)

static inline void check_near(
	double a, double b, double eps, const char *what, const char *file, int line)
{
	if (isnan(a) && isnan(b))
		return;
	if (!(fabs(a - b) <= eps))
		fail_msg("%s:%d: %s = %.17g, not %.17g", file, line, what, a, b);
}

static uint64_t random_state;

static inline void random_seed(void)
{
	const char *given = getenv("SEED");

	random_state = given ? strtoull(given, NULL, 0) : (uint64_t)time(NULL);
	print_message("# SEED=%llu\n", (unsigned long long)random_state);
}

/* splitmix64 */
static inline uint64_t random_u64(void)
{
	uint64_t z = random_state += 0x9e3779b97f4a7c15;

	z = (z ^ (z >> 30)) * 0xbf58476d1ce4e5b9;
	z = (z ^ (z >> 27)) * 0x94d049bb133111eb;
	return z ^ (z >> 31);
}

/* 0 <= x < bound */
static inline uint64_t random_below(uint64_t bound)
{
	return random_u64() % bound;
}

/* 0 <= x < 1 */
static inline double random_unit(void)
{
	return (double)(random_u64() >> 11) * 0x1p-53;
}

#endif
