/* SPDX-License-Identifier: MIT */
#include "composition/run_metrics.h"

#include <errno.h>
#include <stdatomic.h>
#include <stdlib.h>
#include <string.h>

#include "edges/http.h"
#include "edges/machine.h"
#include "pure/exposition.h"
#include "pure/listen.h"
#include "pure/metrics.h"
#include "vocabulary/log.h"
#include "vocabulary/nsec.h"

/* A turn takes milliseconds. One that takes as long as this will not come back by itself. */
#define HEALTHY_NS (5 * NSEC_PER_SEC)

struct run_metrics {
	struct http *http;
	struct mailbox *snapshots;
	const struct config *config;
	const struct engine *engine;
	uint64_t started_ms;
	/* Set by the main thread as they come to be. */
	_Atomic(const struct publish *) publish;
	_Atomic(const struct queue *) printed;
	_Atomic(const struct prober *) prober;
};

static struct metrics_redis redis_of(const struct publish *publish)
{
	struct publish_stats stats = publish_stats(publish);
	uint64_t now_ms = nsec_real() / NSEC_PER_MSEC;

	return (struct metrics_redis) {
		.written = stats.written,
		.dropped_results = stats.dropped,
		.dropped_transitions = stats.dropped_transitions,
		.reconnects = stats.reconnects,
		.spooled = stats.spooled,
		.spool_age_ms =
			stats.oldest_ms && stats.oldest_ms < now_ms ? now_ms - stats.oldest_ms : 0,
		.round_trips = stats.round_trips,
		.round_trips_ns = stats.round_trips_ns,
		.connected = stats.connected,
	};
}

/* redis: room for what it refers to. */
static struct metrics gather(struct run_metrics *metrics, struct metrics_redis *redis)
{
	const struct publish *publish = atomic_load(&metrics->publish);
	const struct queue *printed = atomic_load(&metrics->printed);
	struct machine_process process = machine_process();

	if (publish)
		*redis = redis_of(publish);
	return (struct metrics) {
		.version = MOSPROBE_VERSION,
		.prober_id = metrics->config->id,
		.stamps = stamp_source_name(metrics->engine->source),
		.engine = engine_name(metrics->engine),
		.prober = mailbox_newest(metrics->snapshots),
		.redis = publish ? redis : NULL,
		.output_refused = printed ? queue_refused(printed) : 0,
		.cpu_ns = process.cpu_ns,
		.resident_bytes = process.resident_bytes,
		.started_ms = metrics->started_ms,
	};
}

static struct http_answer answer_text(unsigned status, const char *text)
{
	struct http_answer answer = { .status = status, .content_type = "text/plain" };
	struct message line;

	message_set(&line, 0, "%s\n", text);
	answer.body = strdup(line.text);
	if (!answer.body)
		return (struct http_answer) { 0 };
	answer.length = strlen(answer.body);
	return answer;
}

static struct http_answer answer_metrics(struct run_metrics *metrics)
{
	struct http_answer answer = { .status = 200, .content_type = EXPOSITION_CONTENT_TYPE };
	struct metrics_redis redis;
	struct metrics found = gather(metrics, &redis);

	answer.body = malloc(METRICS_TEXT_SIZE);
	if (!answer.body)
		return (struct http_answer) { 0 };
	answer.length = metrics_text(answer.body, &found);
	return answer;
}

static struct http_answer answer_ready(struct run_metrics *metrics)
{
	struct metrics_redis redis;
	struct metrics found = gather(metrics, &redis);
	struct message why;

	return metrics_are_ready(&found, &why) ? answer_text(200, "ready")
					       : answer_text(503, why.text);
}

static struct http_answer answer_health(struct run_metrics *metrics)
{
	const struct prober *prober = atomic_load(&metrics->prober);
	uint64_t now_ns = nsec_mono(), turned_ns = prober ? prober_turned_ns(prober) : 0;
	struct message why;

	if (!prober)
		return answer_text(200, "the prober has not begun: it starts, or stands by");
	if (now_ns < turned_ns + HEALTHY_NS)
		return answer_text(200, "healthy");
	message_set(&why, 0, "the prober's turn has taken %.1f s",
		(double)(now_ns - turned_ns) / NSEC_PER_SEC);
	return answer_text(503, why.text);
}

static struct http_answer answer(void *context, const char *path)
{
	if (!strcmp(path, "/metrics"))
		return answer_metrics(context);
	if (!strcmp(path, "/healthz"))
		return answer_health(context);
	if (!strcmp(path, "/readyz"))
		return answer_ready(context);
	return (struct http_answer) { 0 };
}

static int start(struct run_metrics *metrics, struct message *msg)
{
	struct listen_place place;
	struct message why;
	int error;

	metrics->snapshots = mailbox_create(sizeof(struct metrics_snapshot));
	if (!metrics->snapshots)
		return message_set(msg, -ENOMEM, "out of memory");
	listen_parse(&place, metrics->config->metrics_listen);
	error = http_start(&metrics->http, &place, answer, metrics, &why);
	if (error)
		return message_set(msg, error, "[metrics] listen = %s: %s",
			metrics->config->metrics_listen, why.text);
	log_event(LOG_INFO, "metrics_served", "metrics are served, without authentication",
		"listen=%s to=%s", metrics->config->metrics_listen,
		listen_is_local(&place) ? "this machine" : "others too");
	return 0;
}

int run_metrics_start(struct run_metrics **ret, const struct config *config,
	const struct engine *engine, struct message *msg)
{
	struct run_metrics *metrics;
	int error;

	*ret = NULL;
	if (!config->metrics_listen)
		return 0;
	metrics = calloc(1, sizeof *metrics);
	if (!metrics)
		return message_set(msg, -ENOMEM, "out of memory");
	metrics->config = config;
	metrics->engine = engine;
	metrics->started_ms = nsec_real() / NSEC_PER_MSEC;
	error = start(metrics, msg);
	if (error)
		run_metrics_stop(metrics);
	else
		*ret = metrics;
	return error;
}

void run_metrics_watch(struct run_metrics *metrics, const struct publish *publish,
	const struct queue *printed, const struct prober *prober)
{
	if (!metrics)
		return;
	atomic_store(&metrics->publish, publish);
	atomic_store(&metrics->printed, printed);
	atomic_store(&metrics->prober, prober);
}

struct mailbox *run_metrics_mailbox(const struct run_metrics *metrics)
{
	return metrics ? metrics->snapshots : NULL;
}

void run_metrics_stop(struct run_metrics *metrics)
{
	if (!metrics)
		return;
	http_stop(metrics->http);
	mailbox_destroy(metrics->snapshots);
	free(metrics);
}
