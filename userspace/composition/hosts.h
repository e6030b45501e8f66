/* SPDX-License-Identifier: MIT */
/* The hosts behind the targets: one per name or literal address, however many targets (ports) share
 * it. Names come first, so that the resolver and the prober mean the same by a host's index. */
#ifndef MOSPROBE_HOSTS_H
#define MOSPROBE_HOSTS_H

#include <stddef.h>
#include <stdint.h>

#include "pure/targets.h"
#include "vocabulary/address.h"

struct hosts {
	uint32_t *of_target; /* host by target */
	const char **names;  /* by host; strings are the target list's */
	size_t named;	     /* hosts 0 .. named - 1 are names, to be resolved */
	size_t count;	     /* the others are literal addresses */
};

/* targets must outlive it. Returns 0 or -ENOMEM. */
int hosts_create(struct hosts *ret, const struct target_list *targets);
void hosts_destroy(struct hosts *hosts);

#endif
