/* SPDX-License-Identifier: MIT */
/* Numbers as a row of characters, one each: eight heights, in UTF-8 or, for terminals without it, in ASCII. Pure. */
#ifndef MOSPROBE_SPARKLINE_H
#define MOSPROBE_SPARKLINE_H

#include <stdbool.h>
#include <stddef.h>

#define SPARKLINE_MOST 96
#define SPARKLINE_SIZE (3 * SPARKLINE_MOST + 1)

/* Of count (up to SPARKLINE_MOST) values; NAN is a blank. From low up to high; what is not above low is at the bottom, and
 * whatever is above it looks higher. Returns the length in bytes. */
size_t sparkline(char ret[SPARKLINE_SIZE], const double *values, unsigned count, double low,
	double high, bool ascii);

#endif
