/* SPDX-License-Identifier: MIT */
/* The log: one line an event on standard error. Only the composition and the threads of the
 * edges log; pure modules return messages. Safe from any thread. */
#ifndef MOSPROBE_LOG_H
#define MOSPROBE_LOG_H

enum log_level { LOG_ERROR, LOG_WARN, LOG_INFO, LOG_DEBUG };

/* Lines above this level are dropped. The default is LOG_INFO. */
void log_set_level(enum log_level level);

/* Writes "mosprobe: LEVEL: text\n" in one write(2). */
void log_line(enum log_level level, const char *format, ...) __attribute__((format(printf, 2, 3)));

#endif
