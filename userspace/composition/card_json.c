/* SPDX-License-Identifier: MIT */
#include "composition/card_json.h"

#include <math.h>
#include <string.h>

#include "edges/json.h"
#include "pure/fields.h"

#define DIGITS 12

/* null where there is no moment. */
static void add_moment(struct json *json, const char *name, uint64_t at_ms)
{
	if (at_ms)
		json_add_integer(json, name, (long long)at_ms);
	else
		json_add_number(json, name, NAN);
}

static struct json *history(const struct card *card)
{
	uint64_t first = card->now_ms / HISTORY_RECORD_MS - HISTORY_RECORDS;
	struct json *json = json_new();
	struct card_trend trend;

	/* A cell each: the least and the most of one record are the record's. */
	card_trend(&trend, card, HISTORY_RECORDS);
	json_add_integer(json, "from_ms", (long long)first * HISTORY_RECORD_MS);
	json_add_integer(json, "record_ms", HISTORY_RECORD_MS);
	json_add_numbers(json, "mos_least", trend.mos, HISTORY_RECORDS);
	json_add_numbers(json, "latency_ms", trend.latency_ms, HISTORY_RECORDS);
	json_add_numbers(json, "jitter_ms", trend.jitter_ms, HISTORY_RECORDS);
	json_add_numbers(json, "loss_pct", trend.loss_pct, HISTORY_RECORDS);
	json_add_numbers(json, "fail_pct", trend.fail_pct, HISTORY_RECORDS);
	json_add_numbers(json, "low_min", trend.low_min, HISTORY_RECORDS);
	return json;
}

static struct json *transition(const struct card_transition *step)
{
	struct json *json = json_new();

	json_add_integer(json, "at_ms", (long long)step->at_ms);
	json_add_text(json, "event_action", step->action);
	json_add_text(json, "severity", step->severity);
	json_add_text(json, "previous_state", step->previous);
	json_add_decimal(json, "mos", step->mos);
	json_add_text(json, "reason", step->reason);
	json_add_integer(json, "suppressed", step->suppressed);
	return json;
}

int card_json(const struct card *card, FILE *stream)
{
	static struct fields labels; /* large */
	struct json *json = json_new();

	json_add_text(json, "prober", card->prober);
	json_add_text(json, "target", card->target);
	add_moment(json, "heartbeat_at_ms", card->heartbeat_ms);
	json_add_integer(json, "muted", card->muted);
	for (int i = 0; i < CARD_FIELD_COUNT; i++) {
		enum card_field field = (enum card_field)i;

		if (!card_field_is_number(field))
			json_add_text(json, card_field_name(field), card->fields[i]);
		else
			json_add_decimal(json, card_field_name(field), card->fields[i]);
	}
	labels.count = 0;
	labels.used = 0;
	fields_add_labels(&labels, card->labels);
	json_add_fields(json, &labels);
	if (card->history_size)
		json_add_object(json, "history", history(card));
	else
		json_add_number(json, "history", NAN);
	json_add_numbers(json, "transitions", NULL, 0);
	for (unsigned i = 0; i < card->transition_count; i++)
		json_append(json, "transitions", transition(&card->transitions[i]));
	json_add_integer(json, "transitions_cut", card->transitions_cut);
	return json_end(json, stream, DIGITS);
}
