/* SPDX-License-Identifier: MIT */
/* All targets at a glance: what is read of a heartbeat and of a target's hash, bands and histogram, order, filter. */
#include "pure/fleet.h"

#include <stdio.h>
#include <string.h>

#include "../check.h"
#include "pure/text.h"

static void take(struct fleet *fleet, const char *name, const char *text)
{
	for (unsigned i = 0; fleet_field(i); i++)
		if (!strcmp(fleet_field(i), name)) {
			fleet_take(fleet, i, text);
			return;
		}
	fail_msg("no field %s", name);
}

/* What the heartbeat says comes back, by its own names. */
static void a_heartbeat(void **state)
{
	static struct fields fields;
	struct heartbeat heartbeat = { .at_ms = 1796097612345,
		.started_ms = 1796000000000,
		.interval_ms = 60000,
		.targets = 15,
		.states = { 1, 2, 3, 4, 5 },
		.muted = 6,
		.samples = 123456,
		.late_starts = 7,
		.impaired = 1 };
	struct fleet fleet = { 0 };

	heartbeat_fields(&fields, &heartbeat, "fra-1");
	for (unsigned i = 0; fleet_field(i); i++) {
		const char *text = NULL;

		for (unsigned j = 0; j < fields.count; j++)
			if (!strcmp(fields.list[j].name, fleet_field(i)))
				text = fields.list[j].text;
		assert_non_null(text);
		fleet_take(&fleet, i, text);
	}
	assert_true(fleet.running);
	fleet.heartbeat.late_p99_ms = heartbeat.late_p99_ms;
	assert_memory_equal(&fleet.heartbeat, &heartbeat, sizeof heartbeat);
	take(&fleet, "samples", "many");
	assert_int_equal(fleet.heartbeat.samples, 0);
	take(&fleet, "at_ms", "");
	assert_false(fleet.running);
}

/* Each mos is of one bin, as Redis counts, and its bin of its band. */
static void bins_and_bands(void **state)
{
	char low[FLEET_SCORE_SIZE], high[FLEET_SCORE_SIZE], text[TABLE_LINE_SIZE];

	for (unsigned units = 0; units <= 50000; units += 50) {
		double mos = units / 10000.0;
		unsigned in = 0;

		for (unsigned bin = 0; bin < FLEET_BINS; bin++) {
			struct fleet fleet = { .excellent = mos >= 4.45 };
			char wanted[16];

			fleet.bins[bin] = 1;
			fleet_bin(bin, low, high);
			assert_true(high[0] == '(' || bin == FLEET_BINS - 1);
			if (mos < strtod(low, NULL) ||
				!(mos < (bin == FLEET_BINS - 1 ? HUGE_VAL
							       : strtod(high + 1, NULL))))
				continue;
			in++;
			fleet_bands(text, &fleet);
			snprintf(wanted, sizeof wanted, "1 %s", band_name(band_of(mos)));
			if (!strstr(text, wanted))
				fail_msg("%g: %s", mos, text);
		}
		assert_int_equal(in, 1);
	}
	fleet_bin(0, low, high);
	assert_string_equal(low, "-inf");
	assert_string_equal(high, "(1.1");
	fleet_bin(FLEET_BINS - 1, low, high);
	assert_string_equal(low, "4.4");
	assert_string_equal(high, "+inf");
}

static void a_histogram(void **state)
{
	struct fleet fleet = { .bins = { [0] = 1, [17] = 40, [33] = 100000, [34] = 5 },
		.excellent = 2 };
	char text[TABLE_LINE_SIZE];

	fleet_histogram(text, &fleet, true);
	assert_string_equal(text, "1.0 .                -               #: 4.5");
	fleet_histogram(text, &fleet, false);
	assert_true(utf8_valid(text, strlen(text)));
	fleet_bands(text, &fleet);
	assert_string_equal(text, "41 bad, 0 poor, 0 fair, 100003 good, 2 excellent");
	fleet_histogram(text, &(struct fleet) { 0 }, true);
	assert_string_equal(text, "1.0                                     4.5");
}

static void a_row(void **state)
{
	static const char *const texts[] = { "warning", "3.3125", "poor", "40.060", "1.240", "",
		"12.500", "loss", "timeout" };
	struct fleet_row row = { .target = "pbx1.example.com:5060" };
	struct table_layout layout = table_layout(80, 21, false);
	char line[TABLE_LINE_SIZE];

	for (unsigned i = 0; fleet_row_field(i); i++)
		fleet_row_take(&row, i, texts[i]);
	table_line(line, &layout, &row.row, row.target);
	assert_string_equal(
		line, "pbx1.example.com:5060 warning    3.31 poor   40.1    1.2     -  12.5 loss");
	assert_true(row.row.measured);
	assert_int_equal(row.row.error, OUTCOME_TIMEOUT);
	for (unsigned i = 0; fleet_row_field(i); i++)
		fleet_row_take(&row, i, "?");
	assert_false(row.row.measured);
	assert_true(isnan(row.row.mos));
	assert_int_equal(row.row.band, BAND_NONE);
}

static struct fleet_row row_of(const char *target, enum state state, float mos, float latency_ms)
{
	struct fleet_row row = { .row = { .mos = mos,
					 .latency_ms = latency_ms,
					 .jitter_ms = latency_ms / 10,
					 .loss_pct = NAN,
					 .state = (uint8_t)state,
					 .measured = true } };

	strcpy(row.target, target);
	return row;
}

static void orders(void **state)
{
	static const char *const wanted[FLEET_ORDERS] = { "cbade", "edacb", "edacb", "abcde",
		"badce", "abcde" };
	const struct fleet_row rows[] = { row_of("d", STATE_WARNING, 3.4f, 30),
		row_of("c", STATE_OK, 2.0f, 10), row_of("a", STATE_WARNING, 3.4f, 20),
		row_of("e", STATE_UNVERIFIED, NAN, 99), row_of("b", STATE_CRITICAL, 2.5f, NAN) };
	struct fleet_row sorted[5];

	for (int order = 0; order < FLEET_ORDERS; order++) {
		char found[6] = "";

		memcpy(sorted, rows, sizeof rows);
		fleet_sort(sorted, 5, order);
		for (unsigned i = 0; i < 5; i++)
			found[i] = sorted[i].target[0];
		if (strcmp(found, wanted[order]) != 0)
			fail_msg(
				"by %s: %s, not %s", fleet_order_name(order), found, wanted[order]);
	}
}

static void filters(void **state)
{
	static const char text[] = "pbx7.example.com:5060 site=fra tenant=Acme GmbH";

	assert_true(fleet_matches("", text));
	assert_true(fleet_matches("  ", text));
	assert_true(fleet_matches("pbx7", text));
	assert_true(fleet_matches("PBX", text));
	assert_true(fleet_matches("site=fra", text));
	assert_true(fleet_matches(" gmbh  example ", text));
	assert_false(fleet_matches("site=lon", text));
	assert_false(fleet_matches("pbx7 lon", text));
	assert_false(fleet_matches("pbx*", text));
}

/* Against all of them, sorted. */
static void the_worst_that_were_found(void **state)
{
	enum { ALL = 1000 };
	static struct fleet_found found;
	static struct fleet_row all[ALL];

	for (unsigned i = 0; i < ALL; i++) {
		char name[32];

		snprintf(name, sizeof name, "pbx%04u", i);
		all[i] = row_of(
			name, STATE_OK, i % 7 ? 1 + (float)(random_below(3400000) * 1e-6) : NAN, 0);
	}
	for (unsigned round = 0; round < 2; round++)
		for (unsigned i = 0; i < ALL; i++)
			fleet_found_add(&found, all[i].target, all[i].row.mos);
	assert_int_equal(found.count, FLEET_FOUND);
	assert_true(found.more);
	fleet_sort(all, ALL, FLEET_BY_MOS);
	for (unsigned i = 0; i < FLEET_FOUND; i++)
		assert_string_equal(found.list[i].target, all[i].target);
	found.count = 0;
	found.more = false;
	fleet_found_add(&found, "b", NAN);
	fleet_found_add(&found, "a", 4);
	fleet_found_add(&found, "b", 3);
	assert_int_equal(found.count, 2);
	assert_false(found.more);
	assert_string_equal(found.list[0].target, "a");
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(a_heartbeat),
		cmocka_unit_test(bins_and_bands),
		cmocka_unit_test(a_histogram),
		cmocka_unit_test(a_row),
		cmocka_unit_test(orders),
		cmocka_unit_test(filters),
		cmocka_unit_test(the_worst_that_were_found),
	};

	cmocka_set_message_output(CM_OUTPUT_TAP);
	random_seed();
	return cmocka_run_group_tests(tests, NULL, NULL);
}
