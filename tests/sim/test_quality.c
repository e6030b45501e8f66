/* SPDX-License-Identifier: MIT */
/* The goals of the ladder on lines without chance, to the second: `make bench-alerts` has those of the others.
 * A line is looked at closer as the prober does it, and a cycle is judged when the guard lets it. */
#include "../line.h"

#define SAMPLES 5
#define CLOSER_SAMPLES 20
#define CLOSER_BELOW 4.0
#define TIMEOUT_S 3.0
#define GUARD_S 10.0

/* A line that is dark once, in seconds from the beginning of a cycle on. */
struct watched {
	struct line line;
	double begin_s; /* of the next cycle */
	double known_s; /* when the newest was judged */
	bool doubt, doubt_before;
	double dark_from_s, dark_to_s;
};

static struct watched watch(double dark_from_s, double dark_to_s)
{
	return (struct watched) { .line = line_of(6, 6),
		.known_s = -INFINITY,
		.dark_from_s = dark_from_s,
		.dark_to_s = dark_to_s };
}

/* What becomes of a sample: its SYN is repeated every second until the time-out. */
static char letter_at(const struct watched *watched, double at_s)
{
	for (unsigned i = 0; i < 3; i++)
		if (at_s + i < watched->dark_from_s || at_s + i >= watched->dark_to_s)
			return i ? 'L' : 'o';
	return 't';
}

/* The next minute of it. */
static void watch_minute(struct watched *watched)
{
	bool doubt = watched->known_s <= watched->begin_s ? watched->doubt : watched->doubt_before;
	unsigned samples = doubt ? CLOSER_SAMPLES : SAMPLES;
	double at_s = watched->begin_s;
	char letters[CLOSER_SAMPLES + 1] = "";

	for (unsigned i = 0; i < samples; i++) {
		at_s = watched->begin_s + 60.0 * i / samples;
		letters[i] = letter_at(watched, at_s);
	}
	minute(&watched->line, letters);
	watched->doubt_before = watched->doubt;
	watched->doubt =
		watched->line.mos < CLOSER_BELOW || alert_level(&watched->line.alert) != STATE_OK;
	watched->known_s = at_s + TIMEOUT_S + GUARD_S;
	watched->begin_s += 60;
}

/* When the first alert was raised, in seconds from when it went dark; it must be that severity. NAN: there was
 * none. */
static double alert_after_s(double dark_from_s, double dark_s, enum state severity)
{
	struct watched watched = watch(dark_from_s, dark_from_s + dark_s);
	double after_s = NAN;

	while (isnan(after_s) && watched.begin_s < dark_from_s + 3600) {
		watch_minute(&watched);
		if (!watched.line.transition.happened)
			continue;
		assert_int_equal(watched.line.state, severity);
		after_s = watched.known_s - dark_from_s;
	}
	end(&watched.line);
	return after_s;
}

/* Wherever in a cycle it begins: every half second. */
static void an_outage_of_a_minute_is_none(void **state)
{
	for (double from_s = 1200; from_s < 1260; from_s += 0.5)
		for (double dark_s = 30; dark_s <= 60; dark_s += 10)
			assert_near(alert_after_s(from_s, dark_s, STATE_CRITICAL), NAN, 0);
}

static void an_outage_of_five_minutes_is_critical_within_six(void **state)
{
	static const double darks_s[] = { 300, 360, 3600 };
	double most_s = 0;

	for (double from_s = 1200; from_s < 1260; from_s += 0.5)
		for (unsigned i = 0; i < 3; i++) {
			double after_s = alert_after_s(from_s, darks_s[i], STATE_CRITICAL);

			if (!(after_s <= 360))
				fail_msg("dark for %g s from %g s on: critical after %g s",
					darks_s[i], from_s, after_s);
			most_s = fmax(most_s, after_s);
		}
	/* It takes three cycles to sink that low, and three in which it is. */
	assert_true(most_s > 240);
}

/* Ten days of it, and no closer look. */
static void a_clean_line_never_alerts(void **state)
{
	struct watched watched = watch(INFINITY, INFINITY);

	for (unsigned i = 0; i < 14400; i++) {
		watched.line.rtt_ms = i % 2 ? 40 : 42;
		watch_minute(&watched);
		assert_false(watched.doubt);
	}
	assert_int_equal(watched.line.alert.seq, 0);
	end(&watched.line);
}

static void one_change_of_route_is_none(void **state)
{
	struct watched watched = watch(INFINITY, INFINITY);

	for (unsigned i = 0; i < 300; i++) {
		watched.line.rtt_ms = i < 100 ? 40 : 250;
		watch_minute(&watched);
	}
	assert_near(watched.line.mos, s_of(250, 0), 1e-5);
	assert_int_equal(watched.line.alert.seq, 0);
	end(&watched.line);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(a_clean_line_never_alerts),
		cmocka_unit_test(an_outage_of_a_minute_is_none),
		cmocka_unit_test(an_outage_of_five_minutes_is_critical_within_six),
		cmocka_unit_test(one_change_of_route_is_none),
	};

	cmocka_set_message_output(CM_OUTPUT_TAP);
	return cmocka_run_group_tests(tests, NULL, NULL);
}
