/* SPDX-License-Identifier: MIT */
/* Records of the history, and the page that shows them with whatever else Redis says of a target. Lines:
 *
 *	history N OFFSET BYTES	of the record of N times five minutes ago, in hexadecimal
 *	cut SIZE		bytes of the history
 *	FIELD=TEXT		of the target's hash, or of the newest transition: action, severity, previous, reason, told
 *	label.KEY=TEXT
 *	page WIDTH		24 to 120 */
#include "fuzz.h"
#include "pure/card.h"

#define NOW_MS 1795780800000

static void set(struct card *card, const char *name, const char *text, size_t *labels_used)
{
	struct card_transition *step = &card->transitions[0];
	const struct {
		const char *name;
		char *to;
		size_t size;
	} parts[] = {
		{ "action", step->action, sizeof step->action },
		{ "severity", step->severity, sizeof step->severity },
		{ "previous", step->previous, sizeof step->previous },
		{ "reason", step->reason, sizeof step->reason },
		{ "told", step->mos, sizeof step->mos },
	};

	for (int i = 0; i < CARD_FIELD_COUNT; i++)
		if (!strcmp(name, card_field_name((enum card_field)i)))
			snprintf(card->fields[i], sizeof card->fields[i], "%s", text);
	for (size_t i = 0; i < sizeof parts / sizeof *parts; i++)
		if (!strcmp(name, parts[i].name)) {
			snprintf(parts[i].to, parts[i].size, "%s", text);
			card->transition_count = 1;
			step->at_ms = NOW_MS - 1000;
		}
	if (!strncmp(name, "label.", 6))
		card_add_label(card, labels_used, name + 6, text);
}

static void check_page(const struct card *card, unsigned width)
{
	struct card_page *page = malloc(sizeof *page);

	CHECK(page);
	for (int ascii = 0; ascii < 2; ascii++) {
		card_page(page, card, width, ascii);
		CHECK(page->count && page->count <= CARD_LINES);
		for (unsigned i = 0; i < page->count; i++) {
			const char *line = page->lines[i];
			unsigned columns = 0;

			CHECK(memchr(line, '\0', CARD_LINE_SIZE));
			for (; *line; line++) {
				CHECK((unsigned char)*line >= ' ' && *line != 0x7f);
				CHECK(!ascii || (signed char)*line > 0);
				columns += (*line & 0xc0) != 0x80;
			}
			CHECK(columns <= width);
		}
	}
	free(page);
}

static void check_trend(const struct card *card)
{
	struct card_trend *trend = malloc(sizeof *trend);
	static const unsigned cells[] = { 1, 7, 96, HISTORY_RECORDS };

	CHECK(trend);
	for (size_t i = 0; i < sizeof cells / sizeof *cells; i++) {
		card_trend(trend, card, cells[i]);
		CHECK(trend->records <= HISTORY_RECORDS);
	}
	free(trend);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	char *text = fuzz_text(data, size), *at = text, *line, *equals;
	struct card *card = calloc(1, sizeof *card);
	uint32_t newest = (uint32_t)(NOW_MS / HISTORY_RECORD_MS);
	unsigned width = 80, ago;
	size_t labels_used = 0;

	CHECK(card);
	snprintf(card->target, sizeof card->target, "pbx1.example.com:5060");
	card->prober = "p";
	card->now_ms = NOW_MS;
	card->history_size = HISTORY_SIZE;
	while ((line = fuzz_line(&at))) {
		int used = 0;

		if (sscanf(line, "history %u %n", &ago, &used) == 1 && used) {
			uint32_t number = newest - ago % HISTORY_RECORDS;
			uint8_t *record = card->history +
					  (size_t)(number % HISTORY_RECORDS) * HISTORY_RECORD_SIZE;

			record[0] = (uint8_t)number;
			record[1] = (uint8_t)(number >> 8);
			fuzz_patch(line + used, record, HISTORY_RECORD_SIZE);
		} else if (sscanf(line, "cut %zu", &card->history_size) == 1) {
			if (card->history_size > HISTORY_SIZE)
				card->history_size = HISTORY_SIZE;
		} else if (sscanf(line, "page %u", &width) == 1) {
			width = width < 24 ? 24 : width > 120 ? 120 : width;
		} else if ((equals = strchr(line, '='))) {
			*equals = '\0';
			set(card, line, equals + 1, &labels_used);
		}
	}
	check_trend(card);
	check_page(card, width);
	free(card);
	free(text);
	return 0;
}
