/* SPDX-License-Identifier: MIT */
#include "../check.h"
#include "pure/clocks.h"

#define START_NS (1000 * NSEC_PER_SEC)
#define HOUR ((int64_t)NSEC_PER_HOUR)

/* A machine that has been up for START_NS, in 2026. */
static struct nsec_clocks machine(void)
{
	return (struct nsec_clocks) { START_NS, 1780000000 * NSEC_PER_SEC, START_NS };
}

static void pass(struct nsec_clocks *now, uint64_t ns)
{
	now->mono_ns += ns;
	now->real_ns += ns;
	now->boot_ns += ns;
}

static void a_quiet_machine(void **state)
{
	struct clocks clocks = { 0 };
	struct nsec_clocks now = machine();
	struct clocks_change change = clocks_read(&clocks, &now);

	/* The first reading tells nothing, however odd it looks. */
	assert_true(!change.stepped && !change.asleep_ns && !change.moved_ns);
	for (int i = 0; i < 1000; i++) {
		pass(&now, 2 * NSEC_PER_MSEC);
		now.real_ns += i % 2 ? 2000 : -2000; /* not read at the same instant */
		now.boot_ns += i % 3 ? 500 : -1000;
		change = clocks_read(&clocks, &now);
		assert_false(change.stepped);
		assert_true(change.asleep_ns == 0);
		assert_false(clocks_doubt(&clocks, now.mono_ns - NSEC_PER_MSEC));
	}
	/* Nor does a stop of the process, however long. */
	pass(&now, 20 * NSEC_PER_HOUR);
	change = clocks_read(&clocks, &now);
	assert_true(!change.stepped && !change.asleep_ns);
	assert_false(clocks_doubt(&clocks, now.mono_ns));
}

static void set_either_way(void **state)
{
	static const int64_t steps_ns[] = { 3 * HOUR, -3 * HOUR, -500000 * HOUR, 200000000,
		-200000000 };

	for (size_t i = 0; i < sizeof steps_ns / sizeof steps_ns[0]; i++) {
		struct clocks clocks = { 0 };
		struct nsec_clocks now = machine();
		struct clocks_change change;

		clocks_read(&clocks, &now);
		pass(&now, 50 * NSEC_PER_MSEC);
		now.real_ns += (uint64_t)steps_ns[i]; /* to before 1970 too */
		change = clocks_read(&clocks, &now);
		assert_true(change.stepped);
		assert_true(change.moved_ns == steps_ns[i]);
		assert_true(change.asleep_ns == 0);
		/* Once only. */
		pass(&now, 2 * NSEC_PER_MSEC);
		change = clocks_read(&clocks, &now);
		assert_false(change.stepped);
		assert_true(change.moved_ns == 0);
	}
}

/* From the reading before it until the new distance is known to all, and not a moment of the rest. */
static void a_small_step_is_doubted_while_it_matters(void **state)
{
	struct clocks clocks = { 0 };
	struct nsec_clocks now = machine();
	struct clocks_change change;
	uint64_t before_ns, at_ns;

	clocks_read(&clocks, &now);
	for (int i = 0; i < 100; i++) {
		pass(&now, 20 * NSEC_PER_MSEC);
		clocks_read(&clocks, &now);
	}
	before_ns = now.mono_ns;
	pass(&now, 20 * NSEC_PER_MSEC);
	now.real_ns -= 5 * NSEC_PER_MSEC;
	change = clocks_read(&clocks, &now);
	assert_false(change.stepped);
	assert_true(change.moved_ns == -5 * (int64_t)NSEC_PER_MSEC);
	at_ns = now.mono_ns;
	assert_false(clocks_doubt(&clocks, before_ns - 1));
	assert_true(clocks_doubt(&clocks, before_ns));
	assert_true(clocks_doubt(&clocks, at_ns));
	for (int i = 0; i < 10; i++) {
		pass(&now, 20 * NSEC_PER_MSEC);
		clocks_read(&clocks, &now);
		assert_true(clocks_doubt(&clocks, before_ns));
		assert_false(clocks_doubt(&clocks, now.mono_ns));
	}
}

/* An NTP daemon at its fastest: a twelfth. All of it is doubted, none of it is a step. */
static void a_slew(void **state)
{
	struct clocks clocks = { 0 };
	struct nsec_clocks now = machine();
	uint64_t began_ns;

	clocks_read(&clocks, &now);
	began_ns = now.mono_ns;
	for (int i = 0; i < 500; i++) {
		struct clocks_change change;

		pass(&now, 50 * NSEC_PER_MSEC);
		now.real_ns += 50 * NSEC_PER_MSEC / 12;
		change = clocks_read(&clocks, &now);
		assert_false(change.stepped);
		assert_true(clocks_doubt(&clocks, now.mono_ns));
		assert_true(clocks_doubt(&clocks, now.mono_ns - 30 * NSEC_PER_MSEC));
	}
	assert_true(clocks_doubt(&clocks, began_ns));
}

static void times_of_doubt_far_apart_are_two(void **state)
{
	struct clocks clocks = { 0 };
	struct nsec_clocks now = machine();

	clocks_read(&clocks, &now);
	for (int i = 0; i < 2; i++) {
		uint64_t before_ns;

		for (int k = 0; k < 100; k++) {
			pass(&now, 20 * NSEC_PER_MSEC);
			clocks_read(&clocks, &now);
		}
		before_ns = now.mono_ns;
		pass(&now, NSEC_PER_MSEC);
		now.real_ns += 3 * NSEC_PER_MSEC;
		clocks_read(&clocks, &now);
		assert_true(clocks_doubt(&clocks, before_ns));
		assert_false(clocks_doubt(&clocks, before_ns - 1));
	}
}

static void a_machine_that_sleeps(void **state)
{
	struct clocks clocks = { 0 };
	struct nsec_clocks now = machine();
	struct clocks_change change;

	clocks_read(&clocks, &now);
	pass(&now, 20 * NSEC_PER_MSEC);
	now.real_ns += 8 * NSEC_PER_HOUR;
	now.boot_ns += 8 * NSEC_PER_HOUR;
	change = clocks_read(&clocks, &now);
	assert_true(change.asleep_ns == 8 * NSEC_PER_HOUR);
	assert_false(change.stepped);
	assert_true(change.moved_ns == 0);
	assert_true(clocks_doubt(&clocks, now.mono_ns));

	/* It sleeps, and somebody sets its clock meanwhile. */
	pass(&now, 20 * NSEC_PER_MSEC);
	now.boot_ns += NSEC_PER_HOUR;
	change = clocks_read(&clocks, &now);
	assert_true(change.asleep_ns == NSEC_PER_HOUR);
	assert_true(change.stepped);
	assert_true(change.moved_ns == -HOUR);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(a_quiet_machine),
		cmocka_unit_test(set_either_way),
		cmocka_unit_test(a_small_step_is_doubted_while_it_matters),
		cmocka_unit_test(a_slew),
		cmocka_unit_test(times_of_doubt_far_apart_are_two),
		cmocka_unit_test(a_machine_that_sleeps),
	};

	cmocka_set_message_output(CM_OUTPUT_TAP);
	return cmocka_run_group_tests(tests, NULL, NULL);
}
