/* SPDX-License-Identifier: MIT */
/* The least that a connect and its end can cost: bare system calls, nothing measured, nothing kept. What
 * mosprobe adds to that is told by bench/throughput.
 *
 *     floor reset   connect() and connect(AF_UNSPEC) on sockets that are used again and again
 *     floor socket  a socket for every probe, watched by epoll
 *
 * Paced as the prober is: a turn of 2 ms does what fell due in it. Sockets are taken last in, first out,
 * and a connect stays for a turn at least, or for as long as -w says, so as many are in flight. `reset` does not ask whether a connect was
 * answered; the network says how many SYNs it answered. Prints a line of JSON. */
#include <arpa/inet.h>
#include <errno.h>
#include <fcntl.h>
#include <getopt.h>
#include <netinet/in.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/epoll.h>
#include <sys/socket.h>
#include <time.h>
#include <unistd.h>

#include "vocabulary/histogram.h"
#include "vocabulary/nsec.h"

#define TURN_NS (2 * NSEC_PER_MSEC)
#define SOCKETS_MAX 16384u
#define STRIDE 0x9e3779b1u /* odd and large: targets come in no order that a cache could learn */

struct plan {
	double rate_per_s;
	uint64_t stay_ns;
	uint32_t seconds, sockets, targets, addresses, first;
	uint16_t port;
	bool reuse;
};

struct tally {
	uint64_t probes, ended, failed, no_socket;
	struct histogram late_us;
};

struct flight {
	int fd;
	uint64_t since_ns;
};

static int stack[SOCKETS_MAX];
static struct flight line[SOCKETS_MAX]; /* oldest first, a ring */
static uint32_t on_stack, line_first, line_count;

static uint64_t cpu_ns(void)
{
	struct timespec cpu;

	clock_gettime(CLOCK_THREAD_CPUTIME_ID, &cpu);
	return (uint64_t)cpu.tv_sec * NSEC_PER_SEC + (uint64_t)cpu.tv_nsec;
}

static int new_socket(void)
{
	struct linger at_once = { .l_onoff = 1, .l_linger = 0 };
	int fd = socket(AF_INET, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0);

	if (fd < 0 || setsockopt(fd, SOL_SOCKET, SO_LINGER, &at_once, sizeof at_once)) {
		perror("floor: socket");
		exit(1);
	}
	return fd;
}

static struct sockaddr_in target_of(const struct plan *plan, uint64_t number)
{
	uint32_t target = (uint32_t)((number * STRIDE) % plan->targets);
	struct sockaddr_in address = { .sin_family = AF_INET };

	address.sin_addr.s_addr = htonl(plan->first + target % plan->addresses);
	address.sin_port = htons((uint16_t)(plan->port + target / plan->addresses));
	return address;
}

static void begin(const struct plan *plan, struct tally *tally, uint64_t due_ns, uint64_t now_ns)
{
	struct sockaddr_in address = target_of(plan, tally->probes);
	struct flight *flight = &line[(line_first + line_count) % SOCKETS_MAX];

	if (line_count == plan->sockets) {
		tally->no_socket++;
		return;
	}
	flight->fd = plan->reuse ? stack[--on_stack] : new_socket();
	flight->since_ns = now_ns;
	line_count++;
	tally->probes++;
	histogram_add(&tally->late_us, (now_ns - due_ns) / NSEC_PER_USEC);
	if (connect(flight->fd, (struct sockaddr *)&address, sizeof address) &&
		errno != EINPROGRESS)
		tally->failed++;
}

static void end_oldest(struct tally *tally)
{
	static const struct sockaddr nowhere = { .sa_family = AF_UNSPEC };
	int fd = line[line_first].fd;

	line_first = (line_first + 1) % SOCKETS_MAX;
	line_count--;
	tally->ended += !connect(fd, &nowhere, sizeof nowhere);
	stack[on_stack++] = fd;
}

/* What began so long ago has had its answer, or gets none. */
static void turn_reset(const struct plan *plan, struct tally *tally, uint64_t now_ns)
{
	while (line_count && line[line_first].since_ns + plan->stay_ns < now_ns)
		end_oldest(tally);
}

static void turn_sockets(int poll, struct tally *tally)
{
	static struct epoll_event events[1024];
	int count = epoll_wait(poll, events, 1024, 0);

	for (int i = 0; i < count; i++) {
		socklen_t length = sizeof(int);
		int error = 0;

		getsockopt(events[i].data.fd, SOL_SOCKET, SO_ERROR, &error, &length);
		tally->ended++;
		tally->failed += error != 0;
		close(events[i].data.fd);
		line_count--;
	}
}

static void watch(int poll, uint32_t before)
{
	for (uint32_t i = before; i < line_count; i++) {
		int fd = line[(line_first + i) % SOCKETS_MAX].fd;
		struct epoll_event event = { .events = EPOLLOUT | EPOLLONESHOT, .data.fd = fd };

		epoll_ctl(poll, EPOLL_CTL_ADD, fd, &event);
	}
}

static void run(const struct plan *plan, struct tally *tally)
{
	uint64_t began_ns = nsec_mono(), end_ns = began_ns + plan->seconds * NSEC_PER_SEC;
	double step_ns = NSEC_PER_SEC / plan->rate_per_s;
	uint64_t due = 0, now_ns = began_ns;
	int poll = plan->reuse ? -1 : epoll_create1(EPOLL_CLOEXEC);

	for (uint32_t i = 0; plan->reuse && i < plan->sockets; i++)
		stack[on_stack++] = new_socket();
	while (now_ns < end_ns) {
		struct timespec rest = { 0, TURN_NS };

		if (plan->reuse)
			turn_reset(plan, tally, now_ns);
		else
			turn_sockets(poll, tally);
		uint32_t before = line_count;

		for (uint64_t due_ns;
			(due_ns = began_ns + (uint64_t)((double)due * step_ns)) <= now_ns; due++)
			begin(plan, tally, due_ns, now_ns);
		if (!plan->reuse)
			watch(poll, before);
		nanosleep(&rest, NULL);
		now_ns = nsec_mono();
	}
	while (plan->reuse && line_count)
		end_oldest(tally);
}

static uint64_t number(const char *text)
{
	char *end;
	uint64_t value = strtoull(text, &end, 10);

	if (*end || !value) {
		fprintf(stderr, "floor: %s: must be a number above 0\n", text);
		exit(2);
	}
	return value;
}

int main(int argc, char **argv)
{
	struct plan plan = { 16667, TURN_NS / 2, 10, 4096, 1000000, 131068, 198u << 24 | 18 << 16,
		5060, true };
	static struct tally tally;
	uint64_t before_ns;
	int option;

	while ((option = getopt(argc, argv, "r:s:n:t:a:w:")) != -1)
		switch (option) {
		case 'r':
			plan.rate_per_s = (double)number(optarg);
			break;
		case 's':
			plan.seconds = (uint32_t)number(optarg);
			break;
		case 'n':
			plan.sockets = (uint32_t)number(optarg);
			break;
		case 't':
			plan.targets = (uint32_t)number(optarg);
			break;
		case 'a':
			plan.addresses = (uint32_t)number(optarg);
			break;
		case 'w':
			plan.stay_ns = number(optarg) * NSEC_PER_MSEC;
			break;
		default:
			return 2;
		}
	if (optind + 1 != argc || plan.sockets > SOCKETS_MAX ||
		(strcmp(argv[optind], "reset") && strcmp(argv[optind], "socket"))) {
		fprintf(stderr, "floor [-r RATE] [-s SECONDS] [-n SOCKETS] [-t TARGETS] "
				"[-a ADDRESSES] [-w MS] reset|socket\n");
		return 2;
	}
	plan.reuse = !strcmp(argv[optind], "reset");
	before_ns = cpu_ns();
	run(&plan, &tally);
	printf("{\"probes\": %llu, \"ended\": %llu, \"failed\": %llu, \"no_socket\": %llu, "
	       "\"cpu_us\": %.3f, \"late_p99_ms\": %.3f}\n",
		(unsigned long long)tally.probes, (unsigned long long)tally.ended,
		(unsigned long long)tally.failed, (unsigned long long)tally.no_socket,
		(double)(cpu_ns() - before_ns) / 1e3 / (double)tally.probes,
		(double)histogram_quantile(&tally.late_us, 0.99) / 1000);
	return tally.failed || tally.no_socket;
}
