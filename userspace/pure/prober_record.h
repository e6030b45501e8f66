/* SPDX-License-Identifier: MIT */
/* What is known of this prober itself and of its groups, as a text for a file: the sequence numbers of their events, and
 * which of these are open. Lines of words, and a checksum at the end: what is damaged, cut or another prober's is not
 * read. */
#ifndef MOSPROBE_PROBER_RECORD_H
#define MOSPROBE_PROBER_RECORD_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "pure/groups.h"

struct prober_events {
	uint32_t vantage_seq, resolver_seq;
	bool impaired, resolver_fails; /* an event about it is open */
};

/* A text to be freed, NULL when memory is out. */
char *prober_record_text(
	const char *prober_id, const struct prober_events *events, const struct groups *groups);

/* Takes it back; groups get what is known of them. False, and nothing taken, when it is none of this prober's. */
bool prober_record_read(const char *text, size_t length, const char *prober_id,
	struct prober_events *ret, struct groups *groups, uint64_t now_ns);

#endif
