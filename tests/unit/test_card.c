/* SPDX-License-Identifier: MIT */
/* What is known of a target, on a page: what stands there, that it fits and is safe, and the day in cells. */
#include "pure/card.h"

#include <stdio.h>
#include <string.h>

#include "../check.h"
#include "pure/text.h"

#define NOW_MS 1796097612345ull /* 2026-12-01T04:00:12.345Z */
#define NOW_NUMBER ((uint32_t)(NOW_MS / HISTORY_RECORD_MS))

static void set(struct card *card, enum card_field field, const char *text)
{
	snprintf(card->fields[field], CARD_FIELD_SIZE, "%s", text);
}

/* Of the five minutes that began `ago` records before those of now. */
static void put_record(struct card *card, unsigned ago, uint16_t least, uint16_t mean,
	uint16_t latency, uint8_t low_min)
{
	uint32_t number = NOW_NUMBER - ago;
	uint8_t *at = card->history + number % HISTORY_RECORDS * HISTORY_RECORD_SIZE;
	const uint16_t values[] = { (uint16_t)number, least, mean, latency, 12, 150, 0 };

	card->history_size = HISTORY_SIZE;
	for (unsigned i = 0; i < 7; i++) {
		at[2 * i] = (uint8_t)values[i];
		at[2 * i + 1] = (uint8_t)(values[i] >> 8);
	}
	at[14] = low_min;
	at[15] = 5;
}

static void make_card(struct card *card)
{
	static const struct {
		enum card_field field;
		const char *text;
	} fields[] = { { CARD_ADDR, "198.18.0.4" }, { CARD_AT_MS, "1796097604345" },
		{ CARD_STATE, "critical" }, { CARD_SINCE_MS, "1796096892345" },
		{ CARD_MOS, "2.7213" }, { CARD_MOS_CYCLE, "2.5100" }, { CARD_BAND, "bad" },
		{ CARD_CAUSE, "loss" }, { CARD_LATENCY, "32.150" }, { CARD_LATENCY_RISE, "-3.100" },
		{ CARD_JITTER, "1.220" }, { CARD_LOSS, "5.085" }, { CARD_FAIL, "29.900" },
		{ CARD_N, "30" }, { CARD_FAILED, "9" }, { CARD_SENT, "118" }, { CARD_LOST, "6" },
		{ CARD_R, "69.3600" }, { CARD_R_BASE, "1.2100" }, { CARD_R_DELAY, "0.2300" },
		{ CARD_R_JITTER, "0.0000" }, { CARD_R_LOSS, "22.4000" }, { CARD_R_CODEC, "0.0000" },
		{ CARD_R_FAILED, "14.0700" }, { CARD_OUTCOME, "partial" },
		{ CARD_ERROR, "timeout" }, { CARD_STAMPS, "bpf" }, { CARD_IMPAIRED, "0" },
		{ CARD_LOW_MIN_24H, "12" }, { CARD_ALERTS_24H, "2" } };
	size_t used = 0;

	memset(card, 0, sizeof *card);
	strcpy(card->target, "pbx004.south.example:5060");
	card->prober = "fra-1";
	card->now_ms = NOW_MS;
	card->heartbeat_ms = NOW_MS - 2000;
	for (size_t i = 0; i < sizeof fields / sizeof *fields; i++)
		set(card, fields[i].field, fields[i].text);
	card_add_label(card, &used, "site", "south");
	card_add_label(card, &used, "tenant", "Acme GmbH");
	card->transition_count = 2;
	card->transitions[0] = (struct card_transition) {
		.at_ms = 1796096892345,
		.action = "trigger",
		.severity = "critical",
		.reason = "MOS 2.71 below 3.00 for 3 min; most of it lost to packet loss",
	};
	card->transitions[1] = (struct card_transition) {
		.at_ms = 1796090000000,
		.action = "resolve",
		.severity = "warning",
		.reason = "MOS 4.20 above 3.70 for 10 min",
		.suppressed = true,
	};
}

static const char *find_line(const struct card_page *page, const char *text)
{
	for (unsigned i = 0; i < page->count; i++)
		if (strstr(page->lines[i], text))
			return page->lines[i];
	for (unsigned i = 0; i < page->count; i++)
		print_message("# %s\n", page->lines[i]);
	fail_msg("no line has '%s'", text);
	return NULL;
}

static unsigned columns_of(const char *line)
{
	unsigned columns = 0;

	for (; *line; line++)
		columns += (*line & 0xc0) != 0x80;
	return columns;
}

static void what_stands_there(void **state)
{
	static struct card card;
	static struct card_page page;

	make_card(&card);
	for (unsigned i = 1; i <= 288; i++)
		put_record(&card, i, 4380, 4385, 300, 0);
	put_record(&card, 2, 2510, 3900, 482, 3);
	card_page(&page, &card, 80, true);
	assert_string_equal(page.lines[0],
		"pbx004.south.example:5060: critical for 12 min, since 2026-12-01 03:48:12Z");
	assert_string_equal(page.lines[1],
		"MOS 2.72, bad, most of it lost to loss; newest cycle 2.51 partial, timeout");
	assert_string_equal(page.lines[2], "measured 8 s ago by fra-1 at 198.18.0.4, stamps bpf");
	assert_string_equal(page.lines[3], "site=south tenant=\"Acme GmbH\"");
	assert_string_equal(find_line(&page, "R 69.36"),
		"R 69.36 = 93.21, less                latency     32.2 ms  (rise -3.1)");
	assert_string_equal(find_line(&page, "delay"),
		"  delay       0.23                   loss         5.1 %  (6 of 118 SYNs)");
	assert_string_equal(find_line(&page, "jitter      0.00"),
		"  jitter      0.00                   failed      29.9 %  (9 of 30 samples)");
	find_line(&page, "  failed     14.07  (from R on)");
	find_line(&page, "24 h: low min 12, alerts 2");
	assert_string_equal(find_line(&page, "MOS  "),
		"MOS        ###############################################=   2.51   4.38   4.38");
	assert_string_equal(find_line(&page, "latency ms"),
		"latency ms +++++++++++++++++++++++++++++++++++++++++++++++#   30.0   30.1   48.2");
	assert_string_equal(find_line(&page, "low min  "),
		"low min    _______________________________________________.  3 of 1440 min");
	find_line(&page, "-24h        -18h        -12h        -6h      now");
	assert_string_equal(find_line(&page, "2026-12-01 03:48:12Z crit"),
		"2026-12-01 03:48:12Z critical MOS 2.71 below 3.00 for 3 min; most of it lost to");
	find_line(&page, "                      packet loss");
	assert_string_equal(find_line(&page, "resolved"),
		"2026-12-01 01:53:20Z resolved MOS 4.20 above 3.70 for 10 min (one of its group)");
	assert_true(page.count <= 30);
}

/* What does not exist, and what is said then. */
static void what_is_missing(void **state)
{
	static struct card card;
	static struct card_page page;

	memset(&card, 0, sizeof card);
	strcpy(card.target, "gw.example.com:5060");
	card.prober = "fra-1";
	card.now_ms = NOW_MS;
	set(&card, CARD_STATE, "unverified");
	set(&card, CARD_IMPAIRED, "1");
	card.muted = true;
	card_page(&page, &card, 80, false);
	assert_string_equal(page.lines[0], "gw.example.com:5060: unverified");
	find_line(&page, "MOS -; newest cycle -");
	find_line(&page, "THE PROBER IS SILENT");
	find_line(&page, "muted");
	find_line(&page, "impaired");
	find_line(&page, "R - (no answer");
	find_line(&page, "no history yet");
	find_line(&page, "no transition");
	/* A ring without a record of these 24 hours. */
	card.history_size = HISTORY_SIZE;
	put_record(&card, 289, 1000, 1000, 1, 5);
	card_page(&page, &card, 80, true);
	assert_string_equal(find_line(&page, "loss %"),
		"loss %                                                           -      -      -");
	find_line(&page, "0 of 0 min");
}

/* Hostile texts and any width: no line is too wide, and none has a control character. */
static void any_width(void **state)
{
	static struct card card;
	static struct card_page page;
	size_t used = 0;

	make_card(&card);
	memset(card.target, 'x', 200);
	strcpy(card.target + 200, "\033[2J");
	memset(card.labels, 0, sizeof card.labels);
	for (unsigned i = 0; i < 1000; i++)
		card_add_label(&card, &used, "key", "\xc2\x9b[31m 東京\n\xff");
	assert_true(used < sizeof card.labels && used > sizeof card.labels - 40);
	for (unsigned field = 0; field < CARD_FIELD_COUNT; field++)
		if (field % 3 == 0)
			memset(card.fields[field], '9', CARD_FIELD_SIZE - 1);
	card.transition_count = CARD_TRANSITIONS;
	for (unsigned i = 1; i <= 288; i++)
		put_record(&card, i, (uint16_t)random_u64(), (uint16_t)random_u64(),
			(uint16_t)random_u64(), (uint8_t)random_u64());
	for (unsigned i = 0; i < CARD_TRANSITIONS; i++)
		memset(card.transitions[i].reason, ' ' + i, CARD_REASON_SIZE - 1);
	for (unsigned width = 0; width <= 130; width++) {
		unsigned most = width < 24 ? 24 : width > 120 ? 120 : width;

		card_page(&page, &card, width, width % 2);
		assert_in_range(page.count, 10, CARD_LINES);
		for (unsigned i = 0; i < page.count; i++) {
			const char *line = page.lines[i];

			assert_in_range(columns_of(line), 0, most);
			assert_true(utf8_valid(line, strlen(line)));
			for (; *line; line++)
				assert_true((unsigned char)*line >= ' ' && *line != 0x7f);
		}
	}
}

static void a_day_in_cells(void **state)
{
	static struct card card;
	static struct card_trend trend;

	make_card(&card);
	put_record(&card, 1, 3000, 3100, 200, 5);
	put_record(&card, 6, 3400, 3500, 400, 4);
	put_record(&card, 7, 4000, 4100, 65535, 0);
	put_record(&card, 288, 1000, 2000, 100, 1);
	card_trend(&trend, &card, 48);
	assert_near(trend.mos[47], 3.0, 1e-9);
	assert_near(trend.latency_ms[47], 40, 1e-9);
	assert_near(trend.low_min[47], 9, 0);
	assert_near(trend.mos[46], 4.0, 1e-9);
	assert_near(trend.latency_ms[46], NAN, 0);
	assert_near(trend.mos[0], 1.0, 1e-9);
	assert_near(trend.loss_pct[0], 1.5, 1e-9);
	for (unsigned i = 1; i < 46; i++)
		assert_near(trend.mos[i], NAN, 0);
	assert_near(trend.mos_range.least, 1, 1e-9);
	assert_near(trend.mos_range.mean, (3.1 + 3.5 + 4.1 + 2.0) / 4, 1e-9);
	assert_near(trend.mos_range.most, 4.1, 1e-9);
	assert_near(trend.latency_range.mean, (20 + 40 + 10) / 3.0, 1e-9);
	assert_int_equal(trend.low_min_sum, 10);
	assert_int_equal(trend.records, 4);
	/* Every record is in one cell, whatever their number. */
	for (unsigned cells = 1; cells <= HISTORY_RECORDS; cells++) {
		double sum = 0;

		card_trend(&trend, &card, cells);
		for (unsigned i = 0; i < cells; i++)
			sum += isnan(trend.low_min[i]) ? 0 : trend.low_min[i];
		assert_near(sum, 10, 0);
	}
}

static void numbers_of_fields(void **state)
{
	static struct card card;

	set(&card, CARD_MOS, "4.3850");
	set(&card, CARD_R, "nan");
	set(&card, CARD_LOSS, "1e999");
	set(&card, CARD_JITTER, "5 ms");
	assert_near(card_number(&card, CARD_MOS), 4.385, 1e-12);
	assert_near(card_number(&card, CARD_R), NAN, 0);
	assert_near(card_number(&card, CARD_LOSS), NAN, 0);
	assert_near(card_number(&card, CARD_JITTER), NAN, 0);
	assert_near(card_number(&card, CARD_LATENCY), NAN, 0);
	for (int i = 0; i < CARD_FIELD_COUNT; i++)
		for (int j = 0; j < i; j++)
			assert_string_not_equal(card_field_name(i), card_field_name(j));
	assert_true(card_field_is_number(CARD_AT_MS));
	assert_false(card_field_is_number(CARD_CAUSE));
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(what_stands_there),
		cmocka_unit_test(what_is_missing),
		cmocka_unit_test(any_width),
		cmocka_unit_test(a_day_in_cells),
		cmocka_unit_test(numbers_of_fields),
	};

	cmocka_set_message_output(CM_OUTPUT_TAP);
	random_seed();
	return cmocka_run_group_tests(tests, NULL, NULL);
}
