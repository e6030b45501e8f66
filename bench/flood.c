/* SPDX-License-Identifier: MIT */
/* Other traffic of the machine: datagrams to itself over loopback, one after the other, each sent and received. What one
 * costs is told in a line of JSON, so that it can be held against the same beside a prober.
 *
 *     flood [COUNT]      default 500,000
 */
#include <arpa/inet.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/socket.h>
#include <time.h>
#include <unistd.h>

#include "vocabulary/nsec.h"

static int socket_to_itself(void)
{
	struct sockaddr_in address = { .sin_family = AF_INET };
	socklen_t length = sizeof address;
	int fd = socket(AF_INET, SOCK_DGRAM | SOCK_CLOEXEC, 0);

	address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
	if (fd < 0 || bind(fd, (struct sockaddr *)&address, sizeof address) ||
		getsockname(fd, (struct sockaddr *)&address, &length) ||
		connect(fd, (struct sockaddr *)&address, sizeof address)) {
		perror("flood: socket");
		exit(1);
	}
	return fd;
}

static uint64_t cpu_ns(void)
{
	struct timespec cpu;

	clock_gettime(CLOCK_THREAD_CPUTIME_ID, &cpu);
	return (uint64_t)cpu.tv_sec * NSEC_PER_SEC + (uint64_t)cpu.tv_nsec;
}

int main(int argc, char **argv)
{
	unsigned long count = argc > 1 ? strtoul(argv[1], NULL, 10) : 500000;
	char packet[160] = { 0 }; /* as G.711 has it in 20 ms */
	int fd = socket_to_itself();
	uint64_t before_ns = cpu_ns();

	for (unsigned long i = 0; i < count; i++)
		if (send(fd, packet, sizeof packet, 0) < 0 ||
			recv(fd, packet, sizeof packet, 0) < 0) {
			perror("flood");
			return 1;
		}
	printf("{\"packets\": %lu, \"ns\": %.1f}\n", count,
		(double)(cpu_ns() - before_ns) / (double)(count ? count : 1));
	close(fd);
	return 0;
}
