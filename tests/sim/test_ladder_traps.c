/* SPDX-License-Identifier: MIT */
/* Where a ladder goes wrong when it does: each case says by hand in which minute what happens, and tests/line.h
 * holds every minute against the reference besides. Windows of one cycle make mos that of the minute. */
#include "../line.h"
#include "pure/targets.h"

#define GOOD "ooooo"
#define NONE "-----"
#define DEAD "ttttt"
#define DAY_MIN 1440

/* So many minutes at that mos, in which nothing happens. */
static void quiet(struct line *line, unsigned count, double mos)
{
	live_at(line, mos);
	minutes(line, count, GOOD, alert_level(&line->alert));
}

/* The next minute, at that mos, changes the state. */
static void happens(struct line *line, double mos, enum state to, unsigned held_min)
{
	live_at(line, mos);
	turn(line, GOOD, to, held_min);
}

/* A line with an alert of that level, or none, and nothing held but what it takes to be there. */
static struct line line_in(enum state state)
{
	struct line line = line_of(1, 1);

	quiet(&line, 20, 4.2);
	if (state == STATE_WARNING) {
		quiet(&line, 5, 3.2);
		happens(&line, 3.2, STATE_WARNING, 6);
	} else if (state == STATE_CRITICAL) {
		quiet(&line, 2, 2.5);
		happens(&line, 2.5, STATE_CRITICAL, 3);
	}
	return line;
}

/* A policy as a target's line gives it. */
static struct alert_policy policy_of(const char *text)
{
	struct config *config = config_create("prober-1");
	struct target_list *list = targets_create();
	struct alert_policy policy;
	struct message msg = { "" };

	if (config_finish(config, "mosprobe.conf", &msg) ||
		targets_add(list, text, strlen(text), "targets.txt", config, &msg))
		fail_msg("%s", msg.text);
	policy = targets_at(list, 0)->settings->alert;
	targets_destroy(list);
	config_destroy(config);
	return policy;
}

/* On one side of the level for as long as may be without anything happening, one minute on the other, and
 * again. */
static void swing(
	struct line *line, double level, unsigned below_min, unsigned above_min, unsigned times)
{
	for (unsigned i = 0; i < times; i++) {
		quiet(line, below_min, level - 0.01);
		quiet(line, above_min, level + 0.01);
	}
}

static void oscillation_around_each_level(void **state)
{
	struct line line = line_in(STATE_OK);

	swing(&line, 3.5, 1, 1, 300);
	swing(&line, 3.5, 5, 1, 100);
	swing(&line, 3.7, 1, 1, 300);
	assert_int_equal(line.alert.seq, 0);
	/* About the critical level it is under the warning level all the time, and nothing more. */
	swing(&line, 3.0, 2, 1, 1);
	quiet(&line, 2, 2.99);
	happens(&line, 3.01, STATE_WARNING, 6);
	swing(&line, 3.0, 2, 1, 100);
	swing(&line, 3.5, 1, 1, 300);
	swing(&line, 3.7, 1, 1, 300);
	swing(&line, 3.7, 1, 9, 100);
	quiet(&line, 1, 3.69);
	quiet(&line, 9, 3.71);
	happens(&line, 3.71, STATE_OK, 10);
	assert_int_equal(line.alert.seq, 2);
	end(&line);

	line = line_in(STATE_CRITICAL);
	swing(&line, 3.0, 1, 1, 300);
	swing(&line, 3.0, 30, 1, 10);
	swing(&line, 3.5, 1, 1, 300);
	swing(&line, 3.5, 30, 30, 10); /* from critical nothing leads to warning */
	swing(&line, 3.7, 1, 9, 100);
	assert_int_equal(line.alert.seq, 1);
	end(&line);
}

static void both_severities_at_once(void **state)
{
	struct line line = line_in(STATE_OK);

	/* The sixth low minute is the third very low one. */
	quiet(&line, 3, 3.2);
	quiet(&line, 2, 2.5);
	happens(&line, 2.5, STATE_CRITICAL, 3);
	/* Its warning has been due ever since, and is never raised: not while critical, and not after. */
	quiet(&line, 200, 3.2);
	quiet(&line, 9, 4.2);
	happens(&line, 4.2, STATE_OK, 10);
	quiet(&line, 5, 3.2);
	happens(&line, 3.2, STATE_WARNING, 6);
	/* From a warning on too. */
	quiet(&line, 2, 2.5);
	happens(&line, 2.5, STATE_CRITICAL, 3);
	quiet(&line, 200, 3.2);
	assert_int_equal(line.alert.seq, 4);
	end(&line);

	/* Both due in the same minute, whatever the holds. */
	line = line_in(STATE_OK);
	line.policy = policy_of("a.example warning_for=4m critical_for=4m\n");
	quiet(&line, 3, 2.5);
	happens(&line, 2.5, STATE_CRITICAL, 4);
	end(&line);
	line = line_in(STATE_OK);
	line.policy = policy_of("a.example warning_for=2m critical_for=5m\n");
	quiet(&line, 1, 2.5);
	happens(&line, 2.5, STATE_WARNING, 2);
	quiet(&line, 2, 2.5);
	happens(&line, 2.5, STATE_CRITICAL, 5);
	end(&line);
}

/* Each timer, a gap after each of its minutes, gaps that say so and gaps of nothing at all. */
static void a_gap_in_the_middle_of_each_timer(void **state)
{
	static const struct {
		enum state from, to;
		unsigned hold_min;
		double mos;
	} timers[] = {
		{ STATE_OK, STATE_WARNING, 6, 3.2 },
		{ STATE_OK, STATE_CRITICAL, 3, 2.5 },
		{ STATE_WARNING, STATE_CRITICAL, 3, 2.5 },
		{ STATE_WARNING, STATE_OK, 10, 4.2 },
		{ STATE_CRITICAL, STATE_OK, 10, 4.2 },
	};
	static const unsigned gaps_min[] = { 1, 9, 100 };

	for (size_t t = 0; t < sizeof timers / sizeof *timers; t++)
		for (unsigned before = 1; before < timers[t].hold_min; before++)
			for (unsigned g = 0; g < 6; g++) {
				struct line line = line_in(timers[t].from);

				quiet(&line, before, timers[t].mos);
				if (g % 2)
					minutes(&line, gaps_min[g / 2], NONE, timers[t].from);
				else
					line.number += gaps_min[g / 2];
				quiet(&line, timers[t].hold_min - before - 1, timers[t].mos);
				happens(&line, timers[t].mos, timers[t].to, timers[t].hold_min);
				end(&line);
			}
}

/* A gap does not stand in for the minute that clears, and nothing is cleared by it. */
static void a_gap_beside_what_clears(void **state)
{
	struct line line = line_in(STATE_OK);

	quiet(&line, 5, 3.2);
	minutes(&line, 3, NONE, STATE_OK);
	quiet(&line, 1, 3.6);
	minutes(&line, 3, NONE, STATE_OK);
	quiet(&line, 5, 3.2);
	minutes(&line, 2 * DAY_MIN, NONE, STATE_OK);
	happens(&line, 3.2, STATE_WARNING, 6);
	end(&line);
}

static void an_override_changed_while_a_condition_is_pending(void **state)
{
	struct line line = line_in(STATE_OK);

	/* Lowered under the line: what was held is gone with the next cycle. */
	quiet(&line, 5, 3.4);
	line.policy = policy_of("a.example warning=3.3\n");
	quiet(&line, 100, 3.4);
	/* And raised over it: the minutes before met nothing. */
	line.policy = policy_of("a.example\n");
	quiet(&line, 5, 3.4);
	happens(&line, 3.4, STATE_WARNING, 6);
	/* So with recovery, which follows from 3.5 to 3.3. */
	quiet(&line, 30, 3.4);
	line.policy = policy_of("a.example warning=3.1\n");
	quiet(&line, 9, 3.4);
	line.policy = policy_of("a.example warning=3.3\n");
	quiet(&line, 30, 3.4);
	line.policy = policy_of("a.example warning=3.1\n");
	quiet(&line, 9, 3.4);
	happens(&line, 3.4, STATE_OK, 10);
	end(&line);

	/* The critical level alone: the warning's time goes on. */
	line = line_in(STATE_OK);
	quiet(&line, 2, 2.9);
	line.policy = policy_of("a.example critical=2.8\n");
	quiet(&line, 3, 2.9);
	happens(&line, 2.9, STATE_WARNING, 6);
	end(&line);
}

/* A reload by itself raises nothing: the next cycle does, and says how long it has held in all. */
static void a_hold_changed_while_a_condition_is_pending(void **state)
{
	struct line line = line_in(STATE_OK);

	quiet(&line, 4, 3.4);
	line.policy = policy_of("a.example warning_for=3m\n");
	happens(&line, 3.4, STATE_WARNING, 5);
	quiet(&line, 8, 4.2);
	line.policy = policy_of("a.example recovery_for=20m\n");
	quiet(&line, 11, 4.2);
	happens(&line, 4.2, STATE_OK, 20);
	quiet(&line, 5, 3.4);
	line.policy = policy_of("a.example warning_for=9m\n");
	quiet(&line, 3, 3.4);
	happens(&line, 3.4, STATE_WARNING, 9);
	end(&line);
}

static void removal_while_firing(void **state)
{
	static const enum state levels[] = { STATE_WARNING, STATE_CRITICAL };

	for (unsigned i = 0; i < 2; i++) {
		struct line line = line_in(levels[i]);
		struct alert_transition step = removed(&line);

		assert_true(step.happened);
		assert_int_equal(step.previous, levels[i]);
		assert_int_equal(step.state, STATE_OK);
		assert_int_equal(line.alert.seq, 2);
		assert_false(removed(&line).happened); /* once */
		/* It comes back: never seen before, but for its numbers. */
		minutes(&line, 20, DEAD, STATE_UNVERIFIED);
		quiet(&line, 2, 2.5);
		happens(&line, 2.5, STATE_CRITICAL, 3);
		assert_int_equal(line.alert.seq, 3);
		end(&line);
	}
}

/* What was pending is nobody's any more. */
static void removal_while_pending(void **state)
{
	struct line line = line_in(STATE_OK);

	quiet(&line, 5, 3.2);
	assert_false(removed(&line).happened);
	quiet(&line, 5, 3.2);
	happens(&line, 3.2, STATE_WARNING, 6);
	assert_int_equal(line.alert.seq, 1);
	end(&line);
}

static void mute_while_firing(void **state)
{
	static const enum state levels[] = { STATE_WARNING, STATE_CRITICAL };

	for (unsigned i = 0; i < 4; i++) {
		struct line line = line_in(levels[i / 2]);

		/* In a cycle that counts, and in one that is missing. */
		line.muted = true;
		minute(&line, i % 2 ? NONE : GOOD);
		assert_true(line.transition.happened);
		assert_int_equal(line.transition.previous, levels[i / 2]);
		assert_int_equal(line.state, STATE_OK);
		quiet(&line, 100, 2.5);
		/* Bad all along; from now on it counts. */
		line.muted = false;
		quiet(&line, 2, 2.5);
		happens(&line, 2.5, STATE_CRITICAL, 3);
		assert_int_equal(line.alert.seq, 3);
		end(&line);
	}
}

static void mute_while_pending(void **state)
{
	struct line line = line_in(STATE_OK);

	quiet(&line, 5, 3.2);
	line.muted = true;
	quiet(&line, 1, 3.2);
	line.muted = false;
	quiet(&line, 5, 3.2);
	happens(&line, 3.2, STATE_WARNING, 6);
	assert_int_equal(line.alert.seq, 1);
	end(&line);
}

/* A long way to a good peer: 3.58 is what it has. */
static void an_override_of_3_3_on_a_line_at_3_58(void **state)
{
	struct line line = line_of(6, 6), plain = line_of(6, 6);

	line.policy = policy_of("a.example warning=3.3\n");
	assert_near(line.policy.recovery, 3.5, 1e-9);
	live_at(&line, 3.58);
	minutes(&line, 2, GOOD, STATE_SETTLING);
	minutes(&line, 10, GOOD, STATE_OK);
	assert_near(line.mos, 3.58, 1e-4);
	quiet(&line, 7 * DAY_MIN, 3.58);
	/* The mean sinks by and by: it is below 3.3 in the fourth minute. */
	quiet(&line, 3, 3.05);
	quiet(&line, 5, 3.05);
	happens(&line, 3.05, STATE_WARNING, 6);
	quiet(&line, 20, 3.05);
	/* Back to where it lives, which is above its own recovery level: the mean is from the sixth minute on. */
	quiet(&line, 5, 3.58);
	assert_true(line.mos < 3.5);
	quiet(&line, 9, 3.58);
	happens(&line, 3.58, STATE_OK, 10);
	quiet(&line, DAY_MIN, 3.58);
	assert_int_equal(line.alert.seq, 2);
	end(&line);

	/* Without it, it would never come back: 3.58 is below 3.7. */
	live_at(&plain, 3.58);
	minutes(&plain, 2, GOOD, STATE_SETTLING);
	quiet(&plain, 20, 3.58);
	live_at(&plain, 3.05);
	for (unsigned i = 0; i < 12; i++)
		minute(&plain, GOOD);
	assert_int_equal(plain.state, STATE_WARNING);
	quiet(&plain, DAY_MIN, 3.58);
	end(&plain);
}

static void the_first_answer_after_days_of_silence(void **state)
{
	struct line line = line_of(6, 6);
	double s = s_of(40, 0);

	/* Of one that never answered: nothing of the silence is held against it. */
	minutes(&line, 3 * DAY_MIN, DEAD, STATE_UNVERIFIED);
	minutes(&line, 1, "ttttu", STATE_UNVERIFIED);
	minutes(&line, 2, GOOD, STATE_SETTLING);
	assert_near(line.mos, s, 1e-5);
	minutes(&line, DAY_MIN, GOOD, STATE_OK);
	assert_int_equal(line.alert.seq, 0);
	/* Of one that had answered: one alert, which ends ten minutes after the mean is above 3.7, which takes five
	 * good minutes of six. */
	minutes(&line, 4, DEAD, STATE_OK);
	turn(&line, DEAD, STATE_CRITICAL, 3);
	minutes(&line, 3 * DAY_MIN, DEAD, STATE_CRITICAL);
	minutes(&line, 1, GOOD, STATE_CRITICAL);
	assert_near(line.mos, (s + 5) / 6, 1e-5);
	minutes(&line, 12, GOOD, STATE_CRITICAL);
	turn(&line, GOOD, STATE_OK, 10);
	assert_int_equal(line.alert.seq, 2);
	/* Of one that nobody asked: as if there had been no time between. */
	minutes(&line, 2, DEAD, STATE_OK);
	minutes(&line, 3 * DAY_MIN, NONE, STATE_OK);
	assert_near(line.mos, NAN, 0);
	minutes(&line, 1, GOOD, STATE_OK);
	assert_near(line.mos, s, 1e-5);
	minutes(&line, 20, GOOD, STATE_OK);
	end(&line);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(oscillation_around_each_level),
		cmocka_unit_test(both_severities_at_once),
		cmocka_unit_test(a_gap_in_the_middle_of_each_timer),
		cmocka_unit_test(a_gap_beside_what_clears),
		cmocka_unit_test(an_override_changed_while_a_condition_is_pending),
		cmocka_unit_test(a_hold_changed_while_a_condition_is_pending),
		cmocka_unit_test(removal_while_firing),
		cmocka_unit_test(removal_while_pending),
		cmocka_unit_test(mute_while_firing),
		cmocka_unit_test(mute_while_pending),
		cmocka_unit_test(an_override_of_3_3_on_a_line_at_3_58),
		cmocka_unit_test(the_first_answer_after_days_of_silence),
	};

	cmocka_set_message_output(CM_OUTPUT_TAP);
	return cmocka_run_group_tests(tests, NULL, NULL);
}
