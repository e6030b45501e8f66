/* SPDX-License-Identifier: MIT */
#include "pure/prober_record.h"

#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define XXH_INLINE_ALL
#include <xxhash.h>

#define VERSION 1
#define SUM_SIZE 25 /* "checksum " and 16 digits */

static const char sum_word[] = "checksum ";

char *prober_record_text(
	const char *prober_id, const struct prober_events *events, const struct groups *groups)
{
	char *text = NULL;
	size_t size = 0;
	FILE *stream = open_memstream(&text, &size);
	struct group_saved group;

	if (!stream)
		return NULL;
	fprintf(stream, "mosprobe events %d\nprober %s\n", VERSION, prober_id);
	fprintf(stream, "vantage %u %d\n", events->vantage_seq, events->impaired);
	fprintf(stream, "resolver %u %d\n", events->resolver_seq, events->resolver_fails);
	for (uint32_t i = 0; groups_save(groups, i, &group); i++)
		if (group.seq)
			fprintf(stream, "group %u %d %u %s\n", group.seq, group.open,
				group.bad_most, group.value);
	fflush(stream);
	fprintf(stream, "%s%016" PRIx64 "\n", sum_word, (uint64_t)XXH3_64bits(text, size));
	if (fclose(stream)) {
		free(text);
		return NULL;
	}
	return text;
}

/* What stands before the last line, when that is its checksum; else 0. */
static size_t summed(const char *text, size_t length)
{
	char wanted[SUM_SIZE + 2];
	size_t before;

	if (length < SUM_SIZE + 1 || text[length - 1] != '\n')
		return 0;
	before = length - SUM_SIZE - 1;
	snprintf(wanted, sizeof wanted, "%s%016" PRIx64 "\n", sum_word,
		(uint64_t)XXH3_64bits(text, before));
	return memcmp(text + before, wanted, SUM_SIZE + 1) ? 0 : before;
}

/* Lines from the third on. */
static void read_line(
	const char *line, struct prober_events *events, struct groups *groups, uint64_t now_ns)
{
	struct group_saved group = { .seq = 0 };
	int open = 0, value = 0;

	if (sscanf(line, "vantage %u %d", &events->vantage_seq, &open) == 2)
		events->impaired = open;
	else if (sscanf(line, "resolver %u %d", &events->resolver_seq, &open) == 2)
		events->resolver_fails = open;
	else if (sscanf(line, "group %u %d %u%n", &group.seq, &open, &group.bad_most, &value) ==
			 3 &&
		 group.seq && line[value] == ' ') {
		group.open = open;
		/* As it is: a value may begin with blanks. */
		group.value = line + value + 1;
		groups_restore(groups, &group, now_ns);
	}
}

bool prober_record_read(const char *text, size_t length, const char *prober_id,
	struct prober_events *ret, struct groups *groups, uint64_t now_ns)
{
	struct prober_events events = { .vantage_seq = 0 };
	size_t before = summed(text, length);
	char *copy = before ? strndup(text, before) : NULL, *at, head[128];
	int head_length =
		snprintf(head, sizeof head, "mosprobe events %d\nprober %s\n", VERSION, prober_id);
	bool good = copy && !strncmp(copy, head, (size_t)head_length);

	for (at = good ? copy + head_length : NULL; at && *at;) {
		char *end = strchr(at, '\n');

		if (end)
			*end = '\0';
		read_line(at, &events, groups, now_ns);
		at = end ? end + 1 : NULL;
	}
	free(copy);
	if (good)
		*ret = events;
	return good;
}
