/* SPDX-License-Identifier: MIT */
#include <math.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include <cmocka.h>

#include "pure/table.h"

#define AT_MS 1796097612345ull /* 2026-12-01T04:00:12.345Z */

static struct result result_of(enum state state, double mos)
{
	return (struct result) {
		.at_ms = AT_MS,
		.latency_ms = 40.06,
		.jitter_ms = 1.24,
		.loss_pct = 0.5,
		.fail_pct = 12.5,
		.mos = mos,
		.state = (uint8_t)state,
		.band = (uint8_t)(isnan(mos) ? BAND_NONE : band_of(mos)),
		.cause = CAUSE_LOSS,
		.error = OUTCOME_UNREACHABLE,
	};
}

static struct table_row row_of(enum state state, double mos)
{
	struct result result = result_of(state, mos);

	return table_row(&result);
}

static void worst_come_first(void **state)
{
	struct table_row rows[] = {
		row_of(STATE_UNVERIFIED, NAN),
		row_of(STATE_OK, 4.3),
		row_of(STATE_WARNING, 3.4),
		row_of(STATE_SETTLING, 1.0),
		row_of(STATE_CRITICAL, 2.9),
		row_of(STATE_OK, NAN),
		row_of(STATE_CRITICAL, 1.0),
		row_of(STATE_OK, 3.6),
		row_of(STATE_OK, 4.3),
		row_of(STATE_CRITICAL, 1.0),
	};
	static const uint32_t expected[] = { 9, 4, 2, 3, 7, 1, 8, 5, 0 };
	uint32_t worst[20];

	rows[6].measured = false;
	for (size_t most = 0; most <= 20; most++) {
		size_t count = table_worst(rows, 10, worst, most);

		assert_int_equal(count, most < 9 ? most : 9);
		for (size_t i = 0; i < count; i++)
			assert_int_equal(worst[i], expected[i]);
	}
	assert_int_equal(table_worst(rows, 0, worst, 20), 0);
}

/* The place of a row in the order, as one number; rows of equal place follow their index. */
static double place(const struct table_row *row)
{
	static const int group[STATE_COUNT] = { 3, 2, 2, 1, 0 };

	return group[row->state] * 10 + (isnan(row->mos) ? 9 : row->mos);
}

static void worst_of_many_are_those_of_a_full_sort(void **state)
{
	enum { ROWS = 3000, MOST = 57 };
	static struct table_row rows[ROWS];
	unsigned seed = (unsigned)time(NULL);
	uint32_t worst[MOST];

	print_message("# seed %u\n", seed);
	srand(seed);
	for (int round = 0; round < 20; round++) {
		for (int i = 0; i < ROWS; i++) {
			rows[i] = row_of((enum state)(rand() % STATE_COUNT),
				rand() % 9 ? 1 + rand() % 350 / 100.0 : (double)NAN);
			rows[i].measured = rand() % 3;
		}
		assert_int_equal(table_worst(rows, ROWS, worst, MOST), MOST);
		for (int i = 0; i < MOST; i++) {
			uint32_t before = 0;

			/* How many go before it is its place. */
			for (uint32_t k = 0; k < ROWS; k++) {
				double a = place(&rows[k]), b = place(&rows[worst[i]]);

				before += rows[k].measured && (a < b || (a <= b && k < worst[i]));
			}
			assert_true(rows[worst[i]].measured);
			assert_int_equal(before, i);
		}
	}
}

/* Takes the colours out; returns what a person sees. */
static const char *seen(char *line)
{
	char *to = line;

	for (const char *from = line; *from; from++) {
		if (*from == '\033')
			from = strchr(from, 'm');
		else
			*to++ = *from;
	}
	*to = '\0';
	return line;
}

static void lines_keep_to_the_width(void **state)
{
	static const unsigned target_widths[] = { 1, 6, 16, 21, 40, 253 };
	struct table_row rows[] = { row_of(STATE_CRITICAL, 1.0), row_of(STATE_UNVERIFIED, NAN),
		row_of(STATE_OK, 4.5) };
	char target[254], line[TABLE_LINE_SIZE];
	size_t length;

	for (unsigned width = 1; width < 300; width++)
		for (size_t t = 0; t < sizeof target_widths / sizeof *target_widths; t++) {
			struct table_layout layout = table_layout(width, target_widths[t], true);

			memset(target, 'x', target_widths[t]);
			target[target_widths[t]] = '\0';
			length = table_heading(line, &layout);
			assert_int_equal(length, strlen(line));
			assert_in_range(length, 1, width);
			for (int i = 0; i < 3; i++) {
				length = table_line(line, &layout, &rows[i], target);
				assert_int_equal(length, strlen(line));
				assert_in_range(strlen(seen(line)), 1, width);
			}
		}
}

static void columns_leave_in_their_order(void **state)
{
	static const struct {
		unsigned width;
		const char *heading;
	} cases[] = {
		{ 140, "TARGET               STATE       MOS BAND      LATENCY ms JITTER ms LOSS % "
		       "FAIL % CAUSE       ERROR" },
		{ 100, "TARGET               STATE       MOS BAND LAT ms JIT ms LOSS% FAIL% "
		       "CAUSE       ERROR" },
		{ 80, "TARGET               STATE       MOS BAND LAT ms JIT ms LOSS% FAIL% CAUSE" },
		{ 72, "TARGET             STATE       MOS LAT ms JIT ms LOSS% FAIL% CAUSE" },
		{ 66, "TARGET             STATE       MOS LAT ms JIT ms LOSS% CAUSE" },
		{ 60, "TARGET              STATE       MOS LAT ms LOSS% CAUSE" },
	};
	char line[TABLE_LINE_SIZE];

	for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
		struct table_layout layout = table_layout(cases[i].width, 20, false);

		table_heading(line, &layout);
		assert_string_equal(line, cases[i].heading);
	}
}

static void cells_stand_under_their_headings(void **state)
{
	struct table_layout layout = table_layout(140, 21, false);
	struct table_row row = row_of(STATE_WARNING, 3.456);
	char line[TABLE_LINE_SIZE];

	table_line(line, &layout, &row, "pbx1.example.com:5061");
	assert_string_equal(line,
		"pbx1.example.com:5061 warning    3.46 poor            40.1       "
		"1.2    0.5   12.5 loss        unreachable");
	row = row_of(STATE_UNVERIFIED, NAN);
	row.latency_ms = row.jitter_ms = row.loss_pct = row.fail_pct = NAN;
	row.cause = CAUSE_NONE;
	row.error = OUTCOME_OK;
	table_line(line, &layout, &row, "a");
	assert_string_equal(line,
		"a                     unverified    -                    -       "
		"  -      -      -");
	layout = table_layout(60, 100, false);
	table_line(line, &layout, &row, "a-very-long-name.of-a-customer.example.com");
	assert_string_equal(line, "a-very-long-name.o~ unverified    -      -     -");
}

static void colours_are_sparing(void **state)
{
	static const struct {
		enum state state;
		double mos;
		int colours;
	} cases[] = { { STATE_CRITICAL, 2.0, 2 }, { STATE_WARNING, 3.3, 2 }, { STATE_OK, 3.4, 1 },
		{ STATE_OK, 4.2, 0 }, { STATE_SETTLING, NAN, 0 } };
	struct table_layout plain = table_layout(100, 20, false);
	struct table_layout colour = table_layout(100, 20, true);
	char a[TABLE_LINE_SIZE], b[TABLE_LINE_SIZE];

	for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
		struct table_row row = row_of(cases[i].state, cases[i].mos);
		int escapes = 0;

		table_line(a, &plain, &row, "pbx1");
		table_line(b, &colour, &row, "pbx1");
		for (const char *p = b; (p = strchr(p, '\033')); p++)
			escapes++;
		assert_int_equal(escapes, 2 * cases[i].colours);
		assert_null(strchr(a, '\033'));
		assert_string_equal(seen(b), a);
	}
}

static void head_tells_the_states(void **state)
{
	struct heartbeat heartbeat = { .targets = 300, .muted = 2, .samples = 1234 };
	char line[TABLE_LINE_SIZE];

	heartbeat.states[STATE_OK] = 280;
	heartbeat.states[STATE_CRITICAL] = 3;
	heartbeat.states[STATE_UNVERIFIED] = 17;
	table_states(line, &heartbeat, "fra-1", 80);
	assert_string_equal(
		line, "mosprobe fra-1: 300 targets: 3 critical, 280 ok, 17 unverified; 2 muted");
	/* What does not fit goes as a whole. */
	assert_int_equal(table_states(line, &heartbeat, "fra-1", 60), 47);
	assert_string_equal(line, "mosprobe fra-1: 300 targets: 3 critical, 280 ok");
	for (unsigned width = 1; width < 100; width++)
		assert_in_range(table_states(line, &heartbeat, "fra-1", width), 1, width);
	heartbeat.impaired = 1;
	table_states(line, &heartbeat, "fra-1", 50);
	assert_string_equal(line, "mosprobe fra-1: IMPAIRED, nothing is judged");

	table_counters(line, &heartbeat, 1, 80);
	assert_string_equal(line, "1 alert open, 1234 samples, 0 late starts, up 0:00:00");
	heartbeat.late_starts = 12;
	heartbeat.late_p99_ms = 31.46;
	heartbeat.started_ms = AT_MS;
	heartbeat.at_ms = AT_MS + 90061999;
	table_counters(line, &heartbeat, 0, 80);
	assert_string_equal(
		line, "0 alerts open, 1234 samples, 12 late starts (p99 31.5 ms), up 25:01:01");
}

static struct transition transition_of(enum alert_action action, enum state severity, double mos)
{
	return (struct transition) {
		.result = result_of(action == ACTION_RESOLVE ? STATE_OK : severity, mos),
		.held_ms = 360000,
		.action = (uint8_t)action,
		.severity = (uint8_t)severity,
		.previous = STATE_OK,
		.threshold = action == ACTION_RESOLVE ? 3.7 : 3.5,
	};
}

static void alerts_are_told(void **state)
{
	struct transition transition = transition_of(ACTION_TRIGGER, STATE_WARNING, 3.2);
	char line[TABLE_LINE_SIZE];
	size_t length;

	table_alert(line, &transition, "pbx7.example.com");
	assert_non_null(strstr(line, "04:00:12Z WARNING  pbx7.example.com: MOS 3.20 below 3.50"));
	transition = transition_of(ACTION_TRIGGER, STATE_CRITICAL, 2.0);
	table_alert(line, &transition, "pbx7.example.com");
	assert_non_null(strstr(line, "04:00:12Z CRITICAL pbx7.example.com: "));
	transition = transition_of(ACTION_RESOLVE, STATE_CRITICAL, 4.2);
	length = table_alert(line, &transition, "pbx7.example.com");
	assert_int_equal(length, strlen(line));
	assert_non_null(strstr(line, "04:00:12Z resolved pbx7.example.com: MOS 4.20 above 3.70"));
}

static unsigned word_count(const char *line)
{
	unsigned count = 0;

	for (const char *p = line; *(p += strspn(p, " ")); p += strcspn(p, " "))
		count++;
	return count;
}

static void plain_lines_are_aligned(void **state)
{
	struct result result = result_of(STATE_WARNING, 3.456), none = { .at_ms = 0 };
	struct transition transition = transition_of(ACTION_TRIGGER, STATE_WARNING, 3.2);
	char heading[TABLE_LINE_SIZE], line[TABLE_LINE_SIZE];
	size_t target_at, length;

	table_plain_heading(heading);
	target_at = (size_t)(strstr(heading, "TARGET") - heading);
	assert_int_equal(word_count(heading), 12);

	length = table_plain_result(line, &result, "pbx1.example.com:5060");
	assert_int_equal(length, strlen(line));
	assert_string_equal(line,
		"2026-12-01T04:00:12Z result warning     3.46 poor            40.1"
		"       1.2    0.5   12.5 loss        unreachable pbx1.example.com"
		":5060");
	assert_string_equal(line + target_at, "pbx1.example.com:5060");
	assert_int_equal(word_count(line), 12);

	none.mos = none.latency_ms = none.jitter_ms = none.loss_pct = none.fail_pct = NAN;
	table_plain_result(line, &none, "[2001:db8::7]:5060");
	assert_int_equal(strncmp(line, "1970-01-01T00:00:00Z result unverified ", 39), 0);
	assert_string_equal(line + target_at, "[2001:db8::7]:5060");
	assert_int_equal(word_count(line), 12);

	table_plain_alert(line, &transition, "pbx1.example.com:5060");
	assert_int_equal(strncmp(line, "2026-12-01T04:00:12Z alert  warning ", 36), 0);
	assert_non_null(strstr(
		line + target_at, "pbx1.example.com:5060 trigger: MOS 3.20 below 3.50 for 6 min"));
}

static void long_texts_are_cut(void **state)
{
	struct transition transition = transition_of(ACTION_TRIGGER, STATE_WARNING, 3.2);
	char name[4000], line[TABLE_LINE_SIZE];
	struct heartbeat heartbeat = { .targets = 1 };

	memset(name, 'n', sizeof name - 1);
	name[sizeof name - 1] = '\0';
	assert_int_equal(table_alert(line, &transition, name), TABLE_LINE_SIZE - 1);
	assert_int_equal(table_plain_alert(line, &transition, name), TABLE_LINE_SIZE - 1);
	assert_int_equal(table_states(line, &heartbeat, name, 70), 70);
	assert_int_equal(strlen(line), 70);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(worst_come_first),
		cmocka_unit_test(worst_of_many_are_those_of_a_full_sort),
		cmocka_unit_test(lines_keep_to_the_width),
		cmocka_unit_test(columns_leave_in_their_order),
		cmocka_unit_test(cells_stand_under_their_headings),
		cmocka_unit_test(colours_are_sparing),
		cmocka_unit_test(head_tells_the_states),
		cmocka_unit_test(alerts_are_told),
		cmocka_unit_test(plain_lines_are_aligned),
		cmocka_unit_test(long_texts_are_cut),
	};

	cmocka_set_message_output(CM_OUTPUT_TAP);
	return cmocka_run_group_tests(tests, NULL, NULL);
}
