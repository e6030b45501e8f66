/* SPDX-License-Identifier: MIT */
#include "edges/output_own.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "edges/json.h"
#include "vocabulary/log.h"

/* More than any field has, fewer than show what a double cannot hold: 4.3850 is written 4.385. */
#define DIGITS 15

struct output_json {
	const char *prober_id;
	FILE *stream; /* into memory */
	char *text;
	size_t size;
	struct fields fields;
};

struct output_json *output_json_create(const struct config *config)
{
	struct output_json *json = calloc(1, sizeof *json);

	if (!json)
		return NULL;
	json->prober_id = config->id;
	json->stream = open_memstream(&json->text, &json->size);
	if (!json->stream) {
		free(json);
		return NULL;
	}
	return json;
}

void output_json_destroy(struct output_json *json)
{
	if (!json)
		return;
	fclose(json->stream);
	free(json->text);
	free(json);
}

void output_json_event(struct output_json *json, const struct event *event, struct sink *sink)
{
	const char *type = event->kind == EVENT_RESULT ? "result" : "alert";
	struct json *object;

	if (event->kind == EVENT_RESULT)
		result_fields(&json->fields, &event->result, json->prober_id);
	else if (event->kind == EVENT_TRANSITION)
		transition_fields(&json->fields, &event->transition, json->prober_id);
	else
		return;
	object = json_new();
	json_add_text(object, "type", type);
	json_add_fields(object, &json->fields);
	rewind(json->stream);
	if (json_end(object, json->stream, DIGITS) || fflush(json->stream)) {
		log_event(LOG_ERROR, "output_unwritten", "a result could not be written as JSON",
			"error=%s", strerror(ENOMEM));
		return;
	}
	sink_add(sink, json->text, (size_t)ftell(json->stream));
}
