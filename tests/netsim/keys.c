/* SPDX-License-Identifier: MIT */
/* The keys of a scenario's line. */
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "lines.h"
#include "values.h"

/* Shorter steps would make the way to where a line is now long. */
#define BURST_STEP_MIN_NS 1000000

static const char *set_latency(struct block *block, const char *value)
{
	struct behaviour *behaviour = &block->behaviour;

	return value_latency(value, &behaviour->latency_min_ns, &behaviour->latency_max_ns);
}

static const char *set_jitter(struct block *block, const char *value)
{
	return value_jitter(value, &block->behaviour.jitter, &block->behaviour.jitter_ns);
}

static const char *set_share(double *ret_share, const char *value)
{
	return value_share(value, strlen(value), ret_share) ? NULL : "must be from 0% to 100%";
}

static const char *set_loss(struct block *block, const char *value)
{
	return set_share(&block->behaviour.loss[FORTH], value);
}

static const char *set_loss_back(struct block *block, const char *value)
{
	return set_share(&block->behaviour.loss[BACK], value);
}

static const char *set_burst(struct block *block, const char *value)
{
	return value_burst(value, &block->behaviour.burst[FORTH]);
}

static const char *set_burst_back(struct block *block, const char *value)
{
	return value_burst(value, &block->behaviour.burst[BACK]);
}

static const char *set_burst_step(struct block *block, const char *value)
{
	block->behaviour.burst_step_ns = 0;
	if (!strcmp(value, "packet"))
		return NULL;
	if (value_time(value, &block->behaviour.burst_step_ns) &&
		block->behaviour.burst_step_ns >= BURST_STEP_MIN_NS)
		return NULL;
	return "must be packet, or a number with us, ms, s, m or h, at least 1ms";
}

static const char *set_answer(struct block *block, const char *value)
{
	return value_answer(value, &block->behaviour.answer, &block->behaviour.answer_ns);
}

static const char *set_timestamps(struct block *block, const char *value)
{
	static const char *const names[] = { "linux", "bsd", "none", "unsent", "zero" };

	for (size_t i = 0; i < sizeof names / sizeof names[0]; i++) {
		if (!strcmp(value, names[i])) {
			block->behaviour.timestamps = (enum timestamps)i;
			return NULL;
		}
	}
	return "must be linux, bsd, none, unsent or zero";
}

static const char *set_flag(bool *ret_flag, const char *value, const char *yes, const char *no)
{
	*ret_flag = !strcmp(value, yes);
	return *ret_flag || !strcmp(value, no) ? NULL : yes;
}

static const char *set_timer(struct block *block, const char *value)
{
	return set_flag(&block->behaviour.timer, value, "on", "off") ? "must be on or off" : NULL;
}

static const char *set_canary(struct block *block, const char *value)
{
	return set_flag(&block->canary, value, "yes", "no") ? "must be yes or no" : NULL;
}

/* A whole number without a sign, up to maximum. */
static bool set_number(unsigned long *ret_number, const char *value, unsigned long maximum)
{
	char *end;

	*ret_number = strtoul(value, &end, 10);
	return value[0] >= '0' && value[0] <= '9' && !*end && *ret_number <= maximum;
}

static const char *set_window(struct block *block, const char *value)
{
	unsigned long window;

	if (!set_number(&window, value, 65535))
		return "must be from 0 to 65535";
	block->behaviour.window = (uint16_t)window;
	return NULL;
}

static const char *set_ttl(struct block *block, const char *value)
{
	uint64_t ttl_ns;

	if (!value_time(value, &ttl_ns) || ttl_ns % 1000000000)
		return "must be whole seconds with s, m or h, up to 720h";
	block->ttl_s = (uint32_t)(ttl_ns / 1000000000);
	return NULL;
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
	unsigned long port;

	if (!set_number(&port, value, 65535) || !port)
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
	{ "burst", KEY_BURST, set_burst },
	{ "burst-back", KEY_BURST_BACK, set_burst_back },
	{ "burst-step", KEY_BURST_STEP, set_burst_step },
	{ "answer", KEY_ANSWER, set_answer },
	{ "timestamps", KEY_TIMESTAMPS, set_timestamps },
	{ "timer", KEY_TIMER, set_timer },
	{ "window", KEY_WINDOW, set_window },
	{ "name", KEY_NAME, set_name },
	{ "port", KEY_PORT, set_port },
	{ "target", KEY_TARGET, set_target },
	{ "ttl", KEY_TTL, set_ttl },
	{ "canary", KEY_CANARY, set_canary },
};

/* group=NAME[,NAME...] */
static int set_groups(
	struct scenario *scenario, struct block *block, const char *value, const char **ret_why)
{
	size_t length;
	int error;

	*ret_why = "must be one to four names of letters, digits, -, _ and ., with commas between";
	for (;; value += length + 1) {
		length = strcspn(value, ",");
		if (!group_name_allowed(value, length) || block->group_count == SCENARIO_GROUPS_MAX)
			return -EINVAL;
		error = scenario_group(
			scenario, value, length, block->line, &block->groups[block->group_count++]);
		if (error)
			return error;
		scenario->groups[block->groups[block->group_count - 1]].has_range = true;
		if (!value[length])
			return 0;
	}
}

static int no_such_key(char ret_message[SCENARIO_MESSAGE_SIZE])
{
	size_t used =
		(size_t)snprintf(ret_message, SCENARIO_MESSAGE_SIZE, "no such key; there are");

	for (size_t i = 0; i < sizeof keys / sizeof keys[0]; i++)
		used += (size_t)snprintf(
			ret_message + used, SCENARIO_MESSAGE_SIZE - used, " %s,", keys[i].name);
	snprintf(ret_message + used, SCENARIO_MESSAGE_SIZE - used, " group");
	return -EINVAL;
}

int block_set(struct scenario *scenario, struct block *block, const char *key, const char *value,
	char ret_message[SCENARIO_MESSAGE_SIZE])
{
	const size_t count = sizeof keys / sizeof keys[0];
	const char *why = NULL;
	enum block_key bit;
	size_t i = 0;
	int error = 0;

	while (i < count && strcmp(key, keys[i].name) != 0)
		i++;
	if (i == count && strcmp(key, "group") != 0)
		return no_such_key(ret_message);
	bit = i < count ? keys[i].key : KEY_GROUP;
	if (block->keys & bit)
		why = "stands twice on the line";
	else if (i < count)
		why = keys[i].set(block, value);
	else if ((error = set_groups(scenario, block, value, &why)) != -EINVAL)
		why = NULL;
	if (why) {
		snprintf(ret_message, SCENARIO_MESSAGE_SIZE, "%s", why);
		return -EINVAL;
	}
	block->keys |= bit;
	if (bit == KEY_GROUP)
		return error;
	if ((bit == KEY_NAME && !block->name) || (bit == KEY_TARGET && !block->target))
		return -ENOMEM;
	return 0;
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
