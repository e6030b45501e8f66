/* SPDX-License-Identifier: MIT */
/* The INI text. inih cuts it into sections, keys and values. What it would let pass is refused here,
 * line by line and before inih sees the line: text that it would cut off without a word (long lines,
 * what stands behind a section's bracket), and unknown sections without keys. Handing it the lines
 * also tells which line a value stands in, which inih itself does not. */
#include <errno.h>
#include <ini.h>
#include <stdio.h>
#include <string.h>

#include "pure/config_own.h"
#include "pure/text.h"

#define BLANKS " \t"
#define SECTION_SIZE (sizeof "class " + CLASS_NAME_MAX)

struct reading {
	struct config *config;
	const char *name, *at, *end; /* of the text */
	struct message *msg;
	unsigned line;	 /* the newest that inih was given */
	bool indented;	 /* ... and how it begins */
	unsigned failed; /* the line of the message, 0 = none */
	int rc;
	char section[SECTION_SIZE]; /* "" = before the first */
	struct config_class *class; /* NULL in other sections */
	bool has_key;		    /* of this section, so that an indented line continues it */
	unsigned seen[KEY_MAX];	    /* the line of each key */
};

static int fail(struct reading *reading, int rc, const char *what, const char *why)
{
	reading->failed = reading->line;
	reading->rc = message_set(
		reading->msg, rc, "%s:%u: %s%s", reading->name, reading->line, what, why);
	return reading->rc;
}

static struct config_class *class_at(struct reading *reading, const char *name)
{
	struct config_own *own = reading->config->own;
	struct config_class *class = own->classes;
	char where[MESSAGE_SIZE];
	int length;

	while (class && strcmp(class->name, name))
		class = class->next;
	if (class)
		return class;
	length = snprintf(
		where, sizeof where, "%.255s:%u: [class %s]", reading->name, reading->line, name);
	class = arena_take(&own->arena, sizeof *class);
	if (!class)
		return NULL;
	class->name = arena_text(&own->arena, name, strlen(name));
	class->where = arena_text(&own->arena, where, (size_t)length);
	class->values_end = &class->values;
	if (!class->name || !class->where)
		return NULL;
	*own->classes_end = class;
	own->classes_end = &class->next;
	return class;
}

/* name: what stands between the brackets, without blanks around it. */
static int enter_section(struct reading *reading, const char *name)
{
	static const char prefix[] = "class";
	size_t blanks = 0;
	char what[SHOWN_SIZE + 8], buffer[SHOWN_SIZE];
	struct message why;

	snprintf(what, sizeof what, "[%s]: ", shown(buffer, name, strlen(name)));
	reading->class = NULL;
	reading->has_key = false;
	if (!strncmp(name, prefix, sizeof prefix - 1))
		blanks = strspn(name + sizeof prefix - 1, BLANKS);
	if (blanks || !strcmp(name, prefix)) {
		const char *class = name + sizeof prefix - 1 + blanks;

		if (!is_plain_name(class, CLASS_NAME_MAX))
			return fail(reading, -EINVAL, what,
				"a class is named by 1 to 32 letters, digits, _ - or .");
		snprintf(reading->section, sizeof reading->section, "class %.*s", CLASS_NAME_MAX,
			class);
		reading->class = class_at(reading, class);
		return reading->class ? 0 : fail(reading, -ENOMEM, what, "out of memory");
	}
	if (config_unknown_section(name, &why))
		return fail(reading, -EINVAL, what, why.text);
	snprintf(reading->section, sizeof reading->section, "%.*s", CLASS_NAME_MAX, name);
	return 0;
}

/* start: a line that begins with '['. */
static int section_line(struct reading *reading, const char *start)
{
	char name[256];
	const char *end = strchr(start, ']'), *rest;
	size_t length;

	if (reading->indented)
		return fail(reading, -EINVAL, start, ": a section begins at the start of its line");
	if (!end)
		return fail(reading, -EINVAL, start, ": the closing ] is missing");
	rest = end + 1 + strspn(end + 1, BLANKS);
	if (*rest && *rest != ';' && *rest != '#')
		return fail(reading, -EINVAL, rest, ": nothing may stand behind a [section]");
	start += 1 + strspn(start + 1, BLANKS);
	while (end > start && strchr(BLANKS, end[-1]))
		end--;
	length = (size_t)(end - start);
	if (length >= sizeof name)
		length = sizeof name - 1; /* of no section then */
	memcpy(name, start, length);
	name[length] = '\0';
	return enter_section(reading, name);
}

/* Whether inih may have the line, which has length bytes and must leave room for two more and a NUL
 * in size. */
static int check_line(struct reading *reading, const char *line, size_t length, size_t size)
{
	char what[64];

	if (memchr(line, '\0', length))
		return fail(reading, -EINVAL, "a NUL byte", ": this is no text");
	for (size_t i = 0; i < length; i++) {
		unsigned char c = (unsigned char)line[i];

		if ((c >= ' ' && c != 0x7f) || c == '\t')
			continue;
		snprintf(what, sizeof what, "a control character (0x%02x)", c);
		return fail(reading, -EINVAL, what, ": only tabs are allowed");
	}
	if (length + 3 > size) {
		snprintf(what, sizeof what, "a line of %zu bytes: at most %zu are allowed", length,
			size - 3);
		return fail(reading, -EINVAL, what, "");
	}
	return 0;
}

/* inih's source of lines, called as fgets() is. Ends the text at the first error. */
static char *next_line(char *buffer, int size, void *stream)
{
	static const char bom[] = "\xef\xbb\xbf";
	struct reading *reading = stream;
	const char *line = reading->at, *newline;
	size_t length = (size_t)(reading->end - line);

	if (reading->failed || !length)
		return NULL;
	newline = memchr(line, '\n', length);
	reading->at = newline ? newline + 1 : reading->end;
	length = (size_t)((newline ? newline : reading->end) - line);
	if (!reading->line++ && length >= 3 && !memcmp(line, bom, 3)) {
		line += 3;
		length -= 3;
	}
	if (length && line[length - 1] == '\r')
		length--;
	if (check_line(reading, line, length, (size_t)size))
		return NULL;
	memcpy(buffer, line, length);
	buffer[length] = '\0';
	line = buffer + strspn(buffer, BLANKS);
	reading->indented = line > buffer;
	if (*line == '[' && section_line(reading, line))
		return NULL;
	return buffer;
}

static int class_set(
	struct reading *reading, const char *name, const char *value, struct message *why)
{
	struct config_own *own = reading->config->own;
	const struct key *key = key_find_target(name), *known;
	struct nearest nearest = { .wanted = name };
	struct settings_draft scratch = own->draft;
	struct class_value *own_value;
	int rc;

	if (!strcmp(name, "class"))
		return message_set(why, -EINVAL, "a class has no class");
	for (unsigned i = 0; (known = key_at(i)); i++)
		if (known->target)
			nearest_offer(&nearest, known->name);
	if (!key)
		return message_set(
			why, -EINVAL, "no key of targets, did you mean %s?", nearest.best);
	for (own_value = reading->class->values; own_value; own_value = own_value->next)
		if (own_value->reading == own->readings && !strcmp(own_value->key, name))
			return message_set(
				why, -EINVAL, "given twice, first in line %u", own_value->line);
	rc = key_read(key, &scratch, NULL, value, false, why);
	if (rc)
		return rc;
	own_value = arena_take(&own->arena, sizeof *own_value);
	if (!own_value)
		return message_set(why, -ENOMEM, "out of memory");
	own_value->key = key->name;
	own_value->value = arena_text(&own->arena, value, strlen(value));
	own_value->line = reading->line;
	own_value->reading = own->readings;
	if (!own_value->value)
		return message_set(why, -ENOMEM, "out of memory");
	*reading->class->values_end = own_value;
	reading->class->values_end = &own_value->next;
	return 0;
}

static int global_set(struct reading *reading, const char *name, const char *value, bool more,
	const char *where, struct message *why)
{
	const struct key *key = key_find(reading->section, name);

	if (key && !more) {
		unsigned *seen = &reading->seen[key_index(key)];

		if (*seen)
			return message_set(why, -EINVAL, "given twice, first in line %u", *seen);
		*seen = reading->line;
	}
	return config_assign(reading->config, reading->section, name, value, more, where, why);
}

/* inih 55 leaves the comment behind a value on lines that continue one; later releases cut it. */
static void cut_comment(char *value)
{
	for (char *at = value; (at = strchr(at, ';')); at++) {
		if (at > value && !strchr(BLANKS, at[-1]))
			continue;
		while (at > value && strchr(BLANKS, at[-1]))
			at--;
		*at = '\0';
		return;
	}
}

static bool has_hash_comment(const char *value)
{
	return *value == '#' || strstr(value, " #") || strstr(value, "\t#");
}

/* inih's handler: one value, or one more line of the value before. */
static int handle(void *user, const char *section, const char *name, const char *given)
{
	struct reading *reading = user;
	const struct key *key = reading->class ? NULL : key_find(reading->section, name);
	bool more = reading->indented && reading->has_key;
	char where[MESSAGE_SIZE], buffer[SHOWN_SIZE];
	char *value = arena_text(&reading->config->own->arena, given, strlen(given));
	struct message why;
	int rc;

	(void)section; /* cut by inih when it is long */
	if (!value) {
		fail(reading, -ENOMEM, name, ": out of memory");
		return 0;
	}
	if (more)
		cut_comment(value);
	snprintf(where, sizeof where, "%.255s:%u: %s%s%s%.100s = %s", reading->name, reading->line,
		*reading->section ? "[" : "", reading->section, *reading->section ? "] " : "", name,
		key_value_shown(key, value, buffer));
	reading->has_key = true;
	if (!*reading->section)
		rc = message_set(&why, -EINVAL, "stands before the first [section]");
	else if (more && !(key && key_is_list(key)))
		rc = message_set(&why, -EINVAL,
			"an indented line continues the one before, which only targets and deny "
			"may do");
	else if (has_hash_comment(value))
		rc = message_set(&why, -EINVAL, "a comment behind a value begins with ' ;'");
	else if (*value == '"')
		rc = message_set(&why, -EINVAL, "values stand without quotes");
	else if (reading->class)
		rc = class_set(reading, name, value, &why);
	else
		rc = global_set(reading, name, value, more, where, &why);
	if (!rc)
		return 1;
	reading->failed = reading->line;
	reading->rc = message_set(reading->msg, rc, "%s: %s", where, why.text);
	return 0;
}

int config_read(struct config *config, const char *text, size_t length, const char *name,
	struct message *msg)
{
	struct reading reading = {
		.config = config,
		.name = name,
		.at = text,
		.end = length ? text + length : text,
		.msg = msg,
	};
	int line;

	config->own->readings++;
	line = ini_parse_stream(next_line, &reading, handle, &reading);
	/* inih goes on after a line that it cannot read, and gives the first such line. */
	if (line > 0 && (!reading.failed || (unsigned)line < reading.failed))
		return message_set(msg, -EINVAL, "%s:%d: no \"key = value\"", name, line);
	if (line < 0)
		return message_set(msg, -ENOMEM, "%s: out of memory", name);
	return reading.rc;
}
