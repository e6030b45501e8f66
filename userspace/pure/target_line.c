/* SPDX-License-Identifier: MIT */
#include "pure/target_line.h"

#include <errno.h>
#include <stdbool.h>
#include <string.h>

#include "pure/config_keys.h"
#include "pure/text.h"

static bool is_blank(char c)
{
	return c == ' ' || c == '\t';
}

static int refuse(struct message *msg, const char *what, const char *why)
{
	char buffer[SHOWN_SIZE];

	return message_set(msg, -EINVAL, "%s: %s", shown(buffer, what, strlen(what)), why);
}

static int copy_line(struct target_line *line, const char *text, size_t length, struct message *msg)
{
	if (length && text[length - 1] == '\r')
		length--;
	if (memchr(text, '\0', length))
		return message_set(msg, -EINVAL, "a NUL byte: this is no text");
	if (length > TARGET_LINE_MAX)
		return message_set(msg, -EINVAL, "a line of %zu bytes: at most %d are allowed",
			length, TARGET_LINE_MAX);
	for (size_t i = 0; i < length; i++) {
		unsigned char c = (unsigned char)text[i];

		if ((c < ' ' && c != '\t') || c == 0x7f)
			return message_set(msg, -EINVAL,
				"a control character (0x%02x): only tabs are allowed", c);
	}
	memcpy(line->text, text, length);
	line->text[length] = '\0';
	return 0;
}

/* Undoes the quotes of a value in place; at is behind the opening one. Returns what is behind the
 * closing one, NULL with a message when something is wrong. */
static char *unquote(const char *key, char *at, struct message *msg)
{
	char *to = at;

	for (; *at != '"'; at++) {
		if (*at == '\\') {
			at++;
			if (*at != '"' && *at != '\\') {
				refuse(msg, key, "\\ stands before \" or \\ only");
				return NULL;
			}
		}
		if (!*at) {
			refuse(msg, key, "the closing quote is missing on this line");
			return NULL;
		}
		if (*at == '\t') {
			refuse(msg, key, "a tab in the value");
			return NULL;
		}
		*to++ = *at;
	}
	*to = '\0'; /* at the latest on the closing quote */
	at++;
	if (*at && !is_blank(*at)) {
		refuse(msg, key, "text behind the closing quote");
		return NULL;
	}
	return at;
}

/* Cuts one key=value off at text. Returns what is behind it, NULL with a message. */
static char *cut_pair(struct target_pair *pair, char *text, struct message *msg)
{
	size_t length = strcspn(text, " \t=");
	char *value = text + length, *end;

	if (*value != '=') {
		*value = '\0';
		refuse(msg, text, "expected key=value");
		return NULL;
	}
	*value++ = '\0';
	if (!is_plain_name(text, TARGET_PAIR_KEY_MAX)) {
		refuse(msg, text, "a key is 1 to 64 letters, digits, _ - or .");
		return NULL;
	}
	pair->key = text;
	if (*value == '"') {
		pair->value = value + 1;
		end = unquote(text, value + 1, msg);
	} else {
		pair->value = value;
		end = value + strcspn(value, " \t\"");
		if (*end == '"') {
			refuse(msg, text, "a quote inside the value: quote all of it");
			return NULL;
		}
	}
	if (!end)
		return NULL;
	if (*end)
		*end++ = '\0';
	if (!utf8_valid(pair->value, strlen(pair->value))) {
		refuse(msg, text, "the value is not valid UTF-8");
		return NULL;
	}
	return end;
}

int target_line_cut(struct target_line *line, const char *text, size_t length, struct message *msg)
{
	int rc = copy_line(line, text, length, msg);
	char *at = line->text;

	if (rc)
		return rc;
	line->name = NULL;
	line->count = 0;
	at += strspn(at, " \t");
	if (!*at || *at == '#')
		return 0;
	line->name = at;
	line->name_length = strcspn(at, " \t");
	at += line->name_length;
	if (memchr(line->name, '=', line->name_length)) {
		*at = '\0';
		return refuse(msg, line->name, "a line begins with NAME[:PORT]");
	}
	for (at += strspn(at, " \t"); *at && *at != '#'; at += strspn(at, " \t")) {
		struct target_pair *pair = &line->pairs[line->count];

		if (line->count == TARGET_PAIRS_MAX)
			return message_set(
				msg, -EINVAL, "more than %d key=value on a line", TARGET_PAIRS_MAX);
		at = cut_pair(pair, at, msg);
		if (!at)
			return -EINVAL;
		for (size_t i = 0; i < line->count; i++)
			if (!strcmp(line->pairs[i].key, pair->key))
				return refuse(msg, pair->key, "given twice");
		line->count++;
	}
	return 0;
}
