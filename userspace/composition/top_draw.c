/* SPDX-License-Identifier: MIT */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "composition/top.h"
#include "pure/config.h"
#include "pure/table.h"
#include "pure/text.h"
#include "vocabulary/nsec.h"

/* With fewer rows, less of the head is shown. */
#define ROWS_FOR_ALL 14
#define ROWS_FOR_STATUS 8

/* The place of one drawing. */
struct canvas {
	struct top *top;
	unsigned rows, columns;
	unsigned used; /* rows, from above */
};

static void put(struct canvas *canvas, const char *text, enum screen_style style)
{
	char line[TABLE_LINE_SIZE];

	text_fit(line, sizeof line, text, canvas->columns, !canvas->top->utf8);
	screen_text(canvas->used++, 0, line, style);
}

static void put_states(struct canvas *canvas)
{
	const struct top *top = canvas->top;
	char line[TABLE_LINE_SIZE];

	if (top->fleet.running)
		table_states(line, &top->fleet.heartbeat, top->config->id, canvas->columns);
	else
		snprintf(line, sizeof line, "mosprobe %s: %llu targets have a score",
			top->config->id, (unsigned long long)top->fleet.scored);
	put(canvas, line, top->fleet.heartbeat.impaired ? STYLE_BAD : STYLE_BOLD);
}

/* What is wrong, else when the prober was last heard. */
static void put_status(struct canvas *canvas)
{
	const struct top *top = canvas->top;
	const struct fleet *fleet = &top->fleet;
	char line[2 * TABLE_LINE_SIZE], counters[TABLE_LINE_SIZE];
	uint64_t now_ms = nsec_real() / NSEC_PER_MSEC, at_ms = fleet->heartbeat.at_ms;
	unsigned length;

	if (*top->trouble.text) {
		snprintf(line, sizeof line, "%s", top->trouble.text);
	} else if (!fleet->running) {
		snprintf(line, sizeof line, "prober is silent: no heartbeat%s%s%s",
			!fleet->scored && *fleet->seen ? "; seen were " : "",
			fleet->scored ? "" : fleet->seen,
			!fleet->scored && *fleet->seen ? " (--id)" : "");
	} else {
		length = (unsigned)snprintf(line, sizeof line, "heartbeat %llu s ago; ",
			(unsigned long long)(at_ms < now_ms ? (now_ms - at_ms) / 1000 : 0));
		table_counters(counters, &fleet->heartbeat, fleet->open,
			canvas->columns > length ? canvas->columns - length : 1);
		strcat(line, counters);
		put(canvas, line, STYLE_PLAIN);
		return;
	}
	put(canvas, line, STYLE_BAD);
}

static void put_distribution(struct canvas *canvas)
{
	char line[TABLE_LINE_SIZE], text[TABLE_LINE_SIZE];

	fleet_bands(text, &canvas->top->fleet);
	put(canvas, text, STYLE_PLAIN);
	fleet_histogram(text, &canvas->top->fleet, !canvas->top->utf8);
	snprintf(line, sizeof line, "MOS %.*s", (int)sizeof line - 8, text);
	put(canvas, line, STYLE_PLAIN);
}

/* How far the walk for the filter has come. */
static void walk_text(const struct top *top, char ret[TABLE_LINE_SIZE])
{
	static const char *const what[] = { "names", "names of unverified", "names of muted",
		"labels" };
	const struct fleet_found *found = top->walked ? &top->found : &top->coming;
	int length = snprintf(ret, TABLE_LINE_SIZE, "\"%s\": %s%u %s, by %s", top->filter,
		found->more ? "the worst " : "", top->count, top->count == 1 ? "target" : "targets",
		fleet_order_name(top->order));

	if (!top->walked && top->walk.stage < VIEW_DONE)
		snprintf(ret + length, TABLE_LINE_SIZE - (size_t)length, " (%llu %s looked at)",
			(unsigned long long)top->walk.looked, what[top->walk.stage]);
}

static void put_caption(struct canvas *canvas)
{
	const struct top *top = canvas->top;
	unsigned long long total = top->total, first = top->offset + 1,
			   last = top->offset + top->room;
	char line[TABLE_LINE_SIZE];

	last = last < total ? last : total;
	if (*top->filter)
		walk_text(top, line);
	else if (!top_is_paged(top))
		snprintf(line, sizeof line, "by %s among the worst %u of %llu",
			fleet_order_name(top->order), top->count,
			(unsigned long long)top->fleet.scored);
	else if (total)
		snprintf(line, sizeof line, "worst first, %llu-%llu of %llu", first, last, total);
	else
		snprintf(line, sizeof line, "no target has a score");
	put(canvas, line, STYLE_PLAIN);
}

static enum screen_style style_of(const struct table_row *row)
{
	return row->state == STATE_CRITICAL  ? STYLE_BAD
	       : row->state == STATE_WARNING ? STYLE_POOR
					     : STYLE_PLAIN;
}

/* A target as people know it: without the port that all have. */
static const char *name_of(const struct top *top, const char *target, char ret[TARGET_KEY_SIZE])
{
	const char *port = strrchr(target, ':');

	snprintf(ret, TARGET_KEY_SIZE, "%s", target);
	if (port && strtoul(port + 1, NULL, 10) == top->config->defaults.port)
		ret[port - target] = '\0';
	return ret;
}

static void put_rows(struct canvas *canvas)
{
	struct top *top = canvas->top;
	struct table_layout layout;
	char line[TABLE_LINE_SIZE], name[TARGET_KEY_SIZE];

	for (unsigned i = 0; i < top->count; i++) {
		size_t length = strlen(name_of(top, top->rows[i].target, name));

		if (length > top->widest)
			top->widest = (unsigned)length;
	}
	layout = table_layout(canvas->columns, top->widest, false);
	table_heading(line, &layout);
	put(canvas, line, STYLE_BOLD);
	for (unsigned i = 0; i < top->room && canvas->used + 1 < canvas->rows; i++) {
		uint64_t place = top->offset + i;
		const struct fleet_row *row = &top->rows[place - top->base];
		bool chosen = place == top->position;

		if (place < top->base || place - top->base >= top->count)
			continue;
		table_line(line, &layout, &row->row, name_of(top, row->target, name));
		put(canvas, line, chosen ? STYLE_REVERSE : STYLE_PLAIN);
		if (!chosen && layout.widths[COLUMN_STATE])
			screen_restyle(canvas->used - 1, layout.widths[COLUMN_TARGET] + 1,
				layout.widths[COLUMN_STATE], style_of(&row->row));
	}
}

static void put_foot(struct canvas *canvas, const char *text, enum screen_style style)
{
	if (canvas->rows < 2)
		return;
	canvas->used = canvas->rows - 1;
	put(canvas, text, style);
}

static void draw_list(struct canvas *canvas)
{
	struct top *top = canvas->top;
	char line[TOP_FILTER_SIZE + 16];

	if (canvas->rows >= ROWS_FOR_STATUS)
		put_states(canvas);
	put_status(canvas);
	if (canvas->rows >= ROWS_FOR_ALL)
		put_distribution(canvas);
	if (canvas->rows >= ROWS_FOR_STATUS)
		put_caption(canvas);
	put_rows(canvas);
	if (top->mode == TOP_FILTER) {
		snprintf(line, sizeof line, "filter: %s_", top->typed);
		put_foot(canvas, line, STYLE_BOLD);
	} else {
		/* As wide as the narrowest terminals. */
		put_foot(canvas, "q quit Enter card / filter s sort ? help", STYLE_PLAIN);
	}
}

/* From line `from` of those that there are. */
static void put_lines(
	struct canvas *canvas, const char *lines, size_t size, unsigned count, unsigned *from)
{
	unsigned room = canvas->rows > canvas->used + 1 ? canvas->rows - canvas->used - 1 : 0;

	if (*from + room > count)
		*from = count > room ? count - room : 0;
	for (unsigned i = *from; i < count && room--; i++)
		put(canvas, lines + i * size, STYLE_PLAIN);
}

static void draw_card(struct canvas *canvas)
{
	struct top *top = canvas->top;
	enum state state = state_find(top->card.fields[CARD_STATE]);
	const struct table_row row = { .state = (uint8_t)state };

	if (*top->trouble.text)
		put_status(canvas);
	if (state == STATE_COUNT) {
		put(canvas, top->card.target, STYLE_BOLD);
		put(canvas, "is not known (any more)", STYLE_PLAIN);
	} else {
		card_page(&top->page, &top->card, canvas->columns, !top->utf8);
		put_lines(
			canvas, top->page.lines[0], CARD_LINE_SIZE, top->page.count, &top->scroll);
		if (!top->scroll)
			screen_restyle(canvas->used ? *top->trouble.text != 0 : 0, 0,
				canvas->columns,
				style_of(&row) == STYLE_PLAIN ? STYLE_BOLD : style_of(&row));
	}
	put_foot(canvas, "q back  Up Down scroll", STYLE_PLAIN);
}

static void draw_help(struct canvas *canvas)
{
	static const char lines[][TABLE_LINE_SIZE / 8] = {
		"Up Down j k         choose a target",
		"PgUp PgDn Home End  move further",
		"Enter               all about it: its card",
		"/                   filter by name or label: `site=fra pbx`",
		"Esc                 no filter",
		"s S                 sort by mos, latency, jitter, loss, state, name",
		"+ -                 read less often, more often",
		"r Ctrl-L            read now, draw all again",
		"q                   back, quit",
		"",
		"MOS: targets in steps of 0.1 from 1.0 to 4.5, heights are",
		"logarithmic. Without a filter and by mos the list is of all",
		"targets; else it is of the worst 200. A filter finds names",
		"in seconds; labels of 100,000 targets take a minute.",
		"All is read from Redis, and nothing is written.",
	};
	unsigned *from = &canvas->top->scroll;

	put_lines(canvas, lines[0], sizeof lines[0], sizeof lines / sizeof lines[0], from);
	put_foot(canvas, "q back  Up Down scroll", STYLE_PLAIN);
}

/* What the head and the foot leave; what is drawn does not depend on more than the size. */
static unsigned room_of(const struct canvas *canvas)
{
	unsigned head = canvas->rows >= ROWS_FOR_ALL ? 6 : canvas->rows >= ROWS_FOR_STATUS ? 4 : 2;

	return canvas->rows > head + 2 ? canvas->rows - head - 1 : 1;
}

void top_fit(struct top *top)
{
	struct canvas canvas = { .top = top };
	unsigned room;

	screen_size(&canvas.rows, &canvas.columns);
	room = room_of(&canvas);
	room = room < FLEET_FOUND ? room : FLEET_FOUND;
	if (room == top->room)
		return;
	top->room = room;
	top_move(top, 0);
	top_read_soon(top);
}

void top_draw(struct top *top)
{
	struct canvas canvas = { .top = top };

	screen_size(&canvas.rows, &canvas.columns);
	screen_clear();
	if (top->mode == TOP_CARD)
		draw_card(&canvas);
	else if (top->mode == TOP_HELP)
		draw_help(&canvas);
	else
		draw_list(&canvas);
	screen_show();
}
