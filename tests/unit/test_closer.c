/* SPDX-License-Identifier: MIT */
#include "../check.h"
#include "pure/closer.h"

static void who_is_in_doubt_and_nobody_else(void **state)
{
	struct closer *closer = closer_create(10);

	closer_limit(closer, 3);
	assert_false(closer_take(closer, 0));
	closer_see(closer, 1, true, 3.2);
	closer_see(closer, 2, false, 4.3);
	assert_true(closer_take(closer, 1));
	assert_false(closer_take(closer, 2));
	assert_true(closer_take(closer, 1)); /* its next cycle */
	closer_see(closer, 1, false, 4.2);
	assert_false(closer_take(closer, 1));
	closer_limit(closer, 0);
	closer_see(closer, 1, true, 1.0);
	assert_false(closer_take(closer, 1));
	closer_destroy(closer);
}

static void the_worst_go_first(void **state)
{
	struct closer *closer = closer_create(10);

	closer_limit(closer, 2);
	for (uint32_t i = 0; i < 5; i++)
		closer_see(closer, i, true, 3.9 - 0.2 * i);
	/* Two are worse than the third, whoever's cycle begins first. */
	assert_false(closer_take(closer, 0));
	assert_false(closer_take(closer, 2));
	assert_true(closer_take(closer, 3));
	assert_true(closer_take(closer, 4));
	/* A worse one waits until one of these has begun its next cycle. */
	closer_see(closer, 9, true, 1.0);
	assert_false(closer_take(closer, 9));
	assert_false(closer_take(closer, 3));
	assert_true(closer_take(closer, 9));
	closer_forget(closer, 4);
	closer_forget(closer, 9);
	assert_true(closer_take(closer, 3));
	assert_true(closer_take(closer, 2));
	closer_destroy(closer);
}

/* Cycles begin in any order: there are never more than may be, and over time the worst have them. */
static void never_more_than_the_share(void **state)
{
	enum { TARGETS = 1000, MOST = 100 };
	struct closer *closer = closer_create(TARGETS);
	static bool taken[TARGETS];
	static double mos[TARGETS];
	unsigned count = 0, worst = 0;

	closer_limit(closer, MOST);
	for (unsigned step = 0; step < 200000; step++) {
		uint32_t i = (uint32_t)random_below(TARGETS);
		bool doubt = random_below(3) == 0;

		/* The first hundred are the worst by far. */
		mos[i] = i < 100 ? 1 + random_unit() : 2.5 + random_unit();
		closer_see(closer, i, doubt || i < 100, mos[i]);
		count -= taken[i];
		taken[i] = closer_take(closer, i);
		count += taken[i];
		assert_true(count <= MOST);
	}
	for (unsigned i = 0; i < 100; i++)
		worst += taken[i];
	assert_true(worst > 90);
	closer_destroy(closer);
}

static void any_number_is_a_level(void **state)
{
	static const double numbers[] = { 1, 0, -1e9, 4.5, 9, 1e300, NAN };
	struct closer *closer = closer_create(1);

	closer_limit(closer, 1);
	for (size_t i = 0; i < sizeof numbers / sizeof numbers[0]; i++) {
		closer_see(closer, 0, true, numbers[i]);
		assert_true(closer_take(closer, 0));
	}
	closer_destroy(closer);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(who_is_in_doubt_and_nobody_else),
		cmocka_unit_test(the_worst_go_first),
		cmocka_unit_test(never_more_than_the_share),
		cmocka_unit_test(any_number_is_a_level),
	};

	random_seed();
	cmocka_set_message_output(CM_OUTPUT_TAP);
	return cmocka_run_group_tests(tests, NULL, NULL);
}
