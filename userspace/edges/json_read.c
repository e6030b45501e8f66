/* SPDX-License-Identifier: MIT */
#include "edges/json_read.h"

#include <errno.h>
#include <jansson.h>
#include <math.h>
#include <stdio.h>
#include <string.h>

static const char *text_of(const json_t *object, const char *name)
{
	const char *text = json_string_value(json_object_get(object, name));

	return text ? text : "";
}

/* null and what is not there are NAN. */
static double number_of(const json_t *object, const char *name)
{
	const json_t *value = json_object_get(object, name);

	return json_is_number(value) ? json_number_value(value) : (double)NAN;
}

static int read_object(const json_t *object, struct json_result *ret, struct message *why)
{
	enum state state = state_find(text_of(object, "state"));
	enum cycle_outcome outcome = cycle_outcome_find(text_of(object, "outcome"));
	double at_ms = number_of(object, "at_ms"), cycle = number_of(object, "cycle");
	const char *target = text_of(object, "target"), *prober = text_of(object, "prober");

	if (strcmp(text_of(object, "type"), "result") != 0)
		return 0;
	if (!*target || strlen(target) >= sizeof ret->target ||
		strlen(prober) >= sizeof ret->prober)
		return message_set(why, -EINVAL, "a result without a target");
	if (state == STATE_COUNT || outcome == CYCLE_OUTCOME_COUNT ||
		!(at_ms >= 0 && at_ms < 0x1p53) || !(cycle >= 0 && cycle < 0x1p53))
		return message_set(why, -EINVAL, "a result without state, outcome, at_ms or cycle");
	ret->result = result_of_many((uint64_t)at_ms, state, 0, 0, CAUSE_NONE);
	ret->result.cycle = (uint64_t)cycle;
	ret->result.outcome = (uint8_t)outcome;
	ret->result.cause = (uint8_t)cause_find(text_of(object, "cause"));
	ret->result.error = (uint8_t)outcome_find(text_of(object, "error"));
	ret->result.n = (uint32_t)fmax(0, fmin(1e9, number_of(object, "n")));
	ret->result.mos = number_of(object, "mos");
	ret->result.mos_cycle = number_of(object, "mos_cycle");
	ret->result.latency_ms = number_of(object, "latency_ms");
	ret->result.jitter_ms = number_of(object, "jitter_ms");
	ret->result.loss_pct = number_of(object, "loss_pct");
	ret->result.fail_pct = number_of(object, "fail_pct");
	strcpy(ret->target, target);
	strcpy(ret->prober, prober);
	return 1;
}

int json_read_result(const char *line, size_t length, struct json_result *ret, struct message *why)
{
	json_error_t error;
	json_t *object = json_loadb(line, length, 0, &error);
	int status;

	if (!json_is_object(object)) {
		json_decref(object);
		return message_set(
			why, -EINVAL, "no JSON object: %s", object ? "something else" : error.text);
	}
	status = read_object(object, ret, why);
	json_decref(object);
	return status;
}
