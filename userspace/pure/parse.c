/* SPDX-License-Identifier: MIT */
#include "pure/parse.h"

#include <errno.h>
#include <math.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "vocabulary/nsec.h"

/* What fits a uint64_t and is still exact to the unit after a multiplication in double. */
#define SCALED_MAX 9e18

struct unit {
	const char *name;
	double scale;
};

static const char *skip_digits(const char *text)
{
	while (*text >= '0' && *text <= '9')
		text++;
	return text;
}

/* strtod() takes far more than a decimal number (0x, inf, nan, signs, blanks): the extent is found
 * here first. Returns the end of the number, NULL when there is none. */
static const char *number_end(const char *text)
{
	const char *end = skip_digits(text), *more;

	if (end == text)
		return NULL;
	if (*end == '.') {
		more = skip_digits(end + 1);
		if (more == end + 1)
			return NULL;
		end = more;
	}
	if (*end == 'e' || *end == 'E') {
		const char *digits = end + 1 + (end[1] == '-' || end[1] == '+');

		more = skip_digits(digits);
		if (more > digits)
			end = more;
	}
	return end;
}

/* What stands behind the number must be `unit`. */
static int parse_real(double *ret, const char *text, const char *unit)
{
	const char *end = number_end(text);
	double value;

	if (!end || strcmp(end, unit))
		return -EINVAL;
	value = strtod(text, NULL);
	if (!isfinite(value))
		return -ERANGE;
	*ret = value;
	return 0;
}

int parse_number(double *ret, const char *text)
{
	return parse_real(ret, text, "");
}

int parse_percent(double *ret_pct, const char *text)
{
	return parse_real(ret_pct, text, "%");
}

int parse_count(uint64_t *ret, const char *text)
{
	const char *end = skip_digits(text);
	uint64_t value = 0;

	if (end == text || *end)
		return -EINVAL;
	for (; *text; text++) {
		unsigned digit = (unsigned)(*text - '0');

		if (value > (UINT64_MAX - digit) / 10)
			return -ERANGE;
		value = 10 * value + digit;
	}
	*ret = value;
	return 0;
}

static int parse_scaled(uint64_t *ret, const char *text, const struct unit *units)
{
	const char *end = number_end(text);
	double value;

	if (!end)
		return -EINVAL;
	for (; units->name; units++)
		if (!strcmp(end, units->name))
			break;
	if (!units->name)
		return -EINVAL;
	value = strtod(text, NULL) * units->scale;
	if (!(value < SCALED_MAX))
		return -ERANGE;
	*ret = (uint64_t)llround(value);
	return 0;
}

int parse_duration(uint64_t *ret_ns, const char *text)
{
	static const struct unit units[] = {
		{ "ms", (double)NSEC_PER_MSEC },
		{ "s", (double)NSEC_PER_SEC },
		{ "m", (double)NSEC_PER_MIN },
		{ "h", (double)NSEC_PER_HOUR },
		{ NULL, 0 },
	};

	return parse_scaled(ret_ns, text, units);
}

int parse_size(uint64_t *ret_bytes, const char *text)
{
	static const struct unit units[] = {
		{ "KiB", 1024.0 },
		{ "MiB", 1024.0 * 1024 },
		{ "GiB", 1024.0 * 1024 * 1024 },
		{ NULL, 0 },
	};

	return parse_scaled(ret_bytes, text, units);
}

/* shape: 'd' stands for a digit, anything else for itself. */
static bool has_shape(const char *text, const char *shape)
{
	for (; *shape; text++, shape++)
		if (*shape == 'd' ? *text < '0' || *text > '9' : *text != *shape)
			return false;
	return !*text;
}

static int digits_value(const char *text, unsigned count)
{
	int value = 0;

	while (count--)
		value = 10 * value + (*text++ - '0');
	return value;
}

int parse_utc(uint64_t *ret_ms, const char *text)
{
	bool seconds = has_shape(text, "dddd-dd-ddTdd:dd:ddZ");
	struct tm tm = { .tm_isdst = 0 }, back;
	time_t when;

	if (!seconds && !has_shape(text, "dddd-dd-ddTdd:ddZ"))
		return -EINVAL;
	tm.tm_year = digits_value(text, 4) - 1900;
	tm.tm_mon = digits_value(text + 5, 2) - 1;
	tm.tm_mday = digits_value(text + 8, 2);
	tm.tm_hour = digits_value(text + 11, 2);
	tm.tm_min = digits_value(text + 14, 2);
	tm.tm_sec = seconds ? digits_value(text + 17, 2) : 0;
	back = tm;
	when = timegm(&back);
	/* timegm() makes the 3rd of March out of the 31st of February: such a date is none. */
	if (back.tm_mon != tm.tm_mon || back.tm_mday != tm.tm_mday || back.tm_hour != tm.tm_hour ||
		back.tm_min != tm.tm_min || back.tm_sec != tm.tm_sec)
		return -EINVAL;
	if (when < 0)
		return -ERANGE;
	*ret_ms = (uint64_t)when * 1000;
	return 0;
}

const char *duration_text(uint64_t ns, char buffer[DURATION_TEXT_SIZE])
{
	if (ns % NSEC_PER_SEC == 0)
		snprintf(buffer, DURATION_TEXT_SIZE, "%llus",
			(unsigned long long)(ns / NSEC_PER_SEC));
	else if (ns < NSEC_PER_SEC)
		snprintf(buffer, DURATION_TEXT_SIZE, "%.9gms", (double)ns / 1e6);
	else
		snprintf(buffer, DURATION_TEXT_SIZE, "%.12gs", (double)ns / 1e9);
	return buffer;
}
