/* SPDX-License-Identifier: MIT */
/* Help with what people type: the name they meant, and text of theirs that is safe to show. */
#ifndef MOSPROBE_TEXT_H
#define MOSPROBE_TEXT_H

#include <stdbool.h>
#include <stddef.h>

/* How many letters to insert, delete, change or swap with their neighbour to get from a to b, without
 * case (the optimal string alignment distance). Of names longer than 64 only the first 64 count. */
unsigned edit_distance(const char *a, const char *b);

/* The nearest of several known names: start with { .wanted = name }, offer each, and take best
 * (NULL: none was offered). The first of equally near ones wins. */
struct nearest {
	const char *wanted, *best;
	unsigned distance;
};
void nearest_offer(struct nearest *nearest, const char *candidate);

/* Well-formed UTF-8, RFC 3629: no overlong forms, surrogates, or anything above U+10FFFF. */
bool utf8_valid(const char *text, size_t length);

#define SHOWN_SIZE 80
/* A copy of length bytes that is safe in a message: control characters and what is no UTF-8 become
 * '?', and a long text is cut with "..." at its end. Returns buffer. */
const char *shown(char buffer[SHOWN_SIZE], const char *text, size_t length);

/* A copy that is safe on a terminal, and no wider than so many columns (one a character): control characters, also those
 * of U+0080 to U+009F, and what is no UTF-8 become '?', and so does, where ascii, all else that is none. What is cut ends
 * in '~'. Cut also at size. Returns its length in bytes. */
size_t text_fit(char *ret, size_t size, const char *text, unsigned columns, bool ascii);

#endif
