/* SPDX-License-Identifier: MIT */
/* Reads back what --output jsonl has written. Owns jansson, as json.h does. */
#ifndef MOSPROBE_JSON_READ_H
#define MOSPROBE_JSON_READ_H

#include <stddef.h>

#include "pure/result.h"
#include "vocabulary/message.h"

#define JSON_PROBER_SIZE 72

/* A result as it was published, of which the target is a text. */
struct json_result {
	struct result
		result; /* what a judgement needs of it; the rest is NAN or zero, target NULL */
	char target[TARGET_KEY_SIZE];
	char prober[JSON_PROBER_SIZE];
};

/* One line. Returns 1 for a result, 0 for anything else that is an object (an alert), or -EINVAL with what is
 * wrong. */
int json_read_result(const char *line, size_t length, struct json_result *ret, struct message *why);

#endif
