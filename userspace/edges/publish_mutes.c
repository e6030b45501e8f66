/* SPDX-License-Identifier: MIT */
#include "edges/publish_mutes.h"

#include <inttypes.h>
#include <stdio.h>

#include "vocabulary/nsec.h"

#define EVERY_NS (10 * NSEC_PER_SEC)

void mute_reader_free(struct mute_reader *reader)
{
	mutes_destroy(atomic_exchange(&reader->newest, NULL));
}

void mute_reader_ask(struct mute_reader *reader, struct pipeline *pipeline, const char *key,
	uint64_t now_ns, uint64_t wall_ms)
{
	char from[24];

	if (now_ns < reader->due_ns)
		return;
	reader->due_ns = now_ns + EVERY_NS;
	/* What is over is of no interest, and may stand there for as long as operators like. */
	snprintf(from, sizeof from, "(%" PRIu64, wall_ms);
	pipeline_begin(pipeline, "ZRANGEBYSCORE");
	pipeline_text(pipeline, key);
	pipeline_text(pipeline, from);
	pipeline_text(pipeline, "+inf");
	pipeline_text(pipeline, "WITHSCORES");
	pipeline_ask(pipeline, (struct question) { .kind = ASKED_MUTES, .key = KEY_MUTE });
}

uint32_t mute_reader_take(
	struct mute_reader *reader, const struct answer *answer, uint16_t default_port)
{
	struct mutes *mutes = answer->error ? NULL : mutes_create((uint32_t)answer->elements / 2);
	uint32_t wrong = 0, news;

	if (!mutes)
		return 0;
	for (size_t i = 0; i + 1 < answer->elements; i += 2)
		wrong += !mutes_add(mutes, answer_element(answer, i), answer_element(answer, i + 1),
			default_port);
	mutes_destroy(atomic_exchange(&reader->newest, mutes));
	news = wrong > reader->wrong ? wrong - reader->wrong : 0;
	reader->wrong = wrong;
	return news;
}
