/* SPDX-License-Identifier: MIT */
/* The text format, held against what its specification says. */
#include <string.h>

#include "../check.h"
#include "pure/exposition.h"

static char memory[1024];

static struct exposition begin(void)
{
	memset(memory, 'x', sizeof memory);
	return (struct exposition) { .text = memory, .size = sizeof memory };
}

static void values(void **state)
{
	struct exposition text = begin();

	exposition_family(&text, "a_total", "counter", "What it is.");
	exposition_value(&text, 3);
	exposition_value(&text, 9007199254740991.0);
	exposition_value(&text, 0.1);
	exposition_value(&text, 1795777940.147);
	exposition_value(&text, 1e-9);
	exposition_value(&text, NAN);
	exposition_value(&text, INFINITY);
	exposition_value(&text, -INFINITY);
	assert_string_equal(memory, "# HELP a_total What it is.\n# TYPE a_total counter\n"
				    "a_total 3\na_total 9007199254740991\na_total 0.1\n"
				    "a_total 1795777940.147\na_total 1e-09\na_total NaN\n"
				    "a_total +Inf\na_total -Inf\n");
	assert_int_equal(text.used, strlen(memory));
	assert_false(text.cut);
}

static void labels(void **state)
{
	struct exposition text = begin();
	static const char *const one[] = { "x", "y", NULL };
	static const char *const two[] = { "x", "a\\b\"c\nd", "z", "", NULL };

	exposition_family(&text, "a", "gauge", "h");
	text.used = 0;
	exposition_labelled(&text, one, 1);
	exposition_labelled(&text, two, 2);
	assert_string_equal(memory, "a{x=\"y\"} 1\na{x=\"a\\\\b\\\"c\\nd\",z=\"\"} 2\n");
}

static void histograms_are_cumulative(void **state)
{
	static const struct bucket_bounds bounds = { 3, { 0.5, 1, 2.5 } };
	static const double seen[] = { 0, 0.5, 0.50001, 1, 2, 2.5, 2.6, 100 };
	struct exposition text = begin();
	struct buckets buckets = { .sum = 0 };

	for (size_t i = 0; i < sizeof seen / sizeof *seen; i++)
		buckets_add(&buckets, &bounds, seen[i]);
	exposition_family(&text, "h", "histogram", "h");
	text.used = 0;
	exposition_histogram(&text, &bounds, &buckets);
	assert_string_equal(memory, "h_bucket{le=\"0.5\"} 2\nh_bucket{le=\"1\"} 4\n"
				    "h_bucket{le=\"2.5\"} 6\nh_bucket{le=\"+Inf\"} 8\n"
				    "h_sum 109.10001\nh_count 8\n");
}

static void summaries(void **state)
{
	struct exposition text = begin();

	exposition_family(&text, "s", "summary", "h");
	text.used = 0;
	exposition_summary(&text, 0.25, 4);
	assert_string_equal(memory, "s_sum 0.25\ns_count 4\n");
}

/* Whatever there is room for, nothing is written behind it, and that it is cut is told. */
static void without_room(void **state)
{
	struct exposition whole = begin();

	exposition_family(&whole, "a_total", "counter", "help");
	exposition_value(&whole, 1);
	for (size_t size = 1; size <= whole.used + 1; size++) {
		struct exposition text = begin();

		text.size = size;
		exposition_family(&text, "a_total", "counter", "help");
		exposition_value(&text, 1);
		assert_int_equal(text.cut, size <= whole.used);
		assert_true(text.used < size);
		assert_int_equal(memory[size], 'x');
	}
}

static void what_was_written_is_read(void **state)
{
	static const struct bucket_bounds bounds = { 2, { 0.005, 1 } };
	const char *const labels[] = { "outcome", "ok", NULL };
	struct buckets buckets = { .sum = 0 };
	struct exposition text = begin();

	buckets_add(&buckets, &bounds, 0.001);
	buckets_add(&buckets, &bounds, 0.5);
	exposition_family(&text, "a_total", "counter", "a_total 7 is no value");
	exposition_labelled(&text, labels, 3);
	exposition_family(&text, "a", "gauge", "help");
	exposition_value(&text, 0.25);
	exposition_family(&text, "late_seconds", "histogram", "help");
	exposition_histogram(&text, &bounds, &buckets);
	text.text[text.used] = '\0';
	assert_near(exposition_read(text.text, "a_total{outcome=\"ok\"}"), 3, 0);
	assert_near(exposition_read(text.text, "a"), 0.25, 0);
	assert_near(exposition_read(text.text, "late_seconds_bucket{le=\"0.005\"}"), 1, 0);
	assert_near(exposition_read(text.text, "late_seconds_bucket{le=\"+Inf\"}"), 2, 0);
	assert_near(exposition_read(text.text, "a_total"), (double)NAN, 0);
	assert_near(exposition_read("", "a"), (double)NAN, 0);
}

static void quantiles_of_buckets(void **state)
{
	static const struct bucket_bounds bounds = { 3, { 1, 2, 5 } };
	struct buckets buckets = { .sum = 0 };

	assert_near(buckets_quantile(&buckets, &bounds, 0.99), (double)NAN, 0);
	for (unsigned i = 0; i < 98; i++)
		buckets_add(&buckets, &bounds, 0.5);
	buckets_add(&buckets, &bounds, 3);
	buckets_add(&buckets, &bounds, 4);
	assert_near(buckets_quantile(&buckets, &bounds, 0.49), 0.5, 1e-12);
	assert_near(buckets_quantile(&buckets, &bounds, 0.98), 1, 1e-12);
	assert_near(buckets_quantile(&buckets, &bounds, 0.99), 3.5, 1e-9);
	/* Above the last bound nothing is known. */
	buckets_add(&buckets, &bounds, 100);
	buckets_add(&buckets, &bounds, 100);
	assert_near(buckets_quantile(&buckets, &bounds, 0.99), 5, 0);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(values),
		cmocka_unit_test(labels),
		cmocka_unit_test(histograms_are_cumulative),
		cmocka_unit_test(summaries),
		cmocka_unit_test(without_room),
		cmocka_unit_test(what_was_written_is_read),
		cmocka_unit_test(quantiles_of_buckets),
	};

	cmocka_set_message_output(CM_OUTPUT_TAP);
	return cmocka_run_group_tests(tests, NULL, NULL);
}
