/* SPDX-License-Identifier: MIT */
/* transitions.log: a good file of six lines, with patches; then all that is done with what stands there.
 *
 *	header OFFSET BYTES	of the file's header
 *	line N OFFSET BYTES	of a line, from 0
 *	key N TEXT		what stands behind line N's transition: '|' for NUL
 *	raw			checksums and sizes stay as they are; else they are made to fit
 *	cut SIZE		the file ends there */
#define XXH_INLINE_ALL
#include <xxhash.h>

#include "edges/journal_own.h"
#include "fuzz.h"
#include "pure/result.h"

#define HEADER_SIZE 120
#define LINES 6
#define LINE_MOST 4096

static struct config *config;
static struct target_list *list;
static struct roster *roster;
/* As the journal writes them. */
static uint8_t good_header[HEADER_SIZE], good_lines[LINES][LINE_MOST];
static size_t good_sizes[LINES];

static void make_good(void)
{
	struct target gone = { .name = "gone.example.com", .port = 5060 };
	struct transition step = {
		.result = result_of_many(1795780800000, STATE_WARNING, 3, 1, CAUSE_LOSS),
		.since_ms = 1795780700000,
		.seq = 7,
		.severity = STATE_WARNING,
		.previous = STATE_OK,
		.group = { "isp", "acme" },
	};
	char path[128];
	struct message note, msg;
	struct journal *journal;
	size_t at = 0;
	FILE *file;

	CHECK(!journal_open(&journal, fuzz_folder(), config, roster, &note, &msg));
	step.result.target = &gone;
	journal_take(journal, 1, &step);
	step.result.target = targets_at(list, 0);
	journal_take(journal, 2, &step);
	step.result.target = NULL;
	step.kind = KIND_GROUP;
	journal_take(journal, 3, &step);
	journal_sent(journal, 1, 1795780800001, 0);
	journal_sent(journal, 2, 1795780800001, 1);
	journal_done(journal, 1);
	CHECK(journal->length);
	for (unsigned i = 0; i < LINES; i++) {
		struct line line;

		memcpy(&line, journal->buffer + at, sizeof line);
		CHECK(line.size <= LINE_MOST);
		good_sizes[i] = line.size;
		memcpy(good_lines[i], journal->buffer + at, line.size);
		at += line.size;
	}
	CHECK(at == journal->length);
	journal_flush(journal);
	snprintf(path, sizeof path, "%s/transitions.log", fuzz_folder());
	file = fopen(path, "re");
	CHECK(file && fread(good_header, 1, HEADER_SIZE, file) == HEADER_SIZE);
	fclose(file);
	journal_close(journal);
}

int LLVMFuzzerInitialize(int *argc, char ***argv)
{
	(void)argc;
	(void)argv;
	config = fuzz_config("");
	list = fuzz_targets(config);
	CHECK(!roster_first(&roster, list));
	make_good();
	return 0;
}

/* Text behind a transition, as long as it takes. */
static size_t put_texts(uint8_t *line, const char *text)
{
	size_t at = sizeof(struct line) + sizeof(struct transition), length = strlen(text) + 1;

	if (length > LINE_MOST - at)
		length = LINE_MOST - at;
	for (size_t i = 0; i < length; i++)
		line[at + i] = text[i] == '|' ? 0 : (uint8_t)text[i];
	return at + length;
}

/* Returns the size of what stands in file. */
static size_t make_file(uint8_t *file, char *text)
{
	static uint8_t lines[LINES][LINE_MOST];
	size_t sizes[LINES], size = HEADER_SIZE, cut = SIZE_MAX;
	bool raw = false;
	char *at;

	memcpy(file, good_header, HEADER_SIZE);
	memcpy(lines, good_lines, sizeof lines);
	memcpy(sizes, good_sizes, sizeof sizes);
	while ((at = fuzz_line(&text))) {
		unsigned number = 0;
		int used = 0;

		raw |= !strcmp(at, "raw");
		sscanf(at, "cut %zu", &cut);
		if (!strncmp(at, "header ", 7))
			fuzz_patch(at + 7, file, HEADER_SIZE);
		else if (sscanf(at, "line %u %n", &number, &used) == 1 && used && number < LINES)
			fuzz_patch(at + used, lines[number], sizes[number]);
		else if (sscanf(at, "key %u %n", &number, &used) == 1 && used && number < 3)
			sizes[number] = put_texts(lines[number], at + used);
	}
	for (unsigned i = 0; i < LINES; i++) {
		struct line *line = (struct line *)lines[i];

		if (!raw) {
			line->size = (uint32_t)sizes[i];
			line->checksum = XXH3_64bits(
				lines[i] + sizeof line->checksum, sizes[i] - sizeof line->checksum);
		}
		memcpy(file + size, lines[i], sizes[i]);
		size += sizes[i];
	}
	return cut < size ? cut : size;
}

/* What a prober and a publisher do with it. */
static void go_on(const struct transition *transition)
{
	static struct fields fields;
	char summary[SUMMARY_SIZE], reason[REASON_SIZE], key[TARGET_KEY_SIZE] = "";

	if (transition->result.target)
		target_key(transition->result.target, key);
	fields.count = 0;
	fields.used = 0;
	transition_fields(&fields, transition, "p");
	for (unsigned i = 0; i < fields.count; i++)
		CHECK(strlen(fields.list[i].text) == fields.list[i].length);
	reason_text(reason, transition);
	summary_text(summary, transition, key, "p");
	CHECK(transition->result.target_index == UINT32_MAX ||
		transition->result.target_index < roster->count);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	static uint8_t file[HEADER_SIZE + LINES * LINE_MOST];
	char *text = fuzz_text(data, size);
	const struct transition *transition;
	struct message note, msg;
	struct journal_left left;
	struct journal *journal;
	size_t at = 0;

	fuzz_file("transitions.log", file, make_file(file, text));
	CHECK(!journal_open(&journal, fuzz_folder(), config, roster, &note, &msg));
	while (journal_next_left(journal, &at, &left)) {
		CHECK(left.order <= journal_order(journal));
		go_on(left.transition);
	}
	for (at = 0; (transition = journal_next_taken(journal, &at));)
		go_on(transition);
	for (uint32_t i = 0; i < roster->count; i++)
		if ((transition = journal_newest(journal, i)))
			CHECK(transition->result.target == roster->targets[i]);
	journal_close(journal);
	free(text);
	return 0;
}
