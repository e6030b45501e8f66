/* SPDX-License-Identifier: MIT */
#include "edges/resolver_cares.h"

/* ares_get_servers_ports() is deprecated since 1.24, which brought what replaces it. */
#define CARES_NO_DEPRECATED 1
#include <ares.h>
#include <arpa/inet.h>
#include <errno.h>
#include <netinet/in.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/epoll.h>
#include <sys/queue.h>
#include <unistd.h>

#include "pure/dns_servers.h"
#include "vocabulary/nsec.h"

/* Each try waits longer than the one before: with the default time-out 2 s, then 4 s. Whatever is
 * lost after that, the cache's pauses take care of. */
#define TRIES 2
/* Room for the answers to all that is outstanding, should this thread be kept from running. The
 * kernel cuts it to net.core.rmem_max. */
#define RECEIVE_BUFFER (2 << 20)
/* At most this many queries asked within the last FRESH_NS and not answered yet: what the default
 * receive buffer of a server holds (about 190), and fewer than the 150 that dnsmasq forwards at
 * once. Older ones do not count, or a few names whose servers are dead would hold up all others. */
#define FRESH_QUERIES 128
#define FRESH_LEAST 4 /* names */
#define FRESH_NS (100 * NSEC_PER_MSEC)
#define CROWDED_MS 10 /* while there are as many: how often it is looked whether they have aged */

struct look;

struct ask {
	struct look *look;
	enum dns_family family;
};

/* One name being looked up. */
struct look {
	struct dns_client *client;
	TAILQ_ENTRY(look) link; /* in the free or the fresh ones */
	uint64_t asked_ns;
	uint32_t host;
	int under_way; /* queries */
	bool fresh, ended;
	struct ask asks[DNS_FAMILIES];
	struct dns_choice choices[DNS_FAMILIES];
	struct dns_reply replies[DNS_FAMILIES];
};
TAILQ_HEAD(look_list, look);

struct dns_client {
	ares_channel channel;
	int epoll_fd;
	bool wanted[DNS_FAMILIES];
	dns_client_done *done;
	void *context;
	const char *failure;
	struct look *looks;
	struct look_list free;
	struct look_list fresh; /* the oldest first */
	unsigned fresh_count, fresh_most, fresh_ceiling;
	uint64_t cut_ns; /* when fresh_most was cut last */
	uint64_t now_ns;
};

static void socket_state(void *arg, ares_socket_t fd, int readable, int writable)
{
	struct dns_client *client = arg;
	struct epoll_event event = { .data.fd = fd };

	if (readable)
		event.events |= EPOLLIN;
	if (writable)
		event.events |= EPOLLOUT;
	if (!event.events)
		epoll_ctl(client->epoll_fd, EPOLL_CTL_DEL, fd, NULL);
	else if (epoll_ctl(client->epoll_fd, EPOLL_CTL_MOD, fd, &event))
		epoll_ctl(client->epoll_fd, EPOLL_CTL_ADD, fd, &event);
}

static int open_channel(struct dns_client *client, const struct config *config, struct message *msg)
{
	char servers[DNS_SERVERS_TEXT_SIZE], own[] = "b", system[] = "fb";
	struct ares_options options = {
		.flags = ARES_FLAG_NOSEARCH | ARES_FLAG_NOALIASES,
		.timeout = (int)(config->dns_timeout_ns / NSEC_PER_MSEC),
		.tries = TRIES,
		.ndots = 0,
		.ndomains = 0,
		.lookups = config->dns_servers ? own : system,
		.socket_receive_buffer_size = RECEIVE_BUFFER,
		.sock_state_cb = socket_state,
		.sock_state_cb_data = client,
	};
	/* No domains and no dots wanted: 1.18 looks at these alone when it decides to search. */
	int mask = ARES_OPT_FLAGS | ARES_OPT_TIMEOUTMS | ARES_OPT_TRIES | ARES_OPT_NDOTS |
		   ARES_OPT_DOMAINS | ARES_OPT_LOOKUPS | ARES_OPT_SOCK_RCVBUF |
		   ARES_OPT_SOCK_STATE_CB;
	int status;

#ifdef ARES_OPT_QUERY_CACHE
	/* The cache is ours: a look-up asked for out of turn must reach a server. */
	options.qcache_max_ttl = 0;
	mask |= ARES_OPT_QUERY_CACHE;
#endif
	if (config->dns_servers && dns_servers_check(config->dns_servers, servers, msg))
		return -EINVAL;
	status = ares_init_options(&client->channel, &options, mask);
	if (status)
		return message_set(msg, status == ARES_ENOMEM ? -ENOMEM : -EIO, "DNS: %s",
			ares_strerror(status));
	if (config->dns_servers)
		status = ares_set_servers_ports_csv(client->channel, servers);
	if (status)
		return message_set(msg, -EINVAL, "[dns] servers = %s: %s", config->dns_servers,
			ares_strerror(status));
	if (!dns_client_servers(client, NULL))
		return message_set(
			msg, -ENOENT, "DNS: the system names no server; set servers in [dns]");
	return 0;
}

int dns_client_create(struct dns_client **ret, const struct config *config, unsigned looks,
	dns_client_done *done, void *context, struct message *msg)
{
	struct dns_client *client = calloc(1, sizeof *client);
	unsigned families;
	int error;

	if (!client)
		return message_set(msg, -ENOMEM, "DNS: out of memory");
	if (ares_library_init(ARES_LIB_INIT_ALL)) {
		free(client);
		return message_set(msg, -EIO, "DNS: c-ares cannot start");
	}
	client->done = done;
	client->context = context;
	client->failure = "";
	client->wanted[DNS_V4] = config->defaults.family != FAMILY_6;
	client->wanted[DNS_V6] = config->defaults.family != FAMILY_4;
	families = client->wanted[DNS_V4] + client->wanted[DNS_V6];
	client->fresh_most = client->fresh_ceiling = FRESH_QUERIES / families;
	TAILQ_INIT(&client->free);
	TAILQ_INIT(&client->fresh);
	client->looks = calloc(looks, sizeof *client->looks);
	client->epoll_fd = epoll_create1(EPOLL_CLOEXEC);
	if (!client->looks || client->epoll_fd < 0) {
		error = message_set(msg, client->looks ? -errno : -ENOMEM, "DNS: cannot start: %m");
		goto fail;
	}
	for (unsigned i = 0; i < looks; i++) {
		client->looks[i].client = client;
		TAILQ_INSERT_TAIL(&client->free, &client->looks[i], link);
	}
	error = open_channel(client, config, msg);
	if (error)
		goto fail;
	*ret = client;
	return 0;
fail:
	dns_client_destroy(client);
	return error;
}

void dns_client_destroy(struct dns_client *client)
{
	if (!client)
		return;
	client->done = NULL;
	if (client->channel)
		ares_destroy(client->channel);
	if (client->epoll_fd >= 0)
		close(client->epoll_fd);
	free(client->looks);
	free(client);
	ares_library_cleanup();
}

bool dns_client_has_room(const struct dns_client *client)
{
	return !TAILQ_EMPTY(&client->free) && client->fresh_count < client->fresh_most;
}

/* Neither fresh any more nor, once it has ended, under way. */
static void retire(struct look *look)
{
	struct dns_client *client = look->client;

	if (look->fresh) {
		look->fresh = false;
		client->fresh_count--;
		TAILQ_REMOVE(&client->fresh, look, link);
	}
	if (look->ended)
		TAILQ_INSERT_HEAD(&client->free, look, link);
}

/* c-ares takes an answer's AAAA record where an A was asked for, and the other way round. */
static void take_address(
	struct dns_choice *choice, enum dns_family family, const struct ares_addrinfo_node *node)
{
	struct address address = { .family = 0 };

	if (node->ai_family == AF_INET && family == DNS_V4) {
		address.family = 4;
		memcpy(address.bytes, &((struct sockaddr_in *)node->ai_addr)->sin_addr, 4);
	} else if (node->ai_family == AF_INET6 && family == DNS_V6) {
		address.family = 6;
		memcpy(address.bytes, &((struct sockaddr_in6 *)node->ai_addr)->sin6_addr, 16);
	}
	if (address.family)
		dns_choice_add(choice, &address);
}

/* RFC 2181 section 8: a TTL with the top bit set is 0. */
static int least_ttl(int least, int ttl)
{
	ttl = ttl < 0 ? 0 : ttl;
	return ttl < least ? ttl : least;
}

static struct dns_reply reply_of(struct dns_choice *choice, enum dns_family family, int status,
	const struct ares_addrinfo *info)
{
	struct dns_reply reply = { .kind = DNS_REPLY_FAILED };
	int ttl = INT32_MAX;

	if (status == ARES_ENOTFOUND || status == ARES_ENODATA)
		reply.kind = DNS_REPLY_ABSENT;
	if (status != ARES_SUCCESS)
		return reply;
	for (const struct ares_addrinfo_node *node = info->nodes; node; node = node->ai_next) {
		take_address(choice, family, node);
		ttl = least_ttl(ttl, node->ai_ttl);
	}
	for (const struct ares_addrinfo_cname *c = info->cnames; c; c = c->next)
		ttl = least_ttl(ttl, c->ttl);
	reply.kind = choice->best.family ? DNS_REPLY_FOUND : DNS_REPLY_ABSENT;
	reply.ttl_s = (uint32_t)ttl;
	reply.address = choice->best;
	return reply;
}

/* A server that has too much to do, or a forwarder above it, says so by a quick failure: half as many
 * then, and one more for each answer, as TCP does (RFC 5681 section 3.1). */
static void adapt(struct dns_client *client, bool quick_failure)
{
	if (!quick_failure && client->fresh_most < client->fresh_ceiling)
		client->fresh_most++;
	if (!quick_failure || client->now_ns - client->cut_ns < FRESH_NS)
		return;
	client->cut_ns = client->now_ns;
	client->fresh_most /= 2;
	if (client->fresh_most < FRESH_LEAST)
		client->fresh_most = FRESH_LEAST;
}

/* The last one ends the look-up; done is NULL while the channel is torn down. */
static void one_less(struct look *look)
{
	struct dns_client *client = look->client;
	bool failed = false;

	if (--look->under_way || !client->done)
		return;
	client->done(client->context, look->host, look->replies);
	for (int f = 0; f < DNS_FAMILIES; f++)
		failed |= look->replies[f].kind == DNS_REPLY_FAILED;
	/* A server that has one family's answer and refuses the other's is not in trouble. */
	for (int f = 0; f < DNS_FAMILIES; f++)
		failed &= look->replies[f].kind != DNS_REPLY_FOUND;
	look->ended = true;
	if (!failed || look->fresh)
		adapt(client, failed);
	/* After a quick failure the place stays taken until it has aged, or a server that is down
	 * would be asked for the whole list at once. */
	if (!failed || !look->fresh)
		retire(look);
}

/* In 1.18 this one code stands for SERVFAIL and REFUSED from every server as well. */
static const char *failure_text(int status)
{
	if (status == ARES_ECONNREFUSED)
		return "no server could be reached, or each failed or refused";
	return ares_strerror(status);
}

static void answered(void *arg, int status, int timeouts, struct ares_addrinfo *info)
{
	struct ask *ask = arg;
	struct look *look = ask->look;
	struct dns_reply *reply = &look->replies[ask->family];

	*reply = reply_of(&look->choices[ask->family], ask->family, status, info);
	if (info)
		ares_freeaddrinfo(info);
	if (reply->kind == DNS_REPLY_FAILED)
		look->client->failure = failure_text(status);
	one_less(look);
}

void dns_client_ask(struct dns_client *client, uint32_t host, const char *name,
	const struct address in_use[DNS_FAMILIES], uint64_t now_ns)
{
	static const int family_af[DNS_FAMILIES] = { AF_INET, AF_INET6 };
	struct look *look = TAILQ_FIRST(&client->free);

	TAILQ_REMOVE(&client->free, look, link);
	TAILQ_INSERT_TAIL(&client->fresh, look, link);
	client->fresh_count++;
	look->fresh = true;
	look->ended = false;
	look->asked_ns = client->now_ns = now_ns;
	look->host = host;
	/* One more than asked for: an answer may come from inside ares_getaddrinfo(). */
	look->under_way = 1 + client->wanted[DNS_V4] + client->wanted[DNS_V6];
	memset(look->replies, 0, sizeof look->replies);
	for (int f = 0; f < DNS_FAMILIES; f++) {
		struct ares_addrinfo_hints hints = { .ai_flags = ARES_AI_NOSORT,
			.ai_family = family_af[f] };

		if (!client->wanted[f])
			continue;
		look->asks[f] = (struct ask) { look, (enum dns_family)f };
		dns_choice_begin(&look->choices[f], name, &in_use[f]);
		ares_getaddrinfo(client->channel, name, NULL, &hints, answered, &look->asks[f]);
	}
	one_less(look);
}

int dns_client_fd(const struct dns_client *client)
{
	return client->epoll_fd;
}

void dns_client_turn(struct dns_client *client, uint64_t now_ns)
{
	struct epoll_event events[16];
	struct look *look;
	int count = epoll_wait(client->epoll_fd, events, 16, 0);

	client->now_ns = now_ns;
	for (int i = 0; i < count; i++) {
		bool write = events[i].events & EPOLLOUT;
		bool read = events[i].events & ~(unsigned)EPOLLOUT;

		ares_process_fd(client->channel, read ? events[i].data.fd : ARES_SOCKET_BAD,
			write ? events[i].data.fd : ARES_SOCKET_BAD);
	}
	if (count <= 0)
		ares_process_fd(client->channel, ARES_SOCKET_BAD, ARES_SOCKET_BAD);
	while ((look = TAILQ_FIRST(&client->fresh)) && now_ns - look->asked_ns >= FRESH_NS)
		retire(look);
}

int dns_client_wait_ms(const struct dns_client *client, int most_ms)
{
	struct timeval most, left, *next;

	if (client->fresh_count >= client->fresh_most && most_ms > CROWDED_MS)
		most_ms = CROWDED_MS;
	most = (struct timeval) { most_ms / 1000, most_ms % 1000 * 1000L };
	next = ares_timeout(client->channel, &most, &left);
	/* Rounded up: waking too early would find nothing to do. */
	return (int)(next->tv_sec * 1000 + (next->tv_usec + 999) / 1000);
}

unsigned dns_client_servers(const struct dns_client *client, struct message *ret)
{
	struct ares_addr_port_node *list = NULL;
	unsigned count = 0;
	size_t used = 0;

	if (ares_get_servers_ports(client->channel, &list))
		return 0;
	if (ret)
		ret->text[0] = '\0';
	for (const struct ares_addr_port_node *s = list; s; s = s->next, count++) {
		char text[INET6_ADDRSTRLEN];

		if (!ret || used >= sizeof ret->text ||
			!inet_ntop(s->family, &s->addr, text, sizeof text))
			continue;
		used += (size_t)snprintf(ret->text + used, sizeof ret->text - used,
			s->family == AF_INET6 ? "%s[%s]:%d" : "%s%s:%d", count ? ", " : "", text,
			s->udp_port ? s->udp_port : 53);
	}
	if (list)
		ares_free_data(list);
	return count;
}

const char *dns_client_failure(const struct dns_client *client)
{
	return client->failure;
}
