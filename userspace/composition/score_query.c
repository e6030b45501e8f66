/* SPDX-License-Identifier: MIT */
#include "composition/score_query.h"

#include <errno.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "pure/codec.h"

static const char *const names[QUERY_FIELDS] = {
	[QUERY_RTT_MS] = "rtt_ms",
	[QUERY_ONE_WAY_MS] = "one_way_ms",
	[QUERY_JITTER_MS] = "jitter_ms",
	[QUERY_LOSS_PCT] = "loss_pct",
	[QUERY_FAIL_PCT] = "fail_pct",
	[QUERY_BURST_R] = "burst_r",
	[QUERY_IE] = "ie",
	[QUERY_BPL] = "bpl",
	[QUERY_CODEC] = "codec",
};

const char *query_field_name(enum query_field field)
{
	return names[field];
}

int query_field_find(const char *name, size_t length)
{
	for (int field = 0; field < QUERY_FIELDS; field++)
		if (strlen(names[field]) == length && !memcmp(names[field], name, length))
			return field;
	return -ENOENT;
}

static int set_codec(struct query *query, const char *text, size_t length, struct message *msg)
{
	if (!length || length >= sizeof query->codec)
		return message_set(msg, -EINVAL, "must be the name of a codec");
	memcpy(query->codec, text, length);
	query->codec[length] = '\0';
	query->given[QUERY_CODEC] = true;
	return 0;
}

int query_set(struct query *query, enum query_field field, const char *text, size_t length,
	struct message *msg)
{
	bool pct = field == QUERY_LOSS_PCT || field == QUERY_FAIL_PCT;
	double value;
	char *end;

	if (field == QUERY_CODEC)
		return set_codec(query, text, length, msg);
	value = strtod(text, &end);
	/* Hexadecimal is strtod()'s own idea. */
	if (!length || end != text + length || memchr(text, 'x', length) ||
		memchr(text, 'X', length) || !isfinite(value) || value < 0)
		return message_set(
			msg, -EINVAL, "must be a number%s", pct ? " from 0 to 100" : ", 0 or more");
	if (pct && value > 100)
		return message_set(msg, -EINVAL, "must be from 0 to 100");
	query->number[field] = fabs(value); /* -0 passed, and is to read 0 */
	query->given[field] = true;
	return 0;
}

int query_check(const struct query *query, struct message *msg)
{
	static const enum query_field with_rtt[] = { QUERY_JITTER_MS, QUERY_FAIL_PCT, QUERY_CODEC };
	const bool *given = query->given;

	if (!given[QUERY_RTT_MS] && !given[QUERY_ONE_WAY_MS])
		return message_set(msg, -EINVAL, "rtt_ms or one_way_ms must be given");
	if (given[QUERY_RTT_MS] && given[QUERY_ONE_WAY_MS])
		return message_set(msg, -EINVAL, "rtt_ms and one_way_ms do not go together");
	if (given[QUERY_RTT_MS] && given[QUERY_BURST_R])
		return message_set(msg, -EINVAL, "burst_r goes with one_way_ms only (plain G.107)");
	for (size_t i = 0; i < sizeof with_rtt / sizeof *with_rtt; i++)
		if (given[QUERY_ONE_WAY_MS] && given[with_rtt[i]])
			return message_set(msg, -EINVAL,
				"%s goes with rtt_ms only (the path model)", names[with_rtt[i]]);
	return 0;
}

static double number_or(const struct query *query, enum query_field field, double otherwise)
{
	return query->given[field] ? query->number[field] : otherwise;
}

/* A codec without published values is fine when both of its values are given. */
static int choose_codec(struct codec *ret, const struct query *query, struct message *msg)
{
	double ie = number_or(query, QUERY_IE, NAN), bpl = number_or(query, QUERY_BPL, NAN);

	if (query->given[QUERY_CODEC] && codec_find(ret, query->codec, msg)) {
		if (isnan(ie) || isnan(bpl))
			return -EINVAL;
		memset(ret, 0, sizeof *ret);
	}
	if (!query->given[QUERY_CODEC] && isnan(ie) && isnan(bpl))
		return 0;
	return codec_override(ret, ie, bpl, msg);
}

static int answer_path(struct query_answer *ret, const struct query *query,
	const struct path_model *model, struct message *msg)
{
	double fail = number_or(query, QUERY_FAIL_PCT, 0) / 100;
	int rc = choose_codec(&ret->codec, query, msg);

	if (rc)
		return rc;
	ret->path = emodel_path(model, &ret->codec, query->number[QUERY_RTT_MS],
		number_or(query, QUERY_JITTER_MS, 0), number_or(query, QUERY_LOSS_PCT, 0));
	ret->r = ret->path.r;
	/* A failed sample counts as MOS 1. Without failures an R below 6.5 must not be read back
	 * from its clamped MOS. */
	ret->mos = ret->path.s * (1 - fail) + fail;
	ret->r_failed = fail > 0 ? fmax(ret->r - emodel_r_from_mos(ret->mos), 0) : 0;
	if (fail < 1)
		return 0;
	ret->r = NAN;
	ret->r_failed = emodel_path_best(model, &ret->codec).r - emodel_r_from_mos(1);
	ret->path = (struct path_score) { NAN, NAN, NAN, NAN, NAN, NAN, NAN, NAN, NAN, NAN, NAN };
	return 0;
}

static int answer_one_way(struct query_answer *ret, const struct query *query, struct message *msg)
{
	struct emodel_params *params = &ret->params;
	int rc;

	*params = emodel_defaults();
	params->ta_ms = query->number[QUERY_ONE_WAY_MS];
	params->t_ms = params->ta_ms;
	params->tr_ms = 2 * params->ta_ms;
	params->ppl_pct = number_or(query, QUERY_LOSS_PCT, params->ppl_pct);
	params->burst_r = number_or(query, QUERY_BURST_R, params->burst_r);
	params->ie = number_or(query, QUERY_IE, params->ie);
	params->bpl = number_or(query, QUERY_BPL, params->bpl);
	rc = emodel_check(params, msg);
	if (rc)
		return rc;
	ret->result = emodel_compute(params);
	ret->r = ret->result.r;
	ret->mos = ret->result.mos;
	return 0;
}

int query_answer(struct query_answer *ret, const struct query *query,
	const struct path_model *model, const struct codec *codec, struct message *msg)
{
	struct query_answer answer = { .codec = *codec };
	int rc = query->given[QUERY_ONE_WAY_MS] ? answer_one_way(&answer, query, msg)
						: answer_path(&answer, query, model, msg);

	if (!rc)
		*ret = answer;
	return rc;
}
