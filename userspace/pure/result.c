/* SPDX-License-Identifier: MIT */
#include "pure/result.h"

#include <math.h>
#include <stdio.h>

/* What the columns are filled from. */
struct source {
	const void *base; /* a struct result or a struct transition */
	const struct result *result;
	const struct transition *transition;
	const char *prober_id;
	char target_key[TARGET_KEY_SIZE]; /* "" without a target */
	const char *subject; /* what identities are made of: the target, the prober, or the group */
	char group[RESULT_GROUP_SIZE]; /* "label=value", "" without */
	const char *kind;
	uint32_t seq;
};

/* One column of a table: its name, how its text is made, and from which member of the base. */
struct column {
	const char *name;
	size_t offset; /* 0 where it is made from the entry as a whole */
	void (*add)(struct fields *, const struct column *, const struct source *);
	enum { OUTSIDE_HASH, EVERY_CYCLE, SELDOM } hash; /* its place in the target hash */
};

#define MAKER(maker)                                                                               \
	static void maker(                                                                         \
		struct fields *fields, const struct column *column, const struct source *source)
#define MEMBER(type) (*(const type *)((const char *)source->base + column->offset))

/* A member of the base. */
MAKER(u64)
{
	fields_add_integer(fields, column->name, MEMBER(uint64_t));
}

MAKER(u32)
{
	fields_add_integer(fields, column->name, MEMBER(uint32_t));
}

MAKER(u8)
{
	fields_add_integer(fields, column->name, MEMBER(uint8_t));
}

MAKER(no_number)
{
	fields_add_fixed(fields, column->name, (double)NAN, 0);
}

MAKER(count)
{
	(MEMBER(uint32_t) == RESULT_NO_COUNT ? no_number : u32)(fields, column, source);
}

MAKER(suppressed_by)
{
	char key[RESULT_KEY_SIZE] = "";

	if (source->transition->kind == KIND_MOS && source->group[0])
		dedup_key_text(key, source->prober_id, source->group, alert_kind_name(KIND_GROUP));
	fields_add_copy(fields, column->name, key);
}

MAKER(u64_or_none)
{
	(MEMBER(uint64_t) ? u64 : no_number)(fields, column, source);
}

MAKER(u32_or_none)
{
	(MEMBER(uint32_t) ? u32 : no_number)(fields, column, source);
}

/* Milliseconds and per cent. */
MAKER(thousandths)
{
	fields_add_fixed(fields, column->name, MEMBER(double), 3);
}

/* MOS and R. */
MAKER(score)
{
	fields_add_fixed(fields, column->name, MEMBER(double), 4);
}

MAKER(band)
{
	fields_add_text(fields, column->name, band_name(MEMBER(uint8_t)));
}

MAKER(state)
{
	fields_add_text(fields, column->name, state_name(MEMBER(uint8_t)));
}

MAKER(cause)
{
	fields_add_text(fields, column->name, cause_name(MEMBER(uint8_t)));
}

MAKER(outcome)
{
	uint8_t value = MEMBER(uint8_t);

	fields_add_text(
		fields, column->name, value < CYCLE_OUTCOME_COUNT ? cycle_outcome_name(value) : "");
}

MAKER(error)
{
	uint8_t error = MEMBER(uint8_t);

	fields_add_text(fields, column->name, error == OUTCOME_OK ? "" : outcome_name(error));
}

MAKER(stamp_source)
{
	uint8_t stamp = MEMBER(uint8_t);

	fields_add_text(
		fields, column->name, stamp < STAMP_SOURCE_COUNT ? stamp_source_name(stamp) : "");
}

/* Of the entry as a whole. */
MAKER(version)
{
	fields_add_integer(fields, column->name, RESULT_VERSION);
}

MAKER(prober)
{
	fields_add_text(fields, column->name, source->prober_id);
}

MAKER(target)
{
	fields_add_copy(fields, column->name, source->target_key);
}

MAKER(host)
{
	const struct target *target = source->result->target;

	fields_add_text(fields, column->name, target ? target->name : "");
}

MAKER(port)
{
	if (source->result->target)
		fields_add_integer(fields, column->name, source->result->target->port);
	else
		no_number(fields, column, source);
}

MAKER(addr)
{
	char text[ADDRESS_TEXT_SIZE];

	fields_add_copy(fields, column->name, address_text(&source->result->addr, text));
}

MAKER(kind)
{
	fields_add_text(fields, column->name, source->kind);
}

MAKER(event_action)
{
	fields_add_text(fields, column->name,
		source->transition->action == ACTION_TRIGGER ? "trigger" : "resolve");
}

MAKER(threshold)
{
	uint8_t reason = source->transition->reason;
	bool crossed = reason != REASON_MUTED && reason != REASON_REMOVED;

	fields_add_fixed(
		fields, column->name, crossed ? source->transition->threshold : (double)NAN, 4);
}

MAKER(event_id)
{
	char key[RESULT_KEY_SIZE] = "";

	if (source->seq)
		event_id_text(key, source->prober_id, source->subject, source->kind, source->seq);
	fields_add_copy(fields, column->name, key);
}

MAKER(dedup_key)
{
	char key[RESULT_KEY_SIZE];

	dedup_key_text(key, source->prober_id, source->subject, source->kind);
	fields_add_copy(fields, column->name, key);
}

MAKER(incident_key)
{
	char key[RESULT_KEY_SIZE];

	incident_key_text(key, source->subject, source->kind);
	fields_add_copy(fields, column->name, key);
}

MAKER(reason)
{
	char text[REASON_SIZE];

	reason_text(text, source->transition);
	fields_add_copy(fields, column->name, text);
}

MAKER(summary)
{
	char text[SUMMARY_SIZE];

	summary_text(text, source->transition, source->target_key, source->prober_id);
	fields_add_copy(fields, column->name, text);
}

#define OF_RESULT(name) #name, offsetof(struct result, name)

static const struct column result_columns[] = {
	{ "v", 0, version, SELDOM },
	{ "prober", 0, prober, OUTSIDE_HASH },
	{ "target", 0, target, OUTSIDE_HASH },
	{ "host", 0, host, OUTSIDE_HASH },
	{ "port", 0, port, OUTSIDE_HASH },
	{ "addr", 0, addr, SELDOM },
	{ OF_RESULT(at_ms), u64, EVERY_CYCLE },
	{ OF_RESULT(cycle), u64, EVERY_CYCLE },
	{ OF_RESULT(n), u32, SELDOM },
	{ OF_RESULT(answered), u32, SELDOM },
	{ OF_RESULT(failed), u32, SELDOM },
	{ OF_RESULT(sent), u32, SELDOM },
	{ OF_RESULT(lost), u32, SELDOM },
	{ OF_RESULT(latency_ms), thousandths, EVERY_CYCLE },
	{ OF_RESULT(jitter_ms), thousandths, EVERY_CYCLE },
	{ OF_RESULT(stddev_ms), thousandths, EVERY_CYCLE },
	{ OF_RESULT(latency_rise_ms), thousandths, SELDOM },
	{ OF_RESULT(loss_pct), thousandths, SELDOM },
	{ OF_RESULT(fail_pct), thousandths, SELDOM },
	{ OF_RESULT(r), score, EVERY_CYCLE },
	{ OF_RESULT(mos_cycle), score, EVERY_CYCLE },
	{ OF_RESULT(mos), score, EVERY_CYCLE },
	{ OF_RESULT(band), band, SELDOM },
	{ OF_RESULT(state), state, SELDOM },
	{ OF_RESULT(cause), cause, SELDOM },
	{ OF_RESULT(r_base), score, SELDOM },
	{ OF_RESULT(r_delay), score, EVERY_CYCLE },
	{ OF_RESULT(r_jitter), score, SELDOM },
	{ OF_RESULT(r_loss), score, SELDOM },
	{ OF_RESULT(r_codec), score, SELDOM },
	{ OF_RESULT(r_failed), score, SELDOM },
	{ OF_RESULT(outcome), outcome, SELDOM },
	{ OF_RESULT(error), error, SELDOM },
	{ OF_RESULT(stamp_source), stamp_source, SELDOM },
	{ OF_RESULT(impaired), u8, SELDOM },
};

/* What the target hash holds beside the result. */
static const struct column state_columns[] = {
	{ "since_ms", offsetof(struct result, state_since_ms), u64_or_none, SELDOM },
	{ OF_RESULT(seq), u32_or_none, SELDOM },
	{ "event_id", 0, event_id, SELDOM },
	{ "dedup_key", 0, dedup_key, SELDOM },
	{ OF_RESULT(low_min_24h), count, SELDOM },
	{ OF_RESULT(alerts_24h), count, SELDOM },
};

#define OF_TRANSITION(name) #name, offsetof(struct transition, name)
#define OF_ITS_RESULT(name) #name, offsetof(struct transition, result.name)

static const struct column transition_columns[] = {
	{ "v", 0, version, OUTSIDE_HASH },
	{ "event_id", 0, event_id, OUTSIDE_HASH },
	{ "kind", 0, kind, OUTSIDE_HASH },
	{ "event_action", 0, event_action, OUTSIDE_HASH },
	{ OF_TRANSITION(severity), state, OUTSIDE_HASH },
	{ OF_ITS_RESULT(state), state, OUTSIDE_HASH },
	{ "previous_state", offsetof(struct transition, previous), state, OUTSIDE_HASH },
	{ "dedup_key", 0, dedup_key, OUTSIDE_HASH },
	{ "incident_key", 0, incident_key, OUTSIDE_HASH },
	{ "prober", 0, prober, OUTSIDE_HASH },
	{ "target", 0, target, OUTSIDE_HASH },
	{ "host", 0, host, OUTSIDE_HASH },
	{ "port", 0, port, OUTSIDE_HASH },
	{ "addr", 0, addr, OUTSIDE_HASH },
	{ OF_ITS_RESULT(at_ms), u64, OUTSIDE_HASH },
	{ OF_TRANSITION(since_ms), u64_or_none, OUTSIDE_HASH },
	{ OF_TRANSITION(held_ms), u64, OUTSIDE_HASH },
	{ OF_TRANSITION(seq), u32, OUTSIDE_HASH },
	{ "reason", 0, reason, OUTSIDE_HASH },
	{ "threshold", 0, threshold, OUTSIDE_HASH },
	{ OF_ITS_RESULT(mos), score, OUTSIDE_HASH },
	{ OF_ITS_RESULT(latency_ms), thousandths, OUTSIDE_HASH },
	{ OF_ITS_RESULT(jitter_ms), thousandths, OUTSIDE_HASH },
	{ OF_ITS_RESULT(loss_pct), thousandths, OUTSIDE_HASH },
	{ OF_ITS_RESULT(fail_pct), thousandths, OUTSIDE_HASH },
	{ OF_ITS_RESULT(n), u32, OUTSIDE_HASH },
	{ OF_ITS_RESULT(cause), cause, OUTSIDE_HASH },
	{ OF_ITS_RESULT(outcome), outcome, OUTSIDE_HASH },
	{ OF_ITS_RESULT(error), error, OUTSIDE_HASH },
	{ OF_ITS_RESULT(low_min_24h), count, OUTSIDE_HASH },
	{ OF_ITS_RESULT(alerts_24h), count, OUTSIDE_HASH },
	{ "suppressed_by", 0, suppressed_by, OUTSIDE_HASH },
	{ "summary", 0, summary, OUTSIDE_HASH },
};

#define COUNT(array) (sizeof(array) / sizeof(array)[0])

static void start(struct fields *fields, struct source *source, const void *base,
	const struct result *result, const char *prober_id)
{
	fields->count = 0;
	fields->used = 0;
	source->base = base;
	source->result = result;
	source->transition = NULL;
	source->prober_id = prober_id;
	source->seq = result->seq;
	source->target_key[0] = '\0';
	if (result->target)
		target_key(result->target, source->target_key);
	source->subject = result->target ? source->target_key : prober_id;
	source->kind = alert_kind_name(KIND_MOS);
	source->group[0] = '\0';
}

void result_fields(struct fields *ret, const struct result *result, const char *prober_id)
{
	struct source source;

	start(ret, &source, result, result, prober_id);
	for (size_t i = 0; i < COUNT(result_columns); i++)
		result_columns[i].add(ret, &result_columns[i], &source);
	fields_add_labels(ret, result->target->labels);
}

void transition_fields(
	struct fields *ret, const struct transition *transition, const char *prober_id)
{
	struct source source;

	start(ret, &source, transition, &transition->result, prober_id);
	source.transition = transition;
	source.seq = transition->seq;
	source.kind = alert_kind_name(transition->kind);
	group_text(source.group, &transition->group);
	if (transition->kind == KIND_GROUP)
		source.subject = source.group;
	/* It may fail while the guard has tripped: that is another event, and another key. */
	if (transition->reason == REASON_RESOLVER) {
		snprintf(source.group, sizeof source.group, "%s/resolver", prober_id);
		source.subject = source.group;
	}
	for (size_t i = 0; i < COUNT(transition_columns); i++)
		transition_columns[i].add(ret, &transition_columns[i], &source);
	if (transition->result.target)
		fields_add_labels(ret, transition->result.target->labels);
	if (transition->kind == KIND_TEST)
		fields_add_text(ret, "test", "1");
	if (transition->kind == KIND_GROUP)
		fields_add_label(ret, transition->group.label, transition->group.value);
}

unsigned target_hash_fields(struct fields *ret, const struct result *result, const char *prober_id,
	const char *result_id, const char *alert_id)
{
	struct source source;
	unsigned every_cycle;

	start(ret, &source, result, result, prober_id);
	for (size_t i = 0; i < COUNT(result_columns); i++)
		if (result_columns[i].hash == EVERY_CYCLE)
			result_columns[i].add(ret, &result_columns[i], &source);
	fields_add_text(ret, "result_id", result_id);
	every_cycle = ret->count;
	for (size_t i = 0; i < COUNT(result_columns); i++)
		if (result_columns[i].hash == SELDOM)
			result_columns[i].add(ret, &result_columns[i], &source);
	for (size_t i = 0; i < COUNT(state_columns); i++)
		state_columns[i].add(ret, &state_columns[i], &source);
	if (alert_id)
		fields_add_text(ret, "alert_id", alert_id);
	return every_cycle;
}
