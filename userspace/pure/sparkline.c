/* SPDX-License-Identifier: MIT */
#include "pure/sparkline.h"

#include <math.h>
#include <string.h>

#define HEIGHTS 8

/* 0..7; where there is no range, either end. */
static unsigned height(double value, double low, double high)
{
	double share;

	if (!(value > low))
		return 0;
	if (!(value < high))
		return HEIGHTS - 1;
	share = (value - low) / (high - low);
	return 1 + (unsigned)(share * (HEIGHTS - 1));
}

size_t sparkline(char ret[SPARKLINE_SIZE], const double *values, unsigned count, double low,
	double high, bool ascii)
{
	static const char plain[HEIGHTS][2] = { "_", ".", ":", "-", "=", "+", "*", "#" };
	static const char blocks[HEIGHTS][4] = { "▁", "▂", "▃", "▄", "▅", "▆", "▇", "█" };
	size_t used = 0;

	for (unsigned i = 0; i < count && i < SPARKLINE_MOST; i++) {
		unsigned at = isnan(values[i]) ? 0 : height(values[i], low, high);
		const char *text = isnan(values[i]) ? " " : ascii ? plain[at] : blocks[at];
		size_t length = strlen(text);

		memcpy(ret + used, text, length);
		used += length;
	}
	ret[used] = '\0';
	return used;
}
