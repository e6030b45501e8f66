/* SPDX-License-Identifier: MIT */
/* The newest value from one thread to one other, without locks: the writer never waits for a reader, nor the
 * reader for a writer, and what was not read is replaced. For what is looked at now and then; whoever
 * must miss nothing uses a queue. */
#ifndef MOSPROBE_MAILBOX_H
#define MOSPROBE_MAILBOX_H

#include <stddef.h>

struct mailbox;

/* size: of a value, in bytes. NULL when memory is out. */
struct mailbox *mailbox_create(size_t size);
/* NULL is fine. Neither thread may use it any more. */
void mailbox_destroy(struct mailbox *mailbox);

/* Writer. Copies the value in. */
void mailbox_put(struct mailbox *mailbox, const void *value);
/* Reader. The newest value, which stays as it is until the next call; NULL: there was none yet. */
const void *mailbox_newest(struct mailbox *mailbox);

#endif
