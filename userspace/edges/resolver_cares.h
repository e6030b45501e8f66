/* SPDX-License-Identifier: MIT */
/* The resolver's half that talks: one c-ares channel that asks for the addresses of names, several
 * at once, each family by a query of its own (so that what is known of one does not hang on the
 * other). One thread. The resolver's own header is resolver.h. */
#ifndef MOSPROBE_RESOLVER_CARES_H
#define MOSPROBE_RESOLVER_CARES_H

#include "pure/config.h"
#include "pure/dns_cache.h"
#include "vocabulary/address.h"
#include "vocabulary/message.h"

struct dns_client;

/* A look-up has ended; host is what dns_client_ask() was given. Called from inside dns_client_ask()
 * and dns_client_turn(). */
typedef void dns_client_done(
	void *context, uint32_t host, const struct dns_reply replies[DNS_FAMILIES]);

/* Asks the servers of config->dns_servers; without these, the system's and its hosts file. Families
 * by config->defaults.family. looks: how many names may be under way at once. Returns 0 or a negative
 * errno with a message. */
int dns_client_create(struct dns_client **ret, const struct config *config, unsigned looks,
	dns_client_done *done, void *context, struct message *msg);
/* Forgets what is outstanding, without a call of done. NULL is fine. */
void dns_client_destroy(struct dns_client *client);

/* True while one more name may be asked for: fewer than `looks` are under way, and not too many of
 * them have just been asked. */
bool dns_client_has_room(const struct dns_client *client);
/* Asks for a name, which must live until the look-up ends; only while there is room. in_use: its addresses so far. */
void dns_client_ask(struct dns_client *client, uint32_t host, const char *name,
	const struct address in_use[DNS_FAMILIES], uint64_t now_ns);

/* Readable when dns_client_turn() has something to do. */
int dns_client_fd(const struct dns_client *client);
/* Reads the answers that have come, repeats and gives up what has timed out. */
void dns_client_turn(struct dns_client *client, uint64_t now_ns);
/* Milliseconds to the next time-out, or until there is room again, for poll(2); at most most_ms. */
int dns_client_wait_ms(const struct dns_client *client, int most_ms);

/* The servers in use, "127.0.0.1:53, [::1]:53", and how many. */
unsigned dns_client_servers(const struct dns_client *client, struct message *ret);
/* Why the newest failed look-up failed; "" before the first. A static text. */
const char *dns_client_failure(const struct dns_client *client);

#endif
