/* SPDX-License-Identifier: MIT */
#include "scenario.h"

#include <errno.h>
#include <stdarg.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define BLANKS " \t\r"

/* Where the reader is. */
struct reader {
	struct scenario *scenario;
	const char *file;
	char *message;
	size_t capacity; /* of scenario->blocks */
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
			quote = quote ? '\0' : *from;
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
			"%.80s: must be `seed`, an address, FIRST-LAST, or ADDRESS/BITS with no bit set "
			"beyond BITS",
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

static int add_block(struct reader *reader, struct block **ret_block)
{
	struct scenario *scenario = reader->scenario;
	struct block *blocks = scenario->blocks;
	size_t capacity = reader->capacity;

	if (scenario->block_count == capacity) {
		capacity = capacity ? capacity * 2 : 64;
		blocks = realloc(blocks, capacity * sizeof *blocks);
		if (!blocks)
			return -ENOMEM;
		scenario->blocks = blocks;
		reader->capacity = capacity;
	}
	*ret_block = &blocks[scenario->block_count++];
	**ret_block = (struct block) { .line = reader->line, .port = 5060 };
	return 0;
}

/* What can only be told when the whole line is known. */
static int check_block(struct reader *reader, const struct block *block)
{
	uint32_t size = ip_range_size(&block->range);
	size_t spare; /* what the longest index adds to the pattern */

	if (!(block->keys & (KEY_NAME | KEY_PORT | KEY_TARGET)))
		return 0;
	if (size > SCENARIO_LISTED_MAX)
		return refuse(reader, "name=, port= and target= list at most %d addresses a line",
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

static int read_block(struct reader *reader, const char *word, char **cursor)
{
	char why[SCENARIO_MESSAGE_SIZE], *pair, *equals;
	struct block *block;
	int error;

	error = add_block(reader, &block);
	if (error)
		return error;
	error = read_range(reader, word, &block->range);
	while (!error) {
		error = next_word(reader, cursor, &pair);
		if (error || !*pair)
			break;
		equals = strchr(pair, '=');
		if (!equals)
			return refuse(reader, "%.80s: must be KEY=VALUE", pair);
		*equals = '\0';
		error = block_set(block, pair, equals + 1, why);
		if (error == -EINVAL)
			return refuse(reader, "%.40s=%.80s: %s", pair, equals + 1, why);
	}
	return error ? error : check_block(reader, block);
}

static int read_line(struct reader *reader, char *line)
{
	char *word;
	int error = next_word(reader, &line, &word);

	if (error || !*word)
		return error;
	if (!strcmp(word, "seed"))
		return read_seed(reader, &line);
	return read_block(reader, word, &line);
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
	free(scenario->blocks);
	free(scenario->segments);
	free(scenario);
}
