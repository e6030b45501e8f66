/* SPDX-License-Identifier: MIT */
#include "../check.h"
#include "pure/groups.h"
#include "vocabulary/nsec.h"

#define START_NS (100000 * NSEC_PER_SEC)

static char label[] = "isp";
static const struct group_policy policy = {
	.label = label, .share_pct = 50, .min = 10, .within_ns = 5 * NSEC_PER_MIN
};

/* Groups of so many targets, all good. */
static struct groups *groups_of(unsigned targets, const char *value)
{
	struct groups *groups = groups_create(&policy, targets);

	for (unsigned i = 0; i < targets; i++) {
		assert_int_equal(groups_place(groups, i, value), 0);
		groups_see(groups, i, STANDING_GOOD, CAUSE_NONE, 0, START_NS);
	}
	return groups;
}

static void turn_bad(struct groups *groups, unsigned from, unsigned to, uint64_t now_ns)
{
	for (unsigned i = from; i < to; i++)
		groups_see(groups, i, STANDING_BAD, CAUSE_OUTAGE, 0, now_ns);
}

static void turn_good(struct groups *groups, unsigned from, unsigned to, uint64_t now_ns)
{
	for (unsigned i = from; i < to; i++)
		groups_see(groups, i, STANDING_GOOD, CAUSE_NONE, 0, now_ns);
}

static void an_isp_goes_dark_and_comes_back(void **state)
{
	struct groups *groups = groups_of(100, "acme");
	struct group_change change;
	uint64_t now_ns = START_NS + NSEC_PER_HOUR;

	turn_bad(groups, 0, 50, now_ns);
	assert_false(groups_step(groups, now_ns, &change));
	assert_null(groups_open_value(groups, 0));
	now_ns += 2 * NSEC_PER_MIN;
	groups_see(groups, 50, STANDING_BAD, CAUSE_LOSS, 0, now_ns);
	assert_true(groups_step(groups, now_ns, &change));
	assert_true(change.open);
	assert_string_equal(change.value, "acme");
	assert_int_equal(change.members, 100);
	assert_int_equal(change.bad, 51);
	assert_int_equal(change.cause, CAUSE_OUTAGE);
	assert_int_equal(change.seq, 1);
	assert_in_range(change.held_ns / NSEC_PER_SEC, 120, 150);
	assert_string_equal(groups_open_value(groups, 99), "acme");
	assert_false(groups_step(groups, now_ns, &change));

	/* More become bad; it is over when fewer than half of them are. */
	turn_bad(groups, 51, 80, now_ns);
	now_ns += NSEC_PER_HOUR;
	turn_good(groups, 0, 40, now_ns);
	assert_false(groups_step(groups, now_ns, &change));
	turn_good(groups, 40, 41, now_ns);
	assert_true(groups_step(groups, now_ns, &change));
	assert_false(change.open);
	assert_int_equal(change.bad, 39);
	assert_int_equal(change.seq, 2);
	assert_true(change.held_ns == NSEC_PER_HOUR);
	assert_null(groups_open_value(groups, 99));

	/* Those that stayed bad are no new event, with a few new ones. */
	turn_bad(groups, 0, 12, now_ns + NSEC_PER_MIN);
	assert_false(groups_step(groups, now_ns + NSEC_PER_MIN, &change));
	groups_destroy(groups);
}

static void too_slow_too_few_too_old(void **state)
{
	struct groups *groups = groups_of(100, "acme");
	struct group_change change;
	uint64_t now_ns = START_NS + NSEC_PER_HOUR;

	/* One every 7 s: 60 take seven minutes. */
	for (unsigned i = 0; i < 60; i++, now_ns += 7 * NSEC_PER_SEC) {
		turn_bad(groups, i, i + 1, now_ns);
		assert_false(groups_step(groups, now_ns, &change));
	}
	groups_destroy(groups);

	groups = groups_of(12, "small");
	turn_bad(groups, 0, 9, now_ns);
	assert_false(groups_step(groups, now_ns, &change));
	turn_bad(groups, 9, 10, now_ns);
	assert_true(groups_step(groups, now_ns, &change));
	groups_destroy(groups);

	/* After a restart: they have been bad for an hour. */
	groups = groups_of(100, "acme");
	for (unsigned i = 0; i < 100; i++)
		groups_see(groups, i, STANDING_BAD, CAUSE_LOSS, NSEC_PER_HOUR, now_ns);
	assert_false(groups_step(groups, now_ns, &change));
	assert_false(groups_undecided(groups, 5, now_ns));
	groups_destroy(groups);
}

static void alerts_wait_while_it_is_undecided(void **state)
{
	struct groups *groups = groups_of(100, "acme");
	struct group_change change;
	uint64_t now_ns = START_NS + NSEC_PER_HOUR;

	/* A site of its own is nobody else's. */
	turn_bad(groups, 0, 24, now_ns);
	assert_false(groups_step(groups, now_ns, &change));
	assert_false(groups_undecided(groups, 0, now_ns));
	turn_bad(groups, 24, 25, now_ns);
	assert_true(groups_undecided(groups, 0, now_ns));
	assert_false(groups_undecided(groups, 50, now_ns)); /* good */
	assert_true(groups_undecided(groups, 0, now_ns + 4 * NSEC_PER_MIN));
	assert_false(groups_undecided(groups, 0, now_ns + 5 * NSEC_PER_MIN + 1));
	turn_bad(groups, 25, 60, now_ns + NSEC_PER_MIN);
	assert_true(groups_step(groups, now_ns + NSEC_PER_MIN, &change));
	assert_false(groups_undecided(groups, 0, now_ns + NSEC_PER_MIN));
	groups_destroy(groups);
}

static void who_is_absent_is_not_counted(void **state)
{
	struct groups *groups = groups_of(100, "acme");
	struct group_change change;

	for (unsigned i = 30; i < 100; i++)
		groups_see(groups, i, STANDING_ABSENT, CAUSE_NONE, 0, START_NS);
	turn_bad(groups, 0, 16, START_NS);
	assert_true(groups_step(groups, START_NS, &change));
	assert_int_equal(change.members, 30);
	/* All leave, or are muted: it is over. */
	for (unsigned i = 0; i < 16; i++)
		assert_int_equal(groups_place(groups, i, i % 2 ? NULL : ""), 0);
	assert_true(groups_step(groups, START_NS, &change));
	assert_false(change.open);
	assert_int_equal(change.bad, 0);
	assert_int_equal(change.members, 14);
	assert_null(groups_open_value(groups, 3));
	groups_destroy(groups);
}

static void without_a_label(void **state)
{
	struct groups *groups = groups_create(&(struct group_policy) { .min = 1 }, 10);
	struct group_change change;

	assert_int_equal(groups_place(groups, 3, "acme"), 0);
	groups_see(groups, 3, STANDING_BAD, CAUSE_LOSS, 0, START_NS);
	assert_false(groups_step(groups, START_NS, &change));
	assert_null(groups_open_value(groups, 3));
	assert_false(groups_undecided(groups, 3, START_NS));
	groups_destroy(groups);
}

enum { TARGETS = 200, VALUES = 40 };

/* The same, counted each time from what each target is like. */
struct slow {
	unsigned value; /* VALUES = none */
	enum standing standing;
	uint64_t bad_slice;
};

static void counts_are_what_targets_are(void **state)
{
	struct group_policy own = policy;
	struct groups *groups;
	struct slow slow[TARGETS];
	uint64_t now_ns = START_NS, since[VALUES] = { 0 };
	bool open[VALUES] = { false };
	unsigned most[VALUES] = { 0 }, events = 0;

	own.min = 2;
	groups = groups_create(&own, TARGETS);
	for (unsigned i = 0; i < TARGETS; i++)
		slow[i] = (struct slow) { .value = VALUES };
	for (unsigned step = 0; step < 100000; step++) {
		unsigned i = (unsigned)random_below(TARGETS), value;
		unsigned members = 0, bad = 0, recent = 0;
		struct group_change change;
		bool expected;
		char text[8];

		now_ns += random_below(2 * NSEC_PER_SEC);
		if (slow[i].value == VALUES || random_below(50) == 0) {
			value = (unsigned)random_below(VALUES + 1);
			snprintf(text, sizeof text, "v%u", value);
			groups_place(groups, i, value == VALUES ? NULL : text);
			/* The group that it left has fewer members: it may be over, or begin. */
			while (groups_step(groups, now_ns, &change)) {
				unsigned left = (unsigned)atoi(change.value + 1);

				assert_int_equal(left, slow[i].value);
				open[left] = !open[left];
				assert_int_equal(change.open, open[left]);
				most[left] = change.bad;
				if (!open[left])
					since[left] = now_ns / (30 * NSEC_PER_SEC) + 1;
			}
			if (value != slow[i].value)
				slow[i] = (struct slow) { .value = value };
			continue;
		}
		value = slow[i].value;
		{
			enum standing standing = (enum standing)random_below(3);
			uint64_t bad_ns = random_below(2) ? 0 : random_below(400 * NSEC_PER_SEC);

			if (standing == STANDING_BAD && slow[i].standing != STANDING_BAD)
				slow[i].bad_slice = (now_ns - bad_ns) / (30 * NSEC_PER_SEC);
			slow[i].standing = standing;
			groups_see(groups, i, standing, CAUSE_LOSS, bad_ns, now_ns);
		}
		for (unsigned k = 0; k < TARGETS; k++) {
			if (slow[k].value != value || slow[k].standing == STANDING_ABSENT)
				continue;
			members++;
			if (slow[k].standing != STANDING_BAD)
				continue;
			bad++;
			recent += slow[k].bad_slice >= since[value] &&
				  now_ns / (30 * NSEC_PER_SEC) - slow[k].bad_slice < 10;
		}
		expected = open[value] ? !bad || bad * 2 < most[value]
				       : recent >= 2 && recent * 2 > members;
		if (open[value] && bad > most[value])
			most[value] = bad;
		assert_int_equal(groups_step(groups, now_ns, &change), expected);
		if (!expected)
			continue;
		events++;
		open[value] = !open[value];
		assert_int_equal(change.open, open[value]);
		assert_int_equal(change.bad, bad);
		assert_int_equal(change.members, members);
		most[value] = bad;
		if (!open[value])
			since[value] = now_ns / (30 * NSEC_PER_SEC) + 1;
	}
	assert_true(events > 1000);
	groups_destroy(groups);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(an_isp_goes_dark_and_comes_back),
		cmocka_unit_test(too_slow_too_few_too_old),
		cmocka_unit_test(alerts_wait_while_it_is_undecided),
		cmocka_unit_test(who_is_absent_is_not_counted),
		cmocka_unit_test(without_a_label),
		cmocka_unit_test(counts_are_what_targets_are),
	};

	random_seed();
	cmocka_set_message_output(CM_OUTPUT_TAP);
	return cmocka_run_group_tests(tests, NULL, NULL);
}
