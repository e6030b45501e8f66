/* SPDX-License-Identifier: MIT */
/* Numbers, durations, sizes and times as people write them. Strict: the whole text is one value,
 * without blanks or sign, so that nothing is half read; never negative, infinite or NaN. All return
 * 0, -EINVAL for what is no such value, or -ERANGE for one too large to hold; ret_ is then
 * untouched. The decimal point is a point: the program takes nothing of a locale but its characters (LC_CTYPE). */
#ifndef MOSPROBE_PARSE_H
#define MOSPROBE_PARSE_H

#include <stdint.h>

/* "3", "0.25", "1e-3". */
int parse_number(double *ret, const char *text);
/* A number and its sign: "50%", "2.5%"; per cent. */
int parse_percent(double *ret_pct, const char *text);
/* "20": digits only. */
int parse_count(uint64_t *ret, const char *text);
/* A number and its unit, ms, s, m or h: "60s", "1.5s", "100ms"; to the nearest nanosecond. */
int parse_duration(uint64_t *ret_ns, const char *text);
/* A number and its unit, KiB, MiB or GiB: "64MiB", "1.5GiB"; to the nearest byte. */
int parse_size(uint64_t *ret_bytes, const char *text);
/* A moment in UTC, ISO 8601: "2026-12-01T04:00Z" or "2026-12-01T04:00:30Z", from 1970 on.
 * Milliseconds since 1970. */
int parse_utc(uint64_t *ret_ms, const char *text);

#define DURATION_TEXT_SIZE 32
/* "60s", "1.5s", "100ms": the shortest way to write it in seconds or milliseconds. Returns buffer. */
const char *duration_text(uint64_t ns, char buffer[DURATION_TEXT_SIZE]);

#endif
