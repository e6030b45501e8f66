/* SPDX-License-Identifier: MIT */
/* How long to leave Redis alone after a failure: 0.1 s, doubling up to 5 s, each somewhere between
 * half of it and all of it, so that many probers do not come back at one moment. */
#ifndef MOSPROBE_PUBLISH_BACKOFF_H
#define MOSPROBE_PUBLISH_BACKOFF_H

#include <stdint.h>

struct backoff {
	uint64_t until_ns; /* not before; 0 = at once */
	unsigned failures; /* in a row */
};

void backoff_fail(struct backoff *backoff, uint64_t now_ns);
void backoff_reset(struct backoff *backoff);

#endif
