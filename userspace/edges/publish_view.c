/* SPDX-License-Identifier: MIT */
#include "edges/publish_view.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "edges/publish_view_own.h"
#include "vocabulary/nsec.h"

#define SEEN_MOST "6"

int view_create(
	struct view **ret, const struct config *config, const char *password, struct message *msg)
{
	struct connection *connection = NULL;
	struct view *view;
	/* The url is looked at now, and not when it is too late to say what it should be. */
	int error = connection_of(&connection, config, password, msg);

	connection_destroy(connection);
	if (error)
		return error;
	view = calloc(1, sizeof *view);
	if (!view)
		return message_set(msg, -ENOMEM, "out of memory");
	view->config = config;
	view->password = password;
	*ret = view;
	return 0;
}

static void close_view(struct view *view)
{
	if (view->open)
		dialogue_close(&view->dialogue);
	view->open = false;
}

void view_destroy(struct view *view)
{
	if (!view)
		return;
	close_view(view);
	free(view);
}

int view_begin(struct view *view, unsigned timeout_ms, struct message *msg)
{
	int error = 0;

	view->asked = view->taken = 0;
	view->refused.text[0] = '\0';
	if (!view->open) {
		error = dialogue_open(
			&view->dialogue, view->config, view->password, timeout_ms, msg);
		view->open = true;
		if (error)
			close_view(view);
	} else {
		view->dialogue.deadline_ns = nsec_mono() + timeout_ms * NSEC_PER_MSEC;
	}
	return error;
}

const char *view_path(struct view *view, enum key key, const char *target)
{
	snprintf(view->path, sizeof view->path, "%s%s", view->dialogue.keys.names[key], target);
	return view->path;
}

int view_ask(struct view *view, const char *const *words)
{
	const char *list[VIEW_WORDS];
	size_t lengths[VIEW_WORDS];
	int count = 0;

	for (; count < VIEW_WORDS && words[count]; count++) {
		list[count] = words[count];
		lengths[count] = strlen(words[count]);
	}
	view->asked++;
	return connection_append(view->dialogue.connection, count, list, lengths);
}

int view_fail(struct view *view, int error, struct message *msg)
{
	close_view(view);
	return message_set(msg, error, "%s: out of memory", view->config->redis_url);
}

static int take_all(void *context, struct connection *connection, struct message *msg)
{
	struct view *view = context;
	struct answer answer;
	int status;

	while ((status = connection_answer(connection, &answer, msg)) == 1) {
		if (!view->take(view->context, view->taken++, &answer) && answer.error &&
			!*view->refused.text)
			message_set(&view->refused, 0, "%s", answer.text);
		answer_free(&answer);
		if (view->taken == view->asked)
			return 1;
	}
	return status;
}

int view_converse(struct view *view,
	bool (*take)(void *context, size_t i, const struct answer *answer), void *context,
	struct message *msg)
{
	struct message reason = { "" };
	int error;

	view->take = take;
	view->context = context;
	error = view->asked ? dialogue_converse(&view->dialogue, take_all, view, &reason) : 0;
	if (!error && *view->refused.text)
		error = message_set(&reason, -EACCES, "%s", view->refused.text);
	if (error) {
		close_view(view);
		message_set(msg, error, "%s: %s", view->config->redis_url, reason.text);
	}
	view->asked = view->taken = 0;
	return error;
}

/* The questions of view_fleet(), in their order: the heartbeat, these, the bins. */
enum { FLEET_HEARTBEAT, FLEET_OPEN, FLEET_EXCELLENT, FLEET_PROBERS, FLEET_FIRST_BIN };

static bool take_fleet(void *context, size_t i, const struct answer *answer)
{
	struct fleet *fleet = context;
	uint64_t number = answer->number > 0 ? (uint64_t)answer->number : 0;
	size_t used = 0;

	if (i == FLEET_PROBERS) {
		/* In a cluster another node may have that key, and a user may not be allowed it. */
		for (size_t k = 0; k < answer->elements && used < sizeof fleet->seen; k++)
			used += (size_t)snprintf(fleet->seen + used, sizeof fleet->seen - used,
				"%s%s", k ? ", " : "", answer_element(answer, k));
		return true;
	}
	if (answer->error)
		return false;
	if (i == FLEET_HEARTBEAT) {
		for (unsigned k = 0; fleet_field(k); k++)
			fleet_take(fleet, k, answer_element(answer, k));
	} else if (i == FLEET_OPEN) {
		fleet->open = number;
	} else if (i == FLEET_EXCELLENT) {
		fleet->excellent = number;
	} else if (i - FLEET_FIRST_BIN < FLEET_BINS) {
		fleet->bins[i - FLEET_FIRST_BIN] = number;
		fleet->scored += number;
	}
	return true;
}

static int ask_heartbeat(struct view *view)
{
	const char *words[VIEW_WORDS] = { "HMGET", view->dialogue.keys.names[KEY_PROBER] };

	for (unsigned i = 0; fleet_field(i); i++)
		words[2 + i] = fleet_field(i);
	return view_ask(view, words);
}

int view_fleet(struct view *view, unsigned timeout_ms, struct fleet *ret, struct message *msg)
{
	char low[FLEET_SCORE_SIZE], high[FLEET_SCORE_SIZE], *const *keys;
	int error = view_begin(view, timeout_ms, msg);

	memset(ret, 0, sizeof *ret);
	if (error)
		return error;
	keys = view->dialogue.keys.names;
	error = ask_heartbeat(view) || VIEW_ASK(view, "ZCARD", keys[KEY_OPEN]) ||
		VIEW_ASK(view, "ZCOUNT", keys[KEY_WORST], "4.45", "+inf") ||
		VIEW_ASK(view, "SRANDMEMBER", keys[KEY_PROBERS], SEEN_MOST);
	for (unsigned bin = 0; bin < FLEET_BINS && !error; bin++) {
		fleet_bin(bin, low, high);
		error = VIEW_ASK(view, "ZCOUNT", keys[KEY_WORST], low, high);
	}
	return error ? view_fail(view, -ENOMEM, msg) : view_converse(view, take_fleet, ret, msg);
}

struct worst {
	struct fleet_row *rows;
	unsigned room, count;
};

static bool take_worst(void *context, size_t i, const struct answer *answer)
{
	struct worst *worst = context;

	for (size_t k = 0; k < answer->elements && worst->count < worst->room; k++)
		snprintf(worst->rows[worst->count++].target, sizeof worst->rows->target, "%s",
			answer_element(answer, k));
	return !answer->error;
}

int view_worst(struct view *view, unsigned timeout_ms, uint64_t first, struct fleet_row *ret,
	unsigned *count, struct message *msg)
{
	struct worst worst = { .rows = ret, .room = *count };
	char from[24], to[24];
	int error = view_begin(view, timeout_ms, msg);

	if (error || !*count)
		return error;
	snprintf(from, sizeof from, "%llu", (unsigned long long)first);
	snprintf(to, sizeof to, "%llu", (unsigned long long)first + *count - 1);
	if (VIEW_ASK(view, "ZRANGE", view->dialogue.keys.names[KEY_WORST], from, to))
		return view_fail(view, -ENOMEM, msg);
	error = view_converse(view, take_worst, &worst, msg);
	*count = worst.count;
	return error;
}

static bool take_row(void *context, size_t i, const struct answer *answer)
{
	struct fleet_row *row = (struct fleet_row *)context + i;

	for (unsigned k = 0; fleet_row_field(k) && !answer->error; k++)
		fleet_row_take(row, k, answer_element(answer, k));
	return !answer->error;
}

int view_rows(struct view *view, unsigned timeout_ms, struct fleet_row *rows, unsigned count,
	struct message *msg)
{
	const char *words[VIEW_WORDS] = { "HMGET" };
	int error = view_begin(view, timeout_ms, msg);

	if (error)
		return error;
	for (unsigned i = 0; fleet_row_field(i); i++)
		words[2 + i] = fleet_row_field(i);
	for (unsigned i = 0; i < count; i++) {
		words[1] = view_path(view, KEY_TARGET, rows[i].target);
		if (view_ask(view, words))
			return view_fail(view, -ENOMEM, msg);
	}
	return view_converse(view, take_row, rows, msg);
}
