/* SPDX-License-Identifier: MIT */
#include "edges/scrape.h"

#include <arpa/inet.h>
#include <errno.h>
#include <netinet/in.h>
#include <stdio.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#define TIMEOUT_S 2

static struct sockaddr_in local(uint16_t port)
{
	return (struct sockaddr_in) {
		.sin_family = AF_INET,
		.sin_port = htons(port),
		.sin_addr.s_addr = htonl(INADDR_LOOPBACK),
	};
}

/* A connection that gives up; a negative errno. */
static int open_to(uint16_t port)
{
	const struct timeval timeout = { .tv_sec = TIMEOUT_S };
	struct sockaddr_in address = local(port);
	int fd = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0), error;

	if (fd < 0)
		return -errno;
	setsockopt(fd, SOL_SOCKET, SO_RCVTIMEO, &timeout, sizeof timeout);
	setsockopt(fd, SOL_SOCKET, SO_SNDTIMEO, &timeout, sizeof timeout);
	if (!connect(fd, (const struct sockaddr *)&address, sizeof address))
		return fd;
	error = -errno;
	close(fd);
	return error;
}

long scrape_http(char *ret, size_t size, uint16_t port, const char *path)
{
	char question[256];
	int length = snprintf(question, sizeof question,
		"GET %s HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\n\r\n", path);
	int fd = open_to(port);
	size_t used = 0;
	long got;

	if (fd < 0)
		return fd;
	got = send(fd, question, (size_t)length, MSG_NOSIGNAL) == length ? 1 : -1;
	/* Until the peer closes. */
	while (got > 0 && used + 1 < size) {
		got = recv(fd, ret + used, size - used - 1, 0);
		if (got > 0)
			used += (size_t)got;
	}
	if (got < 0)
		got = -errno;
	ret[used] = '\0';
	close(fd);
	return got < 0 ? got : used + 1 == size ? -EMSGSIZE : (long)used;
}

uint16_t scrape_free_port(void)
{
	struct sockaddr_in address = local(0);
	socklen_t length = sizeof address;
	int fd = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
	uint16_t port = 0;

	if (fd >= 0 && !bind(fd, (const struct sockaddr *)&address, length) &&
		!getsockname(fd, (struct sockaddr *)&address, &length))
		port = ntohs(address.sin_port);
	if (fd >= 0)
		close(fd);
	return port;
}
