/* SPDX-License-Identifier: MIT */
#include <errno.h>
#include <math.h>

#include "composition/capacity_report.h"
#include "edges/json.h"

#define DIGITS 9

static struct json *line_of(const struct capacity_lines *lines, unsigned i)
{
	struct json *line = json_new();

	json_add_text(line, "text", lines->list[i].text);
	return line;
}

static struct json *limits_of(const struct capacity_plan *plan)
{
	struct json *limits = json_new();

	for (int i = CAPACITY_FREE + 1; i < CAPACITY_BOUNDS; i++)
		json_add_number(limits, capacity_bound_name((enum capacity_bound)i),
			isfinite(plan->limits[i]) ? floor(plan->limits[i] + 1e-3) : (double)NAN);
	return limits;
}

static struct json *step_of(const struct capacity_report *report, unsigned i)
{
	const struct capacity_step *step = &report->steps[i];
	struct json *json = json_new();

	json_add_integer(json, "targets", (long long)step->targets);
	json_add_integer(json, "loaded_targets", (long long)step->loaded);
	json_add_number(json, "loaded_interval_s", step->interval_s);
	json_add_number(json, "window_s", step->seconds);
	json_add_number(json, "connects_per_s", step->starts_per_s);
	json_add_number(json, "results_per_s", step->results_per_s);
	json_add_number(
		json, "cpu_pct", capacity_cpu(&report->task, step) / report->task.cpus * 100);
	json_add_number(json, "lateness_p99_ms", step->late_p99_ms);
	json_add_number(json, "skipped_pct", step->skipped_pct);
	json_add_number(json, "unanswered_pct", step->unanswered_pct);
	json_add_number(json, "lost_by_link_pct", step->lost_pct);
	json_add_number(json, "waited_for_cpu_pct", step->waited_pct);
	json_add_number(json, "stolen_by_host_pct", step->stolen_pct);
	json_add_number(json, "resident_bytes", step->resident_bytes);
	json_add_text(json, "exceeded", capacity_bound_name(report->found[i]));
	return json;
}

static void add_task(struct json *json, const struct capacity_report *report)
{
	const struct capacity_task *task = &report->task;

	json_add_number(json, "budget_pct", task->budget_pct);
	json_add_integer(json, "cpus", task->cpus);
	json_add_number(json, "interval_s", task->interval_s);
	json_add_number(json, "timeout_s", task->timeout_s);
	json_add_integer(json, "samples", (long long)task->samples);
	json_add_text(json, "stamps", report->stamps);
	json_add_text(json, "engine", report->engine);
	json_add_text(json, "peers", report->room.reflector ? "kernel" : "loopback");
	json_add_text(json, "redis",
		report->room.redis ? "measured"
		: task->redis	   ? "not_measured"
				   : "none");
	json_add_integer(json, "checked", report->checked);
}

static void add_plan(struct json *json, const struct capacity_report *report)
{
	const struct capacity_plan *plan = &report->plan;

	json_add_integer(json, "targets", (long long)plan->targets);
	json_add_text(json, "binds",
		capacity_bound_name(plan->targets > 0 ? plan->binds : report->failed));
	json_add_number(json, "connects_per_s", plan->connects_per_s);
	json_add_number(json, "connects_with_closer_looks_per_s", plan->connects_most_per_s);
	json_add_number(json, "results_per_s", plan->results_per_s);
	json_add_number(json, "cpu_pct", plan->cpu_pct);
	json_add_number(json, "cpu_with_closer_looks_pct", plan->cpu_most_pct);
	json_add_number(json, "cpu_per_probe_us", plan->probe_us);
	json_add_number(json, "cpu_prober_us", plan->prober_us);
	json_add_number(json, "cpu_receive_us", plan->receive_us);
	json_add_number(json, "cpu_publish_us", plan->publish_us);
	json_add_number(json, "cpu_redis_us", plan->redis_us);
	json_add_number(json, "lateness_p99_ms", plan->late_p99_ms);
	json_add_number(json, "memory_bytes", plan->memory_bytes);
	json_add_number(json, "memory_per_target_bytes", plan->target_bytes);
	json_add_number(json, "descriptors", plan->descriptors);
	json_add_number(json, "descriptors_in_use_tenth_silent", plan->in_flight);
	json_add_number(json, "descriptors_in_use_all_silent", plan->in_flight_silent);
	json_add_integer(json, "ports_per_destination", report->ports);
	json_add_number(json, "wire_packets_per_s", plan->packets_per_s);
	json_add_number(json, "wire_bits_per_s", plan->bits_per_s);
	json_add_number(json, "redis_commands_per_s", plan->redis_commands_per_s);
	json_add_number(json, "redis_bytes_per_s", plan->redis_bytes_per_s);
	json_add_number(json, "redis_bytes_per_h", plan->redis_bytes_per_s * 3600);
	json_add_number(json, "redis_bytes_per_day", plan->redis_bytes_per_s * 86400);
	json_add_number(json, "redis_memory_bytes", plan->redis_memory_bytes);
	json_add_object(json, "limits_targets", limits_of(plan));
}

int capacity_json(const struct capacity_report *report)
{
	struct json *json = json_new();
	int error;

	json_add_text(json, "type", "capacity");
	add_task(json, report);
	add_plan(json, report);
	for (unsigned i = 0; i < report->advice.count; i++)
		json_append(json, "change", line_of(&report->advice, i));
	for (unsigned i = 0; i < report->notes.count; i++)
		json_append(json, "notes", line_of(&report->notes, i));
	for (unsigned i = 0; i < report->step_count; i++)
		json_append(json, "steps", step_of(report, i));
	json_add_number(json, "seconds", report->seconds);
	error = json_end(json, stdout, DIGITS);
	return fflush(stdout) ? -EIO : error;
}
