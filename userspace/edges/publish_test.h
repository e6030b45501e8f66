/* SPDX-License-Identifier: MIT */
/* What `mosprobe test-alert` asks of the prober that runs, by `mosprobe:{ID}:test`: looked for every two seconds. */
#ifndef MOSPROBE_PUBLISH_TEST_H
#define MOSPROBE_PUBLISH_TEST_H

#include <stdatomic.h>
#include <stdint.h>

#include "edges/publish_connection.h"
#include "edges/publish_pipeline.h"

/* Zeroed: nothing was asked yet. */
struct test_reader {
	uint64_t due_ns;
	_Atomic(char *) newest; /* "NAME:PORT" that nobody has taken; NULL = none */
};

void test_reader_free(struct test_reader *reader);
/* Asks, when it is time. */
void test_reader_ask(
	struct test_reader *reader, struct pipeline *pipeline, const char *key, uint64_t now_ns);
void test_reader_take(struct test_reader *reader, const struct answer *answer);

#endif
