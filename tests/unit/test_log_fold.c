/* SPDX-License-Identifier: MIT */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "vocabulary/log_fold.h"
#include "vocabulary/log_text.h"
#include "vocabulary/nsec.h"

#define WRITTEN_MOST 512

struct world {
	struct log_fold fold;
	uint64_t now_ns;
	unsigned count;
	char written[WRITTEN_MOST][128];
};

static void take_line(void *context, unsigned level, const struct log_text *text)
{
	struct world *world = context;

	assert_true(world->count < WRITTEN_MOST);
	snprintf(world->written[world->count++], 128, "%u %.120s", level, text->text);
}

static int make(void **state)
{
	struct world *world = calloc(1, sizeof *world);

	world->fold.write = take_line;
	world->fold.context = world;
	world->now_ns = 1000 * NSEC_PER_SEC;
	*state = world;
	return 0;
}

static int end(void **state)
{
	free(*state);
	return 0;
}

__attribute__((format(printf, 3, 4))) static void say(
	struct world *world, const char *event, const char *facts, ...)
{
	struct log_text text;
	va_list args;

	va_start(args, facts);
	log_text_make(&text, event, "s", facts, args);
	va_end(args);
	fold_take(&world->fold, 2, &text, world->now_ns);
}

static void go(struct world *world, unsigned seconds)
{
	world->now_ns += seconds * NSEC_PER_SEC;
}

/* All that was written since the last look. */
static void assert_written(struct world *world, const char *const *lines)
{
	for (unsigned i = 0; i < world->count || lines[i]; i++) {
		assert_true(i < world->count && lines[i]);
		assert_string_equal(world->written[i], lines[i]);
	}
	world->count = 0;
}

#define WRITTEN(world, ...)                                                                        \
	assert_written(world, (const char *const[]) { __VA_ARGS__ __VA_OPT__(, ) NULL })

static void once_and_then_how_often(void **state)
{
	struct world *world = *state;

	for (unsigned i = 0; i < 38; i++) {
		say(world, "redis_away", "url=%s waiting=%u", "u", i);
		go(world, 1);
	}
	WRITTEN(world, "2 s event=redis_away url=u waiting=0");
	assert_true(fold_due_ns(&world->fold) == 1060 * NSEC_PER_SEC);
	go(world, 21); /* 59 s */
	fold_expire(&world->fold, world->now_ns);
	WRITTEN(world);
	go(world, 1);
	fold_expire(&world->fold, world->now_ns);
	WRITTEN(world, "2 s event=redis_away url=u waiting=37 repeated=37 within_s=60");
}

static void what_goes_on_is_told_every_minute(void **state)
{
	struct world *world = *state;

	for (unsigned i = 0; i < 1800; i++) {
		say(world, "e", "n=%s", "x");
		world->now_ns += NSEC_PER_SEC / 10;
	}
	fold_expire(&world->fold, world->now_ns);
	WRITTEN(world, "2 s event=e n=x", "2 s event=e n=x repeated=599 within_s=60",
		"2 s event=e n=x repeated=600 within_s=60",
		"2 s event=e n=x repeated=600 within_s=60");
	/* A minute in which it did not come: it is new again. */
	go(world, 60);
	fold_expire(&world->fold, world->now_ns);
	WRITTEN(world);
	say(world, "e", "n=%s", "x");
	WRITTEN(world, "2 s event=e n=x");
}

static void what_came_once_is_told_once(void **state)
{
	struct world *world = *state;

	say(world, "e", "n=%s", "x");
	assert_true(fold_due_ns(&world->fold) == UINT64_MAX);
	go(world, 300);
	fold_expire(&world->fold, world->now_ns);
	fold_flush(&world->fold, world->now_ns);
	WRITTEN(world, "2 s event=e n=x");
}

static void others_are_others(void **state)
{
	struct world *world = *state;

	for (int i = 0; i < 3; i++) {
		say(world, "e", "n=%s", "x");
		say(world, "e", "n=%s", "y");
		say(world, "f", "n=%s", "x");
	}
	WRITTEN(world, "2 s event=e n=x", "2 s event=e n=y", "2 s event=f n=x");
	fold_flush(&world->fold, world->now_ns + 5 * NSEC_PER_SEC);
	WRITTEN(world, "2 s event=e n=x repeated=2 within_s=5",
		"2 s event=e n=y repeated=2 within_s=5", "2 s event=f n=x repeated=2 within_s=5");
	fold_flush(&world->fold, world->now_ns);
	WRITTEN(world);
}

/* What was counted stands before what ends it. */
static void another_of_its_room(void **state)
{
	struct world *world = *state;

	for (int i = 0; i < 5; i++)
		say(world, "redis_away", "n=%s", "x");
	say(world, "names_moved", "n=%s", "x");
	say(world, "redistribution", "n=%s", "x");
	go(world, 7);
	say(world, "redis_back", "n=%s", "x");
	WRITTEN(world, "2 s event=redis_away n=x", "2 s event=names_moved n=x",
		"2 s event=redistribution n=x", "2 s event=redis_away n=x repeated=4 within_s=7",
		"2 s event=redis_back n=x");
	/* It is still of its minute. */
	say(world, "redis_away", "n=%s", "x");
	WRITTEN(world);
	fold_flush(&world->fold, world->now_ns);
	WRITTEN(world, "2 s event=redis_away n=x repeated=1 within_s=7");
}

/* The table is bounded: the oldest is told of, and gives its place. */
static void more_than_there_is_room_for(void **state)
{
	static char names[FOLD_COUNT][8]; /* each in a room of its own */
	struct world *world = *state;

	for (unsigned i = 0; i < FOLD_COUNT; i++) {
		snprintf(names[i], sizeof names[i], "e%u", i);
		for (unsigned j = 0; j < 2; j++, world->now_ns++)
			say(world, names[i], "n=%u", 0u);
	}
	assert_int_equal(world->count, FOLD_COUNT);
	world->count = 0;
	for (unsigned i = 0; i < FOLD_COUNT / 2; i++, world->now_ns++)
		say(world, "f", "n=%u", i);
	assert_int_equal(world->count, FOLD_COUNT);
	for (unsigned i = 0; i < FOLD_COUNT / 2; i++) {
		char wanted[128];

		snprintf(wanted, sizeof wanted, "2 s event=e%u n=0 repeated=1 within_s=0", i);
		assert_string_equal(world->written[2 * i], wanted);
	}
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, make, end)

int main(void)
{
	const struct CMUnitTest tests[] = {
		TEST(once_and_then_how_often),
		TEST(what_goes_on_is_told_every_minute),
		TEST(what_came_once_is_told_once),
		TEST(others_are_others),
		TEST(another_of_its_room),
		TEST(more_than_there_is_room_for),
	};

	cmocka_set_message_output(CM_OUTPUT_TAP);
	return cmocka_run_group_tests(tests, NULL, NULL);
}
