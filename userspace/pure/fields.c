/* SPDX-License-Identifier: MIT */
#include "pure/fields.h"

#include <assert.h>
#include <math.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>

#define XXH_INLINE_ALL
#include <xxhash.h>

#define INTEGER_TEXT_SIZE 20 /* digits of 2^64 - 1 */

/* Room for size bytes of text and for one more field; NULL when there is none. */
static char *room(struct fields *fields, size_t size)
{
	if (fields->count == FIELDS_MAX || FIELDS_TEXT_SIZE - fields->used < size)
		return NULL;
	return fields->memory + fields->used;
}

static void append(
	struct fields *fields, const char *name, const char *text, size_t length, int number)
{
	fields->list[fields->count++] = (struct field) {
		.name = name,
		.text = text,
		.length = length,
		.number = (uint8_t)number,
	};
}

void fields_add(struct fields *fields, const char *name, int number, const char *format, ...)
{
	char *text = room(fields, 1);
	va_list args;
	int length;

	if (!text)
		return;
	va_start(args, format);
	length = vsnprintf(text, FIELDS_TEXT_SIZE - fields->used, format, args);
	va_end(args);
	if (length < 0 || (size_t)length >= FIELDS_TEXT_SIZE - fields->used)
		return;
	fields->used += (size_t)length + 1;
	append(fields, name, text, (size_t)length, number);
}

void fields_add_text(struct fields *fields, const char *name, const char *text)
{
	if (room(fields, 0))
		append(fields, name, text, strlen(text), 0);
}

/* The text of length bytes, with its NUL, into the memory of the fields. */
static void append_copy(
	struct fields *fields, const char *name, const char *text, size_t length, int number)
{
	char *copy = room(fields, length + 1);

	if (!copy)
		return;
	memcpy(copy, text, length);
	copy[length] = '\0';
	fields->used += length + 1;
	append(fields, name, copy, length, number);
}

void fields_add_copy(struct fields *fields, const char *name, const char *text)
{
	append_copy(fields, name, text, strlen(text), 0);
}

/* Writes value so that it ends before end, with at least `width` digits. Returns its start. */
static char *digits_before(char *end, uint64_t value, unsigned width)
{
	char *at = end;

	while (value || at > end - width) {
		*--at = (char)('0' + value % 10);
		value /= 10;
	}
	return at;
}

void fields_add_integer(struct fields *fields, const char *name, uint64_t value)
{
	char digits[INTEGER_TEXT_SIZE];
	const char *start = digits_before(digits + sizeof digits, value, 1);

	append_copy(fields, name, start, (size_t)(digits + sizeof digits - start), 1);
}

void fields_add_fixed(struct fields *fields, const char *name, double value, unsigned decimals)
{
	char text[FIXED_TEXT_SIZE];
	size_t length = fixed_text(text, value, decimals);

	append_copy(fields, name, text, length, 1);
}

void fields_add_label(struct fields *fields, const char *key, const char *value)
{
	static const char prefix[] = "label.";
	size_t key_length = strlen(key);
	char *name = room(fields, sizeof prefix + key_length);

	if (!name)
		return;
	memcpy(name, prefix, sizeof prefix - 1);
	memcpy(name + sizeof prefix - 1, key, key_length + 1);
	fields->used += sizeof prefix + key_length;
	append(fields, name, value, strlen(value), 0);
}

void fields_add_labels(struct fields *fields, const char *labels)
{
	while (labels && *labels) {
		const char *value = labels + strlen(labels) + 1;

		fields_add_label(fields, labels, value);
		labels = value + strlen(value) + 1;
	}
}

uint64_t fields_hash(const struct fields *fields, unsigned from)
{
	uint64_t hash = 0;

	/* Each text is hashed with its NUL, so that "a","bc" and "ab","c" differ. */
	for (unsigned i = from; i < fields->count; i++)
		hash = XXH3_64bits_withSeed(fields->list[i].text, fields->list[i].length + 1, hash);
	return hash ? hash : 1;
}

/* Beyond 2^53 units of the last decimal: whole and fraction apart, since a locale could put its own
 * decimal point into "%f", but has none to put into "%.0f". */
static size_t fixed_text_large(char ret[FIXED_TEXT_SIZE], double value, unsigned decimals)
{
	double whole, fraction = modf(fabs(value), &whole);
	uint64_t scale = 1, part;
	int length;

	for (unsigned i = 0; i < decimals; i++)
		scale *= 10;
	part = (uint64_t)llrint(fraction * (double)scale);
	if (part == scale) {
		whole += 1;
		part = 0;
	}
	length = snprintf(ret, FIXED_TEXT_SIZE, "%s%.0f", value < 0 ? "-" : "", whole);
	if (decimals) {
		ret[length] = '.';
		digits_before(ret + length + 1 + decimals, part, decimals);
		length += 1 + (int)decimals;
		ret[length] = '\0';
	}
	return (size_t)length;
}

size_t fixed_text(char ret[FIXED_TEXT_SIZE], double value, unsigned decimals)
{
	static const double scales[] = { 1, 1e1, 1e2, 1e3, 1e4, 1e5, 1e6 };
	char buffer[32], *end = buffer + sizeof buffer, *at;
	size_t length;
	uint64_t units;
	double scaled;

	assert(decimals < sizeof scales / sizeof scales[0]);
	ret[0] = '\0';
	if (!isfinite(value))
		return 0;
	scaled = value * scales[decimals];
	if (!(fabs(scaled) < 0x1p53))
		return fixed_text_large(ret, value, decimals);
	units = (uint64_t)llrint(fabs(scaled));
	at = digits_before(end, units, decimals + 1);
	if (decimals) {
		/* Opens a gap for the point. */
		size_t whole = (size_t)(end - at) - decimals;

		memmove(at - 1, at, whole);
		at--;
		at[whole] = '.';
	}
	if (scaled < 0 && units)
		*--at = '-';
	length = (size_t)(end - at);
	memcpy(ret, at, length);
	ret[length] = '\0';
	return length;
}
