/* SPDX-License-Identifier: MIT */
/* The scenario of the simulated network, and how its addresses behave over its time. */
#include "../netsim/conditions.h"
#include "../netsim/scenario.h"
#include "fuzz.h"

static void behave(const struct scenario *scenario, const struct segment *segment)
{
	static const uint64_t times_ns[] = { 0, 1, 1000000000, 61500000000, 86400000000000,
		SCENARIO_TIME_MAX_NS };
	struct event event = { .seed = scenario->seed, .ip = segment->range.first, .port = 5060 };
	struct burst_line line[DIRECTIONS] = { { 0 } };

	for (size_t i = 0; i < sizeof times_ns / sizeof *times_ns; i++) {
		struct conditions conditions;

		conditions_at(scenario, segment, &event, times_ns[i], &conditions);
		conditions_dark(scenario, segment, times_ns[i]);
		CHECK((unsigned)conditions.behaviour.answer < ANSWER_COUNT);
		for (int d = 0; d < DIRECTIONS; d++) {
			CHECK(conditions.behaviour.loss[d] >= 0 &&
				conditions.behaviour.loss[d] <= 1);
			/* The line of a day is walked stretch by stretch. */
			if (i < 4)
				draw_burst_lost(&event, (enum direction)d, &conditions.behaviour,
					times_ns[i], &line[d]);
		}
	}
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	char *text = fuzz_text(data, size), message[SCENARIO_MESSAGE_SIZE] = "";
	struct scenario *scenario = NULL;
	char name[SCENARIO_NAME_SIZE];

	if (scenario_parse(&scenario, text, "fuzz.scenario", message)) {
		CHECK(*message && memchr(message, '\0', sizeof message));
		free(text);
		return 0;
	}
	for (size_t i = 0; i < scenario->block_count; i++)
		if (scenario->blocks[i].name) {
			block_name(&scenario->blocks[i], SCENARIO_LISTED_MAX - 1, name);
			CHECK(strlen(name) < sizeof name);
		}
	for (size_t i = 0; i < scenario->segment_count && i < 64; i++) {
		CHECK(scenario_find(scenario, scenario->segments[i].range.first) == (int64_t)i);
		behave(scenario, &scenario->segments[i]);
	}
	scenario_destroy(scenario);
	free(text);
	return 0;
}
