/* SPDX-License-Identifier: MIT */
#include "../check.h"

#include "pure/family.h"

static void who_has_one_address_is_visited_there(void **state)
{
	struct family_use family = { 0 };

	assert_int_equal(family_choose(&family, true, false), 4);
	assert_int_equal(family_choose(&family, false, true), 6);
	assert_int_equal(family_choose(&family, false, false), 0);
	for (unsigned i = 0; i < 100; i++)
		assert_false(family_note(&family, false, false));
	assert_int_equal(family_choose(&family, true, true), 4);
}

static void the_one_in_use_is_kept_until_it_fails(void **state)
{
	struct family_use family = { 0 };

	for (unsigned i = 0; i < 100; i++) {
		assert_int_equal(family_choose(&family, true, true), 4);
		assert_false(family_note(&family, true, true));
	}
	assert_true(family_note(&family, false, true));
	for (unsigned i = 0; i < 100; i++) {
		assert_int_equal(family_choose(&family, true, true), 6);
		assert_false(family_note(&family, true, true));
	}
	/* Once it has answered, one failure is enough again. */
	assert_true(family_note(&family, false, true));
	assert_int_equal(family_choose(&family, true, true), 4);
}

static void who_is_dead_at_both_is_not_tossed_about(void **state)
{
	static const unsigned wanted[] = { 1, 2, 4, 8, 8, 8 };
	struct family_use family = { 0 };

	for (unsigned i = 0; i < sizeof wanted / sizeof *wanted; i++) {
		unsigned cycles = 1;

		while (!family_note(&family, false, true))
			cycles++;
		assert_int_equal(cycles, wanted[i]);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(who_has_one_address_is_visited_there),
		cmocka_unit_test(the_one_in_use_is_kept_until_it_fails),
		cmocka_unit_test(who_is_dead_at_both_is_not_tossed_about),
	};

	cmocka_set_message_output(CM_OUTPUT_TAP);
	return cmocka_run_group_tests(tests, NULL, NULL);
}
