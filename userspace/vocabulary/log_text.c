/* SPDX-License-Identifier: MIT */
#include "vocabulary/log_text.h"

#include <stdbool.h>
#include <stdio.h>
#include <string.h>

#include "vocabulary/mask.h"
#include "vocabulary/utf8.h"

#define USABLE (LOG_TEXT_SIZE - LOG_TEXT_SPARE)
#define CHARACTER_SIZE 16
#define NUMBER_SIZE 352 /* of the longest double as %f has it */

/* FNV-1a, 64 bits: http://www.isthe.com/chongo/tech/comp/fnv/ */
#define FNV_BASIS 0xcbf29ce484222325ull
#define FNV_PRIME 0x100000001b3ull

static uint64_t hash_on(uint64_t hash, const char *bytes, size_t length)
{
	for (size_t i = 0; i < length; i++)
		hash = (hash ^ (unsigned char)bytes[i]) * FNV_PRIME;
	return hash;
}

/* False, and nothing is added, when it has no room. */
static bool put(struct log_text *text, const char *bytes, size_t length)
{
	if (text->length + length >= USABLE)
		return false;
	memcpy(text->text + text->length, bytes, length);
	text->length += length;
	text->text[text->length] = '\0';
	return true;
}

/* One character of a value as it is written; returns its length in the value. */
static size_t escape(char ret[CHARACTER_SIZE], const unsigned char *at, size_t length, bool quoted,
	size_t *ret_length)
{
	static const char plain[] = "\"\\\n\r\t", letters[] = "\"\\nrt";
	size_t step = utf8_showable(at, length), whole = utf8_sequence(at, length);
	const char *known = *at ? strchr(plain, *at) : NULL;

	if (known && (quoted || !step)) {
		*ret_length = (size_t)snprintf(ret, CHARACTER_SIZE, "\\%c", letters[known - plain]);
		return 1;
	}
	if (step) {
		memcpy(ret, at, step);
		*ret_length = step;
		return step;
	}
	/* A control character has one byte, or is U+0080 to U+009F. */
	*ret_length = (size_t)(whole ? snprintf(ret, CHARACTER_SIZE, "\\u%04x", at[whole - 1])
				     : snprintf(ret, CHARACTER_SIZE, "\\x%02x", *at));
	return whole ? whole : 1;
}

/* Room for a quote is kept. Returns false when it was cut. */
static bool put_escaped(struct log_text *text, const char *value, bool quoted)
{
	const unsigned char *at = (const unsigned char *)value;
	size_t left = strlen(value), written;
	char character[CHARACTER_SIZE];

	while (left) {
		size_t taken = escape(character, at, left, quoted, &written);

		if (text->length + written + 1 >= USABLE || !put(text, character, written))
			return false;
		at += taken;
		left -= taken;
	}
	return true;
}

static bool is_bare(const char *value)
{
	for (const unsigned char *at = (const unsigned char *)value; *at; at++)
		if (*at <= ' ' || *at >= 0x7f || strchr("\"=\\", *at))
			return false;
	return *value;
}

static bool put_text(struct log_text *text, const char *value)
{
	char masked[LOG_TEXT_SIZE];
	bool whole;

	snprintf(masked, sizeof masked, "%s", value);
	mask_passwords(masked, sizeof masked);
	if (is_bare(masked))
		return put_escaped(text, masked, false);
	whole = put(text, "\"", 1) && put_escaped(text, masked, true);
	return put(text, "\"", 1) && whole;
}

/* The end of "%zu": a conversion, and what stands before it. */
struct spec {
	size_t length; /* with its '%' */
	char conversion;
	char size; /* 0, 'z', 'l' or, of "ll", 'L' */
	int precision;
};

static struct spec read_spec(const char *at)
{
	struct spec spec = { .precision = 6 };
	const char *from = at;

	if (*++at == '.') {
		spec.precision = 0;
		for (at++; *at >= '0' && *at <= '9'; at++)
			spec.precision = 10 * spec.precision + (*at - '0');
	}
	for (; *at == 'l' || *at == 'z'; at++)
		spec.size = (char)(spec.size == 'l' ? 'L' : *at);
	spec.conversion = *at;
	spec.length = (size_t)(at + 1 - from);
	return spec;
}

static unsigned long long take_count(const struct spec *spec, va_list *args)
{
	switch (spec->size) {
	case 'z':
		return va_arg(*args, size_t);
	case 'l':
		return va_arg(*args, unsigned long);
	case 'L':
		return va_arg(*args, unsigned long long);
	default:
		return va_arg(*args, unsigned);
	}
}

static bool put_number(struct log_text *text, const struct spec *spec, va_list *args)
{
	char number[NUMBER_SIZE];
	int length;

	if (spec->conversion == 'f')
		length = snprintf(
			number, sizeof number, "%.*f", spec->precision, va_arg(*args, double));
	else if (spec->conversion == 'd')
		length = snprintf(number, sizeof number, "%d", va_arg(*args, int));
	else
		length = snprintf(number, sizeof number, "%llu", take_count(spec, args));
	return length > 0 && put(text, number, (size_t)length);
}

/* "key=%s"; returns its length. What was there before stays when it has no room. */
static size_t put_fact(struct log_text *text, const char *fact, va_list *args, bool *ret_full)
{
	size_t begin = text->length, key = strcspn(fact, "%");
	bool fits = put(text, " ", 1) && put(text, fact, key);
	struct spec spec = read_spec(fact + key);
	const char *value;

	if (spec.conversion != 's') {
		fits = fits && put_number(text, &spec, args);
	} else {
		value = va_arg(*args, const char *);
		if (!value || !*value)
			text->length = begin;
		else if (fits)
			*ret_full = !put_text(text, value);
	}
	if (!fits)
		text->length = begin;
	*ret_full |= !fits;
	text->text[text->length] = '\0';
	return key + spec.length;
}

void log_text_make(struct log_text *ret, const char *event, const char *sentence, const char *facts,
	va_list args)
{
	bool full = false, first = true;
	va_list rest;

	ret->event = event;
	ret->length = 0;
	ret->same = hash_on(FNV_BASIS, event, strlen(event) + 1);
	put(ret, sentence, strlen(sentence));
	put(ret, " event=", strlen(" event="));
	put(ret, event, strlen(event));
	va_copy(rest, args);
	while (*facts && !full) {
		size_t begin = ret->length;

		facts += strspn(facts, " ");
		facts += put_fact(ret, facts, &rest, &full);
		if (first)
			ret->same = hash_on(ret->same, ret->text + begin, ret->length - begin);
		first = false;
	}
	va_end(rest);
}

void log_text_add(struct log_text *text, const char *format, ...)
{
	size_t room = LOG_TEXT_SIZE - text->length;
	va_list args;
	int length;

	va_start(args, format);
	length = vsnprintf(text->text + text->length, room, format, args);
	va_end(args);
	if (length > 0)
		text->length += (size_t)length < room ? (size_t)length : room - 1;
}

void log_text_plain(struct log_text *ret, const char *text)
{
	ret->event = "";
	ret->same = 0;
	ret->length = 0;
	ret->text[0] = '\0';
	put_escaped(ret, text, false);
}
