/* SPDX-License-Identifier: MIT */
#include "scenario.h"

#include <assert.h>
#include <errno.h>
#include <stdarg.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "edges/links.h"
#include "lines.h"

#define BLANKS " \t\r"

/* Where the reader is. */
struct reader {
	struct scenario *scenario;
	const char *file;
	char *message;
	size_t block_capacity, change_capacity, dns_capacity; /* of the scenario's arrays */
	unsigned int line;
	bool seeded;
};

static int __attribute__((format(printf, 2, 3)))
refuse(struct reader *reader, const char *format, ...)
{
	char what[SCENARIO_MESSAGE_SIZE / 2];
	va_list arguments;

	va_start(arguments, format);
	vsnprintf(what, sizeof what, format, arguments);
	va_end(arguments);
	snprintf(reader->message, SCENARIO_MESSAGE_SIZE, "%s:%u: %s", reader->file, reader->line,
		what);
	return -EINVAL;
}

/* Takes the next word off the line, its quotes removed; "" at the end or before a comment. */
static int next_word(struct reader *reader, char **cursor, char **ret_word)
{
	char *from = *cursor + strspn(*cursor, BLANKS), *to = from, quote = '\0';

	*ret_word = from;
	if (*from == '#')
		*from = '\0';
	for (; *from && (quote || !strchr(BLANKS, *from)); from++) {
		if (quote ? *from == quote : *from == '"' || *from == '\'')
			quote = (char)(quote ? '\0' : *from);
		else
			*to++ = *from;
	}
	if (quote)
		return refuse(reader, "a quotation that is opened is not closed");
	*cursor = *from ? from + 1 : from;
	*to = '\0';
	return 0;
}

static int read_seed(struct reader *reader, char **cursor)
{
	char *number, *end, *rest;
	int error;

	error = next_word(reader, cursor, &number);
	if (error)
		return error;
	errno = 0;
	reader->scenario->seed = strtoull(number, &end, 10);
	if (errno || end == number || *end || number[0] == '-')
		return refuse(reader, "seed %.40s: must be a whole number", number);
	if (reader->seeded)
		return refuse(reader, "a second seed");
	reader->seeded = true;
	error = next_word(reader, cursor, &rest);
	if (!error && *rest)
		return refuse(reader, "%.40s: nothing may follow the seed", rest);
	return error;
}

/* Nobody else's addresses, and not the link's. */
static int read_range(struct reader *reader, const char *word, struct ip_range *ret_range)
{
	static const char *const simulated[] = { SIMULATED_V4, SIMULATED_V6 };
	static const char *const link[] = { LINK_V4, LINK_V6 };
	struct ip_range other;
	bool inside = false;

	if (!ip_range_parse(word, ret_range))
		return refuse(reader,
			"%.80s: must be `seed`, an address, FIRST-LAST or ADDRESS/BITS with no bit set "
			"beyond BITS, uplink, group or dns",
			word);
	for (int i = 0; i < 2; i++)
		inside |= ip_range_parse(simulated[i], &other) && ip_range_holds(&other, ret_range);
	if (!inside)
		return refuse(
			reader, "%.100s: must lie inside " SIMULATED_V4 " or " SIMULATED_V6, word);
	for (int i = 0; i < 2; i++)
		if (ip_range_parse(link[i], &other) && ip_range_overlaps(&other, ret_range))
			return refuse(reader, "%.100s: must leave out %s, netsim's own link", word,
				link[i]);
	return 0;
}

/* A zeroed element more at the end of one of the scenario's arrays; NULL when memory is out. */
static void *add(void **array, size_t *count, size_t *capacity, size_t size)
{
	size_t larger = *capacity ? *capacity * 2 : 64;
	void *grown;

	if (*count == *capacity) {
		grown = realloc(*array, larger * size);
		if (!grown)
			return NULL;
		*array = grown;
		*capacity = larger;
	}
	assert(*array);
	return memset((char *)*array + (*count)++ * size, 0, size);
}

/* What can only be told when the whole line is known. */
static int check_block(struct reader *reader, const struct block *block)
{
	uint32_t size = ip_range_size(&block->range);
	size_t spare; /* what the longest index adds to the pattern */

	if (!(block->keys & KEYS_LISTING) && !block->canary)
		return 0;
	if (size > SCENARIO_LISTED_MAX)
		return refuse(reader,
			"name=, port=, target= and canary= list at most %d addresses a line",
			SCENARIO_LISTED_MAX);
	if (!block->name)
		return 0;
	if (size > 1 && !strchr(block->name, '%'))
		return refuse(reader, "name=%.80s: needs %%d: the range has %u addresses",
			block->name, size);
	spare = strchr(block->name, '%') ? 9 : 0;
	if (strlen(block->name) + spare >= SCENARIO_NAME_SIZE)
		return refuse(reader, "name=%.40s...: too long", block->name);
	return 0;
}

/* The next word of the line, parted at its `=`. *ret_key is "" at the end; *ret_value is NULL when
 * there is no `=`. */
static int next_pair(struct reader *reader, char **cursor, char **ret_key, char **ret_value)
{
	int error = next_word(reader, cursor, ret_key);
	char *equals = error ? NULL : strchr(*ret_key, '=');

	*ret_value = equals ? equals + 1 : NULL;
	if (equals == *ret_key && equals)
		return refuse(reader, "%.80s: must be KEY=VALUE", *ret_key);
	if (equals)
		*equals = '\0';
	return error;
}

/* A change of this shape; the owner has its own fields of `owner` set. */
static int read_change(
	struct reader *reader, enum shape shape, const struct change *owner, char **cursor)
{
	struct scenario *scenario = reader->scenario;
	void *changes = scenario->changes;
	unsigned int seen = 0;
	struct change *change =
		add(&changes, &scenario->change_count, &reader->change_capacity, sizeof *change);
	const char *why;
	char *key, *value;
	int error;

	scenario->changes = changes;
	if (!change)
		return -ENOMEM;
	change_begin(change, shape);
	change->owner = owner->owner;
	change->group = owner->group;
	change->range = owner->range;
	change->line = reader->line;
	while (!(error = next_pair(reader, cursor, &key, &value)) && *key) {
		if (!value)
			return refuse(reader, "%.80s: must be KEY=VALUE", key);
		why = change_set(change, &seen, key, value);
		if (why)
			return refuse(reader, "%.40s=%.80s: %s", key, value, why);
	}
	why = error ? NULL : change_check(change, seen);
	return why ? refuse(reader, "this change: %s", why) : error;
}

static int read_block(struct reader *reader, const char *word, char **cursor)
{
	char why[SCENARIO_MESSAGE_SIZE], *key, *value;
	struct scenario *scenario = reader->scenario;
	struct change owner = { .owner = OWNER_RANGE };
	void *blocks = scenario->blocks;
	struct block *block;
	enum shape shape;
	int error;

	error = read_range(reader, word, &owner.range);
	if (!error)
		error = next_pair(reader, cursor, &key, &value);
	if (error)
		return error;
	if (!value && change_shape(key, &shape))
		return read_change(reader, shape, &owner, cursor);
	block = add(&blocks, &scenario->block_count, &reader->block_capacity, sizeof *block);
	scenario->blocks = blocks;
	if (!block)
		return -ENOMEM;
	block->range = owner.range;
	block->line = reader->line;
	block->port = 5060;
	block->ttl_s = 60;
	while (!error && *key) {
		if (!value)
			return refuse(reader,
				"%.80s: must be KEY=VALUE, or after the range outage, flap, step, ramp "
				"or swing",
				key);
		error = block_set(scenario, block, key, value, why);
		if (error == -EINVAL)
			return refuse(reader, "%.40s=%.80s: %s", key, value, why);
		if (!error)
			error = next_pair(reader, cursor, &key, &value);
	}
	return error ? error : check_block(reader, block);
}

/* `uplink CHANGE ...` and `group NAME CHANGE ...` */
static int read_owner(struct reader *reader, enum owner kind, char **cursor)
{
	struct change owner = { .owner = kind };
	enum shape shape;
	char *word;
	int error;

	if (kind == OWNER_GROUP) {
		error = next_word(reader, cursor, &word);
		if (!error && !group_name_allowed(word, strlen(word)))
			return refuse(reader,
				"group %.40s: must be a name of letters, digits, -, _ "
				"and .",
				word);
		if (!error)
			error = scenario_group(
				reader->scenario, word, strlen(word), reader->line, &owner.group);
		if (error)
			return error;
	}
	error = next_word(reader, cursor, &word);
	if (error)
		return error;
	if (!change_shape(word, &shape))
		return refuse(reader, "%.40s: must be outage, flap, step, ramp or swing", word);
	return read_change(reader, shape, &owner, cursor);
}

static int read_dns(struct reader *reader, char **cursor)
{
	struct scenario *scenario = reader->scenario;
	void *lines = scenario->dns;
	struct dns_line *dns =
		add(&lines, &scenario->dns_count, &reader->dns_capacity, sizeof *dns);
	unsigned int seen = 0;
	const char *why;
	char *key, *value;
	int error;

	scenario->dns = lines;
	if (!dns)
		return -ENOMEM;
	dns->to_ns = SCENARIO_FOREVER_NS;
	while (!(error = next_pair(reader, cursor, &key, &value)) && *key) {
		error = dns_set(dns, &seen, key, value, &why);
		if (error == -EINVAL)
			return refuse(reader, "%.40s%s%.80s: %s", key, value ? "=" : "",
				value ? value : "", why);
		if (error)
			return error;
	}
	why = error ? NULL : dns_check(dns, seen);
	return why ? refuse(reader, "dns: %s", why) : error;
}

static int read_line(struct reader *reader, char *line)
{
	char *word;
	int error = next_word(reader, &line, &word);

	if (error || !*word)
		return error;
	if (!strcmp(word, "seed"))
		return read_seed(reader, &line);
	if (!strcmp(word, "uplink"))
		return read_owner(reader, OWNER_UPLINK, &line);
	if (!strcmp(word, "group"))
		return read_owner(reader, OWNER_GROUP, &line);
	if (!strcmp(word, "dns"))
		return read_dns(reader, &line);
	return read_block(reader, word, &line);
}

/* A change of a group that nobody is in would change nothing, and nobody would see why. */
static int check_groups(struct reader *reader)
{
	for (size_t i = 0; i < reader->scenario->group_count; i++) {
		const struct group *group = &reader->scenario->groups[i];

		reader->line = group->line;
		if (!group->has_range)
			return refuse(reader, "group %.40s: no range has group=%.40s", group->name,
				group->name);
	}
	return 0;
}

int scenario_parse(struct scenario **ret_scenario, char *text, const char *file,
	char ret_message[SCENARIO_MESSAGE_SIZE])
{
	struct reader reader = { .file = file, .message = ret_message };
	char *line;
	int error = 0;

	reader.scenario = calloc(1, sizeof *reader.scenario);
	if (!reader.scenario)
		return -ENOMEM;
	reader.scenario->seed = 1;
	while (!error && (line = strsep(&text, "\n"))) {
		reader.line++;
		error = read_line(&reader, line);
	}
	if (!error)
		error = check_groups(&reader);
	if (!error)
		error = scenario_flatten(reader.scenario);
	if (error) {
		scenario_destroy(reader.scenario);
		return error;
	}
	*ret_scenario = reader.scenario;
	return 0;
}

void scenario_destroy(struct scenario *scenario)
{
	if (!scenario)
		return;
	for (size_t i = 0; i < scenario->block_count; i++) {
		free(scenario->blocks[i].name);
		free(scenario->blocks[i].target);
	}
	for (size_t i = 0; i < scenario->group_count; i++)
		free(scenario->groups[i].name);
	for (size_t i = 0; i < scenario->dns_count; i++)
		free(scenario->dns[i].suffix);
	free(scenario->blocks);
	free(scenario->changes);
	free(scenario->groups);
	free(scenario->group_slots);
	free(scenario->dns);
	free(scenario->segments);
	free(scenario->causes);
	free(scenario);
}
