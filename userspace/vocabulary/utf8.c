/* SPDX-License-Identifier: MIT */
#include "vocabulary/utf8.h"

#include <stdbool.h>

size_t utf8_sequence(const unsigned char *text, size_t length)
{
	unsigned char first = text[0];
	size_t need = first < 0x80 ? 1 : first < 0xc2 ? 0 : first < 0xe0 ? 2 : first < 0xf0 ? 3 : 4;

	if (!need || first > 0xf4 || need > length)
		return 0;
	for (size_t i = 1; i < need; i++)
		if ((text[i] & 0xc0) != 0x80)
			return 0;
	if ((first == 0xe0 && text[1] < 0xa0) || (first == 0xed && text[1] > 0x9f) ||
		(first == 0xf0 && text[1] < 0x90) || (first == 0xf4 && text[1] > 0x8f))
		return 0;
	return need;
}

size_t utf8_showable(const unsigned char *text, size_t length)
{
	size_t step = utf8_sequence(text, length);
	bool control = *text < ' ' || *text == 0x7f || (*text == 0xc2 && step && text[1] < 0xa0);

	return control ? 0 : step;
}
