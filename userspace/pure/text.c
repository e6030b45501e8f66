/* SPDX-License-Identifier: MIT */
#include "pure/text.h"

#include <stdint.h>
#include <string.h>
#include <strings.h>

#include "vocabulary/utf8.h"

#define NAME_MAX_COMPARED 64

static unsigned char lower(char c)
{
	return (unsigned char)(c >= 'A' && c <= 'Z' ? c - 'A' + 'a' : c);
}

static unsigned least(unsigned a, unsigned b)
{
	return a < b ? a : b;
}

unsigned edit_distance(const char *a, const char *b)
{
	/* the row before the last, the last, and this one */
	unsigned rows[3][NAME_MAX_COMPARED + 1];
	unsigned *before = rows[0], *last = rows[1], *row = rows[2];
	size_t a_length = strnlen(a, NAME_MAX_COMPARED), b_length = strnlen(b, NAME_MAX_COMPARED);

	for (size_t j = 0; j <= b_length; j++)
		row[j] = (unsigned)j;
	for (size_t i = 1; i <= a_length; i++) {
		unsigned *oldest = before;

		before = last;
		last = row;
		row = oldest;
		row[0] = (unsigned)i;
		for (size_t j = 1; j <= b_length; j++) {
			bool same = lower(a[i - 1]) == lower(b[j - 1]);

			row[j] = least(last[j - 1] + !same, least(last[j], row[j - 1]) + 1);
			if (i > 1 && j > 1 && lower(a[i - 1]) == lower(b[j - 2]) &&
				lower(a[i - 2]) == lower(b[j - 1]))
				row[j] = least(row[j], before[j - 2] + 1);
		}
	}
	return row[b_length];
}

void nearest_offer(struct nearest *nearest, const char *candidate)
{
	unsigned distance = edit_distance(nearest->wanted, candidate);

	if (nearest->best && distance >= nearest->distance)
		return;
	nearest->best = candidate;
	nearest->distance = distance;
}

bool utf8_valid(const char *text, size_t length)
{
	const unsigned char *at = (const unsigned char *)text;

	while (length) {
		size_t step = utf8_sequence(at, length);

		if (!step)
			return false;
		at += step;
		length -= step;
	}
	return true;
}

const char *shown(char buffer[SHOWN_SIZE], const char *text, size_t length)
{
	static const char dots[] = "...";
	const unsigned char *at = (const unsigned char *)text;
	bool cut = length >= SHOWN_SIZE;
	size_t room = cut ? SHOWN_SIZE - sizeof dots : length, used = 0;

	while (used < room) {
		size_t step = utf8_sequence(at + used, length - used);
		size_t take = step ? step : 1;
		bool control = at[used] < ' ' || at[used] == 0x7f;

		if (used + take > room)
			break;
		if (step && !control)
			memcpy(buffer + used, at + used, take);
		else
			buffer[used] = '?';
		used += take;
	}
	memcpy(buffer + used, cut ? dots : "", cut ? sizeof dots : 1);
	return buffer;
}

static size_t fitting(const unsigned char *at, size_t length, bool ascii)
{
	size_t step = utf8_showable(at, length);

	return ascii && step > 1 ? 0 : step;
}

size_t text_fit(char *ret, size_t size, const char *text, unsigned columns, bool ascii)
{
	const unsigned char *at = (const unsigned char *)text;
	size_t length = strlen(text), used = 0, last = 0;
	unsigned column = 0;

	while (length && column < columns) {
		size_t step = utf8_sequence(at, length), take = fitting(at, length, ascii);

		if (used + (take ? take : 1) >= size)
			break;
		last = used;
		memcpy(ret + used, take ? (const char *)at : "?", take ? take : 1);
		used += take ? take : 1;
		at += step ? step : 1;
		length -= step ? step : 1;
		column++;
	}
	if (length && used) {
		ret[last] = '~';
		used = last + 1;
	}
	if (size)
		ret[used] = '\0';
	return used;
}
