/* SPDX-License-Identifier: MIT */
#include "edges/publish_pipeline.h"

#include <assert.h>
#include <string.h>

#include "vocabulary/nsec.h"

#define ENTRY_COMMANDS_MAX 8 /* that one entry asks for */

_Static_assert((PIPELINE_COMMANDS_MAX & (PIPELINE_COMMANDS_MAX - 1)) == 0, "masked positions");

void pipeline_begin(struct pipeline *pipeline, const char *name)
{
	pipeline->count = 0;
	pipeline_text(pipeline, name);
}

void pipeline_word(struct pipeline *pipeline, const char *text, size_t length)
{
	assert(pipeline->count < WORDS_MAX);
	pipeline->words[pipeline->count] = text;
	pipeline->lengths[pipeline->count] = length;
	pipeline->count++;
}

void pipeline_text(struct pipeline *pipeline, const char *text)
{
	pipeline_word(pipeline, text, strlen(text));
}

void pipeline_fields(struct pipeline *pipeline, const struct fields *fields, unsigned count)
{
	for (unsigned i = 0; i < count; i++) {
		pipeline_text(pipeline, fields->list[i].name);
		pipeline_word(pipeline, fields->list[i].text, fields->list[i].length);
	}
}

void pipeline_ask(struct pipeline *pipeline, struct question question)
{
	size_t bytes = 0;

	assert(pipeline->tail - pipeline->head < PIPELINE_COMMANDS_MAX);
	if (connection_append(
		    pipeline->connection, pipeline->count, pipeline->words, pipeline->lengths)) {
		pipeline->out_of_memory = true;
		return;
	}
	/* Nearly: each word has about six bytes of frame. */
	for (int i = 0; i < pipeline->count; i++)
		bytes += pipeline->lengths[i] + 6;
	question.bytes = (uint32_t)bytes;
	pipeline->questions[pipeline->tail++ & (PIPELINE_COMMANDS_MAX - 1)] = question;
	pipeline->bytes += bytes;
	pipeline->appended_bytes += bytes;
}

bool pipeline_has_room(const struct pipeline *pipeline)
{
	return pipeline->tail - pipeline->head + ENTRY_COMMANDS_MAX <= PIPELINE_COMMANDS_MAX &&
	       pipeline->bytes < PIPELINE_BYTES_MAX;
}

uint32_t pipeline_unanswered(const struct pipeline *pipeline)
{
	return pipeline->tail - pipeline->head;
}

bool pipeline_answered(struct pipeline *pipeline, struct question *ret)
{
	if (pipeline->head == pipeline->tail)
		return false;
	*ret = pipeline->questions[pipeline->head++ & (PIPELINE_COMMANDS_MAX - 1)];
	pipeline->bytes -= ret->bytes;
	return true;
}

void pipeline_time(struct pipeline *pipeline)
{
	uint32_t newest = pipeline->tail - 1;
	bool fresh = pipeline->left_bytes != pipeline->appended_bytes;

	pipeline->left_bytes = pipeline->appended_bytes;
	/* WAIT takes the time of the replicas. */
	if (!fresh || pipeline->timed_ns || pipeline->head == pipeline->tail ||
		pipeline->questions[newest & (PIPELINE_COMMANDS_MAX - 1)].kind == ASKED_WAIT)
		return;
	pipeline->timed = newest;
	pipeline->timed_ns = nsec_mono();
}

uint64_t pipeline_timed(struct pipeline *pipeline, uint64_t now_ns)
{
	uint64_t sent_ns = pipeline->timed_ns;

	if (!sent_ns || pipeline->head != pipeline->timed)
		return 0;
	pipeline->timed_ns = 0;
	/* The caller's time is that of its turn. */
	return now_ns > sent_ns ? now_ns - sent_ns : 1;
}

void pipeline_clear(struct pipeline *pipeline)
{
	pipeline->timed_ns = 0;
	pipeline->head = pipeline->tail;
	pipeline->bytes = 0;
	pipeline->out_of_memory = false;
}
