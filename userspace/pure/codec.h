/* SPDX-License-Identifier: MIT */
/* The codecs with published narrowband impairment values, ITU-T G.113 Appendix I. */
#ifndef MOSPROBE_CODEC_H
#define MOSPROBE_CODEC_H

#include "vocabulary/message.h"
#include "vocabulary/settings.h"

/* Finds a codec by name, without case. Returns 0; -ENOENT with a message that says what to do for
 * a name that has no published values (opus, g722, ...) or is unknown, with the nearest known. A
 * codec that has Ie but no Bpl (g726-32) comes back with bpl 0: see codec_override(). */
int codec_find(struct codec *ret, const char *name, struct message *msg);

/* Applies the operator's own `ie=` and `bpl=` (NAN: not given) to *codec; name may be any for
 * codec_find() failed names as long as both are given. Returns 0, or -EINVAL with a message:
 * values out of range, or a codec whose Bpl is neither published nor given. */
int codec_override(struct codec *codec, double ie, double bpl, struct message *msg);

/* Entry i of the table, NULL past its end: for help texts and tests over every codec. */
const struct codec *codec_at(unsigned i);

#endif
