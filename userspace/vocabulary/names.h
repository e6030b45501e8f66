/* SPDX-License-Identifier: MIT */
/* Texts to numbers: each text once, numbered 0, 1, 2, ... in the order in which they came. */
#ifndef MOSPROBE_NAMES_H
#define MOSPROBE_NAMES_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#define NAMES_NO_MEMORY UINT32_MAX

struct names;

/* expected: how many may come, a hint. copies: texts are copied; otherwise they must outlive it. NULL
 * when memory is out. */
struct names *names_create(size_t expected, bool copies);
void names_destroy(struct names *names); /* NULL is fine */

/* The number of a text, a new one when it has none; NAMES_NO_MEMORY. */
uint32_t names_number(struct names *names, const char *text);
bool names_known(const struct names *names, const char *text);
uint32_t names_count(const struct names *names);
/* number below names_count(). */
const char *names_at(const struct names *names, uint32_t number);

#endif
