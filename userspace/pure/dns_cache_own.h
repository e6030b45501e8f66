/* SPDX-License-Identifier: MIT */
/* What dns_cache.c and dns_cache_saved.c share. */
#ifndef MOSPROBE_DNS_CACHE_OWN_H
#define MOSPROBE_DNS_CACHE_OWN_H

#include "pure/dns_cache.h"

#define NOWHERE UINT32_MAX

struct host {
	uint64_t next_ns;    /* when it is due; the key of the heap */
	uint32_t place;	     /* in the heap; NOWHERE = under way */
	uint32_t news_after; /* the next one in the list of news; itself at the end of the list,
			       * NOWHERE when it is not listed */
	uint32_t expires_s[DNS_FAMILIES]; /* end of the TTL, whole seconds, rounded up */
	uint8_t v6[16], v4[4];
	bool has[DNS_FAMILIES];
	bool looked, failing, stale;
	bool asked;	  /* under way */
	bool gone;	  /* was removed */
	uint8_t failures; /* in a row; stops at its greatest value */
};
_Static_assert(sizeof(struct host) + sizeof(uint32_t) <= 64, "memory per host");

struct dns_cache {
	struct dns_policy policy;
	const char **names;
	struct host *hosts;
	uint32_t *heap; /* binary, the earliest on top */
	uint32_t waiting;
	uint32_t news_first, news_last; /* NOWHERE = no news */
};

void dns_host_set_address(struct host *host, enum dns_family family, const struct address *address);
void dns_cache_list_news(struct dns_cache *cache, uint32_t index);

#endif
