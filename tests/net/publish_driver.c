/* SPDX-License-Identifier: MIT */
/* Pushes made-up results and transitions through the real publisher, for test_publish.py.
 *
 *	publish_driver url=URL [results=N] [from=N] [cycle_ms=N] [rate=PER_S] [targets=N] [every=N] [password=TEXT]
 *		[username=TEXT] [spool=SIZE] [state_dir=DIR] [disk_spool=SIZE] [replicas=N] [history=HOW] [results_maxlen=N] [stop=S] [heartbeats=N]
 *	publish_driver check=1 url=URL [password=TEXT]
 *
 * From result `from` on. Result i is of target i % targets, and its `cycle` is i / targets. After each `every` results
 * comes a transition, whose `seq` counts up from 1. At its end it prints one line of JSON. */
#include <math.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>
#include <time.h>

#include "edges/publish.h"
#include "pure/result.h"
#include "vocabulary/nsec.h"

#define QUEUE_SIZE 65536

struct options {
	const char *url, *username, *password, *spool, *results_maxlen, *state_dir, *disk_spool,
		*replicas, *history;
	uint64_t results, from, cycle_ms, rate, targets, every, stop_s, heartbeats;
	int check;
};

struct made_up {
	struct target *targets;
	char (*names)[40];
};

static const struct settings plain = { .alert = { .warning = 3.5 } };
static const char labels[] = "tenant\0Acme GmbH\0site\0fra\0";

static int set_option(struct options *options, const char *argument)
{
	const struct {
		const char *name;
		const char **text;
		uint64_t *number;
		int *flag;
	} known[] = {
		{ "url", &options->url, NULL, NULL },
		{ "username", &options->username, NULL, NULL },
		{ "password", &options->password, NULL, NULL },
		{ "spool", &options->spool, NULL, NULL },
		{ "results_maxlen", &options->results_maxlen, NULL, NULL },
		{ "state_dir", &options->state_dir, NULL, NULL },
		{ "disk_spool", &options->disk_spool, NULL, NULL },
		{ "replicas", &options->replicas, NULL, NULL },
		{ "history", &options->history, NULL, NULL },
		{ "results", NULL, &options->results, NULL },
		{ "from", NULL, &options->from, NULL },
		{ "cycle_ms", NULL, &options->cycle_ms, NULL },
		{ "rate", NULL, &options->rate, NULL },
		{ "targets", NULL, &options->targets, NULL },
		{ "every", NULL, &options->every, NULL },
		{ "stop", NULL, &options->stop_s, NULL },
		{ "check", NULL, NULL, &options->check },
		{ "heartbeats", NULL, &options->heartbeats, NULL },
	};
	const char *value = strchr(argument, '=');

	for (size_t i = 0; value && i < sizeof known / sizeof known[0]; i++) {
		if (strlen(known[i].name) != (size_t)(value - argument) ||
			strncmp(argument, known[i].name, (size_t)(value - argument)) != 0)
			continue;
		if (known[i].text)
			*known[i].text = value + 1;
		else if (known[i].number)
			*known[i].number = strtoull(value + 1, NULL, 10);
		else
			*known[i].flag = atoi(value + 1);
		return 0;
	}
	fprintf(stderr, "publish_driver: what is %s?\n", argument);
	return -1;
}

static struct config *make_config(const struct options *options)
{
	const char *const settings[][3] = {
		{ "redis", "url", options->url },
		{ "redis", "username", options->username },
		{ "redis", "spool_max", options->spool },
		{ "redis", "results_maxlen", options->results_maxlen },
		{ "redis", "disk_spool_max", options->disk_spool },
		{ "redis", "wait_replicas", options->replicas },
		{ "redis", "history", options->history },
		{ "prober", "state_dir", options->state_dir },
	};
	struct config *config = config_create("driver");
	struct message msg = { "out of memory" };

	for (size_t i = 0; config && i < sizeof settings / sizeof settings[0]; i++) {
		if (settings[i][2] && config_set(config, settings[i][0], settings[i][1],
					      settings[i][2], settings[i][1], &msg)) {
			config_destroy(config);
			config = NULL;
		}
	}
	if (!config)
		fprintf(stderr, "publish_driver: %s\n", msg.text);
	return config;
}

/* Of ten targets one is unverified, one muted, one in warning, one critical, the others fine. */
static int make_targets(struct made_up *ret, uint64_t count)
{
	ret->targets = calloc(count, sizeof *ret->targets);
	ret->names = calloc(count, sizeof *ret->names);
	if (!ret->targets || !ret->names)
		return -1;
	for (uint64_t i = 0; i < count; i++) {
		snprintf(ret->names[i], sizeof ret->names[i], "pbx%llu.example.com",
			(unsigned long long)i);
		ret->targets[i] = (struct target) {
			.name = ret->names[i],
			.settings = &plain,
			.labels = labels,
			.port = 5060,
		};
	}
	return 0;
}

static struct result make_result(
	const struct made_up *made_up, uint64_t i, uint64_t targets, uint64_t cycle_ms)
{
	static const uint8_t states[10] = { STATE_UNVERIFIED, STATE_OK, STATE_WARNING,
		STATE_CRITICAL, STATE_OK, STATE_OK, STATE_OK, STATE_OK, STATE_OK, STATE_SETTLING };
	uint64_t target = i % targets;
	uint8_t state = states[target % 10];
	double noise = (double)(i * 2654435761u % 1000) / 1000;
	double mos = state == STATE_CRITICAL  ? 2.5
		     : state == STATE_WARNING ? 3.3
		     : state == STATE_OK      ? 4.3
					      : 4.0;

	return (struct result) {
		.target = &made_up->targets[target],
		.target_index = (uint32_t)target,
		.addr = { .family = 4,
			.bytes = { 198, 18, (uint8_t)(target >> 8), (uint8_t)target } },
		.at_ms = cycle_ms ? 1764000000000 + i / targets * cycle_ms
				  : nsec_real() / NSEC_PER_MSEC,
		.cycle = i / targets,
		.n = state == STATE_UNVERIFIED ? 0 : 30,
		.answered = state == STATE_UNVERIFIED ? 0 : 30,
		.sent = 30,
		.latency_ms = 40 + noise,
		.jitter_ms = noise,
		.stddev_ms = noise / 2,
		.latency_rise_ms = (double)NAN,
		.low_min_24h = 12,
		.alerts_24h = state == STATE_UNVERIFIED ? RESULT_NO_COUNT : 1,
		.r = 90 - noise,
		.mos_cycle = mos - noise / 100,
		.mos = state == STATE_UNVERIFIED ? (double)NAN : mos - noise / 100,
		.r_base = 1.2,
		.r_delay = noise,
		.band = (uint8_t)band_of(mos),
		.state = state,
		.stamp_source = STAMP_BPF,
		.muted = target % 10 == 1,
		.open = state >= STATE_WARNING,
		.state_since_ms = 1764000000000 + target,
		.seq = state >= STATE_WARNING,
	};
}

static void push(struct queue *queue, const struct event *event)
{
	while (!queue_push(queue, event)) {
		queue_wake(queue);
		nanosleep(&(struct timespec) { .tv_nsec = 200000 }, NULL);
	}
}

static void push_transition(struct queue *queue, const struct result *result, uint32_t seq)
{
	struct event event = {
		.kind = EVENT_TRANSITION,
		.transition = {
			.result = *result,
			.since_ms = result->at_ms - 360000,
			.held_ms = 360000,
			.seq = seq,
			.action = ACTION_TRIGGER,
			.severity = STATE_WARNING,
			.previous = STATE_OK,
			.threshold = 3.5,
		},
	};

	event.transition.result.state = STATE_WARNING;
	push(queue, &event);
}

static void push_heartbeat(struct queue *queue, uint64_t cycles)
{
	push(queue, &(struct event) { .kind = EVENT_HEARTBEAT,
			    .heartbeat = { .at_ms = nsec_real() / NSEC_PER_MSEC,
				    .interval_ms = 60000,
				    .cycles = cycles } });
}

/* At the given rate, in turns of a few milliseconds, as the prober does. */
static uint64_t drive(
	struct queue *queue, const struct options *options, const struct made_up *made_up)
{
	uint64_t start_ns = nsec_mono(), beat_ns = 0, beats = 0, transitions = 0, i = 0;

	while (i < options->results) {
		uint64_t passed_ns = nsec_mono() - start_ns;
		uint64_t due = options->rate
				       ? (uint64_t)((double)passed_ns / 1e9 * (double)options->rate)
				       : options->results;

		for (; i < due && i < options->results; i++) {
			struct event event = { .kind = EVENT_RESULT,
				.result = make_result(made_up, i + options->from, options->targets,
					options->cycle_ms) };

			if (options->every && i % options->every == options->every - 1)
				push_transition(queue, &event.result, (uint32_t)++transitions);
			push(queue, &event);
		}
		if (beats < options->heartbeats && nsec_mono() >= beat_ns) {
			beats++;
			push_heartbeat(queue, i);
			beat_ns = nsec_mono() + NSEC_PER_SEC;
		}
		queue_wake(queue);
		nanosleep(&(struct timespec) { .tv_nsec = 4000000 }, NULL);
	}
	return transitions;
}

static int run(const struct options *options, const struct config *config)
{
	struct made_up made_up = { NULL, NULL };
	struct publish *publish = NULL;
	struct queue *queue = NULL;
	struct publish_stats stats = { 0 };
	struct message msg = { "out of memory" };
	uint64_t start_ns = nsec_mono(), transitions;
	struct rusage usage;
	int status = 1;

	if (make_targets(&made_up, options->targets) ||
		queue_create(&queue, sizeof(struct event), QUEUE_SIZE) ||
		publish_start(&publish, config, options->password, queue, NULL, &msg)) {
		fprintf(stderr, "publish_driver: %s\n", msg.text);
		goto out;
	}
	publish_go(publish);
	transitions = drive(queue, options, &made_up);
	publish_stop(publish, options->stop_s * NSEC_PER_SEC, &stats);
	getrusage(RUSAGE_SELF, &usage);
	printf("{\"results\": %llu, \"transitions\": %llu, \"written\": %llu, \"dropped\": %llu, "
	       "\"dropped_transitions\": %llu, \"reconnects\": %llu, \"seconds\": %.3f, "
	       "\"cpu_seconds\": %.3f}\n",
		(unsigned long long)options->results, (unsigned long long)transitions,
		(unsigned long long)stats.written, (unsigned long long)stats.dropped,
		(unsigned long long)stats.dropped_transitions, (unsigned long long)stats.reconnects,
		(double)(nsec_mono() - start_ns) / 1e9,
		(double)(usage.ru_utime.tv_sec + usage.ru_stime.tv_sec) +
			(double)(usage.ru_utime.tv_usec + usage.ru_stime.tv_usec) / 1e6);
	status = 0;
out:
	queue_destroy(queue);
	free(made_up.targets);
	free(made_up.names);
	return status;
}

int main(int argc, char **argv)
{
	struct options options = {
		.results = 1000, .targets = 100, .stop_s = 10, .heartbeats = UINT64_MAX
	};
	struct message found, msg;
	struct publish_quiet quiet;
	struct config *config;
	int status;

	for (int i = 1; i < argc; i++)
		if (set_option(&options, argv[i]))
			return 2;
	config = make_config(&options);
	if (!config)
		return 2;
	signal(SIGPIPE, SIG_IGN);
	if (options.check) {
		status = publish_check(config, options.password, 2000, &found, &quiet, &msg) != 0;
		puts(status ? msg.text : found.text);
	} else {
		status = run(&options, config);
	}
	config_destroy(config);
	return status;
}
