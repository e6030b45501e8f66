/* SPDX-License-Identifier: MIT */
#include "composition/verbs.h"

#include <errno.h>
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#define XXH_INLINE_ALL
#include <xxhash.h>

#include "composition/arguments.h"
#include "edges/json.h"
#include "edges/json_read.h"
#include "pure/alert.h"
#include "vocabulary/nsec.h"

#define DIGITS 15
#define WRONG_TOLD 5

static const char usage[] =
	"usage: mosprobe replay [-c FILE] [--targets FILE] [--json] < RESULTS\n"
	"\n"
	"Reads results as `mosprobe run --output jsonl` prints them, one JSON object a line, and\n"
	"prints the transitions that the alert policy of FILE would have made of them: thresholds,\n"
	"holds and recovery of [alert], of classes and of targets that the targets file has.\n"
	"Nothing is probed. Groups and operators' mutes are not replayed.\n"
	"\n"
	"  -c FILE          configuration (" LOAD_CONFIG_DEFAULT ")\n"
	"  --targets FILE   instead of its own targets\n"
	"  --json           transitions as JSON, with the fields of the alerts stream\n"
	"\n"
	"Ends with status 1 when a line could not be read.\n";

static const struct argument accepted[] = {
	{ "targets", "prober", "targets", NULL },
	{ "interval", "prober", "interval", NULL },
	{ NULL, NULL, NULL, NULL },
};

/* A target of the results. */
struct replayed {
	struct target target; /* its own name and the configuration's settings */
	struct alert_state alert;
	uint64_t cycle; /* the newest */
	char name[TARGET_NAME_MAX + 1];
	struct replayed *next;
};

enum { BUCKETS = 1 << 16 };

struct replay {
	struct config *config;
	struct target_list *targets; /* NULL = none configured */
	struct replayed *buckets[BUCKETS];
	bool json;
	uint64_t results, transitions, repeated, wrong, line;
	struct fields fields;
};

static int load(struct replay *replay, const struct arguments *arguments, struct message *msg)
{
	int error = load_config(&replay->config, arguments->config_file, arguments->options,
		arguments->option_count, msg);

	if (!error && replay->config->target_file_count)
		error = load_targets(&replay->targets, replay->config, msg);
	return error;
}

static struct replayed *find(struct replay *replay, const char *key, struct message *why)
{
	struct replayed **place = &replay->buckets[XXH3_64bits(key, strlen(key)) % BUCKETS], *made;
	struct target target = { .port = 0 };
	char name[TARGET_NAME_MAX + 1], found[TARGET_KEY_SIZE];
	const struct target *known;

	for (; *place; place = &(*place)->next) {
		target_key(&(*place)->target, found);
		if (!strcmp(found, key))
			return *place;
	}
	if (target_parse_name(key, strlen(key), name, &target.port, &target.literal, why))
		return NULL;
	made = calloc(1, sizeof *made);
	if (!made) {
		message_set(why, 0, "out of memory");
		return NULL;
	}
	strcpy(made->name, name);
	made->target = target;
	made->target.name = made->name;
	made->target.settings = &replay->config->defaults;
	known = replay->targets ? targets_find(replay->targets, name, target.port) : NULL;
	if (known) {
		made->target.settings = known->settings;
		made->target.labels = known->labels;
	}
	*place = made;
	return made;
}

static void print(struct replay *replay, const struct transition *transition, const char *prober)
{
	char summary[SUMMARY_SIZE], key[TARGET_KEY_SIZE], when[32];
	time_t s = (time_t)(transition->result.at_ms / 1000);
	struct json *object;
	struct tm tm;

	replay->transitions++;
	if (replay->json) {
		transition_fields(&replay->fields, transition, prober);
		object = json_new();
		json_add_text(object, "type", "alert");
		json_add_fields(object, &replay->fields);
		json_end(object, stdout, DIGITS);
		return;
	}
	target_key(transition->result.target, key);
	summary_text(summary, transition, key, prober);
	gmtime_r(&s, &tm);
	strftime(when, sizeof when, "%Y-%m-%dT%H:%M:%SZ", &tm);
	printf("%s %s\n", when, summary);
}

/* As the prober judges: what is muted rests, what is missing moves nothing. */
static struct alert_transition judge(struct replay *replay, struct replayed *target,
	const struct result *result, bool *ret_muted)
{
	const struct settings *settings = target->target.settings;
	bool settled = result->state != STATE_UNVERIFIED && result->state != STATE_SETTLING;

	*ret_muted = settings->mute_until_ms > result->at_ms;
	if (*ret_muted)
		return alert_mute(&target->alert, result->at_ms);
	if (result->outcome == CYCLE_MISSING || isnan(result->mos) || isnan(result->mos_cycle))
		return (struct alert_transition) { .happened = false };
	return alert_step(&target->alert, &settings->alert,
		&(struct alert_cycle) {
			.mos = result->mos,
			.interval_ns = replay->config->interval_ns,
			.at_ms = result->at_ms,
			.may_fire = settled,
		});
}

static void take(struct replay *replay, struct replayed *target, struct json_result *found)
{
	struct alert_transition step;
	bool muted;

	/* A stream may hold what was read twice. */
	if (target->cycle && found->result.cycle <= target->cycle) {
		replay->repeated++;
		return;
	}
	target->cycle = found->result.cycle;
	replay->results++;
	step = judge(replay, target, &found->result, &muted);
	if (!step.happened)
		return;
	found->result.target = &target->target;
	found->result.state = step.state;
	found->result.seq = target->alert.seq;
	print(replay,
		&(struct transition) {
			.result = found->result,
			.since_ms = found->result.at_ms - step.held_ms,
			.held_ms = step.held_ms,
			.seq = target->alert.seq,
			.action = step.state == STATE_OK ? ACTION_RESOLVE : ACTION_TRIGGER,
			.severity = step.state == STATE_OK ? step.previous : step.state,
			.previous = step.previous,
			.kind = KIND_MOS,
			.reason = muted ? REASON_MUTED : REASON_LEVEL,
			.threshold = step.threshold,
		},
		found->prober);
}

static void read_line(struct replay *replay, const char *line, size_t length)
{
	struct json_result found;
	struct replayed *target;
	struct message why;
	int status = json_read_result(line, length, &found, &why);

	if (!status)
		return;
	target = status > 0 ? find(replay, found.target, &why) : NULL;
	if (target)
		take(replay, target, &found);
	else if (replay->wrong++ < WRONG_TOLD)
		fprintf(stderr, "mosprobe replay: line %llu: %s\n",
			(unsigned long long)replay->line, why.text);
}

static int read_all(struct replay *replay)
{
	char *line = NULL;
	size_t size = 0;
	ssize_t length;

	while ((length = getline(&line, &size, stdin)) > 0) {
		replay->line++;
		if (length > 1 || line[0] != '\n')
			read_line(replay, line, (size_t)length);
	}
	free(line);
	fprintf(stderr, "mosprobe replay: %llu results, %llu transitions",
		(unsigned long long)replay->results, (unsigned long long)replay->transitions);
	if (replay->repeated)
		fprintf(stderr, ", %llu repeated results passed over",
			(unsigned long long)replay->repeated);
	if (replay->wrong)
		fprintf(stderr, ", %llu lines that are none", (unsigned long long)replay->wrong);
	fputc('\n', stderr);
	if (fflush(stdout) || ferror(stdout)) {
		fprintf(stderr, "mosprobe replay: standard output: %s\n", strerror(errno));
		return 1;
	}
	return replay->wrong ? 1 : 0;
}

int cmd_replay(int argc, char **argv)
{
	struct replay *replay = calloc(1, sizeof *replay);
	struct arguments arguments;
	struct message msg;
	int status = 2;

	if (replay && !arguments_read(&arguments, argc, argv, accepted, false, true)) {
		replay->json = arguments.json;
		if (arguments.help) {
			fputs(usage, stdout);
			status = 0;
		} else if (load(replay, &arguments, &msg)) {
			fprintf(stderr, "mosprobe: %s\n", msg.text);
		} else {
			status = read_all(replay);
		}
	}
	if (replay) {
		for (unsigned i = 0; i < BUCKETS; i++)
			for (struct replayed *next; replay->buckets[i]; replay->buckets[i] = next) {
				next = replay->buckets[i]->next;
				free(replay->buckets[i]);
			}
		targets_destroy(replay->targets);
		config_destroy(replay->config);
	}
	free(replay);
	return status;
}
