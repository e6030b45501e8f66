/* SPDX-License-Identifier: MIT */
#include "pure/exposition.h"

#include <math.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define NUMBER_SIZE 32

static void add(struct exposition *exposition, const char *format, ...)
	__attribute__((format(printf, 2, 3)));

static void add(struct exposition *exposition, const char *format, ...)
{
	size_t room = exposition->size - exposition->used;
	va_list args;
	int length;

	va_start(args, format);
	length = vsnprintf(exposition->text + exposition->used, room, format, args);
	va_end(args);
	if (length < 0 || (size_t)length >= room)
		exposition->cut = true;
	else
		exposition->used += (size_t)length;
}

/* The program never calls setlocale(): the decimal point is a point. */
static const char *number_text(char buffer[NUMBER_SIZE], double value)
{
	if (isnan(value))
		return "NaN";
	if (isinf(value))
		return value > 0 ? "+Inf" : "-Inf";
	snprintf(buffer, NUMBER_SIZE, "%.16g", value);
	return buffer;
}

static void add_sample(struct exposition *exposition, const char *suffix, double value)
{
	char buffer[NUMBER_SIZE];

	add(exposition, "%s%s %s\n", exposition->name, suffix, number_text(buffer, value));
}

static void add_escaped(struct exposition *exposition, const char *text)
{
	for (; *text; text++) {
		if (*text == '\n')
			add(exposition, "\\n");
		else if (*text == '"' || *text == '\\')
			add(exposition, "\\%c", *text);
		else
			add(exposition, "%c", *text);
	}
}

void exposition_family(
	struct exposition *exposition, const char *name, const char *type, const char *help)
{
	exposition->name = name;
	add(exposition, "# HELP %s %s\n# TYPE %s %s\n", name, help, name, type);
}

void exposition_value(struct exposition *exposition, double value)
{
	add_sample(exposition, "", value);
}

void exposition_labelled(struct exposition *exposition, const char *const *labels, double value)
{
	char buffer[NUMBER_SIZE];

	add(exposition, "%s", exposition->name);
	for (size_t i = 0; labels[i]; i += 2) {
		add(exposition, "%c%s=\"", i ? ',' : '{', labels[i]);
		add_escaped(exposition, labels[i + 1]);
		add(exposition, "\"");
	}
	add(exposition, "} %s\n", number_text(buffer, value));
}

void exposition_histogram(struct exposition *exposition, const struct bucket_bounds *bounds,
	const struct buckets *buckets)
{
	char buffer[NUMBER_SIZE];
	uint64_t below = 0;

	for (unsigned i = 0; i <= bounds->count; i++) {
		double upper = i < bounds->count ? bounds->upper[i] : (double)INFINITY;

		below += buckets->counts[i];
		add(exposition, "%s_bucket{le=\"%s\"} %llu\n", exposition->name,
			number_text(buffer, upper), (unsigned long long)below);
	}
	exposition_summary(exposition, buckets->sum, (double)below);
}

void exposition_summary(struct exposition *exposition, double sum, double count)
{
	add_sample(exposition, "_sum", sum);
	add_sample(exposition, "_count", count);
}

double exposition_read(const char *text, const char *series)
{
	size_t length = strlen(series);

	for (const char *line = text; line; line = strchr(line, '\n')) {
		line += *line == '\n';
		if (!strncmp(line, series, length) && line[length] == ' ')
			return strtod(line + length, NULL);
	}
	return (double)NAN;
}
