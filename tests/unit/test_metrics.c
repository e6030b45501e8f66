/* SPDX-License-Identifier: MIT */
/* What is scraped: every family told of once, in base units, with the numbers that were counted. */
#include <string.h>

#include "../check.h"
#include "pure/exposition.h"
#include "pure/metrics.h"
#include "vocabulary/nsec.h"

static char text[METRICS_TEXT_SIZE];

static const struct metrics all_zero = {
	.version = "1.2.3",
	.prober_id = "fra-1",
	.stamps = "bpf",
	.engine = "io_uring",
};

static void write_text(const struct metrics *metrics)
{
	memset(text, 'x', sizeof text);
	text[metrics_text(text, metrics)] = '\0';
}

static double value_of(const char *series)
{
	return exposition_read(text, series);
}

static void the_numbers_of_the_prober(void **state)
{
	struct metrics_snapshot prober = {
		.heartbeat = {
			.at_ms = 1795777940147, .interval_ms = 60000, .cycles = 12, .late_starts = 3,
			.slots = 100, .in_flight = 7, .impaired = 1, .cpu_ns = 1500000000,
			.outcomes = { [OUTCOME_OK] = 5, [OUTCOME_TIMEOUT] = 2 },
			.states = { [STATE_CRITICAL] = 4 },
			.local_errors = { [LOCAL_NO_STAMP] = 9 },
			.troubles = { [HANDSHAKE_STALE_STAMP] = 6 },
			.dns_found = 8,
		},
		.counts = { .bands = { [BAND_NONE] = 1, [BAND_GOOD] = 2 }, .awaited = 3 },
	};
	struct metrics metrics = all_zero;

	metrics.prober = &prober;
	write_text(&metrics);
	assert_near(value_of("mosprobe_heartbeat_timestamp_seconds"), 1795777940.147, 1e-6);
	assert_near(value_of("mosprobe_interval_seconds"), 60, 0);
	assert_near(value_of("mosprobe_cycles_total"), 12, 0);
	assert_near(value_of("mosprobe_late_starts_total"), 3, 0);
	assert_near(value_of("mosprobe_slots"), 100, 0);
	assert_near(value_of("mosprobe_slots_in_use"), 7, 0);
	assert_near(value_of("mosprobe_impaired"), 1, 0);
	assert_near(value_of("mosprobe_prober_cpu_seconds_total"), 1.5, 0);
	assert_near(value_of("mosprobe_samples_total{outcome=\"ok\"}"), 5, 0);
	assert_near(value_of("mosprobe_samples_total{outcome=\"timeout\"}"), 2, 0);
	assert_near(value_of("mosprobe_targets{state=\"critical\"}"), 4, 0);
	assert_near(value_of("mosprobe_targets_by_band{band=\"none\"}"), 1, 0);
	assert_near(value_of("mosprobe_targets_by_band{band=\"good\"}"), 2, 0);
	assert_near(value_of("mosprobe_targets_awaited"), 3, 0);
	assert_near(value_of("mosprobe_stamps_missing_total"), 9, 0);
	assert_near(value_of("mosprobe_capture_troubles_total{cause=\"stale_stamp\"}"), 6, 0);
	assert_near(value_of("mosprobe_dns_answers_total{result=\"found\"}"), 8, 0);
	assert_near(
		value_of(
			"mosprobe_prober_info{prober=\"fra-1\",stamps=\"bpf\",engine=\"io_uring\"}"),
		1, 0);
	assert_near(value_of("mosprobe_redis_connected"), NAN, 0);
}

static void what_was_seen_is_spread(void **state)
{
	struct metrics_snapshot prober = { .heartbeat = { .at_ms = 1 } };
	struct metrics_counts *counts = &prober.counts;
	struct metrics metrics = all_zero;

	metrics_see_result(counts, &(struct result) { .mos = 3.45, .latency_ms = 12 });
	metrics_see_result(counts, &(struct result) { .mos = 4.38, .latency_ms = 3 });
	/* What failed has a MOS and no latency; what is missing has neither. */
	metrics_see_result(counts, &(struct result) { .mos = 1, .latency_ms = NAN });
	metrics_see_result(counts, &(struct result) { .mos = NAN, .latency_ms = NAN });
	metrics_see_start(counts, 20 * NSEC_PER_MSEC);
	metrics_see_start(counts, 20 * NSEC_PER_MSEC + NSEC_PER_USEC);
	metrics_see_turn(counts, 2 * NSEC_PER_MSEC);
	metrics_see_turn(counts, 3 * NSEC_PER_SEC);
	metrics_see_turn(counts, 50 * NSEC_PER_MSEC);
	metrics.prober = &prober;
	write_text(&metrics);
	assert_near(value_of("mosprobe_mos_bucket{le=\"1.5\"}"), 1, 0);
	assert_near(value_of("mosprobe_mos_bucket{le=\"3.25\"}"), 1, 0);
	assert_near(value_of("mosprobe_mos_bucket{le=\"3.5\"}"), 2, 0);
	assert_near(value_of("mosprobe_mos_bucket{le=\"+Inf\"}"), 3, 0);
	assert_near(value_of("mosprobe_mos_sum"), 8.83, 1e-9);
	assert_near(value_of("mosprobe_mos_count"), 3, 0);
	assert_near(value_of("mosprobe_latency_seconds_bucket{le=\"0.005\"}"), 1, 0);
	assert_near(value_of("mosprobe_latency_seconds_bucket{le=\"0.02\"}"), 2, 0);
	assert_near(value_of("mosprobe_latency_seconds_sum"), 0.015, 1e-12);
	assert_near(value_of("mosprobe_start_lateness_seconds_bucket{le=\"0.02\"}"), 1, 0);
	assert_near(value_of("mosprobe_start_lateness_seconds_count"), 2, 0);
	assert_near(value_of("mosprobe_start_lateness_max_seconds"), 0.020001, 1e-12);
	assert_near(value_of("mosprobe_turn_seconds_bucket{le=\"0.2\"}"), 2, 0);
	assert_near(value_of("mosprobe_turn_seconds_sum"), 3.052, 1e-9);
	assert_near(value_of("mosprobe_turn_max_seconds"), 3, 0);
}

static void the_numbers_of_redis(void **state)
{
	struct metrics_redis redis = {
		.written = 1,
		.dropped_results = 2,
		.dropped_transitions = 3,
		.reconnects = 4,
		.spooled = 5,
		.spool_age_ms = 6500,
		.round_trips = 7,
		.round_trips_ns = 14000000,
		.connected = true,
	};
	struct metrics_snapshot prober = { .heartbeat = { .queue_refused = 9 } };
	struct metrics metrics = all_zero;

	metrics.redis = &redis;
	metrics.prober = &prober;
	metrics.output_refused = 8;
	write_text(&metrics);
	assert_near(value_of("mosprobe_redis_connected"), 1, 0);
	assert_near(value_of("mosprobe_redis_entries_written_total"), 1, 0);
	assert_near(value_of("mosprobe_redis_reconnects_total"), 4, 0);
	assert_near(value_of("mosprobe_spool_entries"), 5, 0);
	assert_near(value_of("mosprobe_spool_age_seconds"), 6.5, 0);
	assert_near(value_of("mosprobe_redis_round_trip_seconds_sum"), 0.014, 1e-12);
	assert_near(value_of("mosprobe_redis_round_trip_seconds_count"), 7, 0);
	assert_near(value_of("mosprobe_dropped_entries_total{where=\"spool_results\"}"), 2, 0);
	assert_near(value_of("mosprobe_dropped_entries_total{where=\"spool_transitions\"}"), 3, 0);
	assert_near(value_of("mosprobe_dropped_entries_total{where=\"output\"}"), 8, 0);
	assert_near(value_of("mosprobe_dropped_entries_total{where=\"queue\"}"), 9, 0);
}

static void before_it_has_begun(void **state)
{
	struct metrics_redis redis = { .connected = false };
	struct metrics metrics = all_zero;

	metrics.redis = &redis;
	metrics.resident_bytes = 4096;
	metrics.cpu_ns = 2500000000;
	metrics.started_ms = 1795777940147;
	write_text(&metrics);
	assert_near(value_of("process_resident_memory_bytes"), 4096, 0);
	assert_near(value_of("process_cpu_seconds_total"), 2.5, 0);
	assert_near(value_of("process_start_time_seconds"), 1795777940.147, 1e-6);
	assert_near(value_of("mosprobe_build_info{version=\"1.2.3\"}"), 1, 0);
	assert_near(value_of("mosprobe_redis_connected"), NAN, 0);
	assert_near(value_of("mosprobe_cycles_total"), NAN, 0);
}

/* The largest of all numbers fit, and each family is told of once and its counters are named so. */
static void families(void **state)
{
	static struct metrics_snapshot prober;
	static struct metrics_redis redis;
	static char names[200][80];
	struct metrics metrics = all_zero;
	unsigned count = 0;

	memset(&prober, 0xff, sizeof prober);
	memset(&redis, 0xff, sizeof redis);
	redis.connected = true;
	metrics.prober_id = "0123456789012345678901234567890123456789012345678901234567890123";
	metrics.prober = &prober;
	metrics.redis = &redis;
	metrics.output_refused = metrics.cpu_ns = metrics.resident_bytes = metrics.started_ms =
		UINT64_MAX;
	write_text(&metrics);
	assert_true(strlen(text) < METRICS_TEXT_SIZE / 2);
	for (const char *at = text; (at = strstr(at, "# TYPE ")); at++) {
		char type[32], *name = names[count++];
		const char *total;

		assert_int_equal(sscanf(at, "# TYPE %79s %31s", name, type), 2);
		for (unsigned i = 0; i + 1 < count; i++)
			assert_string_not_equal(names[i], name);
		total = strstr(name, "_total");
		assert_int_equal(total && !total[6], !strcmp(type, "counter"));
		assert_true(!strncmp(name, "mosprobe_", 9) || !strncmp(name, "process_", 8));
	}
	assert_in_range(count, 45, 200);
}

static void when_it_is_ready(void **state)
{
	struct metrics_snapshot prober = { .heartbeat = { .targets = 5 } };
	struct metrics_redis redis = { .connected = false };
	struct metrics metrics = all_zero;
	struct message why;

	assert_false(metrics_are_ready(&metrics, &why));
	assert_string_equal(why.text, "the prober has not begun");
	metrics.prober = &prober;
	assert_true(metrics_are_ready(&metrics, &why));
	prober.heartbeat.dns_pending = 2;
	assert_false(metrics_are_ready(&metrics, &why));
	assert_string_equal(why.text, "2 names have had no answer yet");
	prober.heartbeat.dns_pending = 0;
	prober.counts.awaited = 1;
	assert_false(metrics_are_ready(&metrics, &why));
	assert_string_equal(why.text, "1 of 5 targets have had no result yet");
	prober.counts.awaited = 0;
	metrics.redis = &redis;
	assert_false(metrics_are_ready(&metrics, &why));
	assert_string_equal(why.text, "Redis is not connected");
	redis.connected = true;
	assert_true(metrics_are_ready(&metrics, &why));
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(the_numbers_of_the_prober),
		cmocka_unit_test(what_was_seen_is_spread),
		cmocka_unit_test(the_numbers_of_redis),
		cmocka_unit_test(before_it_has_begun),
		cmocka_unit_test(families),
		cmocka_unit_test(when_it_is_ready),
	};

	cmocka_set_message_output(CM_OUTPUT_TAP);
	return cmocka_run_group_tests(tests, NULL, NULL);
}
