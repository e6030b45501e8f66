/* SPDX-License-Identifier: MIT */
#include "edges/scrape.h"

#include <arpa/inet.h>
#include <errno.h>
#include <netinet/in.h>
#include <stdio.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <unistd.h>

#define TIMEOUT_S 2

/* A connection that gives up; a negative errno. */
static int open_to(const struct sockaddr *address, socklen_t length)
{
	struct timeval timeout = { .tv_sec = TIMEOUT_S };
	int fd = socket(address->sa_family, SOCK_STREAM | SOCK_CLOEXEC, 0), error;

	if (fd < 0)
		return -errno;
	setsockopt(fd, SOL_SOCKET, SO_RCVTIMEO, &timeout, sizeof timeout);
	setsockopt(fd, SOL_SOCKET, SO_SNDTIMEO, &timeout, sizeof timeout);
	if (!connect(fd, address, length))
		return fd;
	error = -errno;
	close(fd);
	return error;
}

/* The answer to Redis is whole: a line, or a bulk string of the length that its first line tells. */
static int is_whole(const char *answer, size_t length)
{
	const char *line_end = strstr(answer, "\r\n");
	unsigned long bulk;

	if (!line_end || sscanf(answer, "$%lu", &bulk) != 1)
		return line_end != NULL;
	return length >= (size_t)(line_end - answer) + 2 + bulk + 2;
}

/* Sends, and reads until the peer closes, or until the answer is whole. Closes fd. */
static long ask(int fd, const char *question, char *ret, size_t size, int to_the_end)
{
	size_t used = 0;
	long got = 1;

	if (fd < 0)
		return fd;
	if (send(fd, question, strlen(question), MSG_NOSIGNAL) != (ssize_t)strlen(question))
		got = -1;
	ret[0] = '\0';
	while (got > 0 && used + 1 < size && (to_the_end || !is_whole(ret, used))) {
		got = recv(fd, ret + used, size - used - 1, 0);
		if (got > 0)
			used += (size_t)got;
		ret[used] = '\0';
	}
	if (got < 0)
		got = -errno;
	close(fd);
	return got < 0 ? got : used + 1 == size ? -EMSGSIZE : (long)used;
}

static struct sockaddr_in local(uint16_t port)
{
	return (struct sockaddr_in) {
		.sin_family = AF_INET,
		.sin_port = htons(port),
		.sin_addr.s_addr = htonl(INADDR_LOOPBACK),
	};
}

long scrape_http(char *ret, size_t size, uint16_t port, const char *path)
{
	struct sockaddr_in address = local(port);
	char question[256];

	snprintf(question, sizeof question,
		"GET %s HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\n\r\n", path);
	return ask(
		open_to((const struct sockaddr *)&address, sizeof address), question, ret, size, 1);
}

long scrape_redis(char *ret, size_t size, const char *socket_path, const char *command)
{
	struct sockaddr_un address = { .sun_family = AF_UNIX };
	char question[256];

	if (strlen(socket_path) >= sizeof address.sun_path)
		return -ENAMETOOLONG;
	strcpy(address.sun_path, socket_path);
	snprintf(question, sizeof question, "%s\r\n", command);
	return ask(
		open_to((const struct sockaddr *)&address, sizeof address), question, ret, size, 0);
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
