/* SPDX-License-Identifier: MIT */
/* Who has which number. Whatever keeps something of a target keeps it by the target's number, and a
 * number is never given to another target: what is under way for one that was removed cannot become
 * another's. A roster is the state between two reloads, and is not changed after it was made. */
#ifndef MOSPROBE_ROSTER_H
#define MOSPROBE_ROSTER_H

#include <stddef.h>
#include <stdint.h>

#include "pure/codec.h"
#include "pure/targets.h"

struct roster {
	const struct target **targets; /* by number; they are of a target list. NULL = has left */
	uint32_t *host_of;	       /* by number: the host behind it */
	uint32_t *codec_of;	       /* by number: its place in codecs */
	uint32_t count;		       /* numbers that were ever given: 0 .. count - 1 */
	uint32_t present;	       /* targets */
	struct codec *codecs;	       /* each once */
	uint32_t codec_count;
	const char **hosts; /* names and addresses by their numbers, each once however many targets
			     * (ports) share it */
	uint32_t host_count;
	uint32_t
		named; /* of roster_first(): hosts 0 .. named - 1 are names, the others addresses */
};

/* Targets are numbered in the order of the list, which must outlive it. Returns 0 or -ENOMEM. */
int roster_first(struct roster **ret, const struct target_list *list);
void roster_destroy(struct roster *roster); /* NULL is fine */

/* Numbers the codecs of all targets that are present. Returns 0 or -ENOMEM. */
int roster_number_codecs(struct roster *roster);

#endif
