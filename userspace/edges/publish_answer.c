/* SPDX-License-Identifier: MIT */
/* What stands in an answer. */
#include <string.h>

#include <hiredis/hiredis.h>

#include "edges/publish_connection.h"

struct answer answer_of(void *raw)
{
	redisReply *reply = raw;

	return (struct answer) {
		.error = reply->type == REDIS_REPLY_ERROR,
		.text = reply->str ? reply->str : "",
		.number = reply->type == REDIS_REPLY_INTEGER ? reply->integer : 0,
		.elements = reply->type == REDIS_REPLY_ARRAY ? reply->elements : 0,
		.reply = reply,
	};
}

struct answer answer_inner(const struct answer *answer, size_t i)
{
	return i < answer->elements ? answer_of(((redisReply *)answer->reply)->element[i])
				    : (struct answer) { .text = "" };
}

size_t answer_length(const struct answer *answer)
{
	const redisReply *reply = answer->reply;

	return reply && reply->str ? (size_t)reply->len : 0;
}

/* Of an array of names and values. */
static const redisReply *named(const redisReply *array, const char *name)
{
	for (size_t i = 0; i + 1 < array->elements; i += 2)
		if (array->element[i]->str && !strcmp(array->element[i]->str, name))
			return array->element[i + 1];
	return NULL;
}

static const char *text_of(const redisReply *value)
{
	return value && value->str ? value->str : "";
}

static long long number_of(const redisReply *value)
{
	return value && value->type == REDIS_REPLY_INTEGER ? value->integer : -1;
}

static const redisReply *value_of(const struct answer *answer, const char *name)
{
	return answer->elements ? named(answer->reply, name) : NULL;
}

const char *answer_element(const struct answer *answer, size_t i)
{
	if (i >= answer->elements)
		return "";
	return text_of(((const redisReply *)answer->reply)->element[i]);
}

const char *answer_entry_id(const struct answer *answer)
{
	const redisReply *entry =
		answer->elements ? ((const redisReply *)answer->reply)->element[0] : NULL;

	return entry && entry->elements ? text_of(entry->element[0]) : "";
}

const char *answer_entry_text(const struct answer *answer, const char *name)
{
	const redisReply *entry =
		answer->elements ? ((const redisReply *)answer->reply)->element[0] : NULL;

	if (!entry || entry->elements < 2 || entry->element[1]->type != REDIS_REPLY_ARRAY)
		return "";
	return text_of(named(entry->element[1], name));
}

static const redisReply *inner(const struct answer *answer, size_t i, const char *name)
{
	const redisReply *reply = answer->reply;

	return i < answer->elements && reply->element[i]->type == REDIS_REPLY_ARRAY
		       ? named(reply->element[i], name)
		       : NULL;
}

const char *answer_inner_text(const struct answer *answer, size_t i, const char *name)
{
	return text_of(inner(answer, i, name));
}

long long answer_inner_number(const struct answer *answer, size_t i, const char *name)
{
	return number_of(inner(answer, i, name));
}

const char *answer_text_of(const struct answer *answer, const char *name)
{
	return text_of(value_of(answer, name));
}

long long answer_number_of(const struct answer *answer, const char *name)
{
	return number_of(value_of(answer, name));
}
