/* SPDX-License-Identifier: MIT */
/* One look-up that is waited for. */
#include <errno.h>
#include <poll.h>

#include "edges/resolver_cares.h"
#include "edges/resolver_own.h"
#include "vocabulary/nsec.h"

#define WAIT_MOST_MS 1000

struct single {
	bool done;
	struct dns_cache *cache;
};

static void single_looked_up(
	void *context, uint32_t host, const struct dns_reply replies[DNS_FAMILIES])
{
	struct single *single = context;

	dns_cache_store(single->cache, host, replies, nsec_mono());
	single->done = true;
}

static void wait_for_single(
	struct dns_client *client, const struct single *single, uint64_t timeout_ns)
{
	uint64_t end_ns = nsec_mono() + timeout_ns;
	struct pollfd fd = { .fd = dns_client_fd(client), .events = POLLIN };

	while (!single->done) {
		uint64_t now_ns = nsec_mono();
		uint64_t left_ms;

		if (now_ns >= end_ns)
			return;
		left_ms = (end_ns - now_ns) / NSEC_PER_MSEC + 1;
		poll(&fd, 1,
			dns_client_wait_ms(
				client, left_ms < WAIT_MOST_MS ? (int)left_ms : WAIT_MOST_MS));
		dns_client_turn(client, nsec_mono());
	}
}

int resolver_lookup(const struct config *config, const char *name, uint64_t timeout_ns,
	struct dns_answer *ret, struct message *ret_servers, struct message *msg)
{
	struct dns_policy policy = { 0 };
	struct single single = { .done = false };
	struct dns_client *client = NULL;
	struct dns_known known;
	struct message servers;
	uint32_t host = 0;
	int error;

	error = dns_cache_create(&single.cache, &policy, &name, 1, 1, 0, 0);
	if (error)
		return message_set(msg, error, "DNS: out of memory");
	error = dns_client_create(&client, config, 1, single_looked_up, &single, msg);
	if (error)
		goto out;
	dns_client_servers(client, &servers);
	dns_cache_due(single.cache, 0, &host);
	known = dns_cache_known(single.cache, host);
	dns_client_ask(client, host, name, known.address, nsec_mono());
	wait_for_single(client, &single, timeout_ns);
	known = dns_cache_known(single.cache, host);
	if (!single.done) {
		error = message_set(
			msg, -ETIMEDOUT, "%s: no answer from %s in time", name, servers.text);
	} else if (resolver_status(&known) == DNS_FAILED) {
		error = message_set(msg, -EIO, "%s: asked %s: %s", name, servers.text,
			dns_client_failure(client));
	} else {
		*ret = resolver_answer(&known);
		if (ret_servers)
			*ret_servers = servers;
	}
out:
	dns_client_destroy(client);
	dns_cache_destroy(single.cache);
	return error;
}
