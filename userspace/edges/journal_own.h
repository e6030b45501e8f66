/* SPDX-License-Identifier: MIT */
/* What journal.c (a process's life with it) and journal_file.c (its bytes) share. */
#ifndef MOSPROBE_JOURNAL_OWN_H
#define MOSPROBE_JOURNAL_OWN_H

#include <stdatomic.h>

#include "edges/journal.h"

enum line_kind { LINE_TAKEN = 1, LINE_SENT, LINE_DONE };

/* What stands in the file before each line's own. */
struct line {
	uint64_t checksum; /* XXH3 of all that follows */
	uint32_t size;	   /* of the line, this too */
	uint32_t kind;
	uint64_t order;
	uint64_t id_ms, id_seq;
};
_Static_assert(sizeof(struct line) == 40, "no padding");

/* A transition in the file. */
struct logged {
	uint64_t order, id_ms, id_seq;
	bool done;
	struct transition
		*left; /* of a former process, with all that it points at; NULL = of this one */
};

struct journal {
	int fd;
	char *dir;
	const struct config *config;
	const struct roster *roster;
	struct logged *entries; /* by order */
	size_t count, room, undone;
	char *buffer;
	size_t length, buffer_room;
	bool urgent; /* something in it must be on disk before it goes on */
	uint64_t size;
	uint64_t taken_soon; /* with what is in the buffer */
	uint32_t *newest;    /* by target: entry + 1 of a former process's newest; NULL = none */
	_Atomic uint64_t taken, kept, hold_until_ns;
};

/* journal_file.c */

/* Reads what is there and opens the file at its end. Returns 0, or a negative errno with a message. */
int journal_read(struct journal *journal, struct message *ret_note, struct message *msg);
/* Appends a line to the buffer. Returns 0 or -ENOMEM. */
int journal_put(struct journal *journal, struct line line, const struct transition *transition);
/* The buffer is written, and when it is urgent synced. Returns 0 or a negative errno. */
int journal_write(struct journal *journal);
/* Nothing in it is needed. Returns 0 or a negative errno. */
int journal_empty(struct journal *journal);

/* journal.c */

/* NULL when memory is out. */
struct logged *journal_add(struct journal *journal, uint64_t order);
struct logged *journal_find(struct journal *journal, uint64_t order);
void journal_forget(struct journal *journal);

#endif
