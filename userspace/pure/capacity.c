/* SPDX-License-Identifier: MIT */
#include "pure/capacity.h"

#include <math.h>

/* A sample in a thousand may be skipped or unanswered for reasons that are not the load's. */
#define ODD_SAMPLES_PCT 0.1
/* Starts that are missing from the schedule's rate. */
#define STARTS_LEAST 0.97
/* Results may wait for Redis a little longer at the end of a window than at its beginning. */
#define BEHIND_SHARE 0.03
/* An answered connect keeps an entry of connection tracking for 10 s (nf_conntrack_tcp_timeout_close), a silent one
 * for 120 (nf_conntrack_tcp_timeout_syn_sent). */
#define TRACKED_ANSWERED_S 10
#define TRACKED_SILENT_S 120
/* mosprobe:{ID}:history:TARGET, see pure/history.h. */
#define HISTORY_BYTES 4608

const char *capacity_bound_name(enum capacity_bound bound)
{
	static const char *const names[] = { "none", "cpu", "lateness", "redis", "descriptors",
		"memory", "conntrack", "max_rate", "measuring" };

	return names[bound];
}

double capacity_cpu(const struct capacity_task *task, const struct capacity_step *step)
{
	return step->cpu_prober + step->cpu_receive + step->cpu_publish +
	       (task->redis_here ? step->cpu_redis : 0);
}

enum capacity_bound capacity_judge(
	const struct capacity_task *task, const struct capacity_step *step)
{
	double wanted_per_s = step->loaded * task->samples / step->interval_s;

	if (step->lost_pct > ODD_SAMPLES_PCT || step->unanswered_pct > ODD_SAMPLES_PCT)
		return CAPACITY_MEASURING;
	if (capacity_cpu(task, step) * 100 > task->budget_pct * task->cpus)
		return CAPACITY_CPU;
	if (step->behind_per_s > BEHIND_SHARE * step->results_per_s)
		return CAPACITY_REDIS;
	/* Written so that what is no number fails. */
	if (!(step->late_p99_ms < CAPACITY_LATE_MS) || step->skipped_pct > ODD_SAMPLES_PCT ||
		!(step->starts_per_s >= STARTS_LEAST * wanted_per_s))
		return CAPACITY_LATENESS;
	return CAPACITY_FREE;
}

struct capacity_step capacity_with_publishing_of(
	const struct capacity_step *step, const struct capacity_step *later)
{
	double share = later->results_per_s > 0 ? step->results_per_s / later->results_per_s : 0;
	struct capacity_step both = *step;

	both.cpu_publish = later->cpu_publish * share;
	both.cpu_redis = later->cpu_redis * share;
	both.redis_commands_per_s = later->redis_commands_per_s * share;
	both.redis_bytes_per_s = later->redis_bytes_per_s * share;
	both.redis_entry_bytes = later->redis_entry_bytes;
	both.redis_target_bytes = later->redis_target_bytes;
	return both;
}

struct capacity_memory capacity_memory(const struct capacity_step *steps, unsigned count)
{
	double n = count, x = 0, y = 0, xx = 0, xy = 0, spread, most = 0;
	struct capacity_memory found = { .target_bytes = CAPACITY_TARGET_BYTES };

	for (unsigned i = 0; i < count; i++) {
		x += steps[i].loaded;
		y += steps[i].resident_bytes;
		xx += steps[i].loaded * steps[i].loaded;
		xy += steps[i].loaded * steps[i].resident_bytes;
		most = fmax(most, steps[i].loaded);
	}
	/* Numbers too near each other tell nothing of the slope. */
	spread = n * xx - x * x;
	found.measured = most >= CAPACITY_LOADED_LEAST && spread > 0.01 * n * xx && n * xy > x * y;
	if (found.measured)
		found.target_bytes = (n * xy - x * y) / spread;
	if (count)
		found.base_bytes = fmax(0, (y - found.target_bytes * x) / n);
	return found;
}

double capacity_round(double number)
{
	double unit = number >= 1000 ? pow(10, floor(log10(number)) - 2) : 1;

	return floor(number / unit * (1 + 1e-9)) * unit;
}

static double in_flight_per_start(const struct capacity_task *task)
{
	return (1 - CAPACITY_SILENT_SHARE) * CAPACITY_ROUND_TRIP_S +
	       CAPACITY_SILENT_SHARE * task->timeout_s;
}

static double redis_target_bytes(
	const struct capacity_task *task, const struct capacity_step *step, double targets)
{
	bool history = task->redis && targets <= task->history_targets_most;

	return step->redis_target_bytes + (history ? HISTORY_BYTES : 0);
}

/* What each bound allows, whatever was measured of the others. */
static void find_limits(struct capacity_plan *plan, const struct capacity_task *task,
	const struct capacity_step *step, const struct capacity_memory *memory, double targets,
	enum capacity_bound failed)
{
	double starts_per_s = task->samples / task->interval_s; /* of a target */
	double redis_bytes = task->redis_here ? redis_target_bytes(task, step, targets) : 0;
	double memory_bytes = CAPACITY_MEMORY_SHARE * task->memory_bytes - memory->base_bytes;
	double tracked_s = (1 - CAPACITY_SILENT_SHARE) * TRACKED_ANSWERED_S +
			   CAPACITY_SILENT_SHARE * TRACKED_SILENT_S;

	for (int i = 0; i < CAPACITY_BOUNDS; i++)
		plan->limits[i] = INFINITY;
	plan->limits[failed] = targets;
	plan->limits[CAPACITY_DESCRIPTORS] =
		task->descriptors / (starts_per_s * in_flight_per_start(task));
	if (task->redis_here)
		memory_bytes -= task->results_maxlen * step->redis_entry_bytes;
	if (plan->target_bytes + redis_bytes > 0)
		plan->limits[CAPACITY_MEMORY] =
			fmax(0, memory_bytes) / (plan->target_bytes + redis_bytes);
	plan->limits[CAPACITY_CONNTRACK] = task->conntrack_free / (starts_per_s * tracked_s);
	if (task->max_rate_per_s > 0)
		plan->limits[CAPACITY_MAX_RATE] = task->max_rate_per_s / starts_per_s;
}

static void take_cpu(struct capacity_plan *plan, const struct capacity_task *task,
	const struct capacity_step *step)
{
	double us = step->starts_per_s > 0 ? 1e6 / step->starts_per_s : 0;

	plan->prober_us = step->cpu_prober * us;
	plan->receive_us = step->cpu_receive * us;
	plan->publish_us = step->cpu_publish * us;
	plan->redis_us = step->cpu_redis * us;
	plan->probe_us = capacity_cpu(task, step) * us;
	plan->cpu_pct = plan->probe_us * plan->connects_per_s / 1e6 / task->cpus * 100;
	/* Closer looks are connects, and no more results. */
	plan->cpu_most_pct =
		plan->cpu_pct + (plan->prober_us + plan->receive_us) *
					(plan->connects_most_per_s - plan->connects_per_s) / 1e6 /
					task->cpus * 100;
}

struct capacity_plan capacity_plan(const struct capacity_task *task,
	const struct capacity_step *step, const struct capacity_memory *memory, double targets,
	enum capacity_bound failed)
{
	struct capacity_plan plan = { .target_bytes = memory->target_bytes, .binds = failed };
	double more = fmax(0, task->closer_samples - task->samples) * task->closer_share_pct / 100;
	double share; /* of what was measured */

	find_limits(&plan, task, step, memory, targets, failed);
	for (int i = 0; i < CAPACITY_BOUNDS; i++)
		if (plan.limits[i] < targets) {
			targets = plan.limits[i];
			plan.binds = (enum capacity_bound)i;
		}
	plan.targets = capacity_round(targets);
	plan.results_per_s = plan.targets / task->interval_s;
	plan.connects_per_s = plan.results_per_s * task->samples;
	plan.connects_most_per_s = plan.results_per_s * (task->samples + more);
	plan.late_p99_ms = step->late_p99_ms;
	take_cpu(&plan, task, step);
	plan.memory_bytes = memory->base_bytes + memory->target_bytes * plan.targets;
	plan.in_flight = plan.connects_per_s * in_flight_per_start(task);
	plan.in_flight_silent = plan.connects_per_s * task->timeout_s;
	plan.descriptors = task->descriptors;
	share = step->starts_per_s > 0 ? plan.connects_per_s / step->starts_per_s : 0;
	plan.packets_per_s = (step->sent_packets_per_s + step->received_packets_per_s) * share;
	plan.bits_per_s = step->wire_bits_per_s * share;
	share = step->results_per_s > 0 ? plan.results_per_s / step->results_per_s : 0;
	plan.redis_commands_per_s = step->redis_commands_per_s * share;
	plan.redis_bytes_per_s = step->redis_bytes_per_s * share;
	plan.redis_entry_bytes = step->redis_entry_bytes;
	plan.redis_memory_bytes = plan.targets * redis_target_bytes(task, step, plan.targets) +
				  task->results_maxlen * step->redis_entry_bytes;
	return plan;
}

double capacity_instead(const struct capacity_task *task, const struct capacity_plan *plan,
	double samples, double interval_s)
{
	double connect_us = plan->prober_us + plan->receive_us;
	double result_us = (plan->probe_us - connect_us) * task->samples;
	double now_us = (connect_us * task->samples + result_us) / task->interval_s;
	double then_us = (connect_us * samples + result_us) / interval_s;

	return then_us > 0 ? capacity_round(plan->targets * now_us / then_us) : 0;
}
