/* SPDX-License-Identifier: MIT */
#include <errno.h>
#include <math.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "composition/capacity_report.h"
#include "composition/engine.h"
#include "composition/load.h"
#include "composition/verbs.h"
#include "edges/machine.h"
#include "pure/parse.h"
#include "vocabulary/nsec.h"

static const char usage[] =
	"usage: mosprobe capacity [-c FILE] [--budget 50%] [--quick] [--steps N] [--json]\n"
	"                         [--interval 60s] [--samples 5] [--timeout 3s] [--stamps auto]\n"
	"                         [--redis URL]\n"
	"\n"
	"Measures on this machine how many targets it carries in this configuration: the most whose\n"
	"starts are less than 5 ms late (p99) while CPU stays within the budget. Takes 3 minutes at\n"
	"most. Nothing leaves the machine: peers are simulated in a network namespace of its own, or,\n"
	"without root, on loopback. Your Redis is left alone: one of its own is started, if there is a\n"
	"redis-server.\n"
	"\n"
	"  -c FILE        configuration (default " LOAD_CONFIG_DEFAULT ", if there)\n"
	"  --budget 50%   of all CPUs that this process may use (taskset), the kernel's work for the\n"
	"                 prober included, and that of a Redis on this machine\n"
	"  --quick        a rougher answer, within 20 s\n"
	"  --steps N      of the search, at most: rougher still\n"
	"  --json         one JSON object: names end in their units; limits_targets has what each\n"
	"                 bound allows, null where it does not bind or was not reached\n"
	"\n"
	"Progress is on standard error, a line for each step.\n";

#define OWN_SECTION "capacity" /* of options that are no keys of the configuration */

static const struct argument accepted[] = {
	{ "budget", OWN_SECTION, "budget", NULL },
	{ "quick", OWN_SECTION, "quick", "yes" },
	{ "steps", OWN_SECTION, "steps", NULL },
	{ "interval", "prober", "interval", NULL },
	{ "samples", "prober", "samples", NULL },
	{ "timeout", "prober", "timeout", NULL },
	{ "stamps", "prober", "stamps", NULL },
	{ "redis", "redis", "url", NULL },
	{ NULL, NULL, NULL, NULL },
};

/* A heartbeat comes every second where the interval is below 5 s. */
static const struct capacity_pace thorough = {
	.short_interval_s = 1.5,
	.window_s = 3,
	.steps = CAPACITY_STEPS_MOST - 1,
	.seconds = 172,
	.check = true,
};
static const struct capacity_pace quick = {
	.short_interval_s = 1,
	.window_s = 1.6,
	.steps = 2,
	.seconds = 20,
	.check = false,
};

static volatile sig_atomic_t stop_asked;

static void on_signal(int signal)
{
	stop_asked = 1;
}

static void catch_signals(void)
{
	struct sigaction action = { .sa_handler = on_signal };

	sigaction(SIGINT, &action, NULL);
	sigaction(SIGTERM, &action, NULL);
	sigaction(SIGHUP, &action, NULL);
}

/* Takes those that are no keys of the configuration out of the options. False when one is wrong, which is told. */
static bool take_own(
	struct arguments *arguments, double *ret_budget_pct, struct capacity_pace *ret_pace)
{
	uint64_t steps = CAPACITY_STEPS_MOST - 1;
	bool wrong_steps = false, wrong_budget = false, is_quick = false;
	size_t kept = 0;

	for (size_t i = 0; i < arguments->option_count; i++) {
		struct load_option option = arguments->options[i];

		if (strcmp(option.section, OWN_SECTION) != 0)
			arguments->options[kept++] = option;
		else if (!strcmp(option.key, "quick"))
			is_quick = true;
		else if (!strcmp(option.key, "steps"))
			wrong_steps = parse_count(&steps, option.value) || steps < 1 ||
				      steps >= CAPACITY_STEPS_MOST;
		else
			wrong_budget = parse_percent(ret_budget_pct, option.value) ||
				       *ret_budget_pct < 1 || *ret_budget_pct > 100;
		if (wrong_steps || wrong_budget) {
			fprintf(stderr, "mosprobe: --%s %s: must be from %s\n", option.key,
				option.value, wrong_steps ? "1 to 23" : "1% to 100%");
			return false;
		}
	}
	arguments->option_count = kept;
	*ret_pace = is_quick ? quick : thorough;
	if (steps < ret_pace->steps)
		ret_pace->steps = (unsigned)steps;
	return true;
}

/* Is the Redis of this URL on this machine? */
static bool is_here(const char *url)
{
	static const char *const starts[] = { "unix:", "redis://localhost", "redis://127.",
		"redis://[::1]" };

	for (size_t i = 0; i < sizeof starts / sizeof *starts; i++)
		if (!strncmp(url, starts[i], strlen(starts[i])))
			return true;
	return false;
}

static int fill_task(struct capacity_report *report, double budget_pct, struct message *msg)
{
	const struct config *config = report->config;
	struct target_list *nobody = targets_create();
	struct engine_plan plan;
	uint64_t entries, most;
	unsigned last;

	if (!nobody)
		return message_set(msg, -ENOMEM, "out of memory");
	plan = engine_plan(config, nobody);
	targets_destroy(nobody);
	report->ports = plan.ports;
	report->task = (struct capacity_task) {
		.budget_pct = budget_pct,
		.cpus = machine_cpus(&last),
		.interval_s = (double)config->interval_ns / NSEC_PER_SEC,
		.timeout_s = (double)config->timeout_ns / NSEC_PER_SEC,
		.samples = config->defaults.samples,
		.closer_samples = config->closer_samples,
		.closer_share_pct = config->closer_share_pct,
		.max_rate_per_s = config->max_rate,
		.descriptors = plan.limit,
		.memory_bytes = (double)machine_memory_available(),
		.conntrack_free = machine_tracks() && machine_conntrack(&entries, &most)
					  ? (double)(most - entries)
					  : (double)INFINITY,
		.redis = config->redis_url != NULL,
		.redis_here = config->redis_url && is_here(config->redis_url),
		.results_maxlen = (double)config->results_maxlen,
		.history_targets_most = config->history_targets_max,
	};
	return 0;
}

static double now_s(void)
{
	return (double)nsec_mono() / NSEC_PER_SEC;
}

/* The numbers are of the check, or else of the largest step that passed. */
static void make_plan(struct capacity_report *report)
{
	const struct capacity_step *best =
		report->checked ? &report->steps[report->step_count - 1] : capacity_best(report);
	struct capacity_memory memory;

	memory = capacity_memory(report->steps, report->step_count);
	if (!memory.measured)
		capacity_say(&report->notes,
			"too few targets were loaded to measure the memory of one: it is that of the bench");
	report->plan = capacity_plan(&report->task, best, &memory, report->pass, report->failed);
}

/* Returns the status of the process. */
static int measure(struct capacity_report *report, bool json)
{
	struct message msg = { "" };
	int error = capacity_room_open(&report->room, report->config->redis_url != NULL, &msg);

	if (!error)
		error = capacity_search_run(report, &msg);
	report->seconds = now_s() - report->began_s;
	if (!error) {
		if (report->pass > 0)
			make_plan(report);
		capacity_explain(report);
		if (json)
			error = capacity_json(report);
		else
			capacity_page(report);
	}
	capacity_room_close(&report->room);
	if (error == -EINTR)
		fputs("capacity: stopped; nothing is left behind\n", stderr);
	else if (error)
		fprintf(stderr, "mosprobe: %s\n", msg.text[0] ? msg.text : strerror(-error));
	return error ? 1 : 0;
}

int cmd_capacity(int argc, char **argv)
{
	struct capacity_report report = { 0 };
	struct arguments arguments;
	struct config *config = NULL;
	struct message msg = { "" };
	struct capacity_pace pace;
	double budget_pct = 50;
	int status = 2;

	if (arguments_read(&arguments, argc, argv, accepted, false, true) ||
		!take_own(&arguments, &budget_pct, &pace))
		return 2;
	if (arguments.help) {
		fputs(usage, stdout);
		return 0;
	}
	catch_signals();
	report.began_s = now_s();
	report.pace = &pace;
	report.arguments = &arguments;
	report.stop_asked = &stop_asked;
	if (!load_config(&config, arguments.config_file, arguments.options, arguments.option_count,
		    &msg)) {
		report.config = config;
		if (!fill_task(&report, budget_pct, &msg))
			status = measure(&report, arguments.json);
	}
	if (status == 2)
		fprintf(stderr, "mosprobe: %s\n", msg.text);
	config_destroy(config);
	return status;
}
