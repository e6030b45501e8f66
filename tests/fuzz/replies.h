/* SPDX-License-Identifier: MIT */
/* A Redis that says what the input says: replies in RESP, a newline for CR LF, each ended by a line "--".
 *
 * In their order, whatever is asked: the next one when something more was, and after the last one it hangs up. Or by
 * command: a line "@NAME" stands before the replies to that command, of which the last one is for all that come after
 * it; what has none is told OK. */
#ifndef MOSPROBE_TESTS_FUZZ_REPLIES_H
#define MOSPROBE_TESTS_FUZZ_REPLIES_H

#include <stdbool.h>
#include <stddef.h>

#define REPLIES_COMMANDS 32

/* hiredis takes memory for as many elements as an array is said to have: more than this there is none. */
#define REPLIES_MEMORY "allocator_may_return_null=1:max_allocation_size_mb=256"
const char *__asan_default_options(void);

struct replies {
	int listener, peer;   /* peer -1: nobody is connected */
	const char *at, *end; /* in their order */
	struct replies_command {
		const char *name, *at, *end;
	} commands[REPLIES_COMMANDS];
	unsigned command_count;
	bool by_command;
	char asked[131072]; /* of a command that has not come in whole */
	size_t asked_size;
};

/* Listens at a socket in the folder of the fuzz target. Returns "unix://PATH". */
const char *replies_listen(struct replies *replies, bool by_command);
/* What is to be said, from the next connection on; text must live until the next call. */
void replies_load(struct replies *replies, const char *text);
/* Takes what has come, without waiting, and answers; impatient: also when nothing has. */
void replies_turn(struct replies *replies, bool impatient);

#endif
