/* SPDX-License-Identifier: MIT */
#include "pure/metrics.h"

#include <assert.h>
#include <math.h>

#include "pure/exposition.h"

/* The bounds of bands and of the usual alert levels are among them. */
static const struct bucket_bounds mos_bounds = { 16,
	{ 1.5, 2, 2.5, 2.75, 3, 3.25, 3.5, 3.6, 3.7, 3.8, 3.9, 4, 4.1, 4.2, 4.3, 4.4 } };
/* Above 0.9 s no latency is certain. */
static const struct bucket_bounds latency_bounds = { 15,
	{ 0.001, 0.0025, 0.005, 0.01, 0.02, 0.03, 0.05, 0.075, 0.1, 0.15, 0.2, 0.3, 0.4, 0.6,
		0.9 } };
/* Late is what is above 0.02. */
const struct bucket_bounds metrics_lateness_bounds = { 13,
	{ 0.0001, 0.0005, 0.001, 0.002, 0.003, 0.004, 0.005, 0.01, 0.02, 0.05, 0.1, 0.5, 1 } };
/* A turn waits for 0.05 s at most; what took more than 0.2 was a pause. */
static const struct bucket_bounds turn_bounds = { 9,
	{ 0.001, 0.0025, 0.005, 0.01, 0.025, 0.06, 0.1, 0.2, 1 } };

void metrics_see_result(struct metrics_counts *counts, const struct result *result)
{
	if (!isnan(result->mos))
		buckets_add(&counts->mos, &mos_bounds, result->mos);
	if (!isnan(result->latency_ms))
		buckets_add(&counts->latency_s, &latency_bounds, result->latency_ms / 1e3);
}

void metrics_see_start(struct metrics_counts *counts, uint64_t late_ns)
{
	double late_s = (double)late_ns / 1e9;

	buckets_add(&counts->lateness_s, &metrics_lateness_bounds, late_s);
	if (late_s > counts->lateness_most_s)
		counts->lateness_most_s = late_s;
}

void metrics_see_turn(struct metrics_counts *counts, uint64_t turn_ns)
{
	double turn_s = (double)turn_ns / 1e9;

	buckets_add(&counts->turn_s, &turn_bounds, turn_s);
	if (turn_s > counts->turn_most_s)
		counts->turn_most_s = turn_s;
}

/* A number that stands in a struct as uint64_t. */
struct row {
	const char *name, *type, *help;
	size_t offset;
	double per; /* so many of it are one of the metric's unit */
};

#define BEAT(member) offsetof(struct heartbeat, member)
#define REDIS(member) offsetof(struct metrics_redis, member)

static const struct row heartbeat_rows[] = {
	{ "mosprobe_heartbeat_timestamp_seconds", "gauge",
		"When the prober was in the state that is told here, by the wall clock.",
		BEAT(at_ms), 1e3 },
	{ "mosprobe_interval_seconds", "gauge", "One cycle of a target.", BEAT(interval_ms), 1e3 },
	{ "mosprobe_targets_muted", "gauge", "Targets that are measured and raise nothing.",
		BEAT(muted), 1 },
	{ "mosprobe_cycles_total", "counter", "Cycles of targets that were finished.", BEAT(cycles),
		1 },
	{ "mosprobe_samples_ambiguous_total", "counter",
		"Samples that were answered, without a certain latency.", BEAT(ambiguous), 1 },
	{ "mosprobe_syns_provoked_total", "counter", "SYNs that wrong answers provoked.",
		BEAT(provoked), 1 },
	{ "mosprobe_stamps_missing_total", "counter",
		"Samples that were connected, and neither end was stamped.",
		BEAT(local_errors[LOCAL_NO_STAMP]), 1 },
	{ "mosprobe_late_starts_total", "counter", "Starts more than 20 ms after they were due.",
		BEAT(late_starts), 1 },
	{ "mosprobe_slots", "gauge", "Sockets to connect with.", BEAT(slots), 1 },
	{ "mosprobe_slots_in_use", "gauge", "Sockets with a connect under way.", BEAT(in_flight),
		1 },
	{ "mosprobe_slot_waits_total", "counter", "Starts that found no free socket.",
		BEAT(slot_waits), 1 },
	{ "mosprobe_address_waits_total", "counter", "Starts that prober.address_rate put off.",
		BEAT(address_waits), 1 },
	{ "mosprobe_dns_lookups_total", "counter", "Names that were looked up.", BEAT(dns_lookups),
		1 },
	{ "mosprobe_dns_names_pending", "gauge", "Names that have had no answer yet.",
		BEAT(dns_pending), 1 },
	{ "mosprobe_address_changes_total", "counter", "Names that have moved.",
		BEAT(address_changes), 1 },
	{ "mosprobe_family_changes_total", "counter",
		"Targets that went on at their address of the other family.", BEAT(family_changes),
		1 },
	{ "mosprobe_impaired", "gauge",
		"1: the guard has tripped, this vantage point itself is in trouble, and nothing is judged.",
		BEAT(impaired), 1 },
	{ "mosprobe_guard_trips_total", "counter", "How often the guard has tripped.",
		BEAT(guard_trips), 1 },
	{ "mosprobe_guard_rejected_samples_total", "counter",
		"Samples that did not count, for the prober was impaired.", BEAT(guard_rejected),
		1 },
	{ "mosprobe_groups_open", "gauge", "Groups of targets with an event that is not over.",
		BEAT(groups_open), 1 },
	{ "mosprobe_clock_steps_total", "counter", "How often the wall clock was set.",
		BEAT(clock_steps), 1 },
	{ "mosprobe_sleeps_total", "counter", "How often the machine was suspended.", BEAT(sleeps),
		1 },
	{ "mosprobe_prober_cpu_seconds_total", "counter", "CPU time of the prober's thread.",
		BEAT(cpu_ns), 1e9 },
};

static const struct row redis_rows[] = {
	{ "mosprobe_redis_entries_written_total", "counter",
		"Results and transitions that Redis has acknowledged.", REDIS(written), 1 },
	{ "mosprobe_redis_reconnects_total", "counter", "Connections after the first.",
		REDIS(reconnects), 1 },
	{ "mosprobe_spool_entries", "gauge", "Results and transitions that wait for Redis.",
		REDIS(spooled), 1 },
	{ "mosprobe_spool_age_seconds", "gauge", "How long the oldest of them has waited.",
		REDIS(spool_age_ms), 1e3 },
};

static void add_rows(
	struct exposition *text, const struct row *rows, size_t count, const void *values)
{
	for (size_t i = 0; i < count; i++) {
		uint64_t value = *(const uint64_t *)((const char *)values + rows[i].offset);

		exposition_family(text, rows[i].name, rows[i].type, rows[i].help);
		exposition_value(text, (double)value / rows[i].per);
	}
}

static void add_one(struct exposition *text, const char *label, const char *name, uint64_t value)
{
	const char *const labels[] = { label, name, NULL };

	exposition_labelled(text, labels, (double)value);
}

static void add_targets(struct exposition *text, const struct metrics_snapshot *prober)
{
	const struct heartbeat *heartbeat = &prober->heartbeat;

	exposition_family(text, "mosprobe_targets", "gauge", "Targets, by state.");
	for (int i = 0; i < STATE_COUNT; i++)
		add_one(text, "state", state_name(i), heartbeat->states[i]);
	exposition_family(text, "mosprobe_targets_by_band", "gauge",
		"Targets by the band of their MOS; none: it is not judged.");
	for (int i = 0; i < BAND_COUNT; i++)
		add_one(text, "band", i == BAND_NONE ? "none" : band_name(i),
			prober->counts.bands[i]);
	exposition_family(
		text, "mosprobe_targets_awaited", "gauge", "Targets that have had no result yet.");
	exposition_value(text, (double)prober->counts.awaited);
}

static void add_spreads(struct exposition *text, const struct metrics_counts *counts)
{
	exposition_family(text, "mosprobe_mos", "histogram",
		"MOS that alerts use, of each target after each cycle that counted.");
	exposition_histogram(text, &mos_bounds, &counts->mos);
	exposition_family(text, "mosprobe_latency_seconds", "histogram",
		"Latency over its window, of each target after each cycle that counted.");
	exposition_histogram(text, &latency_bounds, &counts->latency_s);
	exposition_family(text, "mosprobe_start_lateness_seconds", "histogram",
		"How long after they were due samples were started.");
	exposition_histogram(text, &metrics_lateness_bounds, &counts->lateness_s);
	exposition_family(text, "mosprobe_start_lateness_max_seconds", "gauge",
		"The longest of them since the start.");
	exposition_value(text, counts->lateness_most_s);
	exposition_family(text, "mosprobe_turn_seconds", "histogram",
		"From one turn of the prober to the next; without work it waits for 0.05 s.");
	exposition_histogram(text, &turn_bounds, &counts->turn_s);
	exposition_family(
		text, "mosprobe_turn_max_seconds", "gauge", "The longest of them since the start.");
	exposition_value(text, counts->turn_most_s);
}

static void add_kinds(struct exposition *text, const struct heartbeat *heartbeat)
{
	exposition_family(text, "mosprobe_samples_total", "counter", "Samples, by outcome.");
	for (int i = 0; i < OUTCOME_COUNT; i++)
		add_one(text, "outcome", outcome_name(i), heartbeat->outcomes[i]);
	exposition_family(text, "mosprobe_local_errors_total", "counter",
		"Samples that failed at our own side, by kind.");
	for (int i = 0; i < LOCAL_ERROR_COUNT; i++)
		add_one(text, "kind", local_error_name(i), heartbeat->local_errors[i]);
	exposition_family(text, "mosprobe_samples_skipped_total", "counter",
		"Samples that were not taken, by reason.");
	for (int i = 0; i < SKIP_REASON_COUNT; i++)
		add_one(text, "reason", skip_reason_name(i), heartbeat->skips[i]);
	exposition_family(text, "mosprobe_capture_troubles_total", "counter",
		"Packets that the kernel half could not read, by cause.");
	for (int i = 0; i < HANDSHAKE_TROUBLES; i++)
		add_one(text, "cause", handshake_trouble_name(i), heartbeat->troubles[i]);
	exposition_family(text, "mosprobe_answers_ignored_total", "counter",
		"SYN-ACKs and RSTs that were no answer to what was sent, by kind.");
	add_one(text, "kind", "duplicate", heartbeat->duplicates);
	add_one(text, "kind", "wrong_ack", heartbeat->wrong_acks);
	add_one(text, "kind", "foreign_ts", heartbeat->foreign_ts);
	exposition_family(
		text, "mosprobe_dns_answers_total", "counter", "Look-ups that have ended, by how.");
	add_one(text, "result", "found", heartbeat->dns_found);
	add_one(text, "result", "not_found", heartbeat->dns_not_found);
	add_one(text, "result", "failed", heartbeat->dns_failed);
}

static void add_redis(struct exposition *text, const struct metrics_redis *redis)
{
	exposition_family(text, "mosprobe_redis_connected", "gauge", "1: entries are taken.");
	exposition_value(text, redis->connected);
	exposition_family(text, "mosprobe_redis_round_trip_seconds", "summary",
		"From a command that was sent to its answer; one at a time is looked at.");
	exposition_summary(text, (double)redis->round_trips_ns / 1e9, (double)redis->round_trips);
	add_rows(text, redis_rows, sizeof redis_rows / sizeof *redis_rows, redis);
}

static void add_drops(struct exposition *text, const struct metrics *metrics)
{
	exposition_family(text, "mosprobe_dropped_entries_total", "counter",
		"Results and transitions that are lost for want of room, by where: the spool, the "
		"queue to the publisher, standard output.");
	if (metrics->redis) {
		add_one(text, "where", "spool_results", metrics->redis->dropped_results);
		add_one(text, "where", "spool_transitions", metrics->redis->dropped_transitions);
		add_one(text, "where", "queue", metrics->prober->heartbeat.queue_refused);
	}
	add_one(text, "where", "output", metrics->output_refused);
}

static void add_process(struct exposition *text, const struct metrics *metrics)
{
	const char *const build[] = { "version", metrics->version, NULL };
	const char *const info[] = { "prober", metrics->prober_id, "stamps", metrics->stamps,
		"engine", metrics->engine, NULL };

	exposition_family(text, "mosprobe_build_info", "gauge", "Always 1.");
	exposition_labelled(text, build, 1);
	exposition_family(text, "mosprobe_prober_info", "gauge",
		"Always 1: the prober's id, where latencies are taken, and how it connects.");
	exposition_labelled(text, info, 1);
	exposition_family(text, "process_cpu_seconds_total", "counter", "CPU time of all threads.");
	exposition_value(text, (double)metrics->cpu_ns / 1e9);
	exposition_family(text, "process_resident_memory_bytes", "gauge", "Resident memory.");
	exposition_value(text, (double)metrics->resident_bytes);
	exposition_family(text, "process_start_time_seconds", "gauge",
		"When the process started, since 1970.");
	exposition_value(text, (double)metrics->started_ms / 1e3);
}

/* Of one that stands by there is nothing but its process: it is quiet, and not in trouble. */
size_t metrics_text(char ret[METRICS_TEXT_SIZE], const struct metrics *metrics)
{
	struct exposition text = { .text = ret, .size = METRICS_TEXT_SIZE };

	add_process(&text, metrics);
	if (metrics->prober) {
		if (metrics->redis)
			add_redis(&text, metrics->redis);
		add_drops(&text, metrics);
		add_targets(&text, metrics->prober);
		add_spreads(&text, &metrics->prober->counts);
		add_kinds(&text, &metrics->prober->heartbeat);
		add_rows(&text, heartbeat_rows, sizeof heartbeat_rows / sizeof *heartbeat_rows,
			&metrics->prober->heartbeat);
	}
	assert(!text.cut);
	return text.used;
}

bool metrics_are_ready(const struct metrics *metrics, struct message *ret_why)
{
	const struct metrics_snapshot *prober = metrics->prober;

	if (!prober)
		message_set(ret_why, 0, "the prober has not begun");
	else if (prober->heartbeat.dns_pending)
		message_set(ret_why, 0, "%llu names have had no answer yet",
			(unsigned long long)prober->heartbeat.dns_pending);
	else if (prober->counts.awaited)
		message_set(ret_why, 0, "%llu of %llu targets have had no result yet",
			(unsigned long long)prober->counts.awaited,
			(unsigned long long)prober->heartbeat.targets);
	else if (metrics->redis && !metrics->redis->connected)
		message_set(ret_why, 0, "Redis is not connected");
	else
		return true;
	return false;
}
