/* SPDX-License-Identifier: MIT */
#include "edges/publish_lag.h"

#include <stdio.h>
#include <string.h>

#include "vocabulary/nsec.h"

#define EVERY_NS (10 * NSEC_PER_SEC)

static const char *const names[STREAM_COUNT] = {
	[STREAM_RESULTS] = "results",
	[STREAM_ALERTS] = "alerts",
};

void lag_ask(struct lag *lag, struct pipeline *pipeline, const struct keys *keys, uint64_t now_ns)
{
	if (now_ns < lag->due_ns)
		return;
	lag->due_ns = now_ns + EVERY_NS;
	for (int i = 0; i < STREAM_COUNT; i++) {
		enum key key = i == STREAM_RESULTS ? KEY_RESULTS : KEY_ALERTS;

		pipeline_begin(pipeline, "XINFO");
		pipeline_text(pipeline, "GROUPS");
		pipeline_text(pipeline, keys->names[key]);
		pipeline_ask(pipeline,
			(struct question) {
				.kind = ASKED_GROUPS, .key = (uint8_t)key, .stream = (uint8_t)i });
	}
}

/* Whole words only. number below 0: not known. */
static void add(char text[LAG_TEXT_SIZE], const char *stream, const char *group, long long number)
{
	char word[LAG_TEXT_SIZE];
	size_t used = strlen(text);
	int length = number < 0 ? snprintf(word, sizeof word, "%s%s:%s=?", used ? " " : "", stream,
					  group)
				: snprintf(word, sizeof word, "%s%s:%s=%lld", used ? " " : "",
					  stream, group, number);

	if (length > 0 && used + (size_t)length < LAG_TEXT_SIZE)
		memcpy(text + used, word, (size_t)length + 1);
}

void lag_take(struct lag *lag, enum stream_name stream, const struct answer *answer)
{
	lag->lag[stream][0] = lag->pending[stream][0] = '\0';
	for (size_t i = 0; !answer->error && i < answer->elements; i++) {
		const char *group = answer_inner_text(answer, i, "name");

		add(lag->lag[stream], names[stream], group, answer_inner_number(answer, i, "lag"));
		add(lag->pending[stream], names[stream], group,
			answer_inner_number(answer, i, "pending"));
	}
}

void lag_text(char ret[2 * LAG_TEXT_SIZE], const char texts[STREAM_COUNT][LAG_TEXT_SIZE])
{
	const char *results = texts[STREAM_RESULTS], *alerts = texts[STREAM_ALERTS];

	snprintf(ret, (size_t)2 * LAG_TEXT_SIZE, "%s%s%s", alerts, *alerts && *results ? " " : "", results);
}
