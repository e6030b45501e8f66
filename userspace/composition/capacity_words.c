/* SPDX-License-Identifier: MIT */
/* What is said besides numbers: how it was measured, what binds, what to change. */
#include <math.h>
#include <stdarg.h>
#include <stdio.h>

#include "composition/capacity_report.h"
#include "vocabulary/nsec.h"

/* Of the time: what is taken from the prober's thread that is worth a word. */
#define BUSY_PCT 2

void capacity_say(struct capacity_lines *lines, const char *format, ...)
{
	va_list args;

	if (lines->count == CAPACITY_LINES_MOST)
		return;
	va_start(args, format);
	vsnprintf(lines->list[lines->count++].text, MESSAGE_SIZE, format, args);
	va_end(args);
}

const char *capacity_bound_text(enum capacity_bound bound)
{
	static const char *const texts[] = {
		"nothing of what was tried",
		"the CPU budget",
		"start lateness: the prober's thread is too late too often",
		"Redis: it takes results more slowly than they come",
		"descriptors, on a bad day: a tenth of the targets silent",
		"memory: four fifths of what is available",
		"connection tracking, on a bad day: a tenth of the targets silent",
		"[prober] max_rate",
		"the measuring itself: the link or the peers lost packets, not the prober",
	};

	return texts[bound];
}

static void note_redis(struct capacity_report *report)
{
	if (!report->config->redis_url)
		capacity_say(&report->notes, "no Redis is configured: no results were published");
	else if (!report->room.redis)
		capacity_say(&report->notes,
			"a Redis is configured, and nothing was published to it: %s. What publishing costs is "
			"in none of these numbers",
			report->room.why_no_redis.text);
	else
		capacity_say(&report->notes,
			"published to a redis-server of its own on a Unix socket, without append-only file; "
			"yours was left alone%s",
			report->task.redis_here
				? ""
				: ", and since that is elsewhere its CPU does not count");
}

static void note_network(struct capacity_report *report)
{
	if (!report->room.reflector)
		capacity_say(&report->notes,
			"on loopback, where the kernel's listener answers on the prober's CPU and is inside the "
			"numbers: a machine of its own carries more. Peers of its own could not be had: %s",
			report->room.why_loopback.text);
	else if (report->room.cpus == 1)
		capacity_say(&report->notes, "on one CPU, which also answers: %s",
			report->room.timed
				? "what the answers' program took is left out, its packets are not"
				: "what that takes is inside the numbers");
	else if (!report->room.answering_process)
		capacity_say(&report->notes,
			"what taking answers up to the sockets costs on CPU %u cannot be seen from here, and is "
			"not in these numbers",
			report->room.last_cpu);
	else
		capacity_say(&report->notes,
			"answers come at once, from the kernel on CPU %u; what making them takes is left out%s",
			report->room.last_cpu,
			report->room.timed ? "" : " as far as it could not be told from receiving");
	if (report->room.interrupts_apart)
		capacity_say(&report->notes,
			"this kernel counts the work of interrupts apart: that of the whole machine is inside "
			"the numbers, as receiving");
	if (report->stamps[0])
		capacity_say(&report->notes,
			"stamps: %s, engine: %s; DNS, closer looks and alerts were not measured",
			report->stamps, report->engine);
	if (report->config->defaults.close == CLOSE_FIN)
		capacity_say(&report->notes, "close = fin was measured as %s",
			report->room.reflector ? "rst" : "half");
}

static void note_check(struct capacity_report *report)
{
	if (report->checked)
		capacity_say(&report->notes,
			"the numbers are of %.0f targets at their own interval, when results came at their full "
			"rate; publishing is of fewer, visited every %.3g s, since first results are dearer",
			report->steps[report->step_count - 1].loaded, report->steps[0].interval_s);
	else if (report->steps[0].interval_s < report->task.interval_s)
		capacity_say(&report->notes,
			"measured with fewer targets, visited every %.3g s, at the same rate: all of them in "
			"memory are some per cent dearer",
			report->steps[0].interval_s);
}

/* Others on the machine, or its host, make starts late too. */
static void note_machine(struct capacity_report *report)
{
	double waited_pct = 0, stolen_pct = 0;

	for (unsigned i = 0; i < report->step_count; i++) {
		waited_pct = fmax(waited_pct, report->steps[i].waited_pct);
		stolen_pct = fmax(stolen_pct, report->steps[i].stolen_pct);
	}
	if (waited_pct >= BUSY_PCT || stolen_pct >= BUSY_PCT)
		capacity_say(&report->notes,
			"the machine was not quiet: in a step the prober's thread waited for a CPU for %.1f %% of "
			"the time, and the host took %.1f %%; measured again at another time it may be more",
			waited_pct, stolen_pct);
}

/* Is it the work that makes starts late, or the machine? */
static bool is_busy_itself(const struct capacity_report *report)
{
	const struct capacity_plan *plan = &report->plan;

	return plan->prober_us * plan->connects_per_s / 1e6 >= 0.5;
}

static void advise_load(struct capacity_report *report)
{
	const struct capacity_task *task = &report->task;
	const struct capacity_plan *plan = &report->plan;
	char number[CAPACITY_NUMBER_SIZE];

	if (plan->binds == CAPACITY_LATENESS && !is_busy_itself(report))
		capacity_say(&report->advice,
			"more CPUs, a Redis on another machine, or a quieter one: the prober's thread has time to "
			"spare, and does not get a CPU when it wants one");
	if (plan->binds == CAPACITY_CPU && task->budget_pct < 90)
		capacity_say(&report->advice,
			"a larger --budget, where the machine has nothing else to do");
	if (task->samples > 1)
		capacity_say(&report->advice,
			"samples = 1: about %s targets (loss and jitter are then seen more slowly)",
			capacity_number(capacity_instead(task, plan, 1, task->interval_s), number));
	capacity_say(&report->advice, "interval = %.0fs, twice as long: about %s targets",
		2 * task->interval_s,
		capacity_number(
			capacity_instead(task, plan, task->samples, 2 * task->interval_s), number));
}

static void advise_descriptors(struct capacity_report *report)
{
	const struct capacity_plan *plan = &report->plan;
	double found = fmin(plan->limits[CAPACITY_CPU], plan->limits[CAPACITY_LATENESS]);
	double wanted =
		isfinite(found) ? found / plan->targets * plan->in_flight : 2 * plan->in_flight;

	capacity_say(&report->advice,
		"raise the limit of open files to %.0f or more (LimitNOFILE=, ulimit -n)",
		ceil((wanted + 100) / 1000) * 1000);
	if (report->task.timeout_s > 1)
		capacity_say(&report->advice,
			"a shorter [prober] timeout: a silent target holds a socket for so long");
}

static void advise_all(struct capacity_report *report)
{
	switch (report->plan.binds) {
	case CAPACITY_CPU:
	case CAPACITY_LATENESS:
		advise_load(report);
		break;
	case CAPACITY_REDIS:
		capacity_say(&report->advice, "a faster Redis, or one on another machine");
		break;
	case CAPACITY_DESCRIPTORS:
		advise_descriptors(report);
		break;
	case CAPACITY_MEMORY:
		capacity_say(&report->advice,
			"more memory; a smaller [redis] results_maxlen, history = off");
		break;
	case CAPACITY_CONNTRACK:
		capacity_say(&report->advice,
			"exempt the prober from connection tracking (nft: tcp dport 5060 notrack, both "
			"ways), or raise net.netfilter.nf_conntrack_max");
		break;
	case CAPACITY_MAX_RATE:
		capacity_say(&report->advice, "raise [prober] max_rate");
		break;
	case CAPACITY_MEASURING:
		capacity_say(&report->advice,
			"nothing: measured on a machine with more CPUs it may be more");
		break;
	default:
		capacity_say(&report->advice, "nothing: more could not be tried here");
	}
	capacity_say(&report->advice, "n machines, shard = 1/n ... n/n: n times as many");
}

void capacity_explain(struct capacity_report *report)
{
	note_network(report);
	note_redis(report);
	note_check(report);
	note_machine(report);
	if (report->plan.targets > 0)
		advise_all(report);
}
