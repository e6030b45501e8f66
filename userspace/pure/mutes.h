/* SPDX-License-Identifier: MIT */
/* Maintenance windows from outside: targets by name, each until a time. Made once, then only asked. */
#ifndef MOSPROBE_MUTES_H
#define MOSPROBE_MUTES_H

#include <stdbool.h>
#include <stdint.h>

#include "pure/targets.h"

struct mutes;

/* Room for so many. NULL when memory is out. */
struct mutes *mutes_create(uint32_t room);
void mutes_destroy(struct mutes *mutes); /* NULL is fine */

/* name: "NAME", "NAME:PORT" or "[ADDRESS]:PORT", as targets are written; without a port it is default_port.
 * until: milliseconds since 1970, as the text of a number, "inf" = until told otherwise. False when either
 * is no such thing, or there is no room. */
bool mutes_add(struct mutes *mutes, const char *name, const char *until, uint16_t default_port);
uint32_t mutes_count(const struct mutes *mutes); /* 0 for NULL */

/* Until when the target is muted, wall clock in ms; 0 = it is not. mutes NULL is fine. */
uint64_t mutes_until_ms(const struct mutes *mutes, const struct target *target);

#endif
