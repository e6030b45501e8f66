/* SPDX-License-Identifier: MIT */
#include "../check.h"

#include <stdio.h>
#include <string.h>

#include "vocabulary/names.h"

static void each_text_has_one_number(void **state)
{
	struct names *names = names_create(0, true);
	char text[16];

	assert_non_null(names);
	for (unsigned round = 0; round < 2; round++)
		for (unsigned i = 0; i < 5000; i++) {
			snprintf(text, sizeof text, "name%u", i);
			assert_int_equal(names_number(names, text), i);
		}
	assert_int_equal(names_count(names), 5000);
	for (unsigned i = 0; i < 5000; i++) {
		snprintf(text, sizeof text, "name%u", i);
		assert_string_equal(names_at(names, i), text);
	}
	names_destroy(names);
}

static void texts_are_copied_when_asked_for(void **state)
{
	struct names *names = names_create(1, true), *borrowed = names_create(1, false);
	char text[] = "first";

	assert_int_equal(names_number(names, text), 0);
	assert_int_equal(names_number(borrowed, text), 0);
	assert_ptr_equal(names_at(borrowed, 0), text);
	strcpy(text, "other");
	assert_string_equal(names_at(names, 0), "first");
	assert_int_equal(names_number(names, text), 1);
	names_destroy(names);
	names_destroy(borrowed);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(each_text_has_one_number),
		cmocka_unit_test(texts_are_copied_when_asked_for),
	};

	cmocka_set_message_output(CM_OUTPUT_TAP);
	return cmocka_run_group_tests(tests, NULL, NULL);
}
