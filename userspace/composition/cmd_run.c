/* SPDX-License-Identifier: MIT */
#include <errno.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "composition/arguments.h"
#include "composition/engine.h"
#include "composition/generation.h"
#include "composition/load.h"
#include "composition/prober.h"
#include "composition/reloader.h"
#include "composition/run.h"
#include "composition/run_confine.h"
#include "composition/run_lease.h"
#include "composition/run_memory.h"
#include "composition/run_metrics.h"
#include "composition/run_report.h"
#include "composition/run_service.h"
#include "composition/run_signals.h"
#include "composition/verbs.h"
#include "edges/canary.h"
#include "edges/output.h"
#include "edges/publish.h"
#include "edges/resolver.h"
#include "edges/state.h"
#include "vocabulary/log.h"
#include "vocabulary/nsec.h"

/* Names are first looked up at this rate, and the prober begins when they are known or after this
 * long: with a few hundred targets the first cycle then misses nothing. */
#define FIRST_LOOKUPS_PER_S 5000
#define FIRST_LOOKUPS_WAIT_NS (2 * NSEC_PER_SEC)
#define PUBLISH_DRAIN_NS (5 * NSEC_PER_SEC)
#define QUEUE_LEAST 4096
#define ROOM_LEAST 65536
#define QUEUE_MOST 65536

static const char usage[] =
	"usage: mosprobe run [-c FILE] [OPTION...]\n"
	"\n"
	"Probes every target once an interval, publishes results and alert transitions.\n"
	"\n"
	"  -c FILE             configuration (default " LOAD_CONFIG_DEFAULT ", if there)\n"
	"  --targets FILE      one target a line: name[:port] key=value ...\n"
	"  --redis URL         redis://HOST[:PORT][/DB] or unix:///PATH; empty for none\n"
	"  --id ID             this vantage point (default: the host name)\n"
	"  --interval 60s      one cycle of a target\n"
	"  --samples 5         connections per cycle\n"
	"  --timeout 3s        of one connection\n"
	"  --stamps auto       auto, bpf, tcp_info or clock\n"
	"  --standby           waits while another prober of this id writes, and takes over\n"
	"  --shard I/N         the I-th of N probers that share these targets\n"
	"  --cycles N          end after N cycles of every target\n"
	"  --output table      table, jsonl, samples or none\n"
	"  --log-level info    error, warning, info or debug\n"
	"  --log-format auto   auto, journal or plain\n"
	"\n"
	"SIGINT and SIGTERM finish what is in flight and end with status 0. SIGHUP reads the\n"
	"configuration and the targets again.\n";

static const struct argument accepted[] = {
	{ "targets", "prober", "targets", NULL },
	{ "redis", "redis", "url", NULL },
	{ "id", "prober", "id", NULL },
	{ "interval", "prober", "interval", NULL },
	{ "samples", "prober", "samples", NULL },
	{ "timeout", "prober", "timeout", NULL },
	{ "stamps", "prober", "stamps", NULL },
	{ "cycles", "prober", "cycles", NULL },
	{ "output", "prober", "output", NULL },
	{ "standby", "prober", "standby", "yes" },
	{ "shard", "prober", "shard", NULL },
	{ "log-level", "log", "level", NULL },
	{ "log-format", "log", "format", NULL },
	{ NULL, NULL, NULL, NULL },
};

/* What outlives a run that has lost the lease and stands by again: the rights to make it anew are gone. */
struct lasting {
	struct run_service service;
	struct engine engine;
	bool opened;
	struct message rights; /* what is left of them, until it is told */
};

/* Everything that a run holds, in the order in which it is made. */
struct run {
	struct run_service *service;
	struct engine *engine;
	struct config *config;
	struct target_list *targets; /* until the generation has it */
	struct generation *generation;
	char *password;
	struct queue *answers, *publish_events, *output_events;
	struct resolver *resolver;
	struct publish *publish;
	struct publish_known *known;
	bool lost; /* the lease */
	struct output *output;
	struct state_store *state;
	struct journal *journal;
	struct canaries *canaries;
	struct prober *prober;
	struct reloader *reloader;
	struct run_metrics *metrics;
};

static size_t queue_size(size_t targets)
{
	size_t size = 2 * targets;

	return size < QUEUE_LEAST ? QUEUE_LEAST : size > QUEUE_MOST ? QUEUE_MOST : size;
}

static int make_queues(struct run *run, struct message *msg)
{
	size_t size = queue_size(run->generation->roster->present);
	int error = queue_create(&run->answers, sizeof(struct dns_answer), size);

	if (!error && run->config->redis_url)
		error = queue_create(&run->publish_events, sizeof(struct event), size);
	if (!error && run->config->output != OUTPUT_NONE)
		error = queue_create(&run->output_events, sizeof(struct event), size);
	return error ? message_set(msg, error, "queues: %s", strerror(-error)) : 0;
}

/* Targets that there can be after reloads: memory that is not used is not touched. */
static uint32_t room(const struct run *run)
{
	return 2 * run->generation->roster->count + ROOM_LEAST;
}

static int start_threads(struct run *run, struct message *msg)
{
	const struct roster *roster = run->generation->roster;
	const struct config *config = run->config;
	int error = 0;

	if (roster->named)
		error = resolver_start(&run->resolver, config, roster->hosts, roster->named,
			room(run), roster->named * NSEC_PER_SEC / FIRST_LOOKUPS_PER_S, run->answers,
			msg);
	if (!error && config->guard_canaries)
		error = canaries_start(&run->canaries, config->guard_canaries,
			config->defaults.port, config->timeout_ns, msg);
	if (!error && config->output != OUTPUT_NONE)
		error = output_start(
			&run->output, config, roster, room(run), run->output_events, msg);
	return error;
}

static int configure(struct run *run, const struct arguments *arguments, struct message *msg)
{
	int error = load_config(&run->config, arguments->config_file, arguments->options,
		arguments->option_count, msg);
	struct message exposed;

	if (!error) {
		log_set_level(run->config->log_level);
		log_set_form(run->config->log_form);
		error = load_targets(&run->targets, run->config, msg);
	}
	if (!error)
		error = load_password(&run->password, run->config, msg);
	if (!error && load_password_is_exposed(run->config, &exposed))
		log_event(LOG_WARN, "password_exposed",
			"the password of Redis is not its owner's alone", "why=%s", exposed.text);
	return error;
}

/* Cgroup, sockets and kernel half; then no right is left that they took. */
static int open_engine(struct run *run, const char *config_file, const struct engine_plan *plan,
	struct message *ret_rights, struct message *msg)
{
	struct engine_notes notes;
	int error;

	run_warn(plan);
	error = engine_open(run->engine, run->config, plan, &notes, msg);
	if (error)
		return error;
	if (notes.stamps.text[0])
		log_event(LOG_WARN, "engine_stamps", "latencies are less exact", "why=%s",
			notes.stamps.text);
	if (notes.connects.text[0])
		log_event(LOG_WARN, "engine_connects", "a probe costs more", "why=%s",
			notes.connects.text);
	error = run_confine(run->config, config_file, ret_rights, msg);
	/* Not before: a thread keeps the rights that it began with. */
	if (!error)
		log_start();
	return error;
}

static int prepare(
	struct run *run, const char *config_file, struct lasting *lasting, struct message *msg)
{
	struct engine_plan plan = engine_plan(run->config, run->targets);
	int error = generation_first(&run->generation, run->config, run->targets);

	run->targets = NULL;
	if (error)
		return message_set(msg, error, "out of memory");
	if (!lasting->opened)
		error = open_engine(run, config_file, &plan, &lasting->rights, msg);
	if (error)
		return error;
	lasting->opened = true;
	error = run_open_memory(
		run->config, run->generation->roster, room(run), &run->state, &run->journal, msg);
	if (!error)
		error = run_metrics_start(&run->metrics, run->config, run->engine, msg);
	return error;
}

/* First of all: nothing is looked up and nothing probed while another does. */
static int take_turn(struct run *run, struct message *msg)
{
	int error = make_queues(run, msg);

	if (!error && run->config->standby && !run->config->redis_url)
		return message_set(msg, -EINVAL, "prober.standby needs redis.url");
	if (error || !run->config->redis_url)
		return error;
	error = publish_start(
		&run->publish, run->config, run->password, run->publish_events, run->journal, msg);
	if (error)
		return error;
	run_metrics_watch(run->metrics, run->publish, run->output_events, NULL);
	run_mask_signals(SIG_UNBLOCK);
	error = run_take_lease(run->publish, run->config, run->service, msg);
	run_mask_signals(SIG_BLOCK);
	if (!error)
		run->known = run_known(
			run->publish, run->config, run->password, run->generation->roster);
	return error;
}

static void wait_for_names(const struct run *run)
{
	uint64_t until_ns = nsec_mono() + FIRST_LOOKUPS_WAIT_NS;
	struct timespec pause = { .tv_nsec = (long)(5 * NSEC_PER_MSEC) };

	while (run->resolver && resolver_stats(run->resolver).pending && !run_stop_asked &&
		nsec_mono() < until_ns)
		nanosleep(&pause, NULL);
}

static int start(struct run *run, const struct arguments *arguments, struct message *msg)
{
	struct prober_setup setup = {
		.config = run->config,
		.generation = run->generation,
		.engine = run->engine,
	};
	struct reloader_setup reload = {
		.config_file = arguments->config_file,
		.options = arguments->options,
		.option_count = arguments->option_count,
		.config = run->config,
		.generation = run->generation,
		.slots = sockets_count(run->engine->sockets),
	};
	int error = start_threads(run, msg);

	if (error)
		return error;
	/* The threads have been started with signals masked. */
	run_mask_signals(SIG_UNBLOCK);
	wait_for_names(run);
	setup.resolver = run->resolver;
	setup.answers = run->answers;
	setup.publish = run->publish_events;
	setup.publisher = run->publish;
	setup.output = run->output_events;
	setup.room = room(run);
	setup.state = run->state;
	setup.journal = run->journal;
	setup.known = run->known;
	setup.canaries = run->canaries;
	setup.snapshots = run_metrics_mailbox(run->metrics);
	error = prober_create(&run->prober, &setup);
	if (error)
		return message_set(msg, error, "out of memory");
	run_metrics_watch(run->metrics, run->publish, run->output_events, run->prober);
	reload.room = setup.room;
	reload.prober = run->prober;
	reload.resolver = run->resolver;
	reload.publish = run->publish;
	reload.output = run->output;
	if (run->publish)
		publish_go(run->publish);
	return reloader_start(&run->reloader, &reload, msg);
}

static void loop(struct run *run)
{
	while (prober_turn(run->prober) && run_stop_asked < 2) {
		bool gone = run->output && output_gone(run->output);

		if (gone && !run_stop_asked) {
			log_event(LOG_INFO, "output_gone", "it ends", "why=%s",
				"standard output is closed");
			run_stop_asked = 1;
		}
		run_service_turned(run->service, run->prober);
		if (run_stop_asked) {
			run_service_stopping(run->service);
			prober_stop(run->prober);
		}
		if (run_reload_asked) {
			run_reload_asked = 0;
			run_service_reloading(run->service, false);
			reloader_ask(run->reloader);
		}
		reloader_step(run->reloader);
		run_service_reloading(run->service, reloader_is_done(run->reloader));
		if (run->publish && !run_stop_asked && run_lease_lost(run->publish, run->config)) {
			run->lost = true;
			break;
		}
	}
}

static void finish(struct run *run)
{
	struct publish_stats redis = { 0 };
	struct heartbeat heartbeat = { 0 };

	if (run->prober)
		heartbeat = prober_heartbeat(run->prober);
	run_metrics_stop(run->metrics);
	reloader_stop(run->reloader);
	output_stop(run->output);
	resolver_stop(run->resolver);
	publish_stop(run->publish, run->lost ? 0 : PUBLISH_DRAIN_NS, &redis);
	if (run->prober)
		run_report(&heartbeat, run->output_events, run->config->redis_url ? &redis : NULL);
	prober_destroy(run->prober);
	state_close(run->state);
	journal_close(run->journal);
	canaries_stop(run->canaries);
	free(run->known);
	queue_destroy(run->output_events);
	queue_destroy(run->publish_events);
	queue_destroy(run->answers);
	reloader_destroy(run->reloader);
	generation_destroy(run->generation);
	if (run->password)
		explicit_bzero(run->password, strlen(run->password));
	free(run->password);
	targets_destroy(run->targets);
	config_destroy(run->config);
}

/* Returns the status of the process. */
static int run_once(const struct arguments *arguments, struct lasting *lasting, bool *ret_again)
{
	struct message msg = { "" };
	struct run run = { .service = &lasting->service, .engine = &lasting->engine };
	int error = configure(&run, arguments, &msg), status = error ? 2 : 0;

	*ret_again = false;
	if (!error) {
		error = prepare(&run, arguments->config_file, lasting, &msg);
		if (!error)
			error = take_turn(&run, &msg);
		if (!error)
			error = start(&run, arguments, &msg);
		status = error && error != -EINTR ? 1 : 0;
	}
	if (status)
		log_failure(msg.text);
	if (!error && lasting->rights.text[0])
		log_event(LOG_INFO, "rights_left", "what it may do from now on", "rights=%s",
			lasting->rights.text);
	lasting->rights.text[0] = '\0';
	if (!error)
		loop(&run);
	if (run.lost) {
		*ret_again = run.config->standby && !run_stop_asked;
		status = 1;
	}
	if (!*ret_again)
		run_service_stopping(&lasting->service);
	finish(&run);
	return status;
}

int run_arguments(const struct arguments *arguments)
{
	struct lasting lasting = { .opened = false };
	bool again;
	int status;

	log_set_form(LOG_AUTO);
	run_mask_signals(SIG_BLOCK);
	run_catch_signals();
	run_service_open(&lasting.service);
	do {
		status = run_once(arguments, &lasting, &again);
		run_mask_signals(SIG_BLOCK);
	} while (again && !engine_rest(&lasting.engine));
	engine_close(&lasting.engine);
	run_service_close(&lasting.service);
	return status;
}

int cmd_run(int argc, char **argv)
{
	struct arguments arguments;

	if (arguments_read(&arguments, argc, argv, accepted, false, false))
		return 2;
	if (arguments.help) {
		fputs(usage, stdout);
		return 0;
	}
	return run_arguments(&arguments);
}
