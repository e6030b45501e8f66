/* SPDX-License-Identifier: MIT */
/* card_page(): the layout. */
#include <math.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>
#include <time.h>

#include "pure/card.h"
#include "pure/emodel.h"
#include "pure/fields.h"
#include "pure/sparkline.h"
#include "pure/text.h"

#define WIDTH_LEAST 24
#define WIDTH_MOST 120
/* From here on score and quantities stand side by side. */
#define WIDTH_OF_TWO 72
#define LEFT_WIDTH 36
#define NAME_WIDTH 11
#define RANGE_WIDTH 7
#define NUMBER_SIZE 24 /* what is longer is nonsense, and cut */
#define AGO_SIZE 32
#define UTC_SIZE 96

struct layout {
	struct card_page *page;
	const struct card *card;
	unsigned width;
	bool ascii;
};

static void put(struct layout *layout, const char *format, ...)
	__attribute__((format(printf, 2, 3)));

static void put(struct layout *layout, const char *format, ...)
{
	struct card_page *page = layout->page;
	char line[2 * CARD_LINE_SIZE];
	va_list args;

	if (page->count == CARD_LINES)
		return;
	va_start(args, format);
	vsnprintf(line, sizeof line, format, args);
	va_end(args);
	for (size_t end = strlen(line); end && line[end - 1] == ' ';)
		line[--end] = '\0';
	text_fit(page->lines[page->count++], CARD_LINE_SIZE, line, layout->width, layout->ascii);
}

/* As put(), and what does not fit goes on in the next line, after a blank. */
static void put_long(struct layout *layout, const char *text, unsigned indent)
{
	unsigned room = layout->width, margin = 0;

	while (strlen(text) > room - margin) {
		const char *end = text + (room - margin);

		while (end > text && *end != ' ')
			end--;
		if (end == text)
			break;
		put(layout, "%*s%.*s", (int)margin, "", (int)(end - text), text);
		text = end + 1;
		margin = indent < room / 2 ? indent : 2;
	}
	put(layout, "%*s%s", (int)margin, "", text);
}

/* "8 s", "12 min", "3 h 5 min", "2 d 4 h" */
static const char *ago(char ret[AGO_SIZE], uint64_t ms)
{
	unsigned long long s = ms / 1000, min = s / 60, h = min / 60;

	if (s < 120)
		snprintf(ret, AGO_SIZE, "%llu s", s);
	else if (min < 120)
		snprintf(ret, AGO_SIZE, "%llu min", min);
	else if (h < 48)
		snprintf(ret, AGO_SIZE, "%llu h %llu min", h, min % 60);
	else
		snprintf(ret, AGO_SIZE, "%llu d %llu h", h / 24, h % 24);
	return ret;
}

static const char *utc(char ret[UTC_SIZE], uint64_t at_ms)
{
	time_t seconds = (time_t)(at_ms / 1000);
	struct tm tm = { .tm_mday = 1 };

	gmtime_r(&seconds, &tm);
	snprintf(ret, UTC_SIZE, "%04d-%02d-%02d %02d:%02d:%02dZ", tm.tm_year + 1900, tm.tm_mon + 1,
		tm.tm_mday, tm.tm_hour, tm.tm_min, tm.tm_sec);
	return ret;
}

static const char *number(char ret[NUMBER_SIZE], double value, unsigned decimals)
{
	char text[FIXED_TEXT_SIZE];

	snprintf(ret, NUMBER_SIZE, "%.*s", NUMBER_SIZE - 1,
		fixed_text(text, value, decimals) ? text : "-");
	return ret;
}

static const char *field(const struct layout *layout, enum card_field name)
{
	return layout->card->fields[name];
}

static uint64_t since(const struct layout *layout, uint64_t at_ms)
{
	uint64_t now_ms = layout->card->now_ms;

	return at_ms < now_ms ? now_ms - at_ms : 0;
}

static void put_state(struct layout *layout)
{
	uint64_t since_ms = card_moment_ms(layout->card, CARD_SINCE_MS);
	char line[CARD_LINE_SIZE], for_text[AGO_SIZE], at[UTC_SIZE];

	if (since_ms)
		snprintf(line, sizeof line, "%s: %s for %s, since %s", layout->card->target,
			field(layout, CARD_STATE), ago(for_text, since(layout, since_ms)),
			utc(at, since_ms));
	else
		snprintf(line, sizeof line, "%s: %s", layout->card->target,
			field(layout, CARD_STATE));
	put_long(layout, line, 2);
	if (layout->card->muted)
		put(layout, "muted: it raises nothing");
}

static void put_mos(struct layout *layout)
{
	const char *cause = field(layout, CARD_CAUSE), *error = field(layout, CARD_ERROR);
	const char *band = field(layout, CARD_BAND);
	char mos[NUMBER_SIZE], newest[NUMBER_SIZE], line[CARD_LINE_SIZE];

	snprintf(line, sizeof line, "MOS %s%s%s%s%s; newest cycle %s %s%s%s",
		number(mos, card_number(layout->card, CARD_MOS), 2), *band ? ", " : "", band,
		*cause ? ", most of it lost to " : "", cause,
		number(newest, card_number(layout->card, CARD_MOS_CYCLE), 2),
		field(layout, CARD_OUTCOME), *error ? ", " : "", error);
	put_long(layout, line, 2);
}

static void put_labels(struct layout *layout)
{
	char line[CARD_LINE_SIZE] = "";
	size_t used = 0;

	for (const char *key = layout->card->labels; *key && used < sizeof line;) {
		const char *value = key + strlen(key) + 1, *quote = strchr(value, ' ') ? "\"" : "";

		used += (size_t)snprintf(line + used, sizeof line - used, "%s%s=%s%s%s",
			used ? " " : "", key, quote, value, quote);
		key = value + strlen(value) + 1;
	}
	if (used)
		put_long(layout, line, 2);
}

static void put_head(struct layout *layout)
{
	const struct card *card = layout->card;
	uint64_t at_ms = card_moment_ms(card, CARD_AT_MS);
	char line[2 * CARD_LINE_SIZE], age[AGO_SIZE];

	put_state(layout);
	put_mos(layout);
	snprintf(line, sizeof line, "measured %s ago by %s at %s, stamps %s",
		at_ms ? ago(age, since(layout, at_ms)) : "-", card->prober,
		*field(layout, CARD_ADDR) ? field(layout, CARD_ADDR) : "no address",
		*field(layout, CARD_STAMPS) ? field(layout, CARD_STAMPS) : "none");
	put_long(layout, line, 2);
	if (!card->heartbeat_ms)
		put(layout, "THE PROBER IS SILENT: it has no heartbeat, and this is old");
	if (card_number(card, CARD_IMPAIRED) > 0)
		put(layout, "its newest samples do not count: the prober was impaired");
	put_labels(layout);
	put(layout, "%s", "");
}

/* The left side: R and what took how much of it. */
static void part_text(const struct layout *layout, unsigned row, char ret[CARD_LINE_SIZE])
{
	static const struct {
		const char *name;
		enum card_field field;
	} parts[] = { { "base", CARD_R_BASE }, { "delay", CARD_R_DELAY },
		{ "jitter", CARD_R_JITTER }, { "loss", CARD_R_LOSS }, { "codec", CARD_R_CODEC },
		{ "failed", CARD_R_FAILED } };
	char value[NUMBER_SIZE], best[NUMBER_SIZE];
	double r = card_number(layout->card, CARD_R);

	if (row == 0 && isnan(r))
		snprintf(ret, CARD_LINE_SIZE, "R - (no answer in the newest cycle)");
	else if (row == 0)
		snprintf(ret, CARD_LINE_SIZE, "R %s = %s, less", number(value, r, 2),
			number(best, emodel_r_best(), 2));
	else
		snprintf(ret, CARD_LINE_SIZE, "  %-8s %7s%s", parts[row - 1].name,
			number(value, card_number(layout->card, parts[row - 1].field), 2),
			parts[row - 1].field == CARD_R_FAILED ? "  (from R on)" : "");
}

static void counts_text(const struct layout *layout, enum card_field part, enum card_field whole,
	const char *what, char ret[CARD_LINE_SIZE])
{
	if (*field(layout, part) && *field(layout, whole))
		snprintf(ret, CARD_LINE_SIZE, "  (%s of %s %s)", field(layout, part),
			field(layout, whole), what);
	else
		ret[0] = '\0';
}

/* The right side. */
static void quantity_text(const struct layout *layout, unsigned row, char ret[CARD_LINE_SIZE])
{
	const struct card *card = layout->card;
	double rise = card_number(card, CARD_LATENCY_RISE);
	char value[NUMBER_SIZE], more[CARD_LINE_SIZE] = "", other[NUMBER_SIZE];

	ret[0] = '\0';
	if (row == 0) {
		if (!isnan(rise))
			snprintf(more, sizeof more, "  (rise %s)", number(other, rise, 1));
		snprintf(ret, CARD_LINE_SIZE, "%-8s %7s ms%s", "latency",
			number(value, card_number(card, CARD_LATENCY), 1), more);
	} else if (row == 1) {
		snprintf(ret, CARD_LINE_SIZE, "%-8s %7s ms", "jitter",
			number(value, card_number(card, CARD_JITTER), 1));
	} else if (row == 2) {
		counts_text(layout, CARD_LOST, CARD_SENT, "SYNs", more);
		snprintf(ret, CARD_LINE_SIZE, "%-8s %7s %%%s", "loss",
			number(value, card_number(card, CARD_LOSS), 1), more);
	} else if (row == 3) {
		counts_text(layout, CARD_FAILED, CARD_N, "samples", more);
		snprintf(ret, CARD_LINE_SIZE, "%-8s %7s %%%s", "failed",
			number(value, card_number(card, CARD_FAIL), 1), more);
	} else if (row == 5) {
		snprintf(ret, CARD_LINE_SIZE, "24 h: low min %s, alerts %s",
			*field(layout, CARD_LOW_MIN_24H)
				? number(value, card_number(card, CARD_LOW_MIN_24H), 0)
				: "-",
			*field(layout, CARD_ALERTS_24H) ? field(layout, CARD_ALERTS_24H) : "-");
	}
}

static void put_score(struct layout *layout)
{
	enum { ROWS = 7 };
	char left[CARD_LINE_SIZE], right[CARD_LINE_SIZE];
	bool two = layout->width >= WIDTH_OF_TWO;

	for (unsigned row = 0; row < ROWS; row++) {
		part_text(layout, row, left);
		quantity_text(layout, row, right);
		if (two)
			put(layout, "%-*s %s", LEFT_WIDTH, left, right);
		else
			put(layout, "%s", left);
	}
	for (unsigned row = 0; !two && row < ROWS; row++) {
		quantity_text(layout, row, right);
		if (*right)
			put(layout, "%s", right);
	}
	put(layout, "%s", "");
}

static void put_trend(struct layout *layout, const char *name, const double *values, unsigned cells,
	const struct card_range *range, double low, double high, unsigned decimals)
{
	char line[SPARKLINE_SIZE], numbers[3][NUMBER_SIZE];

	sparkline(line, values, cells, low, high, layout->ascii);
	/* Blocks of several bytes are one column each, so printf may not pad behind them. */
	put(layout, "%-*s%s%*s%*s%*s", NAME_WIDTH, name, line, RANGE_WIDTH,
		number(numbers[0], range->least, decimals), RANGE_WIDTH,
		number(numbers[1], range->mean, decimals), RANGE_WIDTH,
		number(numbers[2], range->most, decimals));
}

/* Marks under the cells, as many as have room. */
static void put_axis(struct layout *layout, unsigned cells)
{
	char line[NAME_WIDTH + SPARKLINE_MOST + 8];

	memset(line, ' ', sizeof line);
	memcpy(line + NAME_WIDTH, "-24h", 4);
	for (unsigned i = 1; i < 4 && cells >= 24; i++) {
		char mark[8];

		snprintf(mark, sizeof mark, "-%uh", 24 - 6 * i);
		memcpy(line + NAME_WIDTH + i * cells / 4, mark, strlen(mark));
	}
	memcpy(line + NAME_WIDTH + cells - 3, "now", 3);
	line[NAME_WIDTH + cells] = '\0';
	put(layout, "%s", line);
}

static void put_day(struct layout *layout)
{
	unsigned spare = layout->width > NAME_WIDTH + 3 * RANGE_WIDTH
				 ? layout->width - NAME_WIDTH - 3 * RANGE_WIDTH
				 : 0;
	unsigned cells = spare >= 72 ? 72 : spare >= 48 ? 48 : spare >= 24 ? 24 : 12;
	char name[40], low[SPARKLINE_SIZE];
	struct card_trend trend;

	if (!layout->card->history_size) {
		put(layout, "24 hours: no history yet, or none is kept");
		put(layout, "%s", "");
		return;
	}
	card_trend(&trend, layout->card, cells);
	snprintf(name, sizeof name, "24 h, the worst of each %u min", 24 * 60 / cells);
	put(layout, "%-*s%*s%*s%*s", (int)(NAME_WIDTH + cells), name, RANGE_WIDTH, "least",
		RANGE_WIDTH, "mean", RANGE_WIDTH, "most");
	put_trend(layout, "MOS", trend.mos, cells, &trend.mos_range, 1, 4.5, 2);
	put_trend(layout, "latency ms", trend.latency_ms, cells, &trend.latency_range, 0,
		trend.latency_range.most, 1);
	put_trend(layout, "jitter ms", trend.jitter_ms, cells, &trend.jitter_range, 0,
		trend.jitter_range.most, 1);
	put_trend(layout, "loss %", trend.loss_pct, cells, &trend.loss_range, 0,
		trend.loss_range.most, 1);
	put_trend(layout, "failed %", trend.fail_pct, cells, &trend.fail_range, 0,
		trend.fail_range.most, 1);
	sparkline(low, trend.low_min, cells, 0, 24.0 * 60 / cells, layout->ascii);
	put(layout, "%-*s%s  %u of %u min", NAME_WIDTH, "low min", low, trend.low_min_sum,
		5 * trend.records);
	put_axis(layout, cells);
	put(layout, "%s", "");
}

static void put_transitions(struct layout *layout)
{
	const struct card *card = layout->card;
	char line[CARD_LINE_SIZE + CARD_REASON_SIZE], at[UTC_SIZE];

	if (!card->transition_count) {
		put(layout, card->transitions_cut ? "no transition among the newest of all targets"
						  : "no transition");
		return;
	}
	put(layout, "transitions, newest first");
	for (unsigned i = 0; i < card->transition_count; i++) {
		const struct card_transition *step = &card->transitions[i];
		bool resolve = !strcmp(step->action, "resolve");

		snprintf(line, sizeof line, "%s %-8s %s%s", utc(at, step->at_ms),
			resolve ? "resolved" : step->severity, step->reason,
			step->suppressed ? " (one of its group)" : "");
		put_long(layout, line, 22);
	}
	if (card->transitions_cut)
		put(layout, "... and older ones");
}

void card_page(struct card_page *ret, const struct card *card, unsigned width, bool ascii)
{
	struct layout layout = {
		.page = ret,
		.card = card,
		.width = width < WIDTH_LEAST  ? WIDTH_LEAST
			 : width > WIDTH_MOST ? WIDTH_MOST
					      : width,
		.ascii = ascii,
	};

	ret->count = 0;
	put_head(&layout);
	put_score(&layout);
	put_day(&layout);
	put_transitions(&layout);
}
