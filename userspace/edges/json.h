/* SPDX-License-Identifier: MIT */
/* JSON objects, one a line. Owns jansson. */
#ifndef MOSPROBE_JSON_H
#define MOSPROBE_JSON_H

#include <stdio.h>

#include "pure/result.h"

/* An object under construction; members stand in the order in which they are added. NULL when memory
 * is out, and every call takes that NULL. */
struct json;

struct json *json_new(void);
void json_add_text(struct json *json, const char *name, const char *text);
/* NAN becomes null. */
void json_add_number(struct json *json, const char *name, double value);
void json_add_integer(struct json *json, const char *name, long long value);
/* A number as a stream has it, "" is null; digits are those of the text. */
void json_add_decimal(struct json *json, const char *name, const char *text);
/* Every field: numbers as json_add_decimal(), the others as text. */
void json_add_fields(struct json *json, const struct fields *fields);

/* Writes the object and a newline, numbers with at most `digits` significant digits, and frees it.
 * Returns 0, -ENOMEM, or -EIO. */
int json_end(struct json *json, FILE *stream, unsigned digits);

#endif
