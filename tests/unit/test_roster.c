/* SPDX-License-Identifier: MIT */
/* Numbers through many reloads with random lists, against a plain table of what was ever given. */
#include "../check.h"

#include <errno.h>
#include <string.h>

#include "pure/roster.h"

#define NAMES 60 /* of targets that come and go; three behind each host */
#define ROOM 64
#define RELOADS 300

static struct config *config;

static int setup(void **state)
{
	struct message msg;

	config = config_create("prober-1");
	return !config || config_finish(config, "mosprobe.conf", &msg);
}

static int teardown(void **state)
{
	config_destroy(config);
	return 0;
}

static struct target_list *list_of(const char *text)
{
	struct target_list *list = targets_create();
	struct message msg;

	assert_non_null(list);
	if (targets_add(list, text, strlen(text), "t", config, &msg))
		fail_msg("%s", msg.text);
	return list;
}

/* Some of the NAMES, each with a sample count of 5 or 6. wanted: by name, 0 = not there. */
static struct target_list *random_list(unsigned wanted[NAMES])
{
	char text[NAMES * 64];
	size_t used = 0;

	for (unsigned i = 0; i < NAMES; i++) {
		wanted[i] = random_below(3) ? 5 + (unsigned)random_below(2) : 0;
		if (wanted[i])
			used += (size_t)snprintf(text + used, sizeof text - used,
				i % 6 == 5 ? "192.0.2.%u:%u samples=%u\n"
					   : "pbx%u.example.com:%u samples=%u\n",
				i / 3, 5000 + i, wanted[i]);
	}
	text[used] = '\0';
	return list_of(text);
}

static unsigned name_of(const struct target *target)
{
	return target->port - 5000u;
}

static bool has(const uint32_t *numbers, uint32_t count, uint32_t number)
{
	for (uint32_t i = 0; i < count; i++)
		if (numbers[i] == number)
			return true;
	return false;
}

/* numbers: by name, what it was given, UINT32_MAX = nothing yet. */
static void check_numbers(const struct roster *roster, const unsigned wanted[NAMES],
	uint32_t numbers[NAMES], const struct target_list *list)
{
	uint32_t present = 0;

	for (unsigned name = 0; name < NAMES; name++) {
		uint32_t number = UINT32_MAX;

		for (uint32_t i = 0; i < roster->count; i++)
			if (roster->here[i] && name_of(roster->targets[i]) == name)
				number = i;
		assert_true((number != UINT32_MAX) == (wanted[name] > 0));
		if (number == UINT32_MAX)
			continue;
		present++;
		if (numbers[name] == UINT32_MAX)
			numbers[name] = number;
		assert_int_equal(numbers[name], number);
		assert_int_equal(roster->targets[number]->settings->samples, wanted[name]);
		assert_ptr_equal(roster->targets[number],
			targets_find(list, roster->targets[number]->name, (uint16_t)(5000 + name)));
		assert_string_equal(
			roster->hosts[roster->host_of[number]], roster->targets[number]->name);
		assert_true(roster->host_here[roster->host_of[number]]);
		assert_memory_equal(&roster->codecs[roster->codec_of[number]],
			&roster->targets[number]->settings->codec, sizeof(struct codec));
	}
	assert_int_equal(roster->present, present);
}

static void check_change(
	const struct roster_change *change, const struct roster *before, const struct roster *after)
{
	uint32_t added = 0, removed = 0, changed = 0;

	for (uint32_t i = 0; i < after->count; i++) {
		bool was = i < before->count && before->here[i], is = after->here[i];

		assert_int_equal(has(change->added, change->added_count, i), !was && is);
		assert_int_equal(has(change->removed, change->removed_count, i), was && !is);
		added += !was && is;
		removed += was && !is;
		changed += was && is &&
			   before->targets[i]->settings->samples !=
				   after->targets[i]->settings->samples;
		/* Who was removed may have something under way still. */
		if (was && !is)
			assert_ptr_equal(after->targets[i], before->targets[i]);
	}
	assert_int_equal(change->added_count, added);
	assert_int_equal(change->removed_count, removed);
	assert_int_equal(change->changed_count, changed);
	for (uint32_t i = 0; i < after->host_count; i++) {
		bool was = i < before->host_count && before->host_here[i];

		assert_int_equal(has(change->hosts_added, change->hosts_added_count, i),
			!was && after->host_here[i]);
		assert_int_equal(has(change->hosts_removed, change->hosts_removed_count, i),
			was && !after->host_here[i]);
	}
}

static void a_number_is_one_targets_for_ever(void **state)
{
	struct target_list *lists[2];
	uint32_t numbers[NAMES];
	struct roster *rosters[2];
	struct numbering *numbering;
	unsigned wanted[NAMES];

	memset(numbers, 0xff, sizeof numbers);
	lists[0] = random_list(wanted);
	assert_int_equal(roster_first(&rosters[0], lists[0]), 0);
	check_numbers(rosters[0], wanted, numbers, lists[0]);
	assert_int_equal(numbering_create(&numbering, rosters[0], ROOM), 0);
	for (unsigned i = 0; i < RELOADS; i++) {
		struct roster_change change;
		struct message msg;

		lists[1] = random_list(wanted);
		assert_int_equal(roster_next(&rosters[1], &change, rosters[0], true, numbering,
					 lists[1], &msg),
			0);
		check_numbers(rosters[1], wanted, numbers, lists[1]);
		check_change(&change, rosters[0], rosters[1]);
		roster_change_free(&change);
		roster_destroy(rosters[0]);
		targets_destroy(lists[0]);
		rosters[0] = rosters[1];
		lists[0] = lists[1];
	}
	roster_destroy(rosters[0]);
	targets_destroy(lists[0]);
	numbering_destroy(numbering);
}

static void who_may_have_something_under_way_stays(void **state)
{
	struct target_list *lists[] = { list_of("a\nb\n"), list_of("a\n"), list_of("a\n"),
		list_of("a\n") };
	struct roster *rosters[4];
	struct roster_change change;
	struct numbering *numbering;
	struct message msg;

	assert_int_equal(roster_first(&rosters[0], lists[0]), 0);
	assert_int_equal(numbering_create(&numbering, rosters[0], ROOM), 0);
	for (unsigned i = 1; i < 4; i++) {
		assert_int_equal(roster_next(&rosters[i], &change, rosters[i - 1], i == 3,
					 numbering, lists[i], &msg),
			0);
		roster_change_free(&change);
	}
	assert_ptr_equal(rosters[1]->targets[1], targets_at(lists[0], 1));
	assert_ptr_equal(rosters[2]->targets[1], targets_at(lists[0], 1));
	assert_null(rosters[3]->targets[1]);
	for (unsigned i = 0; i < 4; i++) {
		roster_destroy(rosters[i]);
		targets_destroy(lists[i]);
	}
	numbering_destroy(numbering);
}

static void no_room_changes_nothing(void **state)
{
	struct target_list *first = list_of("a\nb\n"), *many = list_of("a\nc\nd\n"),
			   *few = list_of("a\nc\n");
	struct roster *roster, *next;
	struct roster_change change;
	struct numbering *numbering;
	struct message msg;

	assert_int_equal(roster_first(&roster, first), 0);
	assert_int_equal(numbering_create(&numbering, roster, 3), 0);
	assert_int_equal(roster_next(&next, &change, roster, true, numbering, many, &msg), -ENOSPC);
	assert_non_null(strstr(msg.text, "2 new targets"));
	assert_int_equal(roster_next(&next, &change, roster, true, numbering, few, &msg), 0);
	assert_int_equal(next->count, 3);
	roster_change_free(&change);
	roster_destroy(next);
	roster_destroy(roster);
	targets_destroy(first);
	targets_destroy(many);
	targets_destroy(few);
	numbering_destroy(numbering);
}

static void labels_make_a_change(void **state)
{
	struct target_list *first = list_of("a site=fra\nb\nc x=1 y=2\n"),
			   *second = list_of("a site=muc\nb\nc x=1 y=2\n");
	struct roster *roster, *next;
	struct roster_change change;
	struct numbering *numbering;
	struct message msg;

	assert_int_equal(roster_first(&roster, first), 0);
	assert_int_equal(numbering_create(&numbering, roster, ROOM), 0);
	assert_int_equal(roster_next(&next, &change, roster, true, numbering, second, &msg), 0);
	assert_int_equal(change.changed_count, 1);
	roster_change_free(&change);
	roster_destroy(next);
	roster_destroy(roster);
	targets_destroy(first);
	targets_destroy(second);
	numbering_destroy(numbering);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(a_number_is_one_targets_for_ever),
		cmocka_unit_test(who_may_have_something_under_way_stays),
		cmocka_unit_test(no_room_changes_nothing),
		cmocka_unit_test(labels_make_a_change),
	};

	random_seed();
	cmocka_set_message_output(CM_OUTPUT_TAP);
	return cmocka_run_group_tests(tests, setup, teardown);
}
