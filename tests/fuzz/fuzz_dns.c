/* SPDX-License-Identifier: MIT */
/* What name servers answer, through c-ares, into the memory of names. The first line: is what [dns] servers may say. The others:
 *
 *	a BYTES		the answer to the question for IPv4 addresses, in hexadecimal, from its flags on: counts and all
 *	aaaa BYTES	likewise; the question stands between the header and the rest
 *	later N		so many seconds go by, and the name is looked up again */
#include <arpa/inet.h>
#include <poll.h>
#include <sys/socket.h>
#include <unistd.h>

#include "edges/resolver_cares.h"
#include "fuzz.h"
#include "pure/dns_servers.h"
#include "vocabulary/nsec.h"

#define HEADER 12
#define REPLY_MOST 1024

static struct config *config;
static int server = -1;
static const char *const names[] = { "pbx.example.com" };

struct fuzzed {
	struct dns_client *client;
	struct dns_cache *cache;
	uint64_t now_ns;
	bool done;
	/* after the question */
	uint8_t flags_and_counts[2][HEADER], rest[2][REPLY_MOST];
	size_t rest_size[2];
};

int LLVMFuzzerInitialize(int *argc, char ***argv)
{
	struct sockaddr_in address = { .sin_family = AF_INET };
	socklen_t length = sizeof address;
	char text[64];

	(void)argc;
	(void)argv;
	address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
	server = socket(AF_INET, SOCK_DGRAM | SOCK_CLOEXEC, 0);
	CHECK(server >= 0 && !bind(server, (struct sockaddr *)&address, sizeof address));
	CHECK(!getsockname(server, (struct sockaddr *)&address, &length));
	snprintf(text, sizeof text, "[dns]\nservers = 127.0.0.1:%u\n", ntohs(address.sin_port));
	config = fuzz_config(text);
	return 0;
}

static void looked_up(void *context, uint32_t host, const struct dns_reply replies[DNS_FAMILIES])
{
	struct fuzzed *fuzzed = context;

	CHECK(!fuzzed->done);
	for (int f = 0; f < DNS_FAMILIES; f++)
		if (replies[f].kind == DNS_REPLY_FOUND)
			CHECK(replies[f].address.family == (f == DNS_V4 ? 4 : 6));
	dns_cache_store(fuzzed->cache, host, replies, fuzzed->now_ns);
	fuzzed->done = true;
}

/* Answers one question. */
static void serve(const struct fuzzed *fuzzed)
{
	uint8_t packet[512 + REPLY_MOST];
	struct sockaddr_in from;
	socklen_t length = sizeof from;
	ssize_t got =
		recvfrom(server, packet, 512, MSG_DONTWAIT, (struct sockaddr *)&from, &length);
	size_t end = HEADER;
	unsigned which;

	if (got < HEADER)
		return;
	while (end < (size_t)got && packet[end])
		end += 1 + packet[end];
	end += 5;
	if (end > (size_t)got)
		return;
	which = packet[end - 3] == 28; /* AAAA, RFC 3596 */
	/* Its id stays. */
	memcpy(packet + 2, fuzzed->flags_and_counts[which] + 2, HEADER - 2);
	memcpy(packet + end, fuzzed->rest[which], fuzzed->rest_size[which]);
	sendto(server, packet, end + fuzzed->rest_size[which], 0, (struct sockaddr *)&from, length);
}

static void look_up(struct fuzzed *fuzzed)
{
	struct pollfd fds[2] = { { .fd = server, .events = POLLIN },
		{ .fd = dns_client_fd(fuzzed->client), .events = POLLIN } };
	struct dns_known known;
	uint32_t host;

	if (!dns_cache_due(fuzzed->cache, fuzzed->now_ns, &host))
		return;
	known = dns_cache_known(fuzzed->cache, host);
	fuzzed->done = false;
	dns_client_ask(fuzzed->client, host, names[0], known.address, fuzzed->now_ns);
	/* What cannot be read may be waited for: no longer than this. */
	for (unsigned i = 0; i < 8 && !fuzzed->done && poll(fds, 2, 1) > 0; i++) {
		if (fds[0].revents)
			serve(fuzzed);
		if (fds[1].revents)
			dns_client_turn(fuzzed->client, fuzzed->now_ns);
	}
	while (dns_cache_news(fuzzed->cache, &known))
		dns_cache_told(fuzzed->cache);
}

/* The bytes of a reply: those of the header, and the rest. */
static void read_reply(struct fuzzed *fuzzed, unsigned which, const char *text)
{
	uint8_t bytes[HEADER - 2 + REPLY_MOST];
	size_t size = 0;
	unsigned byte;
	int used;

	memset(bytes, 0, sizeof bytes);
	while (size < sizeof bytes && sscanf(text, " %2x%n", &byte, &used) == 1) {
		bytes[size++] = (uint8_t)byte;
		text += used;
	}
	memcpy(fuzzed->flags_and_counts[which] + 2, bytes, HEADER - 2);
	fuzzed->rest_size[which] = size > HEADER - 2 ? size - (HEADER - 2) : 0;
	memcpy(fuzzed->rest[which], bytes + HEADER - 2, fuzzed->rest_size[which]);
}

static void empty_socket(void)
{
	char byte;

	while (recv(server, &byte, 1, MSG_DONTWAIT) >= 0)
		;
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	const struct dns_policy policy = { config->dns_ttl_min_ns, config->dns_ttl_max_ns,
		config->dns_stale_max_ns };
	char *text = fuzz_text(data, size), *at = text, *line = fuzz_line(&at);
	struct fuzzed fuzzed = { .now_ns = NSEC_PER_HOUR };
	char servers[DNS_SERVERS_TEXT_SIZE];
	struct message msg;
	unsigned seconds, looked = 0;

	if (line)
		dns_servers_check(line, servers, &msg);
	CHECK(!dns_cache_create(&fuzzed.cache, &policy, names, 1, 1, fuzzed.now_ns, 0));
	CHECK(!dns_client_create(&fuzzed.client, config, 1, looked_up, &fuzzed, &msg));
	while ((line = fuzz_line(&at)) && looked < 4) {
		if (!strncmp(line, "a ", 2)) {
			read_reply(&fuzzed, 0, line + 2);
		} else if (!strncmp(line, "aaaa ", 5)) {
			read_reply(&fuzzed, 1, line + 5);
		} else if (sscanf(line, "later %u", &seconds) == 1) {
			fuzzed.now_ns += seconds % 100000 * NSEC_PER_SEC;
			if (!dns_client_has_room(fuzzed.client))
				break;
			look_up(&fuzzed);
			looked++;
		}
	}
	dns_client_destroy(fuzzed.client);
	dns_cache_destroy(fuzzed.cache);
	empty_socket();
	free(text);
	return 0;
}
