/* SPDX-License-Identifier: MIT */
/* Tells the service manager that started this process how it is: sd_notify(3), a datagram to the socket
 * that NOTIFY_SOCKET names. Without one nothing is sent. */
#ifndef MOSPROBE_NOTIFY_H
#define MOSPROBE_NOTIFY_H

#include <stdbool.h>
#include <stdint.h>
#include <sys/socket.h>
#include <sys/un.h>

struct notify {
	int fd; /* -1 = nobody listens */
	struct sockaddr_un to;
	socklen_t length;
	uint64_t watchdog_ns; /* it wants a sign of life within; 0 = none */
};

/* Reads NOTIFY_SOCKET, WATCHDOG_USEC and WATCHDOG_PID. It cannot fail: nobody listens then. */
void notify_open(struct notify *ret);
void notify_close(struct notify *notify);

/* Sends lines, "READY=1\nSTATUS=all is well". Never waits: what has no room is lost. */
void notify_send(const struct notify *notify, const char *format, ...)
	__attribute__((format(printf, 2, 3)));

#endif
