/* SPDX-License-Identifier: MIT */
/* Shards share targets out: each to one, evenly, and of a shard more only its own part moves. */
#include "pure/targets.h"

#include "../check.h"
#include "pure/shard.h"

#define TARGETS 200000

static uint32_t owner(uint32_t count, uint64_t hash)
{
	uint32_t found = 0;

	for (uint32_t i = 1; i <= count; i++) {
		const struct shard shard = { i, count };

		if (!shard_has(&shard, hash))
			continue;
		assert_int_equal(found, 0);
		found = i;
	}
	assert_int_not_equal(found, 0);
	return found;
}

static void each_target_has_one_and_all_have_as_many(void **state)
{
	for (uint32_t count = 1; count <= 9; count++) {
		uint32_t targets[10] = { 0 };
		/* Five standard deviations of a share. */
		double wanted = (double)TARGETS / count,
		       most = 5 * sqrt(wanted * (1 - 1.0 / count));

		for (uint32_t i = 0; i < TARGETS; i++)
			targets[owner(count, random_u64())]++;
		for (uint32_t i = 1; i <= count; i++)
			assert_near(targets[i], wanted, most + 0.5);
	}
}

/* From n to n + 1 shards: 1 / (n + 1) of the targets, all of them to the new one. */
static void one_more_takes_its_part_and_nothing_else_moves(void **state)
{
	for (uint32_t count = 1; count <= 8; count++) {
		double wanted = (double)TARGETS / (count + 1);
		uint32_t moved = 0;

		for (uint32_t i = 0; i < TARGETS; i++) {
			uint64_t hash = random_u64();
			uint32_t before = owner(count, hash), after = owner(count + 1, hash);

			if (before == after)
				continue;
			assert_int_equal(after, count + 1);
			moved++;
		}
		assert_near(moved, wanted, 5 * sqrt(wanted));
	}
}

/* The lists of all shards are the list. */
static void a_list_is_shared_out(void **state)
{
	enum { LISTED = 5000, SHARDS = 7 };
	static char text[LISTED * 32];
	static unsigned seen[LISTED];
	struct config *config = config_create("x");
	struct message msg;
	size_t length = 0;

	for (unsigned i = 0; i < LISTED; i++)
		length += (size_t)snprintf(
			text + length, sizeof text - length, "pbx%u.example.com site=%u\n", i, i);
	assert_int_equal(config_finish(config, "conf", &msg), 0);
	for (uint32_t index = 1; index <= SHARDS; index++) {
		const struct shard shard = { index, SHARDS };
		struct target_list *list = targets_create();

		assert_int_equal(targets_add(list, text, length, "targets", config, &msg), 0);
		assert_int_equal(targets_keep_shard(list, &shard), 0);
		for (size_t i = 0; i < targets_count(list); i++) {
			const struct target *target = targets_at(list, i);
			unsigned number = (unsigned)atoi(target_label(target, "site"));
			char name[32];

			snprintf(name, sizeof name, "pbx%u.example.com", number);
			assert_string_equal(target->name, name);
			assert_ptr_equal(targets_find(list, name, 5060), target);
			seen[number]++;
		}
		targets_destroy(list);
	}
	for (unsigned i = 0; i < LISTED; i++)
		assert_int_equal(seen[i], 1);
	config_destroy(config);
}

static void what_is_no_shard(void **state)
{
	static const char *const wrong[] = { "", "1", "0/2", "3/2", "1/", "/2", "1/2/3", "1/2 ",
		" 1/2", "-1/2", "+1/2", "1/0", "1/1001", "99999/99999", "a/b", "1 /2" };
	struct shard shard = { 0 };

	for (size_t i = 0; i < sizeof wrong / sizeof *wrong; i++)
		if (shard_parse(&shard, wrong[i]))
			fail_msg("%s is taken", wrong[i]);
	assert_true(shard_parse(&shard, "12/1000"));
	assert_int_equal(shard.index, 12);
	assert_int_equal(shard.count, 1000);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(each_target_has_one_and_all_have_as_many),
		cmocka_unit_test(one_more_takes_its_part_and_nothing_else_moves),
		cmocka_unit_test(a_list_is_shared_out),
		cmocka_unit_test(what_is_no_shard),
	};

	random_seed();
	cmocka_set_message_output(CM_OUTPUT_TAP);
	return cmocka_run_group_tests(tests, NULL, NULL);
}
