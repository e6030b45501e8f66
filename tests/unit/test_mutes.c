/* SPDX-License-Identifier: MIT */
#include "../check.h"
#include "pure/mutes.h"

static const struct target *target_of(const char *name, uint16_t port)
{
	static struct target target;

	target = (struct target) { .name = name, .port = port };
	return &target;
}

static void names_as_targets_are_written(void **state)
{
	struct mutes *mutes = mutes_create(8);

	assert_true(mutes_add(mutes, "pbx1.example.com:5061", "1764000000123", 5060));
	assert_true(mutes_add(mutes, "PBX2.Example.com.", "1.764e+12", 5060));
	assert_true(mutes_add(mutes, "[2001:DB8:0::7]:5060", "inf", 5060));
	assert_int_equal(mutes_count(mutes), 3);
	assert_int_equal(mutes_until_ms(mutes, target_of("pbx1.example.com", 5061)), 1764000000123);
	assert_int_equal(mutes_until_ms(mutes, target_of("pbx1.example.com", 5060)), 0);
	assert_int_equal(mutes_until_ms(mutes, target_of("pbx2.example.com", 5060)), 1764000000000);
	assert_true(mutes_until_ms(mutes, &(struct target) { .name = "2001:db8::7",
						  .port = 5060,
						  .literal = 6 }) == UINT64_MAX);
	assert_int_equal(mutes_until_ms(mutes, target_of("else.example.com", 5060)), 0);
	/* Twice: the later one. */
	assert_true(mutes_add(mutes, "pbx1.example.com:5061", "1764000000100", 5060));
	assert_int_equal(mutes_until_ms(mutes, target_of("pbx1.example.com", 5061)), 1764000000123);
	assert_int_equal(mutes_count(mutes), 3);
	mutes_destroy(mutes);
}

static void what_operators_mistype(void **state)
{
	static const char *const names[] = { "", "two words", "a..example", "pbx1:0", "pbx1:99999",
		"[::1" };
	static const char *const untils[] = { "", "tomorrow", "nan", "-5", "12 " };
	struct mutes *mutes = mutes_create(8);

	for (size_t i = 0; i < sizeof names / sizeof names[0]; i++)
		assert_false(mutes_add(mutes, names[i], "1764000000123", 5060));
	for (size_t i = 0; i < sizeof untils / sizeof untils[0]; i++)
		assert_false(mutes_add(mutes, "pbx1", untils[i], 5060));
	assert_int_equal(mutes_count(mutes), 0);
	assert_int_equal(mutes_until_ms(NULL, target_of("pbx1", 5060)), 0);
	mutes_destroy(mutes);
}

static void as_many_as_there_is_room(void **state)
{
	struct mutes *mutes = mutes_create(1000), *none = mutes_create(0);
	char name[32];

	for (unsigned i = 0; i < 1001; i++) {
		snprintf(name, sizeof name, "pbx%u.example", i);
		assert_int_equal(mutes_add(mutes, name, "7", 5060), i < 1000);
	}
	for (unsigned i = 0; i < 2000; i++) {
		snprintf(name, sizeof name, "pbx%u.example", i);
		assert_int_equal(mutes_until_ms(mutes, target_of(name, 5060)), i < 1000 ? 7 : 0);
	}
	assert_false(mutes_add(none, "pbx1", "7", 5060));
	mutes_destroy(mutes);
	mutes_destroy(none);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(names_as_targets_are_written),
		cmocka_unit_test(what_operators_mistype),
		cmocka_unit_test(as_many_as_there_is_room),
	};

	cmocka_set_message_output(CM_OUTPUT_TAP);
	return cmocka_run_group_tests(tests, NULL, NULL);
}
