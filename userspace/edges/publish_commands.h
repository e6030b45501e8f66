/* SPDX-License-Identifier: MIT */
/* Entries as commands: the XADD, and after it in the same pipeline the state to reconcile from. */
#ifndef MOSPROBE_PUBLISH_COMMANDS_H
#define MOSPROBE_PUBLISH_COMMANDS_H

#include <stdint.h>

#include "edges/publish_history.h"
#include "edges/publish_keys.h"
#include "edges/publish_marks.h"
#include "edges/publish_pipeline.h"
#include "edges/publish_stream.h"
#include "pure/config.h"
#include "pure/fields.h"


struct commands {
	struct pipeline *pipeline;
	const struct keys *keys;
	const char *prober_id;
	char results_maxlen[24], alerts_maxlen[24];
	struct marks marks;
	struct fields fields;
	/* The target that is being written: its hash's key, whose end is its name. */
	char *path;
	const char *name;
	size_t path_length, name_length;
	uint32_t index;
	char *history, *history_name; /* likewise of its 24 hours */
};

/* pipeline and keys must outlive it. Returns 0 or -ENOMEM; commands_free() is fine either way. */
int commands_create(struct commands *ret, struct pipeline *pipeline, const struct keys *keys,
	const struct config *config);
void commands_free(struct commands *commands);

void commands_result(struct commands *commands, const struct entry *entry, uint32_t slot);
void commands_transition(struct commands *commands, const struct entry *entry, uint32_t slot);

/* A target that was removed: its hash and its places in the sets. */
void commands_leave(struct commands *commands, uint32_t number, const char *key);

/* Looks for an entry that may have been written. */
void commands_find(struct commands *commands, enum stream_name stream, const struct entry *entry,
	uint32_t slot);
/* Asks for the last id of a stream. */
void commands_last(struct commands *commands, enum stream_name stream);

/* The first words of a process: what a former one left in the sets and lists is forgotten. */
void commands_fresh(struct commands *commands);
/* Waits for the replicas that are wanted (redis.wait_replicas) to have all that was written before, for a tenth of a
 * second. */
void commands_wait(struct commands *commands, unsigned replicas);
/* A record of five minutes into its place; and the target's 24 hours expire when nothing is added to them. */
void commands_history(struct commands *commands, const struct history_record *record);
/* The lease: for as long again; and no longer. */
void commands_refresh(struct commands *commands, uint64_t ttl_ms);
void commands_release(struct commands *commands);
/* Adds the prober to the set of all. */
void commands_register(struct commands *commands);
/* The fields are in commands->fields already. expire_ms: how long they stand. */
void commands_heartbeat(struct commands *commands, uint64_t expire_ms);

#endif
