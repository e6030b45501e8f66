/* SPDX-License-Identifier: MIT */
/* The log: one line an event on standard error. Only the composition and the threads of the edges log; pure modules
 * return messages. Safe from any thread.
 *
 * A line is a sentence for people and then its facts, log_text.h:
 *
 *     mosprobe: warning: Redis takes nothing event=redis_trouble kind=connect error="cannot connect: Connection refused"
 *
 * The prefix is "<4>", syslog's priority as sd-daemon(3) has it, where standard error leads to the journal. What repeats
 * within a minute is folded, log_fold.h. Between log_start() and log_stop() lines are written by a thread of their own, and
 * a reader of standard error that stands still holds nobody up: what has no room in the queue is counted, and told. */
#ifndef MOSPROBE_LOG_H
#define MOSPROBE_LOG_H

enum log_level { LOG_ERROR, LOG_WARN, LOG_INFO, LOG_DEBUG };
/* LOG_AUTO: as for the journal where JOURNAL_STREAM names what standard error is (systemd.exec(5)), else as text. */
enum log_form { LOG_AUTO, LOG_JOURNAL, LOG_PLAIN };

/* Lines above this level are dropped. The default is LOG_INFO. */
void log_set_level(enum log_level level);
/* The default is LOG_PLAIN. */
void log_set_form(enum log_form form);

/* event: a name, its first word the room, redis_trouble. sentence: a constant without '=' and '"'. The facts after it are
 * a format with its arguments, "url=%s waiting=%zu", one fact at least. The first tells which one it is: two lines of an event
 * that differ in it only are not folded into one. */
void log_event(enum log_level level, const char *event, const char *sentence, const char *facts,
	...) __attribute__((format(printf, 4, 5)));

/* An error that ends a command, as every command tells it: "mosprobe: TEXT". */
void log_failure(const char *text);

/* Starts the thread that writes. Without it, or where there can be none, log_event() writes itself. */
void log_start(void);
/* Writes what was folded, and waits a second at most for what is queued. To be called when no other thread logs any more;
 * also without log_start(). */
void log_stop(void);

#endif
