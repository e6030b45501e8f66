/* SPDX-License-Identifier: MIT */
/* Who has which number. Whatever keeps something of a target keeps it by the target's number, and a
 * number is never given to another target: what is under way for one that was removed cannot become
 * another's. A roster is the state between two reloads, and is not changed after it was made. */
#ifndef MOSPROBE_ROSTER_H
#define MOSPROBE_ROSTER_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "pure/codec.h"
#include "pure/targets.h"
#include "vocabulary/message.h"

struct roster {
	const struct target **targets; /* by number; they are of a target list. NULL = has left; one
					* that is not here any more may have cycles under way */
	bool *here;		       /* by number: it is in the list */
	uint32_t *host_of;	       /* by number: the host behind it */
	uint32_t *codec_of;	       /* by number: its place in codecs */
	uint32_t count;		       /* numbers that were ever given: 0 .. count - 1 */
	uint32_t present;	       /* targets that are here */
	struct codec *codecs;	       /* each once */
	uint32_t codec_count;
	const char **hosts; /* names and addresses by their numbers, each once however many targets
			     * (ports) share it */
	uint32_t host_count;
	bool *host_here; /* by host: a target that is here stands behind it */
	uint32_t named;	 /* of the first: hosts 0 .. named - 1 are names, the others addresses */
};

/* Targets are numbered in the order of the list, which must outlive it. Returns 0 or -ENOMEM. */
int roster_first(struct roster **ret, const struct target_list *list);
void roster_destroy(struct roster *roster); /* NULL is fine */

/* Which names have had which numbers, for as long as the process lives. */
struct numbering;

/* As roster_first() has given them. room: how many targets there can be. Returns 0 or -ENOMEM. */
int numbering_create(struct numbering **ret, const struct roster *first, uint32_t room);
void numbering_destroy(struct numbering *numbering); /* NULL is fine */

/* What a reload changes, as numbers of the new roster. */
struct roster_change {
	uint32_t *added, added_count; /* targets; one that left earlier may come again */
	uint32_t *removed, removed_count;
	uint32_t changed_count; /* targets whose settings or labels are not what they were */
	uint32_t *hosts_added, hosts_added_count;
	uint32_t *hosts_removed, hosts_removed_count;
};
void roster_change_free(struct roster_change *change);

/* The next roster: list's targets keep the numbers that they had before, new ones get new ones; of the
 * removed ones the old list's targets stay. all_left: none of those that previous has not
 * here has anything under way. The names of its hosts live as long as the numbering. Returns 0, -ENOMEM, or
 * -ENOSPC with a message when there is no room for so many; then nothing was changed. */
int roster_next(struct roster **ret, struct roster_change *ret_change,
	const struct roster *previous, bool all_left, struct numbering *numbering,
	const struct target_list *list, struct message *msg);

/* In common with roster_next.c: memory for so many, and the codecs of all. Return 0 or -ENOMEM. */
int roster_allot(struct roster **ret, size_t targets, size_t hosts);
int roster_number_codecs(struct roster *roster);

#endif
