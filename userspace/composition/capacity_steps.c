/* SPDX-License-Identifier: MIT */
/* The search and the check: which trials are run. */
#include <errno.h>
#include <math.h>
#include <stdio.h>
#include <string.h>

#include "composition/capacity_report.h"
#include "composition/capacity_trial.h"
#include "vocabulary/nsec.h"

/* The first step, and what one cannot do without, in connects a second. */
#define FIRST_PER_S 4000.0
#define FIRST_TARGETS_LEAST 10.0
/* Starting, ending, and a little for what is slow. */
#define OVERHEAD_S 2.0
#define LOADED_PER_S 500000.0
#define SETTLE_S 0.5
#define SETTLED_SAMPLES 15 /* at most, until a target is no longer settling */
#define GUARD_S 1.0
/* The check: a heartbeat comes every 5 s. */
#define CHECK_SETTLE_S 6.0
#define CHECK_WINDOW_S 10.0
#define CHECK_S_MOST 80.0
/* More are not loaded at once. */
#define LOADED_MOST 2000000.0
#define LOADED_MEMORY_SHARE 0.6
#define LOADED_BYTES 900.0
#define LOADED_REDIS_BYTES 1200.0
/* Off what was not in time when all targets were loaded. */
#define TAKEN_OFF 0.9
/* From this part of a CPU on its thread may well be what makes starts late. */
#define BUSY_CPU 0.8
#define THREAD_MOST_CPU 0.95

static double now_s(void)
{
	return (double)nsec_mono() / NSEC_PER_SEC;
}

/* Until results come at their full rate: the last sample of the first cycles, and the guard's wait. */
static double warm_s(const struct capacity_report *report, double interval_s)
{
	return interval_s * (report->task.samples - 1) / report->task.samples + GUARD_S;
}

/* Until targets are no longer settling: before that each result changes more of what is in Redis. */
static double settled_s(const struct capacity_report *report, double interval_s)
{
	double samples = report->task.samples, window = samples * report->config->window;

	return warm_s(report, interval_s) +
	       interval_s * ceil(fmin(SETTLED_SAMPLES, window) / samples) + SETTLE_S;
}

/* Of a step: as short as it may be, or long enough for several samples of a target not to be one moment. */
static double short_interval_s(const struct capacity_report *report)
{
	double interval_s = report->task.samples >= 3 ? report->pace->short_interval_s : 1;

	return fmin(report->task.interval_s, interval_s);
}

static double loaded_most(const struct capacity_report *report)
{
	double bytes = LOADED_BYTES + (report->room.redis ? LOADED_REDIS_BYTES : 0);

	return fmin(LOADED_MOST, LOADED_MEMORY_SHARE * report->task.memory_bytes / bytes);
}

static void say(const struct capacity_report *report, const struct capacity_step *step,
	enum capacity_bound found)
{
	char targets[CAPACITY_NUMBER_SIZE], starts[CAPACITY_NUMBER_SIZE];

	fprintf(stderr,
		"capacity: %2u %12s targets %8s connects/s  CPU %5.1f %%  p99 %6.2f ms  %s\n",
		report->step_count, capacity_number(step->targets, targets),
		capacity_number(step->starts_per_s, starts),
		capacity_cpu(&report->task, step) / report->task.cpus * 100, step->late_p99_ms,
		found == CAPACITY_FREE ? "fits" : capacity_bound_name(found));
}

/* Runs one, and keeps what was found. later: where its publishing is taken from, NULL = from itself. */
static int try(struct capacity_report *report, struct capacity_trial *trial,
	const struct capacity_step *later, struct message *msg)
{
	struct capacity_step *step = &report->steps[report->step_count];
	int error;

	trial->room = &report->room;
	trial->arguments = report->arguments;
	trial->config = report->config;
	trial->stop_asked = report->stop_asked;
	error = capacity_trial_run(trial, step, msg);
	if (error)
		return error;
	if (later)
		*step = capacity_with_publishing_of(step, later);
	report->found[report->step_count] = capacity_judge(&report->task, step);
	report->step_count++;
	memcpy(report->stamps, trial->stamps, sizeof report->stamps);
	memcpy(report->engine, trial->engine, sizeof report->engine);
	say(report, step, report->found[report->step_count - 1]);
	return 0;
}

/* At the rate that so many targets have. */
static int try_rate(struct capacity_report *report, double targets, struct message *msg)
{
	double interval_s = short_interval_s(report);
	struct capacity_trial trial = {
		.targets = targets,
		.loaded = fmax(1, round(targets * interval_s / report->task.interval_s)),
		.interval_s = interval_s,
		.warm_s = settled_s(report, interval_s),
		.window_s = report->pace->window_s,
	};

	return try(report, &trial, NULL, msg);
}

/* A start that is late while the prober's thread has had time to spare is a moment's trouble of the machine, or others'
 * work on it: it is looked at again, once. */
static bool is_doubtful(const struct capacity_report *report)
{
	const struct capacity_step *step = &report->steps[report->step_count - 1];

	return report->found[report->step_count - 1] == CAPACITY_LATENESS &&
	       step->cpu_prober < BUSY_CPU;
}

/* What the check will take, 0 when it cannot be made. */
static double check_s(const struct capacity_report *report, double targets)
{
	double takes_s = warm_s(report, report->task.interval_s) + CHECK_SETTLE_S + CHECK_WINDOW_S +
			 OVERHEAD_S + 2 * fmin(targets, LOADED_MOST) / LOADED_PER_S;

	return report->pace->check && takes_s <= CHECK_S_MOST && targets <= loaded_most(report) &&
			       report->task.interval_s > short_interval_s(report)
		       ? takes_s
		       : 0;
}

/* Of what CPU there is: of the budget, and of the one that the prober's thread has. */
static double used_share(const struct capacity_report *report, const struct capacity_step *step)
{
	double budget = report->task.budget_pct * report->task.cpus / 100;

	return fmax(capacity_cpu(&report->task, step) / budget, step->cpu_prober / THREAD_MOST_CPU);
}

/* Is there time for one more step, and the check behind it? */
static bool has_time(const struct capacity_report *report, double step_s, double targets)
{
	double left_s = report->began_s + report->pace->seconds - now_s();

	return left_s >= step_s + check_s(report, targets);
}

static int search(struct capacity_report *report, struct message *msg)
{
	double interval_s = short_interval_s(report);
	double step_s = settled_s(report, interval_s) + report->pace->window_s + OVERHEAD_S;
	struct capacity_search state = {
		.most = loaded_most(report) / interval_s * report->task.interval_s,
	};
	bool more = true;
	int error = 0;

	state.next =
		fmin(state.most, fmax(FIRST_TARGETS_LEAST, FIRST_PER_S * report->task.interval_s /
								   report->task.samples));
	while (more && !error && report->step_count < report->pace->steps) {
		const struct capacity_step *step = &report->steps[report->step_count];

		if (report->step_count > 1 && !has_time(report, step_s, state.next))
			break;
		error = try_rate(report, round(state.next), msg);
		if (!error && is_doubtful(report) && report->step_count < report->pace->steps &&
			(report->step_count < 2 || has_time(report, step_s, state.next))) {
			step++;
			error = try_rate(report, round(state.next), msg);
		}
		if (!error)
			more = capacity_search_step(&state, report->found[report->step_count - 1],
				used_share(report, step));
	}
	report->pass = state.pass;
	report->failed = state.fail ? state.failed : CAPACITY_FREE;
	return error;
}

const struct capacity_step *capacity_best(const struct capacity_report *report)
{
	const struct capacity_step *best = NULL;

	for (unsigned i = 0; i < report->step_count; i++)
		if (report->found[i] == CAPACITY_FREE &&
			(!best || report->steps[i].targets >= best->targets))
			best = &report->steps[i];
	return best;
}

/* All of them at once, as they would be. */
static int check(struct capacity_report *report, struct message *msg)
{
	struct capacity_trial trial = {
		.targets = report->pass,
		.loaded = round(report->pass),
		.interval_s = report->task.interval_s,
		.warm_s = warm_s(report, report->task.interval_s) + CHECK_SETTLE_S,
		.window_s = CHECK_WINDOW_S,
	};
	const struct capacity_step *step = &report->steps[report->step_count];
	double share;
	int error;

	fprintf(stderr, "capacity: all of them at their own interval, %.0f s\n",
		trial.warm_s + trial.window_s);
	error = try(report, &trial, capacity_best(report), msg);
	if (error)
		return error;
	report->checked = true;
	switch (report->found[report->step_count - 1]) {
	case CAPACITY_FREE:
		return 0;
	case CAPACITY_CPU:
		share = report->task.budget_pct * report->task.cpus / 100 /
			capacity_cpu(&report->task, step);
		report->failed = CAPACITY_CPU;
		break;
	default:
		share = TAKEN_OFF;
		report->failed = report->found[report->step_count - 1];
		capacity_say(&report->notes,
			"with all targets loaded %s was exceeded (lateness p99 %.1f ms): a tenth was taken off, "
			"and not measured again",
			capacity_bound_name(report->failed), step->late_p99_ms);
	}
	report->pass *= share;
	return 0;
}

int capacity_search_run(struct capacity_report *report, struct message *msg)
{
	double left_s;
	int error = search(report, msg);

	if (error || !report->pass)
		return error;
	left_s = report->began_s + report->pace->seconds - now_s();
	if (check_s(report, report->pass) && left_s >= check_s(report, report->pass))
		return check(report, msg);
	return 0;
}
