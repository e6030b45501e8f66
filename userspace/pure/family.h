/* SPDX-License-Identifier: MIT */
/* Which of its two addresses a target is visited at, when its name has an IPv4 and an IPv6 one: one of them,
 * until it fails. (Not RFC 8305's race: a probe that raced would measure another path each time.)
 *
 * IPv4 at first, for that is what the phones behind most of these systems use. When a whole cycle found no
 * answer there, the other is tried; when that has none either, the first again after two cycles, then after
 * four, then every eight: who is dead at both is not tossed about. Pure. */
#ifndef MOSPROBE_FAMILY_H
#define MOSPROBE_FAMILY_H

#include <stdbool.h>
#include <stdint.h>

/* Zeroed: a fine start. */
struct family_use {
	uint8_t second : 1; /* 1: IPv6 is the one in use */
	uint8_t failed : 7; /* cycles in a row without an answer at it */
	uint8_t patience;   /* so many of them are borne */
};

/* The family to visit, 4 or 6; 0 when neither has an address. has4, has6: which there are (and wanted). */
unsigned family_choose(const struct family_use *family, bool has4, bool has6);
/* A cycle at the family in use has ended. both: there is another to go to. Returns true when the next one
 * goes there. */
bool family_note(struct family_use *family, bool answered, bool both);

#endif
