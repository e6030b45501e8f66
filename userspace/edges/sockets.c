/* SPDX-License-Identifier: MIT */
#include "edges/sockets.h"

#include <dirent.h>
#include <errno.h>
#include <time.h> /* linux/errqueue.h needs its timespec */
#include <linux/errqueue.h>
#include <linux/tcp.h>
#include <netinet/in.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>
#include <sys/socket.h>
#include <unistd.h>

/* The values of tcpi_state; the kernel's header gives none to user space. */
enum { STATE_ESTABLISHED = 1, STATE_CLOSE_WAIT = 8 };

struct pool {
	uint32_t *free; /* a stack of slots */
	uint32_t free_count;
};

struct sockets {
	uint32_t count, count_v4;
	int *fds;
	uint8_t *close_modes;
	struct pool v4, v6;
};

static int set_deferred_ack(int fd, enum close_mode mode)
{
	int seconds = mode == CLOSE_HALF;

	return setsockopt(fd, IPPROTO_TCP, TCP_DEFER_ACCEPT, &seconds, sizeof seconds);
}

/* A bound address, and a new port for every connection, which then need only differ from those to the
 * same peer. */
static int bind_source(int fd, const struct address *source)
{
	struct sockaddr_storage storage;
	socklen_t length = address_to_sockaddr(source, 0, &storage);
	int on = 1;

	if (setsockopt(fd, IPPROTO_IP, IP_BIND_ADDRESS_NO_PORT, &on, sizeof on) ||
		bind(fd, (struct sockaddr *)&storage, length))
		return -errno;
	return 0;
}

static int set_dscp(int fd, int family, uint8_t dscp)
{
	int traffic_class = dscp << 2;

	if (family == AF_INET6)
		return setsockopt(
			fd, IPPROTO_IPV6, IPV6_TCLASS, &traffic_class, sizeof traffic_class);
	return setsockopt(fd, IPPROTO_IP, IP_TOS, &traffic_class, sizeof traffic_class);
}

static int prepare_socket(
	int fd, int family, const struct sockets_setup *setup, struct message *msg)
{
	/* Without it a killed prober leaves FIN_WAIT1 orphans behind for minutes. */
	struct linger at_once = { .l_onoff = 1, .l_linger = 0 };
	const struct address *source = &setup->source[family == AF_INET6];
	char text[ADDRESS_TEXT_SIZE];
	int error = 0;

	if (setsockopt(fd, SOL_SOCKET, SO_LINGER, &at_once, sizeof at_once) ||
		set_deferred_ack(fd, CLOSE_HALF) ||
		(setup->dscp && set_dscp(fd, family, setup->dscp)))
		return message_set(msg, -errno, "setsockopt: %s", strerror(errno));
	if (source->family)
		error = bind_source(fd, source);
	return error ? message_set(msg, error, "source %s: %s", address_text(source, text),
			       strerror(-error))
		     : 0;
}

static int make_socket(int family, const struct sockets_setup *setup, struct message *msg)
{
	int fd = socket(family, SOCK_STREAM | SOCK_CLOEXEC, IPPROTO_TCP);
	int error;

	if (fd < 0)
		return message_set(msg, -errno, "socket: %s", strerror(errno));
	error = prepare_socket(fd, family, setup, msg);
	if (error)
		close(fd);
	return error ? error : fd;
}

static int fill_pool(struct sockets *sockets, struct pool *pool, int family, uint32_t first,
	const struct sockets_setup *setup, struct message *msg)
{
	uint32_t count = family == AF_INET6 ? setup->count_v6 : setup->count_v4;

	pool->free = calloc(count ? count : 1, sizeof *pool->free);
	if (!pool->free)
		return message_set(msg, -ENOMEM, "out of memory");
	for (uint32_t i = 0; i < count; i++) {
		int fd = make_socket(family, setup, msg);

		if (fd < 0)
			return fd;
		sockets->fds[first + i] = fd;
		sockets->close_modes[first + i] = CLOSE_HALF;
		/* The lowest slot on top. */
		pool->free[count - 1 - i] = first + i;
	}
	pool->free_count = count;
	return 0;
}

int sockets_create(struct sockets **ret, const struct sockets_setup *setup, struct message *msg)
{
	struct sockets *sockets = calloc(1, sizeof *sockets);
	int error = -ENOMEM;

	if (!sockets)
		return message_set(msg, -ENOMEM, "out of memory");
	sockets->count = setup->count_v4 + setup->count_v6;
	sockets->count_v4 = setup->count_v4;
	sockets->fds = malloc(sockets->count * sizeof *sockets->fds);
	sockets->close_modes = calloc(sockets->count, 1);
	if (!sockets->fds || !sockets->close_modes) {
		sockets->count = 0;
		sockets_destroy(sockets);
		return message_set(msg, error, "out of memory");
	}
	memset(sockets->fds, 0xff, sockets->count * sizeof *sockets->fds);
	error = fill_pool(sockets, &sockets->v4, AF_INET, 0, setup, msg);
	if (!error)
		error = fill_pool(sockets, &sockets->v6, AF_INET6, setup->count_v4, setup, msg);
	if (error) {
		sockets_destroy(sockets);
		return error;
	}
	*ret = sockets;
	return 0;
}

void sockets_destroy(struct sockets *sockets)
{
	if (!sockets)
		return;
	for (uint32_t i = 0; i < sockets->count; i++)
		if (sockets->fds[i] >= 0)
			close(sockets->fds[i]);
	free(sockets->v4.free);
	free(sockets->v6.free);
	free(sockets->close_modes);
	free(sockets->fds);
	free(sockets);
}

uint32_t sockets_count(const struct sockets *sockets)
{
	return sockets->count;
}

const int *sockets_fds(const struct sockets *sockets)
{
	return sockets->fds;
}

uint32_t sockets_take(struct sockets *sockets, unsigned family)
{
	struct pool *pool = family == 4 ? &sockets->v4 : &sockets->v6;

	return pool->free_count ? pool->free[--pool->free_count] : SLOT_NONE;
}

void sockets_give(struct sockets *sockets, uint32_t slot)
{
	struct pool *pool = slot < sockets->count_v4 ? &sockets->v4 : &sockets->v6;

	pool->free[pool->free_count++] = slot;
}

uint32_t sockets_in_use(const struct sockets *sockets)
{
	return sockets->count - sockets->v4.free_count - sockets->v6.free_count;
}

static void mark_free(const struct pool *pool, uint8_t *free)
{
	for (uint32_t i = 0; i < pool->free_count; i++)
		free[pool->free[i]] = 1;
}

int sockets_used(const struct sockets *sockets, uint32_t *ret, uint32_t *ret_count)
{
	uint8_t *free_slots = calloc(sockets->count + 1, 1);

	if (!free_slots)
		return -ENOMEM;
	mark_free(&sockets->v4, free_slots);
	mark_free(&sockets->v6, free_slots);
	*ret_count = 0;
	for (uint32_t slot = 0; slot < sockets->count; slot++)
		if (!free_slots[slot])
			ret[(*ret_count)++] = slot;
	free(free_slots);
	return 0;
}

void sockets_stock(
	const struct sockets *sockets, unsigned family, uint32_t *ret_all, uint32_t *ret_free)
{
	*ret_all = family == 4 ? sockets->count_v4 : sockets->count - sockets->count_v4;
	*ret_free = family == 4 ? sockets->v4.free_count : sockets->v6.free_count;
}

void sockets_set_close(struct sockets *sockets, uint32_t slot, enum close_mode mode)
{
	if (sockets->close_modes[slot] == mode)
		return;
	if (!set_deferred_ack(sockets->fds[slot], mode))
		sockets->close_modes[slot] = (uint8_t)mode;
}

void sockets_shut_down(struct sockets *sockets, uint32_t slot)
{
	/* ENOTCONN: the peer was quicker with a RST. */
	if (shutdown(sockets->fds[slot], SHUT_WR))
		return;
}

void sockets_reset(struct sockets *sockets, uint32_t slot)
{
	struct sockaddr nowhere = { .sa_family = AF_UNSPEC };

	/* It cannot fail on a TCP socket, and there would be nothing else to do. */
	if (connect(sockets->fds[slot], &nowhere, sizeof nowhere))
		return;
}

/* The first extended error of ICMP origin in a message; false when there is none. */
static bool icmp_of(struct msghdr *message, uint8_t *ret_type, uint8_t *ret_code)
{
	for (struct cmsghdr *c = CMSG_FIRSTHDR(message); c; c = CMSG_NXTHDR(message, c)) {
		struct sock_extended_err error;

		if (!(c->cmsg_level == IPPROTO_IP && c->cmsg_type == IP_RECVERR) &&
			!(c->cmsg_level == IPPROTO_IPV6 && c->cmsg_type == IPV6_RECVERR))
			continue;
		memcpy(&error, CMSG_DATA(c), sizeof error);
		if (error.ee_origin != SO_EE_ORIGIN_ICMP && error.ee_origin != SO_EE_ORIGIN_ICMP6)
			continue;
		*ret_type = error.ee_type;
		*ret_code = error.ee_code;
		return true;
	}
	return false;
}

bool sockets_drain_errors(
	struct sockets *sockets, uint32_t slot, uint8_t *ret_type, uint8_t *ret_code)
{
	bool found = false;

	for (;;) {
		char control[512], quoted[64];
		struct iovec part = { quoted, sizeof quoted };
		struct msghdr message = {
			.msg_iov = &part,
			.msg_iovlen = 1,
			.msg_control = control,
			.msg_controllen = sizeof control,
		};

		if (recvmsg(sockets->fds[slot], &message, MSG_ERRQUEUE | MSG_DONTWAIT) < 0)
			return found;
		if (!found)
			found = icmp_of(&message, ret_type, ret_code);
	}
}

void sockets_ask_icmp6(struct sockets *sockets)
{
	int on = 1;

	for (uint32_t slot = sockets->count_v4; slot < sockets->count; slot++)
		if (setsockopt(sockets->fds[slot], IPPROTO_IPV6, IPV6_RECVERR, &on, sizeof on))
			return; /* as before: the errno decides */
}

int sockets_tcp_info(const struct sockets *sockets, uint32_t slot, struct socket_tcp_info *ret)
{
	struct tcp_info info;
	socklen_t length = sizeof info;

	memset(&info, 0, sizeof info);
	if (getsockopt(sockets->fds[slot], IPPROTO_TCP, TCP_INFO, &info, &length))
		return -errno;
	ret->established =
		info.tcpi_state == STATE_ESTABLISHED || info.tcpi_state == STATE_CLOSE_WAIT;
	ret->sent = info.tcpi_segs_out > 0;
	ret->rtt_us = info.tcpi_rtt;
	ret->retransmits = info.tcpi_total_retrans;
	return 0;
}

/* Descriptors that are open beyond the standard three: inherited ones, mostly. */
static uint32_t more_open_descriptors(void)
{
	DIR *dir = opendir("/proc/self/fd");
	struct dirent *entry;
	uint32_t count = 0;

	while (dir && (entry = readdir(dir)))
		count += entry->d_name[0] != '.';
	if (dir)
		closedir(dir);
	return count > 4 ? count - 4 : 0; /* the fourth is dir */
}

uint32_t sockets_limit(uint32_t reserve)
{
	struct rlimit limit;

	reserve += more_open_descriptors();
	if (getrlimit(RLIMIT_NOFILE, &limit))
		return 0;
	/* What we may have without asking anybody. */
	if (limit.rlim_cur < limit.rlim_max) {
		rlim_t before = limit.rlim_cur;

		limit.rlim_cur = limit.rlim_max;
		if (setrlimit(RLIMIT_NOFILE, &limit))
			limit.rlim_cur = before;
	}
	if (limit.rlim_cur <= reserve)
		return 0;
	return limit.rlim_cur - reserve > INT32_MAX ? INT32_MAX
						    : (uint32_t)(limit.rlim_cur - reserve);
}
