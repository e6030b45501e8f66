/* SPDX-License-Identifier: MIT */
#include "pure/table.h"

#include <math.h>
#include <stdio.h>
#include <string.h>

/* Below this a name says little: rather a column less. */
#define TARGET_WIDTH_LEAST 18
#define TARGET_WIDTH_MOST 60
/* Below this it says nothing. */
#define TARGET_WIDTH_NARROW 8

#define BOLD_RED "\033[1;31m"
#define RED "\033[31m"
#define YELLOW "\033[33m"
#define PLAIN "\033[0m"

static const struct {
	const char *heading, *narrow_heading;
	unsigned char width, narrow_width; /* 0 = as wide as the longest target */
	bool right;
	unsigned char leaves; /* which goes first when it gets narrow; 0 = none of these */
} columns[COLUMN_COUNT] = {
	[COLUMN_TARGET] = { "TARGET", "TARGET", 0, 0, false, 0 },
	[COLUMN_STATE] = { "STATE", "STATE", 10, 10, false, 0 },
	[COLUMN_MOS] = { "MOS", "MOS", 4, 4, true, 0 },
	[COLUMN_BAND] = { "BAND", "BAND", 9, 4, false, 2 },
	[COLUMN_LATENCY] = { "LATENCY ms", "LAT ms", 10, 6, true, 0 },
	[COLUMN_JITTER] = { "JITTER ms", "JIT ms", 9, 6, true, 4 },
	[COLUMN_LOSS] = { "LOSS %", "LOSS%", 6, 5, true, 0 },
	[COLUMN_FAIL] = { "FAIL %", "FAIL%", 6, 5, true, 3 },
	[COLUMN_CAUSE] = { "CAUSE", "CAUSE", 11, 11, false, 0 },
	[COLUMN_ERROR] = { "ERROR", "ERROR", 11, 11, false, 1 },
};
#define LEAVING 4

struct table_row table_row(const struct result *result)
{
	return (struct table_row) {
		.mos = (float)result->mos,
		.latency_ms = (float)result->latency_ms,
		.jitter_ms = (float)result->jitter_ms,
		.loss_pct = (float)result->loss_pct,
		.fail_pct = (float)result->fail_pct,
		.state = result->state,
		.band = result->band,
		.cause = result->cause,
		.error = result->error,
		.measured = true,
		.open = result->open,
	};
}

static bool worse(const struct table_row *rows, uint32_t a, uint32_t b)
{
	static const unsigned char rank[STATE_COUNT] = {
		[STATE_CRITICAL] = 0,
		[STATE_WARNING] = 1,
		[STATE_OK] = 2,
		[STATE_SETTLING] = 2, /* not judged yet, but a low one is to be seen */
		[STATE_UNVERIFIED] = 3,
	};
	const struct table_row *x = &rows[a], *y = &rows[b];

	if (rank[x->state] != rank[y->state])
		return rank[x->state] < rank[y->state];
	if (isnan(x->mos) != isnan(y->mos))
		return isnan(y->mos);
	if (x->mos < y->mos || x->mos > y->mos)
		return x->mos < y->mos;
	return a < b;
}

/* heap: the least bad of the chosen on top. */
static void settle(const struct table_row *rows, uint32_t *heap, size_t count, size_t place)
{
	uint32_t index = heap[place];

	for (;;) {
		size_t child = 2 * place + 1;

		if (child >= count)
			break;
		if (child + 1 < count && worse(rows, heap[child], heap[child + 1]))
			child++;
		if (!worse(rows, index, heap[child]))
			break;
		heap[place] = heap[child];
		place = child;
	}
	heap[place] = index;
}

size_t table_worst(const struct table_row *rows, size_t count, uint32_t *ret, size_t most)
{
	size_t chosen = 0;

	for (uint32_t i = 0; i < count && most; i++) {
		if (!rows[i].measured)
			continue;
		if (chosen < most) {
			ret[chosen++] = i;
			if (chosen == most)
				for (size_t k = most / 2; k-- > 0;)
					settle(rows, ret, most, k);
		} else if (worse(rows, i, ret[0])) {
			ret[0] = i;
			settle(rows, ret, most, 0);
		}
	}
	if (chosen < most)
		for (size_t k = chosen / 2; k-- > 0;)
			settle(rows, ret, chosen, k);
	/* The least bad go to the end, one after the other. */
	for (size_t left = chosen; left > 1; left--) {
		uint32_t top = ret[0];

		ret[0] = ret[left - 1];
		ret[left - 1] = top;
		settle(rows, ret, left - 1, 0);
	}
	return chosen;
}

/* Width of all columns but the target's, with the blanks between. */
static unsigned rest_width(const struct table_layout *layout)
{
	unsigned sum = 0;

	for (int c = COLUMN_STATE; c < COLUMN_COUNT; c++)
		if (layout->widths[c])
			sum += 1 + layout->widths[c];
	return sum;
}

static void set_widths(struct table_layout *layout, bool wide)
{
	layout->wide = wide;
	for (int c = COLUMN_STATE; c < COLUMN_COUNT; c++)
		layout->widths[c] = wide ? columns[c].width : columns[c].narrow_width;
}

struct table_layout table_layout(unsigned width, unsigned target_width, bool colour)
{
	struct table_layout layout = { .colour = colour };
	unsigned least, rest;

	width = width ? width : 1;
	if (target_width < strlen(columns[COLUMN_TARGET].heading))
		target_width = (unsigned)strlen(columns[COLUMN_TARGET].heading);
	if (target_width > TARGET_WIDTH_MOST)
		target_width = TARGET_WIDTH_MOST;
	least = target_width < TARGET_WIDTH_LEAST ? target_width : TARGET_WIDTH_LEAST;
	set_widths(&layout, true);
	if (width < rest_width(&layout) + target_width)
		set_widths(&layout, false);
	for (int leaving = 1; leaving <= LEAVING; leaving++) {
		if (width >= rest_width(&layout) + least)
			break;
		for (int c = 0; c < COLUMN_COUNT; c++)
			if (columns[c].leaves == leaving)
				layout.widths[c] = 0;
	}
	if (least > TARGET_WIDTH_NARROW)
		least = TARGET_WIDTH_NARROW;
	for (int c = COLUMN_COUNT - 1; c > COLUMN_TARGET && width < rest_width(&layout) + least;
		c--)
		layout.widths[c] = 0;
	rest = rest_width(&layout);
	layout.widths[COLUMN_TARGET] = width - rest;
	if (layout.widths[COLUMN_TARGET] > target_width)
		layout.widths[COLUMN_TARGET] = target_width;
	return layout;
}

struct line {
	char *text;
	size_t used;
};

static void add(struct line *line, const char *text, size_t length)
{
	size_t room = TABLE_LINE_SIZE - 1 - line->used;

	if (length > room)
		length = room;
	memcpy(line->text + line->used, text, length);
	line->used += length;
	line->text[line->used] = '\0';
}

/* One cell and the blank before it; what is too long ends in '~'. */
static void add_cell(
	struct line *line, const char *text, unsigned width, bool right, const char *colour)
{
	size_t length = strlen(text), shown = length > width ? width : length;

	if (line->used)
		add(line, " ", 1);
	for (size_t i = shown; right && i < width; i++)
		add(line, " ", 1);
	if (colour)
		add(line, colour, strlen(colour));
	if (shown < length && width > 1) {
		add(line, text, shown - 1);
		add(line, "~", 1);
	} else {
		add(line, text, shown);
	}
	if (colour)
		add(line, PLAIN, strlen(PLAIN));
	for (size_t i = shown; !right && i < width; i++)
		add(line, " ", 1);
}

static size_t trim(struct line *line)
{
	while (line->used && line->text[line->used - 1] == ' ')
		line->used--;
	line->text[line->used] = '\0';
	return line->used;
}

#define CELL_SIZE 64

static const char *number_text(char buffer[CELL_SIZE], double value, int decimals)
{
	if (isnan(value))
		return "-";
	snprintf(buffer, CELL_SIZE, "%.*f", decimals, value);
	return buffer;
}

static const char *cell_text(
	char buffer[CELL_SIZE], const struct table_row *row, enum table_column column)
{
	switch (column) {
	case COLUMN_STATE:
		return state_name((enum state)row->state);
	case COLUMN_MOS:
		return number_text(buffer, row->mos, 2);
	case COLUMN_BAND:
		return band_name((enum band)row->band);
	case COLUMN_LATENCY:
		return number_text(buffer, row->latency_ms, 1);
	case COLUMN_JITTER:
		return number_text(buffer, row->jitter_ms, 1);
	case COLUMN_LOSS:
		return number_text(buffer, row->loss_pct, 1);
	case COLUMN_FAIL:
		return number_text(buffer, row->fail_pct, 1);
	case COLUMN_CAUSE:
		return cause_name((enum cause)row->cause);
	case COLUMN_ERROR:
		return row->error == OUTCOME_OK ? "" : outcome_name((enum outcome)row->error);
	default:
		return "";
	}
}

static const char *colour_of(const struct table_row *row, enum table_column column)
{
	if (column == COLUMN_STATE && row->state == STATE_CRITICAL)
		return BOLD_RED;
	if (column == COLUMN_STATE && row->state == STATE_WARNING)
		return YELLOW;
	if (column == COLUMN_BAND && row->band == BAND_BAD)
		return RED;
	if (column == COLUMN_BAND && row->band == BAND_POOR)
		return YELLOW;
	return NULL;
}

size_t table_heading(char ret[TABLE_LINE_SIZE], const struct table_layout *layout)
{
	struct line line = { .text = ret };

	for (int c = 0; c < COLUMN_COUNT; c++)
		if (layout->widths[c])
			add_cell(&line,
				layout->wide ? columns[c].heading : columns[c].narrow_heading,
				layout->widths[c], columns[c].right, NULL);
	return trim(&line);
}

size_t table_line(char ret[TABLE_LINE_SIZE], const struct table_layout *layout,
	const struct table_row *row, const char *target)
{
	struct line line = { .text = ret };
	char buffer[CELL_SIZE];

	add_cell(&line, target, layout->widths[COLUMN_TARGET], false, NULL);
	for (int c = COLUMN_STATE; c < COLUMN_COUNT; c++) {
		enum table_column column = (enum table_column)c;

		if (layout->widths[c])
			add_cell(&line, cell_text(buffer, row, column), layout->widths[c],
				columns[c].right, layout->colour ? colour_of(row, column) : NULL);
	}
	return trim(&line);
}
