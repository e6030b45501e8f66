/* SPDX-License-Identifier: MIT */
#include <errno.h>
#include <math.h>
#include <signal.h>
#include <stdio.h>
#include <string.h>
#include <time.h>

#include "composition/arguments.h"
#include "composition/engine.h"
#include "composition/generation.h"
#include "composition/load.h"
#include "composition/probe_report.h"
#include "composition/prober.h"
#include "composition/verbs.h"
#include "edges/resolver.h"
#include "vocabulary/nsec.h"

#define SPACING_NS (500 * NSEC_PER_MSEC)
#define RESOLVE_WAIT_NS (10 * NSEC_PER_SEC)

static const char usage[] =
	"usage: mosprobe probe NAME[:PORT] [-c FILE] [--samples 5] [--cycles 1] [--timeout 3s]\n"
	"                      [--stamps auto] [--json]\n"
	"\n"
	"Probes one name now and explains every sample and the score. Ends with status 1 when the\n"
	"score is under the warning level, or when nothing answered.\n";

static const struct argument accepted[] = {
	{ "samples", "prober", "samples", NULL },
	{ "cycles", "prober", "cycles", NULL },
	{ "timeout", "prober", "timeout", NULL },
	{ "stamps", "prober", "stamps", NULL },
	{ NULL, NULL, NULL, NULL },
};

struct probe {
	struct config *config;
	struct target_list *targets;
	struct generation *generation;
	struct engine engine;
	struct queue *answers;
	struct resolver *resolver;
	struct prober *prober;
	struct probe_report report;
};

static struct prober *signalled;

static void on_signal(int signal)
{
	if (signalled)
		prober_stop(signalled);
}

/* One target, and an interval that is just long enough for its samples. */
static int configure(struct probe *probe, const struct arguments *arguments, struct message *msg)
{
	const struct target *target;
	uint64_t least_ns;
	int error = load_config(&probe->config, arguments->config_file, arguments->options,
		arguments->option_count, msg);

	if (error)
		return error;
	probe->targets = targets_create();
	if (!probe->targets)
		return message_set(msg, -ENOMEM, "out of memory");
	error = targets_add(probe->targets, arguments->name, strlen(arguments->name), "name",
		probe->config, msg);
	if (error)
		return error;
	if (targets_count(probe->targets) != 1)
		return message_set(msg, -EINVAL, "'%s' is no name", arguments->name);
	target = targets_at(probe->targets, 0);
	if (!probe->config->cycles)
		probe->config->cycles = 1;
	least_ns = probe->config->timeout_ns + 100 * NSEC_PER_MSEC;
	probe->config->interval_ns = target->settings->samples * SPACING_NS;
	if (probe->config->interval_ns < least_ns)
		probe->config->interval_ns = least_ns;
	return 0;
}

static void on_sample(void *context, const struct sample *sample, const struct address *address)
{
	struct probe *probe = context;

	probe_report_sample(&probe->report, sample, address);
}

static void on_result(void *context, const struct result *result)
{
	struct probe *probe = context;

	probe_report_result(&probe->report, result);
}

static int resolve(struct probe *probe, struct message *msg)
{
	struct timespec pause = { .tv_nsec = (long)(5 * NSEC_PER_MSEC) };
	uint64_t until_ns = nsec_mono() + RESOLVE_WAIT_NS;
	const struct roster *roster = probe->generation->roster;
	int error;

	if (!roster->named)
		return 0;
	error = queue_create(&probe->answers, sizeof(struct dns_answer), 16);
	if (error)
		return message_set(msg, error, "out of memory");
	error = resolver_start(&probe->resolver, probe->config, roster->hosts, roster->named, 0, 0,
		probe->answers, msg);
	while (!error && resolver_stats(probe->resolver).pending && nsec_mono() < until_ns)
		nanosleep(&pause, NULL);
	return error;
}

static int prepare(struct probe *probe, bool json, struct message *msg)
{
	struct engine_plan plan = engine_plan(probe->config, probe->targets);
	struct prober_setup setup = { 0 };
	struct engine_notes notes;
	int error = generation_first(&probe->generation, probe->config, probe->targets);

	probe->targets = NULL;

	if (error)
		return message_set(msg, error, "out of memory");
	error = engine_open(&probe->engine, probe->config, &plan, &notes, msg);
	if (error)
		return error;
	if (notes.stamps.text[0])
		fprintf(stderr, "mosprobe: %s\n", notes.stamps.text);
	if (notes.connects.text[0])
		fprintf(stderr, "mosprobe: %s\n", notes.connects.text);
	error = resolve(probe, msg);
	if (error)
		return error;
	setup.config = probe->config;
	setup.generation = probe->generation;
	setup.engine = &probe->engine;
	setup.resolver = probe->resolver;
	setup.answers = probe->answers;
	setup.begin_now = true;
	setup.on_sample = on_sample;
	setup.on_result = on_result;
	setup.context = probe;
	probe_report_begin(&probe->report, probe->config, probe->generation->roster->targets[0],
		probe->engine.source, json);
	error = prober_create(&probe->prober, &setup);
	return error ? message_set(msg, error, "out of memory") : 0;
}

static void finish(struct probe *probe)
{
	prober_destroy(probe->prober);
	resolver_stop(probe->resolver);
	queue_destroy(probe->answers);
	engine_close(&probe->engine);
	generation_destroy(probe->generation);
	targets_destroy(probe->targets);
	config_destroy(probe->config);
}

int cmd_probe(int argc, char **argv)
{
	struct sigaction action = { .sa_handler = on_signal };
	struct arguments arguments;
	struct probe probe = { 0 };
	struct message msg = { "" };
	int error, status;

	if (arguments_read(&arguments, argc, argv, accepted, true, true))
		return 2;
	if (arguments.help) {
		fputs(usage, stdout);
		return 0;
	}
	if (!arguments.name) {
		fputs(usage, stderr);
		return 2;
	}
	error = configure(&probe, &arguments, &msg);
	status = error ? 2 : 1;
	if (!error)
		error = prepare(&probe, arguments.json, &msg);
	if (error) {
		fprintf(stderr, "mosprobe: %s\n", msg.text);
	} else {
		signalled = probe.prober;
		sigaction(SIGINT, &action, NULL);
		sigaction(SIGTERM, &action, NULL);
		while (prober_turn(probe.prober))
			;
		signalled = NULL;
		status = probe_report_end(&probe.report) ? 0 : 1;
	}
	finish(&probe);
	return status;
}
