/* SPDX-License-Identifier: MIT */
#include "vocabulary/mask.h"

#include <stdbool.h>
#include <string.h>

static const char stars[] = "***";

/* The length of what stands before the '@' of an authority, 0 = there is none. A password may hold an '@' or a '/' that
 * should have been encoded. */
static size_t userinfo(const char *authority)
{
	size_t length = strcspn(authority, " \t\r\n\"");

	while (length && authority[length] != '@')
		length--;
	return memchr(authority, '/', length) && !memchr(authority, ':', length) ? 0 : length;
}

void mask_passwords(char *text, size_t size)
{
	char *at = text;

	while ((at = strstr(at, "://"))) {
		size_t from, to, rest;

		at += strlen("://");
		from = (size_t)(at - text) + userinfo(at);
		if (text + from == at)
			continue;
		to = (size_t)(at - text) + strlen(stars);
		rest = strlen(text + from);
		if (to >= size)
			to = size - 1;
		if (rest > size - 1 - to)
			rest = size - 1 - to;
		memmove(text + to, text + from, rest);
		memcpy(at, stars, to - (size_t)(at - text));
		text[to + rest] = '\0';
	}
}
