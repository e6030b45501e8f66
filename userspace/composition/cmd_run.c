/* SPDX-License-Identifier: MIT */
#include <errno.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>
#include <time.h>
#include <unistd.h>

#include "composition/arguments.h"
#include "composition/engine.h"
#include "composition/generation.h"
#include "composition/load.h"
#include "composition/prober.h"
#include "composition/verbs.h"
#include "edges/output.h"
#include "edges/publish.h"
#include "edges/resolver.h"
#include "vocabulary/log.h"
#include "vocabulary/nsec.h"

/* Names are first looked up at this rate, and the prober begins when they are known or after this
 * long: with a few hundred targets the first cycle then misses nothing. */
#define FIRST_LOOKUPS_PER_S 5000
#define FIRST_LOOKUPS_WAIT_NS (2 * NSEC_PER_SEC)
#define PUBLISH_DRAIN_NS (5 * NSEC_PER_SEC)
/* Of the prober's thread, where it may: a start that waits for a processor is late. */
#define PROBER_NICE (-10)
#define QUEUE_LEAST 4096
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
	"  --cycles N          end after N cycles of every target\n"
	"  --output table      table, jsonl, samples or none\n"
	"\n"
	"SIGINT and SIGTERM finish what is in flight and end with status 0.\n";

static const struct argument accepted[] = {
	{ "targets", "prober", "targets" },
	{ "redis", "redis", "url" },
	{ "id", "prober", "id" },
	{ "interval", "prober", "interval" },
	{ "samples", "prober", "samples" },
	{ "timeout", "prober", "timeout" },
	{ "stamps", "prober", "stamps" },
	{ "cycles", "prober", "cycles" },
	{ "output", "prober", "output" },
	{ NULL, NULL, NULL },
};

/* Everything that a run holds, in the order in which it is made. */
struct run {
	struct config *config;
	struct target_list *targets; /* until the generation has it */
	struct generation *generation;
	char *password;
	struct engine engine;
	struct queue *answers, *publish_events, *output_events;
	struct resolver *resolver;
	struct publish *publish;
	struct output *output;
	struct prober *prober;
};

static volatile sig_atomic_t reload_asked;
/* How often the end was asked for: at the first time what is in flight is waited for, at the second
 * nothing is. */
static volatile sig_atomic_t stop_asked;

static void on_signal(int signal)
{
	if (signal == SIGHUP)
		reload_asked = 1;
	else
		stop_asked = stop_asked + 1;
}

/* Threads inherit the mask: only the prober's thread, which is this one, ever sees a signal. */
static void mask_signals(int how)
{
	sigset_t set;

	sigemptyset(&set);
	sigaddset(&set, SIGINT);
	sigaddset(&set, SIGTERM);
	sigaddset(&set, SIGHUP);
	pthread_sigmask(how, &set, NULL);
}

static void catch_signals(void)
{
	struct sigaction action = { .sa_handler = on_signal };

	sigaction(SIGINT, &action, NULL);
	sigaction(SIGTERM, &action, NULL);
	sigaction(SIGHUP, &action, NULL);
}

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

static int start_threads(struct run *run, struct message *msg)
{
	const struct roster *roster = run->generation->roster;
	const struct config *config = run->config;
	int error = 0;

	if (roster->named)
		error = resolver_start(&run->resolver, config, roster->hosts, roster->named,
			roster->named * NSEC_PER_SEC / FIRST_LOOKUPS_PER_S, run->answers, msg);
	if (!error && config->redis_url)
		error = publish_start(
			&run->publish, config, run->password, run->publish_events, msg);
	if (!error && config->output != OUTPUT_NONE)
		error = output_start(
			&run->output, config, run->generation->list, run->output_events, msg);
	return error;
}

static void warn_of_slots(const struct engine_plan *plan)
{
	uint64_t wanted = (uint64_t)plan->wanted_v4 + plan->wanted_v6;

	if (wanted > (uint64_t)plan->slots_v4 + plan->slots_v6)
		log_line(LOG_WARN,
			"%u sockets can be had; if every target were silent, %lu would be in use at "
			"once and starts would be late (raise the limit of open files, or "
			"max_in_flight)",
			plan->slots_v4 + plan->slots_v6, (unsigned long)wanted);
}

static void warn_of_ports(const struct engine_plan *plan)
{
	if (plan->ports && plan->ports < plan->most_at_one_address)
		log_line(LOG_WARN,
			"%u ephemeral ports (net.ipv4.ip_local_port_range), and %u connects may be "
			"under way to one address: more than the ports are local errors",
			plan->ports, plan->most_at_one_address);
}

static int configure(struct run *run, const struct arguments *arguments, struct message *msg)
{
	int error = load_config(&run->config, arguments->config_file, arguments->options,
		arguments->option_count, msg);

	if (!error)
		error = load_targets(&run->targets, run->config, msg);
	if (!error)
		error = load_password(&run->password, run->config, msg);
	return error;
}

static int prepare(struct run *run, struct message *msg)
{
	struct engine_plan plan;
	struct engine_notes notes;
	int error;

	plan = engine_plan(run->config, run->targets);
	error = generation_first(&run->generation, run->config, run->targets);
	run->targets = NULL;
	if (error)
		return message_set(msg, error, "out of memory");
	warn_of_slots(&plan);
	warn_of_ports(&plan);
	error = engine_open(&run->engine, run->config, &plan, &notes, msg);
	if (!error && notes.stamps.text[0])
		log_line(LOG_WARN, "%s", notes.stamps.text);
	if (!error && notes.connects.text[0])
		log_line(LOG_WARN, "%s", notes.connects.text);
	return error;
}

static void wait_for_names(const struct run *run)
{
	uint64_t until_ns = nsec_mono() + FIRST_LOOKUPS_WAIT_NS;
	struct timespec pause = { .tv_nsec = (long)(5 * NSEC_PER_MSEC) };

	while (run->resolver && resolver_stats(run->resolver).pending && !stop_asked &&
		nsec_mono() < until_ns)
		nanosleep(&pause, NULL);
}

static int start(struct run *run, struct message *msg)
{
	struct prober_setup setup = {
		.config = run->config,
		.generation = run->generation,
		.engine = &run->engine,
	};
	int error = make_queues(run, msg);

	if (!error)
		error = start_threads(run, msg);
	if (error)
		return error;
	/* The threads have been started with signals masked. */
	mask_signals(SIG_UNBLOCK);
	wait_for_names(run);
	setup.resolver = run->resolver;
	setup.answers = run->answers;
	setup.publish = run->publish_events;
	setup.output = run->output_events;
	error = prober_create(&run->prober, &setup);
	return error ? message_set(msg, error, "out of memory") : 0;
}

static void loop(struct run *run)
{
	if (setpriority(PRIO_PROCESS, (id_t)gettid(), PROBER_NICE))
		errno = 0; /* without the right to, as anybody else */
	while (prober_turn(run->prober) && stop_asked < 2) {
		bool gone = run->output && output_gone(run->output);

		if (gone && !stop_asked) {
			log_line(LOG_INFO, "standard output is gone, ending");
			stop_asked = 1;
		}
		if (stop_asked)
			prober_stop(run->prober);
		if (reload_asked) {
			reload_asked = 0;
			log_line(LOG_WARN, "SIGHUP: this version cannot reload; restart it");
		}
	}
}

static const char *local_error_of(unsigned kind)
{
	return local_error_name((enum local_error)kind);
}

static const char *skip_reason_of(unsigned reason)
{
	return skip_reason_name((enum skip_reason)reason);
}

static const char *trouble_of(unsigned trouble)
{
	return handshake_trouble_name((enum handshake_trouble)trouble);
}

/* "local errors: 12 no_port, 1 no_route", when there were any. */
static void report_kinds(const char *what, const uint64_t *counts, unsigned kinds,
	const char *(*name_of)(unsigned kind))
{
	char text[512];
	size_t used = 0;

	for (unsigned i = 0; i < kinds; i++)
		if (counts[i])
			used += (size_t)snprintf(text + used, sizeof text - used, "%s%lu %s",
				used ? ", " : "", (unsigned long)counts[i], name_of(i));
	if (used)
		log_line(LOG_WARN, "%s: %s", what, text);
}

static void report(const struct run *run, const struct publish_stats *redis)
{
	struct heartbeat end = prober_heartbeat(run->prober);
	uint64_t connects = end.samples - end.outcomes[OUTCOME_SKIPPED] -
			    end.outcomes[OUTCOME_DNS_FAIL] - end.outcomes[OUTCOME_DNS_UNKNOWN];

	log_line(LOG_INFO,
		"%lu targets, %lu cycles, %lu samples: %lu ok, %lu refused, %lu timeout, "
		"%lu unreachable, %lu dns, %lu local errors, %lu skipped",
		(unsigned long)end.targets, (unsigned long)end.cycles, (unsigned long)end.samples,
		(unsigned long)end.outcomes[OUTCOME_OK],
		(unsigned long)end.outcomes[OUTCOME_REFUSED],
		(unsigned long)end.outcomes[OUTCOME_TIMEOUT],
		(unsigned long)end.outcomes[OUTCOME_UNREACHABLE],
		(unsigned long)(end.outcomes[OUTCOME_DNS_FAIL] + end.outcomes[OUTCOME_DNS_UNKNOWN]),
		(unsigned long)end.outcomes[OUTCOME_LOCAL_ERROR],
		(unsigned long)end.outcomes[OUTCOME_SKIPPED]);
	report_kinds("local errors", end.local_errors, LOCAL_ERROR_COUNT, local_error_of);
	report_kinds("skipped", end.skips, SKIP_REASON_COUNT, skip_reason_of);
	report_kinds("packets that the kernel half could not read", end.troubles,
		HANDSHAKE_STALE_STAMP, trouble_of);
	log_line(LOG_INFO,
		"starts later than 20 ms: %lu (p99 %.3f ms, most %.3f ms); the prober's CPU time: "
		"%.1f us a probe",
		(unsigned long)end.late_starts, end.late_p99_ms, end.late_max_ms,
		connects ? (double)end.cpu_ns / 1000 / (double)connects : 0);
	if (end.address_waits || end.skips[SKIP_ADDRESS_RATE])
		log_line(LOG_INFO,
			"address_rate: %lu starts were put off (by %.0f ms at most), %lu samples "
			"skipped, since more names stand behind an address than it allows",
			(unsigned long)end.address_waits, end.address_wait_max_ms,
			(unsigned long)end.skips[SKIP_ADDRESS_RATE]);
	if (run->output_events && queue_refused(run->output_events))
		log_line(LOG_WARN,
			"standard output did not keep up: %lu results or alerts not printed",
			(unsigned long)queue_refused(run->output_events));
	if (run->config->redis_url)
		log_line(LOG_INFO, "Redis: %lu entries written, %lu dropped, %lu left unwritten",
			(unsigned long)redis->written,
			(unsigned long)(redis->dropped + end.queue_refused),
			(unsigned long)redis->spooled);
}

static void finish(struct run *run)
{
	struct publish_stats redis = { 0 };

	output_stop(run->output);
	resolver_stop(run->resolver);
	publish_stop(run->publish, PUBLISH_DRAIN_NS, &redis);
	if (run->prober)
		report(run, &redis);
	prober_destroy(run->prober);
	queue_destroy(run->output_events);
	queue_destroy(run->publish_events);
	queue_destroy(run->answers);
	engine_close(&run->engine);
	generation_destroy(run->generation);
	if (run->password)
		explicit_bzero(run->password, strlen(run->password));
	free(run->password);
	targets_destroy(run->targets);
	config_destroy(run->config);
}

int cmd_run(int argc, char **argv)
{
	struct arguments arguments;
	struct message msg = { "" };
	struct run run = { 0 };
	int error, status = 0;

	if (arguments_read(&arguments, argc, argv, accepted, false, false))
		return 2;
	if (arguments.help) {
		fputs(usage, stdout);
		return 0;
	}
	mask_signals(SIG_BLOCK);
	catch_signals();
	error = configure(&run, &arguments, &msg);
	if (error) {
		status = 2;
	} else {
		error = prepare(&run, &msg);
		if (!error)
			error = start(&run, &msg);
		status = error ? 1 : 0;
	}
	if (error) {
		fprintf(stderr, "mosprobe: %s\n", msg.text);
	} else {
		loop(&run);
	}
	finish(&run);
	return status;
}
