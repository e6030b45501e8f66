/* SPDX-License-Identifier: MIT */
/* The lines that say what happens, and when: changes, and the name server's troubles. */
#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "lines.h"
#include "values.h"

enum change_key {
	CHANGE_FROM = 1 << 0,
	CHANGE_TO = 1 << 1,
	CHANGE_UNTIL = 1 << 2,
	CHANGE_PERIOD = 1 << 3,
	CHANGE_PHASE = 1 << 4,
	CHANGE_DUTY = 1 << 5,
	CHANGE_WAVE = 1 << 6,
	CHANGE_LATENCY = 1 << 7,
	CHANGE_JITTER = 1 << 8,
	CHANGE_LOSS = 1 << 9,
	CHANGE_LOSS_BACK = 1 << 10,
	CHANGE_ANSWER = 1 << 11
};

#define WHEN (CHANGE_FROM | CHANGE_TO)
#define WAVES (CHANGE_PERIOD | CHANGE_PHASE | CHANGE_DUTY)
#define EFFECTS (CHANGE_LATENCY | CHANGE_JITTER | CHANGE_LOSS | CHANGE_LOSS_BACK | CHANGE_ANSWER)

static const struct {
	const char *name;
	unsigned int keys, needed;
} shapes[SHAPE_COUNT] = {
	[SHAPE_OUTAGE] = { "outage", WHEN, 0 },
	[SHAPE_FLAP] = { "flap", WHEN | WAVES, CHANGE_PERIOD },
	[SHAPE_STEP] = { "step", WHEN | EFFECTS, 0 },
	[SHAPE_RAMP] = { "ramp", WHEN | CHANGE_UNTIL | EFFECTS, WHEN },
	[SHAPE_SWING] = { "swing", WHEN | WAVES | CHANGE_WAVE | EFFECTS, CHANGE_PERIOD },
};

static const struct {
	const char *name;
	enum change_key key;
} keys[] = {
	{ "from", CHANGE_FROM },
	{ "to", CHANGE_TO },
	{ "until", CHANGE_UNTIL },
	{ "period", CHANGE_PERIOD },
	{ "phase", CHANGE_PHASE },
	{ "duty", CHANGE_DUTY },
	{ "wave", CHANGE_WAVE },
	{ "latency", CHANGE_LATENCY },
	{ "jitter", CHANGE_JITTER },
	{ "loss", CHANGE_LOSS },
	{ "loss-back", CHANGE_LOSS_BACK },
	{ "answer", CHANGE_ANSWER },
};

static const char time_allowed[] = "must be a number with us, ms, s, m or h, up to 720h";
static const char share_allowed[] = "must be from 0% to 100%";

bool change_shape(const char *name, enum shape *ret_shape)
{
	for (int i = 0; i < SHAPE_COUNT; i++) {
		if (strcmp(name, shapes[i].name) != 0)
			continue;
		*ret_shape = (enum shape)i;
		return true;
	}
	return false;
}

void change_begin(struct change *change, enum shape shape)
{
	*change = (struct change) {
		.shape = shape,
		.to_ns = SCENARIO_FOREVER_NS,
		.until_ns = SCENARIO_FOREVER_NS,
		.duty = 0.5,
	};
}

static const char *set_latency(struct change *change, const char *value)
{
	const char *why;
	bool added = value[0] == '+';

	why = value_latency(value + added, &change->latency_min_ns, &change->latency_max_ns);
	if (why)
		return "must be A, A..B, +A or +A..B, each a number with us, ms or s from 0us to 60s, "
		       "A <= B";
	change->latency_add = added;
	change->latency_set = !added;
	return NULL;
}

static const char *set_effect(struct change *change, enum change_key key, const char *value)
{
	double *loss = &change->loss[key == CHANGE_LOSS ? FORTH : BACK];

	switch (key) {
	case CHANGE_LATENCY:
		return set_latency(change, value);
	case CHANGE_JITTER:
		return value_jitter(value, &change->jitter, &change->jitter_ns);
	case CHANGE_ANSWER:
		change->answers = true;
		return value_answer(value, &change->answer, &change->answer_ns);
	default:
		return value_share(value, strlen(value), loss) ? NULL : share_allowed;
	}
}

static const char *set_value(struct change *change, enum change_key key, const char *value)
{
	uint64_t *time_ns;

	switch (key) {
	case CHANGE_FROM:
		time_ns = &change->from_ns;
		break;
	case CHANGE_TO:
		time_ns = &change->to_ns;
		break;
	case CHANGE_UNTIL:
		time_ns = &change->until_ns;
		break;
	case CHANGE_PERIOD:
		time_ns = &change->period_ns;
		break;
	case CHANGE_PHASE:
		time_ns = &change->phase_ns;
		break;
	case CHANGE_DUTY:
		return value_share(value, strlen(value), &change->duty) ? NULL : share_allowed;
	case CHANGE_WAVE:
		change->square = !strcmp(value, "square");
		return change->square || !strcmp(value, "sine") ? NULL : "must be sine or square";
	default:
		return set_effect(change, key, value);
	}
	return value_time(value, time_ns) ? NULL : time_allowed;
}

const char *change_set(
	struct change *change, unsigned int *keys_seen, const char *key, const char *value)
{
	for (size_t i = 0; i < sizeof keys / sizeof keys[0]; i++) {
		if (strcmp(key, keys[i].name) != 0)
			continue;
		if (!(shapes[change->shape].keys & keys[i].key))
			return "no key of this change: see netsim --help-scenario";
		if (*keys_seen & keys[i].key)
			return "stands twice on the line";
		*keys_seen |= keys[i].key;
		return set_value(change, keys[i].key, value);
	}
	return "no such key of a change: see netsim --help-scenario";
}

const char *change_check(const struct change *change, unsigned int keys_seen)
{
	unsigned int needed = shapes[change->shape].needed;

	if ((needed & keys_seen) != needed)
		return needed & CHANGE_PERIOD ? "needs period=" : "needs from= and to=";
	if (keys_seen & CHANGE_PERIOD && !change->period_ns)
		return "needs a period= above 0s";
	if (change->from_ns >= change->to_ns)
		return "from= must be before to=";
	if (keys_seen & CHANGE_UNTIL && change->until_ns < change->to_ns)
		return "until= must not be before to=";
	if (shapes[change->shape].keys & EFFECTS && !(keys_seen & EFFECTS))
		return "needs latency=, jitter=, loss=, loss-back= or answer=";
	if (change->shape == SHAPE_SWING && !change->square && keys_seen & CHANGE_DUTY)
		return "duty= goes with wave=square";
	return NULL;
}

enum dns_word { DNS_TROUBLE = 1 << 0, DNS_FROM = 1 << 1, DNS_TO = 1 << 2, DNS_NAME = 1 << 3 };

static const char dns_allowed[] =
	"must be slow=T, dead, nxdomain or servfail, and from=, to= or name=, each once";

static enum dns_word dns_word(const char *key, const char *value, enum dns_trouble *trouble)
{
	static const char *const troubles[] = { "slow", "dead", "nxdomain", "servfail" };

	for (int i = 0; i < 4; i++) {
		if (strcmp(key, troubles[i]) != 0 || !value != (i != DNS_SLOW))
			continue;
		*trouble = (enum dns_trouble)i;
		return DNS_TROUBLE;
	}
	if (!value)
		return 0;
	return !strcmp(key, "from")   ? DNS_FROM
	       : !strcmp(key, "to")   ? DNS_TO
	       : !strcmp(key, "name") ? DNS_NAME
				      : 0;
}

int dns_set(struct dns_line *dns, unsigned int *words_seen, const char *key, const char *value,
	const char **ret_why)
{
	enum dns_word word = dns_word(key, value, &dns->trouble);
	bool good = word && !(*words_seen & word);

	*ret_why = dns_allowed;
	*words_seen |= word;
	if (!good)
		return -EINVAL;
	if (word == DNS_NAME) {
		dns->suffix = strdup(value);
		return dns->suffix ? 0 : -ENOMEM;
	}
	if (value)
		good = value_time(value, word == DNS_FROM ? &dns->from_ns
					 : word == DNS_TO ? &dns->to_ns
							  : &dns->delay_ns);
	*ret_why = time_allowed;
	return good ? 0 : -EINVAL;
}

const char *dns_check(const struct dns_line *dns, unsigned int words_seen)
{
	if (!(words_seen & DNS_TROUBLE))
		return dns_allowed;
	return dns->from_ns < dns->to_ns ? NULL : "from= must be before to=";
}
