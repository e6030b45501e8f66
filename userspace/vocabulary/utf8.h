/* SPDX-License-Identifier: MIT */
/* UTF-8 as RFC 3629 has it: no overlong forms, surrogates, or anything above U+10FFFF. */
#ifndef MOSPROBE_UTF8_H
#define MOSPROBE_UTF8_H

#include <stddef.h>

/* The length of the well-formed sequence at text, of which length bytes are there (1 or more); 0 = none begins there. */
size_t utf8_sequence(const unsigned char *text, size_t length);

/* The length of the character at text, 0 when it is none, or a control character (those of U+0080 to U+009F too): what
 * may be shown on a terminal or in a line. */
size_t utf8_showable(const unsigned char *text, size_t length);

#endif
