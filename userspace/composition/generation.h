/* SPDX-License-Identifier: MIT */
/* What the prober works with from one reload to the next: the list of targets, their numbers, and the
 * tables that score their codecs. It is made away from the prober's turn and never changed. */
#ifndef MOSPROBE_GENERATION_H
#define MOSPROBE_GENERATION_H

#include "pure/columns.h"
#include "pure/config.h"
#include "pure/roster.h"
#include "pure/targets.h"
#include "vocabulary/message.h"

struct generation {
	uint64_t number; /* rises by one with each */
	struct target_list *list;
	struct roster *roster;
	struct columns *columns;
	double starts_per_s;  /* that its targets ask for, without closer looks */
	double starts_most_per_s; /* and with as many of these as there may be */
	double *closer_below; /* by codec (roster->codec_of): mos under which there is doubt */
};

/* The first one. Takes the list, also when it fails. Returns 0 or -ENOMEM. */
int generation_first(
	struct generation **ret, const struct config *config, struct target_list *list);
/* The next one after previous, see roster_next(). config: with the keys of targets, classes and the
 * model of the new files. Takes the list, also when it fails. Returns 0, -ENOMEM or -ENOSPC, with a
 * message. */
int generation_next(struct generation **ret, struct roster_change *ret_change,
	const struct generation *previous, bool all_left, struct numbering *numbering,
	const struct config *config, struct target_list *list, struct message *msg);
void generation_destroy(struct generation *generation); /* NULL is fine */

#endif
