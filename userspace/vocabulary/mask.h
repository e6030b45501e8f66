/* SPDX-License-Identifier: MIT */
/* Passwords that people put where none is wanted, taken out of what is shown. */
#ifndef MOSPROBE_MASK_H
#define MOSPROBE_MASK_H

#include <stddef.h>

/* Every "SCHEME://USER:PASSWORD@" in text loses what stands before the "@", for three stars, in place; RFC 3986,
 * 3.2.1. So does "USER@": some have their token there. What then has no room in size bytes is cut. */
void mask_passwords(char *text, size_t size);

#endif
