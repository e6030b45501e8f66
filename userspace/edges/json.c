/* SPDX-License-Identifier: MIT */
#include "edges/json.h"

#include <errno.h>
#include <jansson.h>
#include <math.h>
#include <stdbool.h>
#include <stdlib.h>
#include <string.h>

struct json {
	json_t *object;
	bool failed;
};

struct json *json_new(void)
{
	struct json *json = calloc(1, sizeof *json);

	if (json) {
		json->object = json_object();
		json->failed = !json->object;
	}
	return json;
}

/* Takes value over, NULL included. */
static void add(struct json *json, const char *name, json_t *value)
{
	if (!json)
		json_decref(value);
	else if (json_object_set_new(json->object, name, value))
		json->failed = true;
}

void json_add_text(struct json *json, const char *name, const char *text)
{
	add(json, name, json_string(text));
}

static json_t *number(double value)
{
	return isnan(value) ? json_null() : json_real(value);
}

void json_add_number(struct json *json, const char *name, double value)
{
	add(json, name, number(value));
}

void json_add_numbers(struct json *json, const char *name, const double *values, size_t count)
{
	json_t *array = json_array();

	for (size_t i = 0; i < count; i++)
		if (json_array_append_new(array, number(values[i])) && json)
			json->failed = true;
	add(json, name, array);
}

/* What is in it, which is freed; NULL when memory was out. */
static json_t *unwrap(struct json *json)
{
	json_t *object = json ? json->object : NULL;

	if (json && json->failed) {
		json_decref(object);
		object = NULL;
	}
	free(json);
	return object;
}

void json_append(struct json *json, const char *name, struct json *item)
{
	json_t *object = unwrap(item), *array = json ? json_object_get(json->object, name) : NULL;

	if (!json) {
		json_decref(object);
		return;
	}
	if (!array) {
		array = json_array();
		add(json, name, array);
	}
	if (json_array_append_new(array, object))
		json->failed = true;
}

void json_add_object(struct json *json, const char *name, struct json *item)
{
	add(json, name, unwrap(item));
}

void json_add_integer(struct json *json, const char *name, long long value)
{
	add(json, name, json_integer(value));
}

void json_add_decimal(struct json *json, const char *name, const char *text)
{
	if (!*text)
		add(json, name, json_null());
	else if (strpbrk(text, ".eE"))
		add(json, name, json_real(strtod(text, NULL)));
	else
		add(json, name, json_integer(strtoll(text, NULL, 10)));
}

void json_add_fields(struct json *json, const struct fields *fields)
{
	for (unsigned i = 0; i < fields->count; i++) {
		const struct field *field = &fields->list[i];

		if (field->number)
			json_add_decimal(json, field->name, field->text);
		else
			add(json, field->name, json_stringn(field->text, field->length));
	}
}

int json_end(struct json *json, FILE *stream, unsigned digits)
{
	int error = -ENOMEM;

	if (!json)
		return error;
	if (!json->failed) {
		error = 0;
		if (json_dumpf(json->object, stream,
			    JSON_COMPACT | JSON_REAL_PRECISION((size_t)digits)) ||
			putc('\n', stream) == EOF)
			error = -EIO;
	}
	json_decref(json->object);
	free(json);
	return error;
}
