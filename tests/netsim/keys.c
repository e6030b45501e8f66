/* SPDX-License-Identifier: MIT */
/* The keys of a scenario's line. */
#include "scenario.h"

#include <errno.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static const char *const answers[ANSWER_COUNT] = {
	[ANSWER_SYNACK] = "synack",
	[ANSWER_RST] = "rst",
	[ANSWER_SILENCE] = "silence",
	[ANSWER_ICMP_HOST] = "icmp-host",
	[ANSWER_ICMP_PORT] = "icmp-port",
	[ANSWER_ICMP_ADMIN] = "icmp-admin",
};

/* A plain decimal number; *ret_unit is what follows it. */
static bool parse_number(const char *text, double *ret_number, const char **ret_unit)
{
	size_t length = strspn(text, "0123456789.");
	char number[32], *end;

	if (!length || length >= sizeof number)
		return false;
	memcpy(number, text, length);
	number[length] = '\0';
	*ret_number = strtod(number, &end);
	*ret_unit = text + length;
	return !*end && end != number;
}

static bool parse_duration(const char *text, size_t length, uint64_t *ret_ns)
{
	static const struct {
		const char *name;
		double ns;
	} units[] = { { "us", 1e3 }, { "ms", 1e6 }, { "s", 1e9 } };
	char word[32];
	const char *unit;
	double number;

	if (length >= sizeof word)
		return false;
	memcpy(word, text, length);
	word[length] = '\0';
	if (!parse_number(word, &number, &unit))
		return false;
	for (size_t i = 0; i < sizeof units / sizeof units[0]; i++) {
		if (strcmp(unit, units[i].name) != 0)
			continue;
		number *= units[i].ns;
		if (number > SCENARIO_DURATION_MAX_NS)
			return false;
		*ret_ns = (uint64_t)(number + 0.5);
		return true;
	}
	return false;
}

static const char *set_latency(struct block *block, const char *value)
{
	static const char allowed[] =
		"must be A or A..B, each a number with us, ms or s from 0us to 60s, A <= B";
	const char *dots = strstr(value, ".."), *upper = dots ? dots + 2 : value;
	size_t length = dots ? (size_t)(dots - value) : strlen(value);
	struct behaviour *behaviour = &block->behaviour;

	if (!parse_duration(value, length, &behaviour->latency_min_ns) ||
		!parse_duration(upper, strlen(upper), &behaviour->latency_max_ns) ||
		behaviour->latency_min_ns > behaviour->latency_max_ns)
		return allowed;
	return NULL;
}

static const char *set_jitter(struct block *block, const char *value)
{
	static const char allowed[] =
		"must be none, normal:SD, uniform:HALFWIDTH or pareto:SCALE, with us, ms or s";
	static const struct {
		const char *prefix;
		enum jitter jitter;
	} shapes[] = { { "normal:", JITTER_NORMAL }, { "uniform:", JITTER_UNIFORM },
		{ "pareto:", JITTER_PARETO } };
	struct behaviour *behaviour = &block->behaviour;

	if (!strcmp(value, "none")) {
		behaviour->jitter = JITTER_NONE;
		return NULL;
	}
	for (size_t i = 0; i < sizeof shapes / sizeof shapes[0]; i++) {
		size_t length = strlen(shapes[i].prefix);

		if (strncmp(value, shapes[i].prefix, length) != 0)
			continue;
		behaviour->jitter = shapes[i].jitter;
		value += length;
		return parse_duration(value, strlen(value), &behaviour->jitter_ns) ? NULL : allowed;
	}
	return allowed;
}

static const char *set_share(double *ret_share, const char *value)
{
	double percent;
	const char *unit;

	if (!parse_number(value, &percent, &unit) || strcmp(unit, "%") != 0 || percent > 100)
		return "must be from 0% to 100%";
	*ret_share = percent / 100;
	return NULL;
}

static const char *set_loss(struct block *block, const char *value)
{
	return set_share(&block->behaviour.loss, value);
}

static const char *set_loss_back(struct block *block, const char *value)
{
	return set_share(&block->behaviour.loss_back, value);
}

static const char *set_answer(struct block *block, const char *value)
{
	for (int i = 0; i < ANSWER_COUNT; i++) {
		if (!strcmp(value, answers[i])) {
			block->behaviour.answer = (enum answer)i;
			return NULL;
		}
	}
	return "must be synack, rst, silence, icmp-host, icmp-port or icmp-admin";
}

/* "%d" or "%0Nd" at text: its length, else 0. *ret_width is N. */
static size_t index_format(const char *text, int *ret_width)
{
	*ret_width = 0;
	if (!strncmp(text, "%d", 2))
		return 2;
	if (text[0] != '%' || text[1] != '0' || text[2] < '1' || text[2] > '9' || text[3] != 'd')
		return 0;
	*ret_width = text[2] - '0';
	return 4;
}

static const char *set_name(struct block *block, const char *value)
{
	static const char letters[] = "abcdefghijklmnopqrstuvwxyz0123456789-_.";
	const char *rest = value + strspn(value, letters);
	int width;

	rest += index_format(rest, &width);
	rest += strspn(rest, letters);
	if (*rest || !*value)
		return "must be of a-z, 0-9, -, _, . and at most one %d or %03d";
	block->name = strdup(value);
	return NULL;
}

static const char *set_port(struct block *block, const char *value)
{
	char *end;
	unsigned long port = strtoul(value, &end, 10);

	if (value[0] < '0' || value[0] > '9' || *end || port < 1 || port > 65535)
		return "must be from 1 to 65535";
	block->port = (uint16_t)port;
	return NULL;
}

static const char *set_target(struct block *block, const char *value)
{
	block->target = strdup(value);
	return NULL;
}

static const struct {
	const char *name;
	enum block_key key;
	/* NULL, or what is allowed. */
	const char *(*set)(struct block *block, const char *value);
} keys[] = {
	{ "latency", KEY_LATENCY, set_latency },
	{ "jitter", KEY_JITTER, set_jitter },
	{ "loss", KEY_LOSS, set_loss },
	{ "loss-back", KEY_LOSS_BACK, set_loss_back },
	{ "answer", KEY_ANSWER, set_answer },
	{ "name", KEY_NAME, set_name },
	{ "port", KEY_PORT, set_port },
	{ "target", KEY_TARGET, set_target },
};

int block_set(struct block *block, const char *key, const char *value,
	char ret_message[SCENARIO_MESSAGE_SIZE])
{
	const char *why = NULL;
	size_t used;

	for (size_t i = 0; i < sizeof keys / sizeof keys[0]; i++) {
		if (strcmp(key, keys[i].name) != 0)
			continue;
		if (block->keys & keys[i].key)
			why = "stands twice on the line";
		else
			why = keys[i].set(block, value);
		if (why) {
			snprintf(ret_message, SCENARIO_MESSAGE_SIZE, "%s", why);
			return -EINVAL;
		}
		block->keys |= keys[i].key;
		if ((keys[i].key == KEY_NAME && !block->name) ||
			(keys[i].key == KEY_TARGET && !block->target))
			return -ENOMEM;
		return 0;
	}
	used = (size_t)snprintf(ret_message, SCENARIO_MESSAGE_SIZE, "no such key; there are");
	for (size_t i = 0; i < sizeof keys / sizeof keys[0]; i++)
		used += (size_t)snprintf(ret_message + used, SCENARIO_MESSAGE_SIZE - used, "%s %s",
			i ? "," : "", keys[i].name);
	return -EINVAL;
}

void block_name(const struct block *block, uint32_t index, char ret_name[SCENARIO_NAME_SIZE])
{
	size_t before = strcspn(block->name, "%");
	const char *format = block->name + before;
	int width;
	size_t length = index_format(format, &width);

	if (length)
		snprintf(ret_name, SCENARIO_NAME_SIZE, "%.*s%0*u%s", (int)before, block->name,
			width, index, format + length);
	else
		snprintf(ret_name, SCENARIO_NAME_SIZE, "%s", block->name);
}
