/* SPDX-License-Identifier: MIT */
/* What operators write into `mosprobe:{ID}:mute`: read every 10 s, for the prober to take. */
#ifndef MOSPROBE_PUBLISH_MUTES_H
#define MOSPROBE_PUBLISH_MUTES_H

#include <stdatomic.h>
#include <stdbool.h>
#include <stdint.h>

#include "edges/publish_connection.h"
#include "edges/publish_pipeline.h"
#include "pure/mutes.h"

/* Zeroed: nothing was asked yet. */
struct mute_reader {
	uint64_t due_ns; /* when it is to be asked again; 0 = with the next connection */
	uint32_t wrong;	 /* members that are no target's name, of the newest answer */
	_Atomic(struct mutes *) newest; /* that nobody has taken; NULL = none */
};

void mute_reader_free(struct mute_reader *reader);
/* Asks, when it is time. */
void mute_reader_ask(struct mute_reader *reader, struct pipeline *pipeline, const char *key,
	uint64_t now_ns, uint64_t wall_ms);
/* The answer to that. An error leaves things as they are. Returns members that are new and wrong. */
uint32_t mute_reader_take(
	struct mute_reader *reader, const struct answer *answer, uint16_t default_port);

#endif
