/* SPDX-License-Identifier: MIT */
/* Commands that were sent and not yet answered, in their order: Redis answers in the order in which
 * it was asked, and says nothing else of what an answer is to. */
#ifndef MOSPROBE_PUBLISH_PIPELINE_H
#define MOSPROBE_PUBLISH_PIPELINE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "edges/publish_connection.h"
#include "edges/publish_keys.h"
#include "pure/fields.h"

/* What an answer is to. */
struct question {
	enum {
		ASKED_ADD,    /* XADD of an entry */
		ASKED_WAIT,   /* how many replicas have the entry */
		ASKED_FIND,   /* XRANGE: is the entry there? */
		ASKED_LAST,   /* XINFO STREAM: the last id */
		ASKED_TARGET, /* the hash or the sets of a target */
		ASKED_UPDATE, /* HSET of a part of a hash whose other fields stand there */
		ASKED_LEAVE,  /* a target that was removed */
		ASKED_HISTORY,/* a record of five minutes: its expiry, which is its last command */
		ASKED_TEST,   /* whose alert is to be made up */
		ASKED_GROUPS, /* how far consumers are behind */
		ASKED_MUTES,  /* who is muted by operators */
		ASKED_FRESH,  /* what is forgotten at the first connection */
		ASKED_LEASE,  /* that it goes on */
		ASKED_OTHER,  /* only an error is of interest */
		ASKED_NOTHING /* not even that */
	} kind : 8;
	uint8_t key;	 /* enum key: where */
	uint8_t stream;	 /* enum stream_name, of the first four */
	uint32_t slot;	 /* of the entry in its stream */
	uint32_t target; /* index */
	uint32_t bytes;	 /* set by the pipeline */
};

#define PIPELINE_COMMANDS_MAX 16384
#define PIPELINE_BYTES_MAX (4u << 20)
#define WORDS_MAX (2 * FIELDS_MAX + 16)

struct pipeline {
	struct connection *connection;
	/* the command that is being put together */
	const char *words[WORDS_MAX];
	size_t lengths[WORDS_MAX];
	int count;
	/* asked and not answered: positions that only rise */
	uint32_t head, tail;
	size_t bytes;
	uint64_t appended_bytes; /* since the start */
	uint64_t timed_ns;	 /* when the one at position `timed` was sent; 0 = none is timed */
	uint32_t timed;
	uint64_t left_bytes; /* appended_bytes when all that was asked had left */
	bool out_of_memory;
	struct question questions[PIPELINE_COMMANDS_MAX];
};

/* Begins a command; text is not copied, and must live until pipeline_ask(). Words beyond WORDS_MAX
 * are a bug. */
void pipeline_begin(struct pipeline *pipeline, const char *name);
void pipeline_word(struct pipeline *pipeline, const char *text, size_t length);
void pipeline_text(struct pipeline *pipeline, const char *text);
/* The names and texts of fields [0, count). */
void pipeline_fields(struct pipeline *pipeline, const struct fields *fields, unsigned count);
/* Appends the command. When memory is out, it says so in out_of_memory. */
void pipeline_ask(struct pipeline *pipeline, struct question question);

/* May an entry with all that belongs to it be appended? */
bool pipeline_has_room(const struct pipeline *pipeline);
uint32_t pipeline_unanswered(const struct pipeline *pipeline);
/* What the next answer is to; false when nothing was asked. */
bool pipeline_answered(struct pipeline *pipeline, struct question *ret);
/* All that was asked has left just now: unless one is timed already, the newest will be. */
void pipeline_time(struct pipeline *pipeline);
/* Before pipeline_answered(): how long that answer took, 0 = it was not timed. */
uint64_t pipeline_timed(struct pipeline *pipeline, uint64_t now_ns);
/* The connection is gone. */
void pipeline_clear(struct pipeline *pipeline);

#endif
