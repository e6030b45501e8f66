/* SPDX-License-Identifier: MIT */
/* A connection to Redis that never blocks: hiredis for the protocol, poll(2) by the caller. It can
 * be opened again and again. The one thing that may block is the look-up of a host name, which
 * hiredis leaves to getaddrinfo(3). */
#ifndef MOSPROBE_PUBLISH_CONNECTION_H
#define MOSPROBE_PUBLISH_CONNECTION_H

#include <stdbool.h>
#include <stddef.h>

#include "pure/config.h"
#include "vocabulary/message.h"

struct connection;

/* url: redis://HOST[:PORT][/DATABASE] or unix:///PATH[?db=DATABASE]. Connects nothing yet.
 * Returns 0, -ENOMEM, or -EINVAL with a message that says what url should look like. */
int connection_create(struct connection **ret, const char *url, struct message *msg);
/* To redis.url; password: NULL = none. */
int connection_of(struct connection **ret, const struct config *config, const char *password,
	struct message *msg);
void connection_destroy(struct connection *connection); /* NULL is fine */
const char *connection_url(const struct connection *connection);
unsigned connection_database(const struct connection *connection);

/* Begins to connect. When poll(2) says that it can be written to, connection_finish() tells whether
 * it did. Both return 0, or a negative errno with the reason alone as the message. */
int connection_open(struct connection *connection, struct message *msg);
int connection_finish(struct connection *connection, struct message *msg);
/* A node of a Redis Cluster has answered "MOVED SLOT HOST:PORT": the next connection goes there. False when that cannot
 * be read, and when it is where this one goes already. */
bool connection_follow(struct connection *connection, const char *moved);
/* It could not be reached, or is of no use: the next one goes to the url again, or to where it was moved to last. */
void connection_turn_away(struct connection *connection);
/* Forgets what was not sent and not read. Closing what is closed is fine. */
void connection_close(struct connection *connection);
int connection_fd(const struct connection *connection); /* -1 when closed */

/* Appends one command to what is to be sent. Returns 0 or -ENOMEM. */
int connection_append(
	struct connection *connection, int count, const char **words, const size_t *lengths);
/* The same for the few words of a command that is no entry's; ends with NULL. */
int connection_say(struct connection *connection, const char *command, ...)
	__attribute__((sentinel));
/* Is something appended that has not been sent? */
bool connection_unsent(const struct connection *connection);
/* Sends and reads as much as goes without waiting. Return 0, or a negative errno with the reason;
 * then only connection_close() may follow. connection_write(): -EPROTO when Redis had said why it
 * hung up; that is the message then. ret_got (read): something came. */
int connection_write(struct connection *connection, struct message *msg);
int connection_read(struct connection *connection, bool *ret_got, struct message *msg);

/* An answer, in the order of the commands. */
struct answer {
	bool error;
	const char *text; /* of an error, a status, a string; else "" */
	long long number; /* of an integer, else 0 */
	size_t elements;  /* of an array, else 0 */
	void *reply;
};
/* The next answer that has been read: 1, or 0 when there is none, or -EPROTO with a message. 1 must
 * be followed by answer_free(). */
int connection_answer(struct connection *connection, struct answer *ret, struct message *msg);
void answer_free(struct answer *answer);
/* Of a reply as hiredis has it. */
struct answer answer_of(void *reply);
/* Of an array: an element, which lives as long as the array and is not to be freed; one that is not there is empty. */
struct answer answer_inner(const struct answer *answer, size_t i);
/* Of a string: how many bytes it has; text may hold a NUL. */
size_t answer_length(const struct answer *answer);
/* Of an array: the text of an element, or "". */
const char *answer_element(const struct answer *answer, size_t i);
/* Of an array of names and values: the text of name's value, or "" */
const char *answer_text_of(const struct answer *answer, const char *name);
/* Of an array of entries of a stream: the id of the first one, or "". */
const char *answer_entry_id(const struct answer *answer);
/* The same for the text of a field of the first one, or "". */
const char *answer_entry_text(const struct answer *answer, const char *name);
/* Of an array of arrays of names and values: a value of the i-th; "" or -1 = there is none. */
const char *answer_inner_text(const struct answer *answer, size_t i, const char *name);
long long answer_inner_number(const struct answer *answer, size_t i, const char *name);
/* As answer_text_of() for a number; -1 when there is none. */
long long answer_number_of(const struct answer *answer, const char *name);

#endif
