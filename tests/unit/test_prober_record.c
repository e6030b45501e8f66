/* SPDX-License-Identifier: MIT */
#include <string.h>

#include "../check.h"
#include "pure/prober_record.h"
#include "vocabulary/nsec.h"

#define NOW_NS (5000 * NSEC_PER_SEC)

static char label[] = "isp";
static const struct group_policy policy = {
	.label = label, .share_pct = 50, .min = 2, .within_ns = 5 * NSEC_PER_MIN
};

/* Of one group the event is open, of another it is over; of the third nothing was ever told. */
static struct groups *some_groups(void)
{
	static const char *const values[] = { "Acme GmbH", " over", "quiet" };
	struct groups *groups = groups_create(&policy, 30);
	struct group_change change;

	for (uint32_t i = 0; i < 30; i++) {
		groups_place(groups, i, values[i / 10]);
		groups_see(
			groups, i, i < 18 ? STANDING_BAD : STANDING_GOOD, CAUSE_OUTAGE, 0, NOW_NS);
	}
	while (groups_step(groups, NOW_NS, &change))
		;
	for (uint32_t i = 10; i < 20; i++)
		groups_see(groups, i, STANDING_GOOD, CAUSE_NONE, 0, NOW_NS);
	while (groups_step(groups, NOW_NS, &change))
		;
	return groups;
}

static void what_goes_in_comes_out(void **state)
{
	const struct prober_events events = { 7, 4000000000u, true, false };
	struct prober_events found;
	struct groups *before = some_groups(), *after = groups_create(&policy, 30);
	char *text = prober_record_text("vantage1", &events, before);
	struct group_change change;

	assert_non_null(text);
	assert_true(prober_record_read(text, strlen(text), "vantage1", &found, after, NOW_NS));
	assert_int_equal(found.vantage_seq, 7);
	assert_int_equal(found.resolver_seq, 4000000000u);
	assert_true(found.impaired);
	assert_false(found.resolver_fails);
	assert_int_equal(groups_count_open(after), 1);

	/* Its members come back as they were: nothing is told again. */
	for (uint32_t i = 0; i < 10; i++) {
		groups_place(after, i, "Acme GmbH");
		groups_see(after, i, STANDING_BAD, CAUSE_OUTAGE, NSEC_PER_HOUR, NOW_NS);
	}
	assert_string_equal(groups_open_value(after, 3), "Acme GmbH");
	assert_false(groups_step(after, NOW_NS, &change));
	for (uint32_t i = 0; i < 6; i++)
		groups_see(after, i, STANDING_GOOD, CAUSE_NONE, 0, NOW_NS + NSEC_PER_MIN);
	assert_true(groups_step(after, NOW_NS + NSEC_PER_MIN, &change));
	assert_false(change.open);
	assert_int_equal(change.seq, 2);
	free(text);
	groups_destroy(before);
	groups_destroy(after);
}

static void what_is_damaged_is_not_read(void **state)
{
	const struct prober_events events = { 1, 2, false, true };
	struct prober_events found = { 99, 99, false, false };
	struct groups *groups = some_groups(), *after = groups_create(&policy, 30);
	char *text = prober_record_text("vantage1", &events, groups);
	size_t length = strlen(text);

	for (size_t i = 0; i < length; i++) {
		text[i] = (char)(text[i] ^ 1);
		assert_false(prober_record_read(text, length, "vantage1", &found, after, NOW_NS));
		text[i] = (char)(text[i] ^ 1);
		assert_false(prober_record_read(text, i, "vantage1", &found, after, NOW_NS));
	}
	assert_false(prober_record_read(text, length, "vantage2", &found, after, NOW_NS));
	assert_int_equal(found.vantage_seq, 99);
	assert_int_equal(groups_count_open(after), 0);
	assert_true(prober_record_read(text, length, "vantage1", &found, after, NOW_NS));
	free(text);
	groups_destroy(groups);
	groups_destroy(after);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(what_goes_in_comes_out),
		cmocka_unit_test(what_is_damaged_is_not_read),
	};

	cmocka_set_message_output(CM_OUTPUT_TAP);
	return cmocka_run_group_tests(tests, NULL, NULL);
}
