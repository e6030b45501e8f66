/* SPDX-License-Identifier: MIT */
/* How many targets a machine carries: judging what was measured, the search, and what is computed from it. */
#include "../check.h"

#include "pure/capacity.h"

/* Default configuration on two CPUs with room for everything. */
static const struct capacity_task task = {
	.budget_pct = 50,
	.cpus = 2,
	.interval_s = 60,
	.timeout_s = 3,
	.samples = 5,
	.closer_samples = 20,
	.closer_share_pct = 10,
	.descriptors = 20000,
	.memory_bytes = 16e9,
	.conntrack_free = INFINITY,
	.redis = true,
	.redis_here = true,
	.results_maxlen = 1e6,
	.history_targets_most = 200000,
};

/* 100,000 targets, as 10,000 in a tenth of the interval: 8,333 connects a second of 20 us each. */
static struct capacity_step good_step(void)
{
	return (struct capacity_step) {
		.targets = 100000,
		.loaded = 10000,
		.interval_s = 6,
		.seconds = 4,
		.starts_per_s = 50000.0 / 6,
		.results_per_s = 10000.0 / 6,
		.late_p99_ms = 2.5,
		.cpu_prober = 50000.0 / 6 * 12e-6,
		.cpu_receive = 50000.0 / 6 * 4e-6,
		.cpu_publish = 50000.0 / 6 * 2e-6,
		.cpu_redis = 50000.0 / 6 * 2e-6,
		.resident_bytes = 20e6,
		.sent_packets_per_s = 2 * 50000.0 / 6,
		.received_packets_per_s = 50000.0 / 6,
		.wire_bits_per_s = 50000.0 / 6 * 2000,
		.redis_commands_per_s = 3 * 10000.0 / 6,
		.redis_bytes_per_s = 600 * 10000.0 / 6,
		.redis_entry_bytes = 300,
		.redis_target_bytes = 900,
	};
}

static const struct capacity_memory memory = { .base_bytes = 10e6, .target_bytes = 800 };

static void each_bound_is_told_apart(void **state)
{
	struct capacity_step step = good_step();

	assert_int_equal(capacity_judge(&task, &step), CAPACITY_FREE);
	step.late_p99_ms = 5;
	assert_int_equal(capacity_judge(&task, &step), CAPACITY_LATENESS);
	step.late_p99_ms = (double)NAN;
	assert_int_equal(capacity_judge(&task, &step), CAPACITY_LATENESS);
	step = good_step();
	step.skipped_pct = 1;
	assert_int_equal(capacity_judge(&task, &step), CAPACITY_LATENESS);
	step = good_step();
	step.starts_per_s *= 0.9;
	assert_int_equal(capacity_judge(&task, &step), CAPACITY_LATENESS);
	step = good_step();
	step.behind_per_s = step.results_per_s / 10;
	assert_int_equal(capacity_judge(&task, &step), CAPACITY_REDIS);
	step.cpu_prober = 1.01;
	assert_int_equal(capacity_judge(&task, &step), CAPACITY_CPU);
	step.lost_pct = 1;
	assert_int_equal(capacity_judge(&task, &step), CAPACITY_MEASURING);
	step = good_step();
	step.unanswered_pct = 1;
	assert_int_equal(capacity_judge(&task, &step), CAPACITY_MEASURING);
	for (int i = 0; i < CAPACITY_BOUNDS; i++)
		for (int j = 0; j < i; j++)
			assert_string_not_equal(capacity_bound_name(i), capacity_bound_name(j));
}

static void a_redis_elsewhere_is_not_in_the_budget(void **state)
{
	struct capacity_task elsewhere = task;
	struct capacity_step step = good_step();

	step.cpu_redis = 1;
	assert_int_equal(capacity_judge(&task, &step), CAPACITY_CPU);
	elsewhere.redis_here = false;
	assert_int_equal(capacity_judge(&elsewhere, &step), CAPACITY_FREE);
}

/* Runs the search against a machine that carries so many, of which CPU tells beforehand, or does not. Returns how many
 * steps it took. */
static unsigned search(struct capacity_search *search, double carries, bool cpu)
{
	unsigned steps = 0;
	bool more = true;

	while (more) {
		double tried = search->next;
		bool passes = tried <= carries;

		assert_true(++steps < 40);
		more = capacity_search_step(search,
			passes ? CAPACITY_FREE
			: cpu  ? CAPACITY_CPU
			       : CAPACITY_LATENESS,
			cpu ? tried / carries : 0.1);
	}
	return steps;
}

static void the_search_ends_near_the_truth(void **state)
{
	static const double truths[] = { 25, 1000, 48000, 213456, 3e6, 9.9e6 };

	for (unsigned i = 0; i < sizeof truths / sizeof *truths; i++)
		for (int cpu = 0; cpu < 2; cpu++) {
			struct capacity_search found = { .most = 1e7, .next = 48000 };
			unsigned steps = search(&found, truths[i], cpu);

			assert_true(
				found.pass <= truths[i] && found.pass * 1.04 >= truths[i] * 0.9999);
			assert_int_equal(found.failed, cpu ? CAPACITY_CPU : CAPACITY_LATENESS);
			assert_true(steps <= (cpu ? 6 : 17));
		}
}

static void a_search_without_an_end(void **state)
{
	struct capacity_search found = { .most = 1e6, .next = 48000 };

	/* All that can be tried passes. */
	search(&found, 1e9, false);
	assert_near(found.pass, 1e6, 0);
	assert_near(found.fail, 0, 0);
	/* Nothing does. */
	found = (struct capacity_search) { .most = 1e6, .next = 48000 };
	search(&found, 0.5, false);
	assert_near(found.pass, 0, 0);
	assert_int_equal(found.failed, CAPACITY_LATENESS);
}

static void memory_is_a_line(void **state)
{
	struct capacity_step steps[] = { good_step(), good_step(), good_step() };
	struct capacity_memory found;

	for (unsigned i = 0; i < 3; i++) {
		steps[i].loaded = 10000 * (i + 1) * (i + 1);
		steps[i].resident_bytes = 5e6 + 650 * steps[i].loaded;
	}
	found = capacity_memory(steps, 3);
	assert_true(found.measured);
	assert_near(found.base_bytes, 5e6, 1);
	assert_near(found.target_bytes, 650, 1e-3);
	/* Too few, one number, or twice the same have no slope. */
	found = capacity_memory(steps, 1);
	assert_false(found.measured);
	assert_near(found.target_bytes, CAPACITY_TARGET_BYTES, 0);
	assert_near(found.base_bytes, 5e6 + 10000 * (650 - 800), 1);
	steps[0] = steps[1] = steps[2];
	assert_false(capacity_memory(steps, 3).measured);
	assert_near(capacity_memory(steps, 0).base_bytes, 0, 0);
}

static void the_plan_adds_up(void **state)
{
	struct capacity_step step = good_step();
	struct capacity_plan plan = capacity_plan(&task, &step, &memory, 123456, CAPACITY_CPU);

	assert_near(plan.targets, 123000, 0);
	assert_int_equal(plan.binds, CAPACITY_CPU);
	assert_near(plan.results_per_s, 2050, 1e-9);
	assert_near(plan.connects_per_s, 10250, 1e-9);
	/* A tenth of them with 15 more. */
	assert_near(plan.connects_most_per_s, 10250 * 1.3, 1e-6);
	assert_near(plan.probe_us, 20, 1e-9);
	assert_near(plan.prober_us + plan.receive_us + plan.publish_us + plan.redis_us, 20, 1e-9);
	assert_near(plan.cpu_pct, 10250 * 20e-6 / 2 * 100, 1e-9);
	assert_near(plan.cpu_most_pct - plan.cpu_pct, 10250 * 0.3 * 16e-6 / 2 * 100, 1e-9);
	assert_near(plan.memory_bytes, 10e6 + 800 * 123e3, 1);
	assert_near(plan.in_flight_silent, 30750, 1e-6);
	assert_near(plan.in_flight, 10250 * (0.9 * 0.1 + 0.1 * 3), 1e-6);
	assert_near(plan.packets_per_s, 3 * 10250, 1e-6);
	assert_near(plan.bits_per_s, 2000 * 10250, 1e-3);
	assert_near(plan.redis_commands_per_s, 3 * 2050, 1e-6);
	assert_near(plan.redis_bytes_per_s, 600 * 2050, 1e-3);
	/* With the last 24 hours of each. */
	assert_near(plan.redis_memory_bytes, 123e3 * (900 + 4608) + 300e6, 1);
}

static void first_results_are_not_the_later_ones(void **state)
{
	struct capacity_step first = good_step(), later = good_step(), both;

	first.results_per_s *= 2;
	first.cpu_publish = first.cpu_redis = 1;
	first.cpu_prober = 0.5;
	first.redis_commands_per_s = 99999;
	both = capacity_with_publishing_of(&first, &later);
	assert_near(both.cpu_prober, 0.5, 0);
	assert_near(both.results_per_s, first.results_per_s, 0);
	assert_near(both.cpu_publish, 2 * later.cpu_publish, 1e-12);
	assert_near(both.cpu_redis, 2 * later.cpu_redis, 1e-12);
	assert_near(both.redis_commands_per_s, 2 * later.redis_commands_per_s, 1e-9);
	assert_near(both.redis_bytes_per_s, 2 * later.redis_bytes_per_s, 1e-9);
}

static void the_scarcest_binds(void **state)
{
	struct capacity_task poor = task;
	struct capacity_step step = good_step();
	struct capacity_plan plan;

	poor.descriptors = 1000;
	plan = capacity_plan(&poor, &step, &memory, 200000, CAPACITY_CPU);
	assert_int_equal(plan.binds, CAPACITY_DESCRIPTORS);
	assert_near(plan.targets, capacity_round(1000 / (5.0 / 60 * 0.39)), 0);
	assert_near(plan.limits[CAPACITY_CPU], 200000, 0);
	assert_true(plan.in_flight <= 1000);
	poor.conntrack_free = 1000;
	plan = capacity_plan(&poor, &step, &memory, 200000, CAPACITY_CPU);
	assert_int_equal(plan.binds, CAPACITY_CONNTRACK);
	poor.max_rate_per_s = 10;
	plan = capacity_plan(&poor, &step, &memory, 200000, CAPACITY_CPU);
	assert_int_equal(plan.binds, CAPACITY_MAX_RATE);
	assert_near(plan.targets, 120, 0);
	poor = task;
	poor.memory_bytes = 500e6;
	poor.results_maxlen = 1000;
	plan = capacity_plan(&poor, &step, &memory, 200000, CAPACITY_CPU);
	assert_int_equal(plan.binds, CAPACITY_MEMORY);
	assert_true(plan.memory_bytes + plan.redis_memory_bytes <= 400e6);
	/* Not even the stream has room. */
	poor.results_maxlen = 1e9;
	plan = capacity_plan(&poor, &step, &memory, 200000, CAPACITY_CPU);
	assert_near(plan.targets, 0, 0);
}

static void other_samples_and_intervals(void **state)
{
	struct capacity_step step = good_step();
	struct capacity_plan plan = capacity_plan(&task, &step, &memory, 123000, CAPACITY_CPU);

	assert_near(capacity_instead(&task, &plan, 5, 60), 123000, 0);
	assert_near(capacity_instead(&task, &plan, 5, 120), 246000, 0);
	/* A connect takes 16 us of CPU, a result 20. */
	assert_near(capacity_instead(&task, &plan, 1, 60), capacity_round(123000 * 100.0 / 36), 0);
}

static void three_digits_downwards(void **state)
{
	assert_near(capacity_round(1239999), 1230000, 0);
	assert_near(capacity_round(100000), 100000, 0);
	assert_near(capacity_round(1000), 1000, 0);
	assert_near(capacity_round(999.9), 999, 0);
	assert_near(capacity_round(0), 0, 0);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(each_bound_is_told_apart),
		cmocka_unit_test(a_redis_elsewhere_is_not_in_the_budget),
		cmocka_unit_test(the_search_ends_near_the_truth),
		cmocka_unit_test(a_search_without_an_end),
		cmocka_unit_test(memory_is_a_line),
		cmocka_unit_test(the_plan_adds_up),
		cmocka_unit_test(first_results_are_not_the_later_ones),
		cmocka_unit_test(the_scarcest_binds),
		cmocka_unit_test(other_samples_and_intervals),
		cmocka_unit_test(three_digits_downwards),
	};

	cmocka_set_message_output(CM_OUTPUT_TAP);
	return cmocka_run_group_tests(tests, NULL, NULL);
}
