/* SPDX-License-Identifier: MIT */
#include "edges/output_own.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>

#include "pure/table.h"
#include "vocabulary/nsec.h"

#define REDRAW_NS NSEC_PER_SEC
#define ROWS_MOST 1000
#define ALERTS_KEPT 16
#define HEAD_LINES 4
/* From this height on the newest alerts have room under the table. */
#define ALERTS_FROM_HEIGHT 12
#define ALERTS_SHOWN 5

/* VT100. */
#define HOME "\033[H"
#define CLEAR_LINE "\033[K"
#define CLEAR_REST "\033[J"
#define HIDE_CURSOR "\033[?25l"
#define SHOW_CURSOR "\033[?25h"

struct output_table {
	const struct config *config;
	const struct roster *roster;
	struct table_row *rows; /* by number of target, room of them; NULL when not live */
	size_t room, measured, open;
	unsigned target_width; /* the longest */
	struct heartbeat heartbeat;
	char alerts[ALERTS_KEPT][TABLE_LINE_SIZE]; /* a ring */
	uint64_t alert_count;
	uint32_t worst[ROWS_MOST];
	bool live, colour, changed, begun;
	int fd;
	uint64_t started_ns, drawn_ns;
};

/* The place of one drawing. */
struct screen {
	struct sink *sink;
	unsigned rows, columns;
	unsigned used; /* rows */
};

/* A target as people know it: without the port that all have. */
static const char *target_text(
	const struct output_table *table, const struct target *target, char buffer[TARGET_KEY_SIZE])
{
	if (target->port == table->config->defaults.port)
		return target->name;
	target_key(target, buffer);
	return buffer;
}

/* Who is there now; rows of those who are not are empty. */
static void take_roster(struct output_table *table, const struct roster *roster)
{
	char buffer[TARGET_KEY_SIZE];

	table->roster = roster;
	table->target_width = 0;
	for (uint32_t i = 0; i < roster->count; i++) {
		struct table_row *row = &table->rows[i];
		size_t length;

		if (!roster->here[i]) {
			table->measured -= row->measured;
			table->open -= row->measured && row->open;
			*row = (struct table_row) { .measured = false };
			continue;
		}
		length = strlen(target_text(table, roster->targets[i], buffer));
		if (length > table->target_width)
			table->target_width = (unsigned)length;
	}
}

struct output_table *output_table_create(
	const struct config *config, const struct roster *roster, uint32_t room, bool live, int fd)
{
	struct output_table *table = calloc(1, sizeof *table);
	const char *no_colour = getenv("NO_COLOR");

	if (!table)
		return NULL;
	table->config = config;
	table->room = room;
	table->live = live;
	table->colour = !no_colour || !*no_colour;
	table->fd = fd;
	table->changed = true;
	table->started_ns = nsec_mono();
	table->heartbeat.targets = roster->present;
	if (!live)
		return table;
	table->rows = calloc(room ? room : 1, sizeof *table->rows);
	if (!table->rows) {
		free(table);
		return NULL;
	}
	take_roster(table, roster);
	return table;
}

void output_table_destroy(struct output_table *table)
{
	if (!table)
		return;
	free(table->rows);
	free(table);
}

static void keep_result(struct output_table *table, const struct result *result)
{
	struct table_row *row = &table->rows[result->target_index];

	table->measured += !row->measured;
	table->open -= row->measured && row->open;
	*row = table_row(result);
	table->open += row->open;
}

static void write_plain(struct output_table *table, const struct event *event, struct sink *sink)
{
	char line[TABLE_LINE_SIZE], key[TABLE_SUBJECT_SIZE];
	size_t length;

	if (!table->begun) {
		table->begun = true;
		length = table_plain_heading(line);
		sink_add(sink, line, length);
		sink_add(sink, "\n", 1);
	}
	if (event->kind == EVENT_RESULT) {
		target_key(event->result.target, key);
		length = table_plain_result(line, &event->result, key);
	} else if (event->kind == EVENT_TRANSITION) {
		if (event->transition.result.target)
			target_key(event->transition.result.target, key);
		else
			table_subject(key, &event->transition);
		length = table_plain_alert(line, &event->transition, key);
	} else {
		return;
	}
	sink_add(sink, line, length);
	sink_add(sink, "\n", 1);
}

/* What happened to a target, to a group or to us. Of a group's members the group has told. */
static void keep_alert(struct output_table *table, const struct transition *transition)
{
	const struct target *target = transition->result.target;
	char subject[TABLE_SUBJECT_SIZE], buffer[TARGET_KEY_SIZE];

	if (target && transition->group.value)
		return;
	if (!target)
		table_subject(subject, transition);
	table_alert(table->alerts[table->alert_count++ % ALERTS_KEPT], transition,
		target ? target_text(table, target, buffer) : subject);
}

void output_table_event(struct output_table *table, const struct event *event, struct sink *sink)
{
	if (!table->live) {
		write_plain(table, event, sink);
		return;
	}
	table->changed = true;
	switch (event->kind) {
	case EVENT_RESULT:
		if (event->result.target_index < table->room)
			keep_result(table, &event->result);
		break;
	case EVENT_TRANSITION:
		keep_alert(table, &event->transition);
		break;
	case EVENT_HEARTBEAT:
		table->heartbeat = event->heartbeat;
		break;
	case EVENT_ROSTER:
		take_roster(table, event->roster.roster);
		break;
	case EVENT_SAMPLE:
	case EVENT_LEFT:
		break;
	}
}

static void take_size(struct screen *screen, int fd)
{
	struct winsize size = { 0 };

	ioctl(fd, TIOCGWINSZ, &size);
	screen->rows = size.ws_row ? size.ws_row : 24;
	screen->columns = size.ws_col ? size.ws_col : 80;
}

/* Each line is cleared before it is written, not behind: after a character in the last column some
 * terminals would take that one away. No newline after the last row, or the screen would scroll. */
static void put_line(struct screen *screen, const char *line, size_t length)
{
	static const char next[] = "\r\n";

	if (screen->used == screen->rows)
		return;
	if (screen->used++)
		sink_add(screen->sink, next, strlen(next));
	sink_add(screen->sink, CLEAR_LINE, strlen(CLEAR_LINE));
	sink_add(screen->sink, line, length);
}

static void put_cut(struct screen *screen, const char *line, size_t length)
{
	put_line(screen, line, length < screen->columns ? length : screen->columns);
}

static void put_head(
	struct output_table *table, struct screen *screen, uint64_t now_ns, size_t shown)
{
	uint64_t first_ns = 2 * table->config->interval_ns;
	char line[TABLE_LINE_SIZE];
	int length;

	put_cut(screen, line,
		table_states(line, &table->heartbeat, table->config->id, screen->columns));
	put_cut(screen, line,
		table_counters(line, &table->heartbeat, table->open, screen->columns));
	if (table->measured < table->roster->present && now_ns - table->started_ns < first_ns)
		length = snprintf(line, sizeof line, "first cycle: %zu of %zu targets measured",
			table->measured, (size_t)table->roster->present);
	else if (shown < table->measured)
		length =
			snprintf(line, sizeof line, "the worst %zu of %zu", shown, table->measured);
	else
		length = 0;
	put_cut(screen, line, (size_t)length);
}

static void put_rows(struct output_table *table, struct screen *screen, size_t shown)
{
	struct table_layout layout =
		table_layout(screen->columns, table->target_width, table->colour);
	char line[TABLE_LINE_SIZE], buffer[TARGET_KEY_SIZE];
	size_t length = table_heading(line, &layout);

	put_cut(screen, line, length);
	for (size_t i = 0; i < shown; i++) {
		const struct target *target = table->roster->targets[table->worst[i]];

		length = table_line(line, &layout, &table->rows[table->worst[i]],
			target_text(table, target, buffer));
		put_line(screen, line, length);
	}
}

static void put_alerts(struct output_table *table, struct screen *screen, unsigned count)
{
	if (count)
		put_cut(screen, "", 0);
	for (unsigned i = count; i-- > 0;) {
		const char *alert = table->alerts[(table->alert_count - 1 - i) % ALERTS_KEPT];

		put_cut(screen, alert, strlen(alert));
	}
}

/* How many of the newest alerts are shown: a few, and more when the table leaves room. */
static unsigned alerts_shown(const struct output_table *table, const struct screen *screen)
{
	uint64_t kept = table->alert_count < ALERTS_KEPT ? table->alert_count : ALERTS_KEPT;
	unsigned shown = ALERTS_SHOWN;

	if (screen->rows < ALERTS_FROM_HEIGHT)
		return 0;
	if (table->measured + HEAD_LINES + 1 + shown < screen->rows)
		shown = screen->rows - (unsigned)table->measured - HEAD_LINES - 1;
	return shown < kept ? shown : (unsigned)kept;
}

static void draw(struct output_table *table, uint64_t now_ns, struct sink *sink)
{
	struct screen screen = { .sink = sink };
	unsigned alerts, room = 0;
	size_t shown;

	take_size(&screen, table->fd);
	alerts = alerts_shown(table, &screen);
	if (screen.rows > HEAD_LINES + alerts + 1)
		room = screen.rows - HEAD_LINES - (alerts ? alerts + 1 : 0);
	if (room > ROWS_MOST)
		room = ROWS_MOST;
	shown = table_worst(table->rows, table->roster->count, table->worst, room);
	sink_add(sink, HIDE_CURSOR HOME, strlen(HIDE_CURSOR HOME));
	put_head(table, &screen, now_ns, shown);
	put_rows(table, &screen, shown);
	put_alerts(table, &screen, alerts);
	if (screen.used < screen.rows)
		sink_add(sink, "\r\n" CLEAR_REST, strlen("\r\n" CLEAR_REST));
}

int output_table_draw(struct output_table *table, uint64_t now_ns, bool last, struct sink *sink)
{
	uint64_t next_ns = table->drawn_ns + REDRAW_NS;

	if (!table->live || (!table->changed && !last))
		return -1;
	if (table->drawn_ns && now_ns < next_ns && !last)
		return (int)((next_ns - now_ns + NSEC_PER_MSEC - 1) / NSEC_PER_MSEC);
	draw(table, now_ns, sink);
	table->drawn_ns = now_ns;
	table->changed = false;
	if (last)
		sink_add(sink, "\r\n" SHOW_CURSOR, strlen("\r\n" SHOW_CURSOR));
	return -1;
}
