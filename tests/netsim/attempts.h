/* SPDX-License-Identifier: MIT */
/* Which SYN of its connection each one is, whether or not it reached its peer. Of fixed size:
 * what is old gives way. Pure. */
#ifndef NETSIM_ATTEMPTS_H
#define NETSIM_ATTEMPTS_H

#include <stdint.h>

#define ATTEMPTS_IDLE_NS 8000000000 /* an entry that has to give way sooner is counted as a loss */

struct attempts;

struct attempts *attempts_create(void);		  /* NULL when memory is out */
void attempts_destroy(struct attempts *attempts); /* NULL is fine */

/* 0 for the first SYN with this ISN between these addresses and ports (key: connection_key()), 1
 * for the next, ... Entries that gave way too soon are counted in *evicted. */
uint32_t attempts_count(
	struct attempts *attempts, uint64_t key, uint32_t isn, uint64_t now_ns, uint64_t *evicted);

#endif
