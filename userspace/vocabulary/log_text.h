/* SPDX-License-Identifier: MIT */
/* The text of one line of the log: a sentence for people, then facts as logfmt has them (key=value, a value in quotes
 * where it needs them). Whatever a value holds, it stays one value of one line. */
#ifndef MOSPROBE_LOG_TEXT_H
#define MOSPROBE_LOG_TEXT_H

#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#define LOG_TEXT_SIZE 1024
/* What log_text_add() may still add to a full one. */
#define LOG_TEXT_SPARE 64

struct log_text {
	const char *event;	  /* as given */
	uint64_t same;		  /* a hash of event and first fact */
	size_t length;		  /* without its NUL */
	char text[LOG_TEXT_SIZE]; /* UTF-8, without control characters; no newline at its end */
};

/* "SENTENCE event=EVENT FACTS". event and sentence are constants; the sentence has neither '=' nor '"' in it. facts is a
 * format of printf(3), "key=%s key=%u": words with one blank between them, of %s, %d, %u, %lu, %llu, %zu and %.3f. Text
 * (%s) is put in quotes where it holds a blank, '"', '=', '\' or what is no printable character of ASCII; written as \"
 * \\ \n \r \t are these, as \u0085 other control characters, as \xff what is no UTF-8. Passwords in URLs are masked. A
 * fact whose text is empty or NULL is left out. One too long is cut, with its quote; those behind it are left out. */
void log_text_make(struct log_text *ret, const char *event, const char *sentence, const char *facts,
	va_list args) __attribute__((format(printf, 4, 0)));

/* Adds " key=value" as printf does, of numbers only, within LOG_TEXT_SPARE. */
void log_text_add(struct log_text *text, const char *format, ...)
	__attribute__((format(printf, 2, 3)));

/* Any text as one line: what is no printable character is written as in a value, but without quotes. Cut at
 * LOG_TEXT_SIZE. event is "" and same 0. */
void log_text_plain(struct log_text *ret, const char *text);

#endif
