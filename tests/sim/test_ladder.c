/* SPDX-License-Identifier: MIT */
/* Scripted traces: they say by hand in which minute something must happen, and tests/line.h holds
 * each minute against the reference besides. */
#include "../line.h"

static void settle(struct line *line)
{
	minutes(line, 2, "ooooo", STATE_SETTLING);
	minutes(line, 10, "ooooo", STATE_OK);
}

static void a_good_line(void **state)
{
	struct line line = line_of(6, 6);

	settle(&line);
	minutes(&line, 200, "ooooo", STATE_OK);
	assert_near(line.mos, 4.37, 0.01);
	assert_near(line.mos, s_of(40, 0), 1e-5);
	assert_int_equal(line.cause, CAUSE_NONE);
	assert_int_equal(line.alert.seq, 0);
	end(&line);
}

static void one_dead_minute_costs_its_own(void **state)
{
	struct line line = line_of(6, 6);
	double s = s_of(40, 0);

	settle(&line);
	minutes(&line, 1, "ttttt", STATE_OK);
	assert_near(line.score.mos_cycle, 1, 0);
	assert_near(line.numbers.fail_pct, 100 / 6.0, 1e-9);
	for (unsigned i = 0; i < 6; i++) {
		assert_near(line.mos, (5 * s + 1) / 6, 1e-5);
		assert_int_equal(line.cause, CAUSE_OUTAGE);
		minutes(&line, 1, "ooooo", STATE_OK);
		assert_near(line.score.mos_cycle, s, 1e-6);
	}
	assert_near(line.mos, s, 1e-5);
	assert_int_equal(line.alert.seq, 0);
	end(&line);
}

/* Two dead minutes: five cycles at (4 S + 2) / 6 = 3.25, and a warning needs six. Three: four
 * cycles at (3 S + 3) / 6 = 2.69, and critical needs three. */
static void two_and_three_dead_minutes(void **state)
{
	struct line line = line_of(6, 6);
	double s = s_of(40, 0);

	settle(&line);
	minutes(&line, 2, "ttttt", STATE_OK);
	assert_near(line.mos, (4 * s + 2) / 6, 1e-5);
	minutes(&line, 20, "ooooo", STATE_OK);

	minutes(&line, 3, "ttttt", STATE_OK);
	assert_near(line.mos, (3 * s + 3) / 6, 1e-5);
	minutes(&line, 1, "ooooo", STATE_OK);
	turn(&line, "ooooo", STATE_CRITICAL, 3);
	/* The first leaves the mean in the fourth good minute, the second in the fifth: from then
	 * on it is (5 S + 1) / 6 and more, above 3.7. */
	minutes(&line, 2, "ooooo", STATE_CRITICAL);
	assert_near(line.mos, (4 * s + 2) / 6, 1e-5);
	minutes(&line, 9, "ooooo", STATE_CRITICAL);
	turn(&line, "ooooo", STATE_OK, 10);
	assert_int_equal(line.alert.seq, 2);
	end(&line);
}

static void two_good_minutes_beside_four_dead(void **state)
{
	struct line line = line_of(6, 6);
	double s = s_of(40, 0);

	settle(&line);
	minutes(&line, 4, "ttttt", STATE_OK);
	turn(&line, "ooooo", STATE_CRITICAL, 3);
	minutes(&line, 1, "ooooo", STATE_CRITICAL);
	assert_near(line.mos, (2 * s + 4) / 6, 1e-5);
	end(&line);
}

/* Paths long enough for S between 3.0 and 3.5, and for S below 3.0. */
#define LOW_MS 650
#define VERY_LOW_MS 900

static void six_low_minutes(void **state)
{
	struct line line = line_of(6, 6);

	assert_true(s_of(LOW_MS, 0) > 3.05 && s_of(LOW_MS, 0) < 3.45);
	line.rtt_ms = LOW_MS;
	minutes(&line, 2, "ooooo", STATE_SETTLING);
	minutes(&line, 3, "ooooo", STATE_OK);
	turn(&line, "ooooo", STATE_WARNING, 6);
	assert_int_equal(line.cause, CAUSE_DELAY);
	minutes(&line, 100, "ooooo", STATE_WARNING);
	end(&line);
}

static void three_very_low_minutes(void **state)
{
	struct line line = line_of(6, 6);

	assert_true(s_of(VERY_LOW_MS, 0) < 2.95);
	line.rtt_ms = VERY_LOW_MS;
	minutes(&line, 2, "ooooo", STATE_SETTLING);
	turn(&line, "ooooo", STATE_CRITICAL, 3);
	minutes(&line, 100, "ooooo", STATE_CRITICAL);
	assert_int_equal(line.alert.seq, 1);
	end(&line);
}

/* Missing cycles in the middle of a hold: those that say so, and those that never were. */
static void a_gap_is_not_held_time(void **state)
{
	for (unsigned kind = 0; kind < 2; kind++) {
		struct line line = line_of(6, 6);

		line.rtt_ms = LOW_MS;
		minutes(&line, 2, "ooooo", STATE_SETTLING);
		minutes(&line, 2, "ooooo", STATE_OK);
		if (kind)
			minutes(&line, 20, "-----", STATE_OK);
		else
			line.number += 20;
		minutes(&line, 1, "ooooo", STATE_OK);
		turn(&line, "oo-oo", STATE_WARNING, 6);
		/* And in the middle of a recovery. */
		line.rtt_ms = 40;
		line.number += 12; /* the low cycles leave */
		minutes(&line, 4, "ooooo", STATE_WARNING);
		minutes(&line, 7, "-----", STATE_WARNING);
		line.number += 50;
		minutes(&line, 5, "ooooo", STATE_WARNING);
		turn(&line, "ooooo", STATE_OK, 10);
		end(&line);
	}
}

/* Every cycle by itself, so that mos is its S: on both sides of a level in turn. */
static void around_a_level_nothing_moves(void **state)
{
	static const double around_warning[] = { 590, 620 }, around_recovery[] = { 515, 545 };
	struct line line = line_of(1, 1);

	assert_true(s_of(590, 0) > 3.5 && s_of(620, 0) < 3.5 && s_of(620, 0) > 3.0);
	assert_true(s_of(515, 0) > 3.7 && s_of(545, 0) < 3.7 && s_of(545, 0) > 3.5);
	minutes(&line, 10, "ooooo", STATE_OK);
	for (unsigned i = 0; i < 300; i++) {
		line.rtt_ms = around_warning[i % 2];
		minutes(&line, 1, "ooooo", STATE_OK);
	}
	line.rtt_ms = LOW_MS;
	/* The last of those before was low as well. */
	minutes(&line, 4, "ooooo", STATE_OK);
	turn(&line, "ooooo", STATE_WARNING, 6);
	for (unsigned i = 0; i < 300; i++) {
		line.rtt_ms = around_warning[i % 2];
		minutes(&line, 1, "ooooo", STATE_WARNING);
		line.rtt_ms = around_recovery[i % 2];
		minutes(&line, 1, "ooooo", STATE_WARNING);
	}
	assert_int_equal(line.alert.seq, 1);
	end(&line);
}

static void recovery_after_ten_minutes(void **state)
{
	struct line line = line_of(1, 1);

	line.rtt_ms = LOW_MS;
	minutes(&line, 5, "ooooo", STATE_OK);
	turn(&line, "ooooo", STATE_WARNING, 6);
	line.rtt_ms = 515;
	minutes(&line, 9, "ooooo", STATE_WARNING);
	line.rtt_ms = 545;
	minutes(&line, 1, "ooooo", STATE_WARNING);
	line.rtt_ms = 515;
	minutes(&line, 9, "ooooo", STATE_WARNING);
	turn(&line, "ooooo", STATE_OK, 10);
	end(&line);
}

/* Nothing begins before the first answer, which here is the third sample of its cycle; from there
 * on timers run, and nothing fires before 15 samples. */
static void unverified_and_settling(void **state)
{
	struct line line = line_of(6, 6);

	minutes(&line, 50, "ttttt", STATE_UNVERIFIED);
	minutes(&line, 2, "-----", STATE_UNVERIFIED);
	minutes(&line, 3, "rrurd", STATE_UNVERIFIED);
	assert_near(line.mos, NAN, 0);
	minutes(&line, 1, "ttott", STATE_SETTLING);
	assert_int_equal(line.numbers.n, 3);
	assert_near(line.mos, (s_of(40, 0) + 2) / 3, 1e-5);
	minutes(&line, 1, "ttttt", STATE_SETTLING);
	minutes(&line, 1, "ttttt", STATE_SETTLING);
	assert_int_equal(line.numbers.n, 13);
	turn(&line, "ttttt", STATE_CRITICAL, 4);
	/* Never settling again, however little there is. */
	line.number += 1000;
	minutes(&line, 1, "o----", STATE_CRITICAL);
	assert_int_equal(line.numbers.n, 1);
	end(&line);
}

static void one_lost_syn(void **state)
{
	struct line line = line_of(6, 6);

	settle(&line);
	minutes(&line, 1, "ooLoo", STATE_OK);
	assert_int_equal(line.numbers.sent, 31);
	assert_int_equal(line.numbers.lost, 1);
	assert_near(line.score.mos_cycle, 4.05, 0.01);
	assert_near(line.score.mos_cycle, s_of(40, 100 / 31.0), 1e-6);
	/* It stays in the window for six cycles, and in the mean for eleven. */
	minutes(&line, 10, "ooooo", STATE_OK);
	assert_true(line.mos < s_of(40, 0) - 0.01);
	minutes(&line, 1, "ooooo", STATE_OK);
	assert_near(line.mos, s_of(40, 0), 1e-5);
	end(&line);
}

/* Answered for certain, by nobody knows which SYN: a second of latency in the score, and loss. */
static void only_ambiguous_answers(void **state)
{
	struct line line = line_of(6, 6);

	minutes(&line, 2, "AAAAA", STATE_SETTLING);
	assert_near(line.numbers.latency_ms, NAN, 0);
	assert_near(line.numbers.jitter_ms, NAN, 0);
	assert_near(line.numbers.loss_pct, 50, 0);
	assert_near(line.mos, s_of(1000, 50), 1e-5);
	turn(&line, "AAAAA", STATE_CRITICAL, 3);
	end(&line);
}

static void a_port_closed_on_purpose(void **state)
{
	struct line closed = line_of(6, 6), on_purpose = line_of(6, 6);

	on_purpose.refused_answers = true;
	minutes(&on_purpose, 2, "rrrrr", STATE_SETTLING);
	minutes(&on_purpose, 20, "rrrrr", STATE_OK);
	assert_near(on_purpose.mos, s_of(40, 0), 1e-5);
	/* A failure as any other, where it is not: but first it must have answered. */
	minutes(&closed, 20, "rrrrr", STATE_UNVERIFIED);
	settle(&closed);
	minutes(&closed, 4, "rrrrr", STATE_OK);
	turn(&closed, "rrrrr", STATE_CRITICAL, 3);
	assert_int_equal(closed.cause, CAUSE_REFUSED);
	end(&closed);
	end(&on_purpose);
}

static void muted(void **state)
{
	struct line line = line_of(1, 1);

	minutes(&line, 5, "ooooo", STATE_OK);
	minutes(&line, 2, "ttttt", STATE_OK);
	turn(&line, "ttttt", STATE_CRITICAL, 3);
	line.muted = true;
	minute(&line, "ttttt");
	assert_true(line.transition.happened);
	assert_int_equal(line.transition.previous, STATE_CRITICAL);
	assert_int_equal(line.state, STATE_OK);
	/* Measured, and nothing raised. */
	minutes(&line, 50, "ttttt", STATE_OK);
	assert_near(line.mos, 1, 0);
	line.muted = false;
	minutes(&line, 2, "ttttt", STATE_OK);
	turn(&line, "ttttt", STATE_CRITICAL, 3);
	assert_int_equal(line.alert.seq, 3);
	end(&line);
}

static void causes(void **state)
{
	static const struct {
		const char *letters;
		double rtt_ms;
		enum cause cause;
	} lines[] = {
		{ "LoLoL", 40, CAUSE_LOSS },
		{ "ooooo", LOW_MS, CAUSE_DELAY },
		{ "totot", 40, CAUSE_OUTAGE },
		{ "uouou", 40, CAUSE_UNREACHABLE },
		{ "ooddd", 40, CAUSE_DNS },
		{ "orror", 40, CAUSE_REFUSED },
		{ "otror", 40, CAUSE_REFUSED },
	};

	for (size_t i = 0; i < sizeof lines / sizeof *lines; i++) {
		struct line line = line_of(6, 6);

		line.rtt_ms = lines[i].rtt_ms;
		for (unsigned m = 0; m < 12; m++)
			minute(&line, lines[i].letters);
		assert_int_equal(line.cause, lines[i].cause);
		end(&line);
	}
	for (unsigned spread_ms = 40; spread_ms <= 80; spread_ms += 40) {
		struct line line = line_of(6, 6);

		for (unsigned m = 0; m < 12; m++) {
			line.rtt_ms = m % 2 ? 40 : 40 + 2 * spread_ms;
			minute(&line, "ooooo");
		}
		assert_near(line.numbers.jitter_ms, spread_ms, 1e-5);
		assert_int_equal(line.cause, CAUSE_JITTER);
		end(&line);
	}
}

/* As a reload brings it. */
static struct alert_policy random_policy(void)
{
	struct alert_policy policy = usual_policy;

	policy.warning -= random_unit() - 0.5;
	policy.critical = policy.warning - 0.1 - random_unit() / 2;
	policy.recovery = policy.warning + random_unit() / 3;
	policy.warning_for_ns = random_below(10) * MINUTE;
	return policy;
}

static void random_weather(void **state)
{
	static const char *const weathers[] = { "ooooo", "ooooo", "ooooo", "oLooo", "LLoLo",
		"ttttt", "otoot", "AoAoo", "-----", "rrooo", "o-t-u", "ddddd",
		"oooooooooooooooooooo" };
	unsigned transitions = 0;

	for (unsigned i = 0; i < 100; i++) {
		unsigned cycles = 1 + (unsigned)random_below(8);
		struct line line = line_of(cycles, 1 + (unsigned)random_below(8));
		const char *weather = weathers[0];

		line.refused_answers = random_below(2);
		for (unsigned m = 0; m < 300; m++) {
			if (!random_below(8)) {
				weather =
					weathers[random_below(sizeof weathers / sizeof *weathers)];
				line.rtt_ms = 10 + 890 * random_unit() * random_unit();
			}
			line.muted = line.muted ? random_below(20) > 0 : random_below(200) == 0;
			if (!random_below(60))
				line.policy = random_policy();
			if (!random_below(500))
				removed(&line);
			line.number += random_below(50) ? 0 : random_below(3 * cycles);
			minute(&line, random_below(5) ? weather : weathers[random_below(5)]);
			transitions += line.transition.happened;
		}
		end(&line);
	}
	assert_true(transitions > 200);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(a_good_line),
		cmocka_unit_test(one_dead_minute_costs_its_own),
		cmocka_unit_test(two_and_three_dead_minutes),
		cmocka_unit_test(two_good_minutes_beside_four_dead),
		cmocka_unit_test(six_low_minutes),
		cmocka_unit_test(three_very_low_minutes),
		cmocka_unit_test(a_gap_is_not_held_time),
		cmocka_unit_test(around_a_level_nothing_moves),
		cmocka_unit_test(recovery_after_ten_minutes),
		cmocka_unit_test(unverified_and_settling),
		cmocka_unit_test(one_lost_syn),
		cmocka_unit_test(only_ambiguous_answers),
		cmocka_unit_test(a_port_closed_on_purpose),
		cmocka_unit_test(muted),
		cmocka_unit_test(causes),
		cmocka_unit_test(random_weather),
	};

	random_seed();
	cmocka_set_message_output(CM_OUTPUT_TAP);
	return cmocka_run_group_tests(tests, NULL, NULL);
}
