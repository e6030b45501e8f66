/* SPDX-License-Identifier: MIT */
#include "edges/screen.h"

#include <curses.h>
#include <errno.h>
#include <langinfo.h>
#include <locale.h>
#include <poll.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <unistd.h>
#include <wchar.h>

#define ESCAPE_MS 50

static SCREEN *terminal;
static bool coloured;
static volatile sig_atomic_t told_to_end;

bool screen_utf8(void)
{
	setlocale(LC_CTYPE, "");
	return !strcmp(nl_langinfo(CODESET), "UTF-8");
}

static void end(int number)
{
	told_to_end = 1;
}

static void set_signals(void)
{
	static const int signals[] = { SIGHUP, SIGINT, SIGTERM };
	struct sigaction action = { .sa_handler = end };

	for (size_t i = 0; i < sizeof signals / sizeof *signals; i++)
		sigaction(signals[i], &action, NULL);
}

static void set_colours(void)
{
	const char *no_colour = getenv("NO_COLOR");

	coloured = has_colors() && (!no_colour || !*no_colour);
	if (!coloured)
		return;
	start_color();
	use_default_colors();
	init_pair(STYLE_BAD, COLOR_RED, -1);
	init_pair(STYLE_POOR, COLOR_YELLOW, -1);
}

int screen_open(struct message *msg)
{
	const char *name = getenv("TERM"), *place;

	if (!isatty(STDIN_FILENO) || !isatty(STDOUT_FILENO))
		return message_set(msg, -ENOTTY,
			"standard input and output must be a terminal; `mosprobe card` prints");
	screen_utf8();
	/* Before ncurses, which leaves alone what is set. */
	set_signals();
	/* The size is what the terminal says, whatever the environment once said. */
	use_tioctl(TRUE);
	terminal = newterm(NULL, stdout, stdin);
	if (!terminal)
		return message_set(
			msg, -ENOTTY, "TERM=%s: no such terminal is known", name ? name : "");
	set_term(terminal);
	place = tigetstr("cup");
	if (!place || place == (const char *)-1) {
		screen_close();
		return message_set(
			msg, -ENOTTY, "TERM=%s: nothing can be placed on it", name ? name : "");
	}
	cbreak();
	noecho();
	nonl();
	nodelay(stdscr, TRUE);
	keypad(stdscr, TRUE);
	set_escdelay(ESCAPE_MS);
	curs_set(0);
	set_colours();
	return 0;
}

void screen_close(void)
{
	if (!terminal)
		return;
	endwin();
	delscreen(terminal);
	terminal = NULL;
}

void screen_size(unsigned *ret_rows, unsigned *ret_columns)
{
	*ret_rows = (unsigned)getmaxy(stdscr);
	*ret_columns = (unsigned)getmaxx(stdscr);
}

void screen_clear(void)
{
	erase();
}

static attr_t attributes(enum screen_style style)
{
	switch (style) {
	case STYLE_BOLD:
		return A_BOLD;
	case STYLE_REVERSE:
		return A_REVERSE;
	case STYLE_BAD:
		return A_BOLD;
	default:
		return A_NORMAL;
	}
}

static short pair(enum screen_style style)
{
	bool has_one = coloured && (style == STYLE_BAD || style == STYLE_POOR);

	return (short)(has_one ? style : STYLE_PLAIN);
}

/* As many bytes of text as columns have room for. */
static int fitting(const char *text, unsigned columns, unsigned *ret_used)
{
	mbstate_t state = { 0 };
	const char *at = text;

	*ret_used = 0;
	while (*at) {
		wchar_t wide;
		size_t length = mbrtowc(&wide, at, MB_CUR_MAX, &state);
		int width = length < (size_t)-2 ? wcwidth(wide) : -1;

		if (width < 0 || *ret_used + (unsigned)width > columns)
			break;
		*ret_used += (unsigned)width;
		at += length;
	}
	return (int)(at - text);
}

unsigned screen_text(unsigned row, unsigned column, const char *text, enum screen_style style)
{
	unsigned rows, columns, used;
	int length;

	screen_size(&rows, &columns);
	if (row >= rows || column >= columns)
		return column;
	length = fitting(text, columns - column, &used);
	attr_set(attributes(style), pair(style), NULL);
	mvaddnstr((int)row, (int)column, text, length);
	attr_set(A_NORMAL, 0, NULL);
	return column + used;
}

void screen_restyle(unsigned row, unsigned column, unsigned count, enum screen_style style)
{
	mvchgat((int)row, (int)column, (int)count, attributes(style), pair(style), NULL);
}

void screen_show(void)
{
	refresh();
}

static int meaning(int key)
{
	switch (key) {
	case KEY_UP:
		return SCREEN_KEY_MOVE_UP;
	case KEY_DOWN:
		return SCREEN_KEY_MOVE_DOWN;
	case KEY_PPAGE:
		return SCREEN_KEY_PAGE_UP;
	case KEY_NPAGE:
		return SCREEN_KEY_PAGE_DOWN;
	case KEY_HOME:
		return SCREEN_KEY_FIRST;
	case KEY_END:
		return SCREEN_KEY_LAST;
	case KEY_ENTER:
	case '\r':
	case '\n':
		return SCREEN_KEY_ENTERED;
	case KEY_BACKSPACE:
	case 0x7f:
	case '\b':
		return SCREEN_KEY_ERASE;
	case 27:
		return SCREEN_KEY_ESCAPE;
	case KEY_RESIZE:
		return SCREEN_KEY_REDRAW;
	case 'L' & 0x1f:
		clearok(curscr, TRUE);
		return SCREEN_KEY_REDRAW;
	default:
		return key > 0 && key < 256 ? key : SCREEN_KEY_NONE;
	}
}

/* Readable, and there is nothing: that is its end. */
static bool is_gone(const struct pollfd *input)
{
	int bytes = 0;

	if (input->revents & (POLLHUP | POLLERR | POLLNVAL))
		return true;
	return input->revents & POLLIN && !ioctl(STDIN_FILENO, FIONREAD, &bytes) && !bytes;
}

int screen_key(int timeout_ms)
{
	struct pollfd input = { .fd = STDIN_FILENO, .events = POLLIN };
	int key = told_to_end ? ERR : getch();

	/* What ncurses has read already, or a resize. */
	if (key == ERR && !told_to_end) {
		poll(&input, 1, timeout_ms);
		if (!told_to_end && is_gone(&input))
			return SCREEN_KEY_GONE;
		key = told_to_end ? ERR : getch();
	}
	if (told_to_end)
		return SCREEN_KEY_GONE;
	return key == ERR ? SCREEN_KEY_NONE : meaning(key);
}
