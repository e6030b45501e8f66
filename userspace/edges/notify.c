/* SPDX-License-Identifier: MIT */
#include "edges/notify.h"

#include <stdarg.h>
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "vocabulary/nsec.h"

#define LINES_SIZE 1024

/* The watchdog is ours when it names no process, or this one. */
static uint64_t watchdog_of(const char *usec, const char *pid)
{
	if (!usec || (pid && strtol(pid, NULL, 10) != getpid()))
		return 0;
	return strtoull(usec, NULL, 10) * NSEC_PER_USEC;
}

void notify_open(struct notify *ret)
{
	const char *name = getenv("NOTIFY_SOCKET");
	size_t length = name ? strlen(name) : 0;

	*ret = (struct notify) { .fd = -1, .to.sun_family = AF_UNIX };
	/* A path, or with '@' a name of the abstract name space, unix(7). */
	if (length < 2 || length >= sizeof ret->to.sun_path || !strchr("/@", name[0]))
		return;
	memcpy(ret->to.sun_path, name, length);
	if (name[0] == '@')
		ret->to.sun_path[0] = '\0';
	ret->length = (socklen_t)(offsetof(struct sockaddr_un, sun_path) + length);
	ret->fd = socket(AF_UNIX, SOCK_DGRAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);
	ret->watchdog_ns = watchdog_of(getenv("WATCHDOG_USEC"), getenv("WATCHDOG_PID"));
}

void notify_close(struct notify *notify)
{
	if (notify->fd >= 0)
		close(notify->fd);
	notify->fd = -1;
}

void notify_send(const struct notify *notify, const char *format, ...)
{
	char lines[LINES_SIZE];
	va_list args;
	int length;

	if (notify->fd < 0)
		return;
	va_start(args, format);
	length = vsnprintf(lines, sizeof lines, format, args);
	va_end(args);
	if (length >= (int)sizeof lines)
		length = sizeof lines - 1;
	/* The manager finds out by itself that it was told nothing. */
	if (sendto(notify->fd, lines, (size_t)length, MSG_NOSIGNAL,
		    (const struct sockaddr *)&notify->to, notify->length) < 0)
		return;
}
