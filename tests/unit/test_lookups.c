/* SPDX-License-Identifier: MIT */
#include "../check.h"
#include "pure/lookups.h"
#include "vocabulary/nsec.h"

#define SECOND NSEC_PER_SEC

static struct lookups lookups;
static uint64_t now_ns, all, failed;

static int anew(void **state)
{
	lookups = (struct lookups) { .step = 0 };
	now_ns = 5000 * SECOND;
	all = failed = 0;
	return 0;
}

/* Seconds, in each of which so many are asked for, and so many fail; returns after how many something happened. */
static int watch(unsigned s, unsigned asked, unsigned fail, struct lookups_change *ret)
{
	for (unsigned i = 1; i <= s; i++) {
		now_ns += SECOND;
		all += asked;
		failed += fail;
		*ret = lookups_step(&lookups, all, failed, 50, now_ns);
		if (ret->happened)
			return (int)i;
	}
	return -1;
}

static void it_fails_and_works_again(void **state)
{
	struct lookups_change change;

	assert_int_equal(watch(300, 10, 1, &change), -1);
	assert_int_equal(change.all, 600 - 40);
	/* More than half of a minute's. */
	assert_in_range(watch(60, 10, 10, &change), 23, 30);
	assert_true(change.fails);
	assert_true(change.failed * 2 > change.all);
	assert_int_equal(watch(600, 10, 10, &change), -1);
	/* A quarter is left, and the minute is over that long after. */
	assert_in_range(watch(60, 10, 0, &change), 40, 46);
	assert_false(change.fails);
	assert_in_range(change.lasted_ns / SECOND, 640, 646);
	assert_int_equal(watch(300, 10, 4, &change), -1);
}

static void a_few_are_no_share(void **state)
{
	struct lookups_change change;

	assert_int_equal(watch(1, 2, 2, &change), -1);
	assert_int_equal(watch(120, 0, 0, &change), -1);
	assert_int_equal(watch(1, 3, 2, &change), 1);
	/* Nobody asks: nobody knows that it works. */
	assert_int_equal(watch(600, 0, 0, &change), -1);
	assert_int_equal(watch(1, 1, 0, &change), 1);
	assert_false(change.fails);
}

static void a_pause_of_the_process(void **state)
{
	struct lookups_change change;

	assert_int_equal(watch(60, 5, 2, &change), -1);
	now_ns += 3600 * SECOND;
	assert_int_equal(watch(10, 5, 2, &change), -1);
	assert_int_equal(change.all, 50);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup(it_fails_and_works_again, anew),
		cmocka_unit_test_setup(a_few_are_no_share, anew),
		cmocka_unit_test_setup(a_pause_of_the_process, anew),
	};

	cmocka_set_message_output(CM_OUTPUT_TAP);
	return cmocka_run_group_tests(tests, NULL, NULL);
}
