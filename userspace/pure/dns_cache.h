/* SPDX-License-Identifier: MIT */
/* What is known of each host name, and when it is to be looked up again. Times are of the caller's
 * clock (CLOCK_MONOTONIC). About 70 bytes a host, all taken at the start.
 *
 * An answer is in force for its TTL (RFC 1035 3.2.1), held between ttl_min and ttl_max, and refreshed
 * at 75..95 % of it, at a share that hangs on the name: hosts with equal TTLs drift apart. When the
 * servers fail, the old addresses go on for stale_max beyond their TTL (RFC 8767) and the look-up is
 * repeated with growing pauses. That a name does not exist counts at once. */
#ifndef MOSPROBE_DNS_CACHE_H
#define MOSPROBE_DNS_CACHE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "vocabulary/address.h"

enum dns_family { DNS_V4, DNS_V6, DNS_FAMILIES };

/* What the look-up of one family of one name came to. */
struct dns_reply {
	enum dns_reply_kind {
		DNS_REPLY_NOT_ASKED,
		DNS_REPLY_FOUND,
		DNS_REPLY_ABSENT, /* no such name, or no address of this family */
		DNS_REPLY_FAILED  /* nobody could tell */
	} kind;
	uint32_t ttl_s;		/* of DNS_REPLY_FOUND: the least of its records */
	struct address address; /* of DNS_REPLY_FOUND: the chosen one */
};

/* Which of several addresses is taken: the one in use while it is still answered; else the one with
 * the highest hash over name and address, so that the choice does not follow the order of the
 * answer, outlives a restart, and spreads names over a shared pool. */
struct dns_choice {
	const char *name;
	struct address in_use, best; /* family 0 = none */
	uint64_t best_rank;
};
void dns_choice_begin(struct dns_choice *choice, const char *name, const struct address *in_use);
void dns_choice_add(struct dns_choice *choice, const struct address *address);

struct dns_policy {
	uint64_t ttl_min_ns, ttl_max_ns, stale_max_ns;
};

struct dns_known {
	uint32_t host;
	bool looked;  /* a look-up of it has ended */
	bool failing; /* the newest one failed */
	bool stale;   /* it has addresses, all past their TTL, and the newest look-up failed */
	struct address address[DNS_FAMILIES]; /* family 0 = none */
};

struct dns_cache;

/* names: count strings that outlive the cache; room: hosts that there can be, at least as many. The first
 * look-ups are due from now_ns on, spread over first_within_ns by the names' hashes. Returns 0 or
 * -ENOMEM. */
int dns_cache_create(struct dns_cache **ret, const struct dns_policy *policy,
	const char *const *names, size_t count, size_t room, uint64_t now_ns,
	uint64_t first_within_ns);
void dns_cache_destroy(struct dns_cache *cache); /* NULL is fine */

/* Another host, below room, or one that was removed: nothing is known of it, and it is due now. name
 * outlives the cache. */
void dns_cache_add(struct dns_cache *cache, uint32_t host, const char *name, uint64_t now_ns);
/* It is never due again. */
void dns_cache_remove(struct dns_cache *cache, uint32_t host);
const char *dns_cache_name(const struct dns_cache *cache, uint32_t host);

/* Takes out the host that has been due longest; false when none is. It is under way until
 * dns_cache_store(). */
bool dns_cache_due(struct dns_cache *cache, uint64_t now_ns, uint32_t *ret_host);
/* When the next host will be due, UINT64_MAX: every host is under way. */
uint64_t dns_cache_next_ns(const struct dns_cache *cache);
/* Makes a host due now; nothing when it is under way. */
void dns_cache_hurry(struct dns_cache *cache, uint32_t host, uint64_t now_ns);

/* Ends the look-up of a host that dns_cache_due() gave out. */
void dns_cache_store(struct dns_cache *cache, uint32_t host,
	const struct dns_reply replies[DNS_FAMILIES], uint64_t now_ns);

struct dns_known dns_cache_known(const struct dns_cache *cache, uint32_t host);

/* What outlives the process of a host. */
struct dns_saved {
	struct address address[DNS_FAMILIES]; /* family 0 = none */
	int64_t left_s[DNS_FAMILIES];	      /* of its TTL; negative: it ended so long ago */
};
/* False when there is nothing of it. */
bool dns_cache_save(
	const struct dns_cache *cache, uint32_t host, uint64_t now_ns, struct dns_saved *ret);
/* Of a host that has not been looked up yet: it has these addresses, unless they are older than stale_max. False when it
 * got none. */
bool dns_cache_restore(
	struct dns_cache *cache, uint32_t host, uint64_t now_ns, const struct dns_saved *saved);

/* Hosts of which something new is known, oldest first, each listed once with its newest state: the
 * first one; false when there is none. dns_cache_told() takes it off the list. */
bool dns_cache_news(const struct dns_cache *cache, struct dns_known *ret);
void dns_cache_told(struct dns_cache *cache);

#endif
