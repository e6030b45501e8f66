/* SPDX-License-Identifier: MIT */
/* A terminal that is drawn on, and its keys. Owns ncurses, which sends only what has changed. */
#ifndef MOSPROBE_SCREEN_H
#define MOSPROBE_SCREEN_H

#include <stdbool.h>

#include "vocabulary/message.h"

/* May what is printed hold UTF-8? By the locale of the environment, of which only this is taken (LC_CTYPE): numbers keep
 * their decimal points. */
bool screen_utf8(void);

enum screen_style { STYLE_PLAIN, STYLE_BOLD, STYLE_REVERSE, STYLE_BAD, STYLE_POOR, STYLE_COUNT };

/* Takes the terminal on standard input and output. Colours only without NO_COLOR. Returns 0 or a negative errno with a
 * message; only one may be open. */
int screen_open(struct message *msg);
/* Gives it back as it was. */
void screen_close(void);
void screen_size(unsigned *ret_rows, unsigned *ret_columns);

/* What is drawn from here on is a new picture, empty at first. */
void screen_clear(void);
/* Whole characters of the text (of the locale's encoding), as many as the row has room for. Returns the column behind. */
unsigned screen_text(unsigned row, unsigned column, const char *text, enum screen_style style);
/* Another style for what stands there. */
void screen_restyle(unsigned row, unsigned column, unsigned count, enum screen_style style);
/* Shows the picture. */
void screen_show(void);

enum screen_key {
	SCREEN_KEY_NONE = 0, /* none within the time */
	/* 1 to 255: a byte that was typed */
	SCREEN_KEY_MOVE_UP = 256,
	SCREEN_KEY_MOVE_DOWN,
	SCREEN_KEY_PAGE_UP,
	SCREEN_KEY_PAGE_DOWN,
	SCREEN_KEY_FIRST,
	SCREEN_KEY_LAST,
	SCREEN_KEY_ENTERED,
	SCREEN_KEY_ERASE,
	SCREEN_KEY_ESCAPE,
	SCREEN_KEY_REDRAW, /* the size has changed, or all is to be drawn again */
	SCREEN_KEY_GONE	   /* the terminal has gone away, or a signal says to end */
};
/* Waits for one, at most so long. */
int screen_key(int timeout_ms);

#endif
