/* SPDX-License-Identifier: MIT */
#include "vocabulary/log.h"

#include <stdarg.h>
#include <stdatomic.h>
#include <stdio.h>
#include <unistd.h>

static _Atomic(enum log_level) max_level = LOG_INFO;

void log_set_level(enum log_level level)
{
	atomic_store(&max_level, level);
}

void log_line(enum log_level level, const char *format, ...)
{
	static const char *const names[] = { "error", "warning", "info", "debug" };
	char line[1024];
	va_list args;
	int used, more;

	if (level > atomic_load(&max_level))
		return;
	used = snprintf(line, sizeof line, "mosprobe: %s: ", names[level]);
	va_start(args, format);
	more = vsnprintf(line + used, sizeof line - (size_t)used - 1, format, args);
	va_end(args);
	used += more;
	if (used > (int)sizeof line - 2)
		used = (int)sizeof line - 2;
	line[used++] = '\n';
	/* A log that cannot be written is nobody's reason to stop. */
	if (write(STDERR_FILENO, line, (size_t)used) < 0)
		return;
}
