/* SPDX-License-Identifier: MIT */
/* The ladder against its definition, on random sequences of cycles, gaps, mutes and changes of policy. SEED=... has
 * a run again, SEQUENCES=... is how many there are. */
#include "../reference_ladder.h"

#if defined __SANITIZE_ADDRESS__
#define SEQUENCES_USUAL 200000
#elif defined __has_feature
#if __has_feature(address_sanitizer)
#define SEQUENCES_USUAL 200000
#endif
#endif
#ifndef SEQUENCES_USUAL
#define SEQUENCES_USUAL 2000000
#endif

#define MINUTE NSEC_PER_MIN

/* A target, twice. */
struct pair {
	struct alert_state alert;
	struct reference_ladder ladder;
	struct alert_policy policy;
	uint64_t interval_ns, now_ms;
	unsigned weather;
	bool muted;
};

/* How often each way was gone. */
static unsigned seen[STATE_COUNT][STATE_COUNT];

static struct alert_policy random_policy(void)
{
	struct alert_policy policy = { .critical = 1 + random_unit() * 2.5 };

	policy.warning = policy.critical + 0.01 + random_unit() * 0.5;
	policy.recovery = policy.warning + (random_below(3) ? random_unit() * 0.4 : 0);
	policy.warning_for_ns = random_below(8) * MINUTE;
	policy.critical_for_ns = random_below(8) * MINUTE;
	policy.recovery_for_ns = random_below(12) * MINUTE;
	return policy;
}

/* Mostly near the levels, on them, and for some cycles on end on the same side. */
static double random_mos(const struct alert_policy *policy, unsigned *weather)
{
	const double levels[] = { policy->critical, policy->warning, policy->recovery };
	double level = levels[random_below(3)];

	if (!random_below(10))
		*weather = (unsigned)random_below(6);
	switch (*weather) {
	case 0:
		return policy->recovery + 0.1;
	case 1:
		return policy->critical - 0.1;
	case 2:
		return (policy->critical + policy->warning) / 2;
	case 3:
		return level;
	default:
		return level + (random_unit() - 0.5) * 0.2;
	}
}

static void step(struct pair *pair, bool may_fire)
{
	const struct alert_cycle cycle = {
		.mos = random_mos(&pair->policy, &pair->weather),
		.interval_ns = pair->interval_ns,
		.at_ms = pair->now_ms,
		.may_fire = may_fire,
	};
	struct alert_transition got = alert_step(&pair->alert, &pair->policy, &cycle);
	struct reference_transition expected = reference_ladder_step(
		&pair->ladder, &pair->policy, cycle.mos, cycle.interval_ns, may_fire);

	if (got.happened != expected.happened)
		fail_msg("%s, where the definition says %s, at mos %.17g",
			got.happened ? "a transition" : "nothing",
			expected.happened ? "one" : "none", cycle.mos);
	if (!got.happened)
		return;
	assert_int_equal(got.previous, expected.from);
	assert_int_equal(got.state, expected.to);
	assert_int_equal(got.held_ms, expected.held_ms);
	assert_near(got.threshold, expected.threshold, 0);
	assert_int_equal(pair->alert.changed_ms, pair->now_ms);
	seen[got.previous][got.state]++;
}

static void mute(struct pair *pair)
{
	struct alert_transition got = alert_mute(&pair->alert, pair->now_ms);

	assert_true(got.happened == reference_ladder_mute(&pair->ladder));
	if (got.happened)
		assert_int_equal(pair->alert.changed_ms, pair->now_ms);
}

/* One interval of a target. */
static void go_on(struct pair *pair, unsigned settled_after)
{
	unsigned what = (unsigned)random_below(256);

	pair->now_ms += pair->interval_ns / NSEC_PER_MSEC;
	if (what < 2)
		pair->policy = random_policy();
	else if (what < 6)
		pair->policy.warning_for_ns = random_below(8) * MINUTE;
	pair->muted = pair->muted ? what % 8 != 0 : what == 255;
	if (pair->muted)
		mute(pair);
	else if (what % 16 == 7)
		reference_ladder_miss(&pair->ladder);
	else
		step(pair, pair->ladder.count >= settled_after);
	if (alert_level(&pair->alert) != pair->ladder.state || pair->alert.seq != pair->ladder.seq)
		fail_msg("%s, seq %u, where the definition says %s, seq %u",
			state_name(alert_level(&pair->alert)), pair->alert.seq,
			state_name(pair->ladder.state), pair->ladder.seq);
}

static void like_the_definition(void **state)
{
	static const uint64_t intervals[] = { MINUTE, MINUTE, MINUTE, 50 * NSEC_PER_SEC, 7 * MINUTE,
		13 * NSEC_PER_SEC };
	const char *given = getenv("SEQUENCES");
	unsigned long sequences = given ? strtoul(given, NULL, 0) : SEQUENCES_USUAL;
	struct pair pair = { .weather = 0 };
	unsigned least;

	reference_ladder_start(&pair.ladder);
	for (unsigned long i = 0; i < sequences; i++) {
		unsigned length = 1 + (unsigned)random_below(64);
		unsigned settled_after = (unsigned)(random_below(4) ? 0 : random_below(20));

		pair.alert = (struct alert_state) { 0 };
		pair.ladder.count = 0;
		pair.ladder.state = STATE_OK;
		pair.ladder.seq = 0;
		pair.policy = random_policy();
		pair.interval_ns = intervals[random_below(6)];
		pair.muted = false;
		while (length--)
			go_on(&pair, settled_after);
	}
	reference_ladder_free(&pair.ladder);
	/* Each way was gone often, and no other. */
	least = (unsigned)(sequences / 100);
	assert_true(seen[STATE_OK][STATE_WARNING] >= least);
	assert_true(seen[STATE_OK][STATE_CRITICAL] >= least);
	assert_true(seen[STATE_WARNING][STATE_CRITICAL] >= least);
	assert_true(seen[STATE_WARNING][STATE_OK] >= least);
	assert_true(seen[STATE_CRITICAL][STATE_OK] >= least);
	assert_int_equal(seen[STATE_CRITICAL][STATE_WARNING], 0);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(like_the_definition),
	};

	random_seed();
	cmocka_set_message_output(CM_OUTPUT_TAP);
	return cmocka_run_group_tests(tests, NULL, NULL);
}
