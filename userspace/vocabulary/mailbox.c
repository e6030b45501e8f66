/* SPDX-License-Identifier: MIT */
#include "vocabulary/mailbox.h"

#include <stdatomic.h>
#include <stdbool.h>
#include <stdlib.h>
#include <string.h>

/* Three slots: one is being written, one is being read, and one lies between the two. */
#define SLOTS 3
#define FRESH 4u /* the one between was written since it was last taken */

struct mailbox {
	size_t size, distance;	  /* of a value; from one slot to the next */
	_Atomic unsigned between; /* its number, and FRESH */
	unsigned writers, readers;
	bool has_value; /* the reader's slot */
	_Alignas(max_align_t) char slots[];
};

struct mailbox *mailbox_create(size_t size)
{
	size_t aligned =
		(size + _Alignof(max_align_t) - 1) / _Alignof(max_align_t) * _Alignof(max_align_t);
	struct mailbox *mailbox = calloc(1, sizeof *mailbox + SLOTS * aligned);

	if (!mailbox)
		return NULL;
	mailbox->size = size;
	mailbox->distance = aligned;
	atomic_init(&mailbox->between, 0);
	mailbox->writers = 1;
	mailbox->readers = 2;
	return mailbox;
}

void mailbox_destroy(struct mailbox *mailbox)
{
	free(mailbox);
}

void mailbox_put(struct mailbox *mailbox, const void *value)
{
	memcpy(mailbox->slots + mailbox->writers * mailbox->distance, value, mailbox->size);
	mailbox->writers = atomic_exchange_explicit(&mailbox->between, mailbox->writers | FRESH,
				   memory_order_acq_rel) &
			   ~FRESH;
}

const void *mailbox_newest(struct mailbox *mailbox)
{
	if (atomic_load_explicit(&mailbox->between, memory_order_relaxed) & FRESH) {
		mailbox->readers = atomic_exchange_explicit(&mailbox->between, mailbox->readers,
					   memory_order_acq_rel) &
				   ~FRESH;
		mailbox->has_value = true;
	}
	return mailbox->has_value ? mailbox->slots + mailbox->readers * mailbox->distance : NULL;
}
