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
/* An array of numbers; NAN becomes null. */
void json_add_numbers(struct json *json, const char *name, const double *values, size_t count);
/* Puts item, which is taken over, at the end of the array of this name, and makes that when it is not there. */
void json_append(struct json *json, const char *name, struct json *item);
/* item is taken over. */
void json_add_object(struct json *json, const char *name, struct json *item);
/* Every field: numbers as json_add_decimal(), the others as text. */
void json_add_fields(struct json *json, const struct fields *fields);

/* Writes the object and a newline, numbers with at most `digits` significant digits, and frees it.
 * Returns 0, -ENOMEM, or -EIO. */
int json_end(struct json *json, FILE *stream, unsigned digits);

#endif
