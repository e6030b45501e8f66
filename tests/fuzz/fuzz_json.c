/* SPDX-License-Identifier: MIT */
/* Lines of --output jsonl, as `mosprobe replay` reads them. */
#include <math.h>

#include "edges/json_read.h"
#include "fuzz.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	char *text = fuzz_text(data, size), *at = text, *line;

	while ((line = fuzz_line(&at))) {
		struct json_result read;
		struct message why;

		if (json_read_result(line, strlen(line), &read, &why) != 1)
			continue;
		CHECK(*read.target && memchr(read.target, '\0', sizeof read.target));
		CHECK(memchr(read.prober, '\0', sizeof read.prober));
		CHECK(read.result.state < STATE_COUNT && read.result.cause < CAUSE_COUNT);
		CHECK(read.result.outcome < CYCLE_OUTCOME_COUNT);
		CHECK(isnan(read.result.mos) || isfinite(read.result.mos));
	}
	free(text);
	return 0;
}
