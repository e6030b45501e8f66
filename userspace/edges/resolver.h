/* SPDX-License-Identifier: MIT */
/* Names to addresses, by a thread of its own, ahead of time and never in the prober's turn. Each
 * host is looked up once at start and again shortly before its TTL runs out, spread out, with a bound
 * on what is outstanding. Owns c-ares. */
#ifndef MOSPROBE_RESOLVER_H
#define MOSPROBE_RESOLVER_H

#include <stddef.h>
#include <stdint.h>

#include "pure/config.h"
#include "pure/roster.h"
#include "vocabulary/address.h"
#include "vocabulary/message.h"
#include "vocabulary/queue.h"

enum dns_status {
	DNS_PENDING,   /* not looked up yet */
	DNS_OK,	       /* addresses, in force or stale */
	DNS_NOT_FOUND, /* NXDOMAIN, or no address of the wanted family exists */
	DNS_FAILED     /* the resolver fails, and there is no stale answer either */
};

/* A change of what is known of one host, for the prober: sent with the first answer and whenever
 * status or addresses change. */
struct dns_answer {
	uint32_t host;
	uint8_t status;	       /* enum dns_status */
	uint8_t stale;	       /* 1: DNS_OK from an older answer, the resolver fails now */
	struct address v4, v6; /* one of each; the one in use is kept while it is still answered */
};

struct resolver;

/* Starts the thread. names: count host names (no addresses), lower case; the array and the strings
 * must outlive it. room: hosts that there can be, by their numbers. Reads [dns] of config. answers: of struct dns_answer, written by this thread only.
 * first_within_ns: the first look-ups are spread over this time at most (0: as fast as the bound on
 * outstanding queries lets them). Returns 0, or a negative errno with a message (a server address that
 * is none, no server at all). */
int resolver_start(struct resolver **ret, const struct config *config, const char *const *names,
	size_t count, size_t room, uint64_t first_within_ns, struct queue *answers,
	struct message *msg);
/* Any thread: hosts that were added by a reload are looked up from now on, those that were removed no
 * more. Their names live as long as the resolver. When memory is out, nothing changes. */
void resolver_change(
	struct resolver *resolver, const struct roster *roster, const struct roster_change *change);
void resolver_stop(struct resolver *resolver); /* NULL is fine */

/* Any one thread (the prober): look this host up again now; false when too many are asked already. */
bool resolver_refresh(struct resolver *resolver, uint32_t host);

/* Any thread: counters since start. */
struct resolver_stats {
	uint64_t lookups, found, not_found, failed;
	uint64_t pending; /* hosts without a first answer */
};
struct resolver_stats resolver_stats(const struct resolver *resolver);

/* For `mosprobe check` and `probe`: one look-up, waited for (at most timeout_ns). Returns 0 with an
 * answer (status DNS_OK or DNS_NOT_FOUND) and the servers in use as text, or a negative errno with a
 * message that says why it failed. */
int resolver_lookup(const struct config *config, const char *name, uint64_t timeout_ns,
	struct dns_answer *ret, struct message *ret_servers, struct message *msg);

#endif
