/* SPDX-License-Identifier: MIT */
/* What the prober works with from one reload to the next: the list of targets, their numbers, and the
 * tables that score their codecs. It is made away from the prober's turn and never changed. */
#ifndef MOSPROBE_GENERATION_H
#define MOSPROBE_GENERATION_H

#include "pure/columns.h"
#include "pure/config.h"
#include "pure/roster.h"
#include "pure/targets.h"

struct generation {
	struct target_list *list;
	struct roster *roster;
	struct columns *columns;
	double starts_per_s;   /* that its targets ask for */
	unsigned most_samples; /* of a cycle of any of them */
};

/* The first one. Takes the list, also when it fails. Returns 0 or -ENOMEM. */
int generation_first(
	struct generation **ret, const struct config *config, struct target_list *list);
void generation_destroy(struct generation *generation); /* NULL is fine */

#endif
