/* SPDX-License-Identifier: MIT */
/* The page that people read: 80 columns. */
#include <math.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>

#include "composition/capacity_report.h"
#include "pure/parse.h"
#include "vocabulary/nsec.h"

#define WIDTH 80
#define NAME_WIDTH 20
#define MIB 1048576.0

const char *capacity_number(double number, char buffer[CAPACITY_NUMBER_SIZE])
{
	char digits[CAPACITY_NUMBER_SIZE], *to = buffer;
	size_t length;

	snprintf(digits, sizeof digits, number < 10 && number != floor(number) ? "%.1f" : "%.0f",
		number);
	length = strcspn(digits, ".");
	for (size_t i = 0; i < length; i++) {
		if (i && (length - i) % 3 == 0 && digits[i - 1] != '-')
			*to++ = ',';
		*to++ = digits[i];
	}
	strcpy(to, digits + length);
	return buffer;
}

/* "name", then a text that is folded at blanks. */
static void row(const char *name, const char *format, ...) __attribute__((format(printf, 2, 3)));

static void row(const char *name, const char *format, ...)
{
	char text[MESSAGE_SIZE];
	const char *rest = text;
	va_list args;

	va_start(args, format);
	vsnprintf(text, sizeof text, format, args);
	va_end(args);
	do {
		size_t room = WIDTH - NAME_WIDTH, length = strlen(rest);

		if (length > room) {
			length = room;
			while (length && rest[length] != ' ')
				length--;
			if (!length)
				length = room;
		}
		printf("%-*s%.*s\n", NAME_WIDTH, name, (int)length, rest);
		rest += length;
		rest += strspn(rest, " ");
		name = "";
	} while (*rest);
}

static void head(const struct capacity_report *report)
{
	const struct capacity_task *task = &report->task;
	char interval[DURATION_TEXT_SIZE];

	printf("mosprobe capacity: %g %% of %u CPU%s, interval %s, samples %.0f\n\n",
		task->budget_pct, task->cpus, task->cpus == 1 ? "" : "s",
		duration_text((uint64_t)(task->interval_s * NSEC_PER_SEC + 0.5), interval),
		task->samples);
}

static void rows_of_load(const struct capacity_report *report)
{
	const struct capacity_plan *plan = &report->plan;
	char a[CAPACITY_NUMBER_SIZE], b[CAPACITY_NUMBER_SIZE];

	row("targets", "%s", capacity_number(plan->targets, a));
	row("connects a second", "%s; %s with closer looks at %g %% of them",
		capacity_number(plan->connects_per_s, a),
		capacity_number(plan->connects_most_per_s, b), report->task.closer_share_pct);
	row("CPU", "%.1f %% of %u; %.1f %% with closer looks", plan->cpu_pct, report->task.cpus,
		plan->cpu_most_pct);
	row("CPU per probe", "%.1f us: prober %.1f, receiving %.1f, publishing %.1f, Redis %.1f%s",
		plan->probe_us, plan->prober_us, plan->receive_us, plan->publish_us, plan->redis_us,
		report->task.redis_here || !report->room.redis ? "" : " (not counted)");
	row("start lateness", "p99 %.1f ms (%g are allowed)", plan->late_p99_ms, CAPACITY_LATE_MS);
}

static void rows_of_means(const struct capacity_report *report)
{
	const struct capacity_plan *plan = &report->plan;
	char a[CAPACITY_NUMBER_SIZE], b[CAPACITY_NUMBER_SIZE], c[CAPACITY_NUMBER_SIZE];
	unsigned rate = report->config->address_rate;
	double hours;

	row("memory", "%s MiB, %.0f bytes a target",
		capacity_number(ceil(plan->memory_bytes / MIB), a), plan->target_bytes);
	row("descriptors", "%s can be had; %s in use when a tenth is silent, %s when all are",
		capacity_number(plan->descriptors, a), capacity_number(ceil(plan->in_flight), b),
		capacity_number(ceil(plan->in_flight_silent), c));
	if (rate)
		row("ports", "%s for each destination; %.0f in use at most of one address",
			capacity_number(report->ports, a), ceil(rate * report->task.timeout_s) + 1);
	else
		row("ports", "%s for each destination", capacity_number(report->ports, a));
	if (report->room.reflector)
		row("on the wire", "%s packets and %.1f Mbit a second, both ways",
			capacity_number(plan->packets_per_s, a), plan->bits_per_s / 1e6);
	if (!report->room.redis)
		return;
	row("Redis", "%s results, %s commands, %.2f MB a second: %.1f GB an hour, %s GB a day",
		capacity_number(plan->results_per_s, a),
		capacity_number(plan->redis_commands_per_s, b), plan->redis_bytes_per_s / 1e6,
		plan->redis_bytes_per_s * 3600 / 1e9,
		capacity_number(plan->redis_bytes_per_s * 86400 / 1e9, c));
	hours = report->task.results_maxlen / plan->results_per_s / 3600;
	row("", "%s MiB of memory; of the results the newest %s, %.0f %s of them",
		capacity_number(ceil(plan->redis_memory_bytes / MIB), a),
		capacity_number(report->task.results_maxlen, b), hours < 3 ? hours * 60 : hours,
		hours < 3 ? "min" : "h");
}

static void rows_of_limits(const struct capacity_report *report)
{
	const struct capacity_plan *plan = &report->plan;
	char text[MESSAGE_SIZE] = "", number[CAPACITY_NUMBER_SIZE];
	size_t used = 0;

	putchar('\n');
	row("what binds first", "%s", capacity_bound_text(plan->binds));
	for (int i = CAPACITY_FREE + 1; i < CAPACITY_BOUNDS; i++)
		if (isfinite(plan->limits[i]))
			used += (size_t)snprintf(text + used, sizeof text - used, "%s%s %s",
				used ? ", " : "", capacity_bound_name((enum capacity_bound)i),
				capacity_number(capacity_round(plan->limits[i]), number));
	row("targets each allows", "%s", text);
	for (unsigned i = 0; i < report->advice.count; i++)
		row(i ? "" : "what to change", "%s", report->advice.list[i].text);
}

void capacity_page(const struct capacity_report *report)
{
	head(report);
	if (report->plan.targets > 0) {
		rows_of_load(report);
		rows_of_means(report);
		rows_of_limits(report);
	} else {
		row("targets", "none: %.0f are too many; what binds is %s",
			report->steps[report->step_count - 1].targets,
			capacity_bound_text(report->failed));
	}
	putchar('\n');
	for (unsigned i = 0; i < report->notes.count; i++)
		row(i ? "" : "how it was measured", "%s", report->notes.list[i].text);
	row("", "%u steps in %.0f s", report->step_count, report->seconds);
}
