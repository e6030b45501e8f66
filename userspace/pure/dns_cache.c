/* SPDX-License-Identifier: MIT */
#include "pure/dns_cache_own.h"

#include <assert.h>
#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "vocabulary/nsec.h"

#define RETRY_FIRST_NS (5 * NSEC_PER_SEC)
#define RETRY_MOST_NS (120 * NSEC_PER_SEC)

/* FNV-1a, then the finalizer of splitmix64, because FNV's high bits move little for short names. */
static uint64_t hash_bytes(uint64_t hash, const void *bytes, size_t length)
{
	const unsigned char *p = bytes;

	while (length--)
		hash = (hash ^ *p++) * 0x100000001b3ull;
	return hash;
}

static uint64_t hash_name(const char *name)
{
	return hash_bytes(0xcbf29ce484222325ull, name, strlen(name));
}

static uint64_t hash_end(uint64_t hash)
{
	hash = (hash ^ hash >> 30) * 0xbf58476d1ce4e5b9ull;
	hash = (hash ^ hash >> 27) * 0x94d049bb133111ebull;
	return hash ^ hash >> 31;
}

void dns_choice_begin(struct dns_choice *choice, const char *name, const struct address *in_use)
{
	*choice = (struct dns_choice) { .name = name, .in_use = *in_use };
}

void dns_choice_add(struct dns_choice *choice, const struct address *address)
{
	uint64_t rank = hash_name(choice->name);

	rank = hash_end(hash_bytes(rank, address->bytes, sizeof address->bytes));
	if (address_equal(address, &choice->in_use))
		rank = UINT64_MAX;
	if (!choice->best.family || rank > choice->best_rank) {
		choice->best = *address;
		choice->best_rank = rank;
	}
}

static bool earlier(const struct dns_cache *cache, uint32_t a, uint32_t b)
{
	return cache->hosts[a].next_ns < cache->hosts[b].next_ns;
}

static void put(struct dns_cache *cache, uint32_t place, uint32_t host)
{
	cache->heap[place] = host;
	cache->hosts[host].place = place;
}

static void move_up(struct dns_cache *cache, uint32_t place)
{
	uint32_t host = cache->heap[place];

	while (place) {
		uint32_t parent = (place - 1) / 2;

		if (!earlier(cache, host, cache->heap[parent]))
			break;
		put(cache, place, cache->heap[parent]);
		place = parent;
	}
	put(cache, place, host);
}

static void move_down(struct dns_cache *cache, uint32_t place)
{
	uint32_t host = cache->heap[place];

	for (;;) {
		size_t child = 2 * (size_t)place + 1;

		if (child >= cache->waiting)
			break;
		if (child + 1 < cache->waiting &&
			earlier(cache, cache->heap[child + 1], cache->heap[child]))
			child++;
		if (!earlier(cache, cache->heap[child], host))
			break;
		put(cache, place, cache->heap[child]);
		place = (uint32_t)child;
	}
	put(cache, place, host);
}

int dns_cache_create(struct dns_cache **ret, const struct dns_policy *policy,
	const char *const *names, size_t count, size_t room, uint64_t now_ns,
	uint64_t first_within_ns)
{
	struct dns_cache *cache;

	if (room < count)
		room = count;
	if (room >= NOWHERE)
		return -ENOMEM;
	cache = calloc(1, sizeof *cache);
	if (!cache)
		return -ENOMEM;
	cache->policy = *policy;
	cache->news_first = cache->news_last = NOWHERE;
	cache->hosts = calloc(room ? room : 1, sizeof *cache->hosts);
	cache->heap = calloc(room ? room : 1, sizeof *cache->heap);
	cache->names = calloc(room ? room : 1, sizeof *cache->names);
	if (!cache->hosts || !cache->heap || !cache->names) {
		dns_cache_destroy(cache);
		return -ENOMEM;
	}
	for (uint32_t i = 0; i < count; i++) {
		struct host *host = &cache->hosts[i];

		cache->names[i] = names[i];
		host->news_after = NOWHERE;
		host->next_ns = now_ns;
		if (first_within_ns)
			host->next_ns += hash_end(hash_name(names[i])) % first_within_ns;
		put(cache, i, i);
	}
	cache->waiting = (uint32_t)count;
	for (uint32_t i = cache->waiting / 2; i-- > 0;)
		move_down(cache, i);
	*ret = cache;
	return 0;
}

void dns_cache_destroy(struct dns_cache *cache)
{
	if (!cache)
		return;
	free(cache->heap);
	free(cache->names);
	free(cache->hosts);
	free(cache);
}

const char *dns_cache_name(const struct dns_cache *cache, uint32_t host)
{
	return cache->names[host];
}

static void take_out(struct dns_cache *cache, uint32_t place)
{
	uint32_t last = cache->heap[--cache->waiting];

	cache->hosts[cache->heap[place]].place = NOWHERE;
	if (place == cache->waiting)
		return;
	put(cache, place, last);
	move_up(cache, place);
	move_down(cache, cache->hosts[last].place);
}

void dns_cache_add(struct dns_cache *cache, uint32_t index, const char *name, uint64_t now_ns)
{
	struct host *host = &cache->hosts[index];
	bool asked = host->asked, listed = cache->names[index] && host->news_after != NOWHERE;
	uint32_t news_after = host->news_after;

	cache->names[index] = name;
	*host = (struct host) {
		.next_ns = now_ns,
		.news_after = listed ? news_after : NOWHERE,
		.place = NOWHERE,
		.asked = asked,
	};
	/* The look-up of before is as good. */
	if (asked)
		return;
	put(cache, cache->waiting++, index);
	move_up(cache, host->place);
}

void dns_cache_remove(struct dns_cache *cache, uint32_t index)
{
	struct host *host = &cache->hosts[index];

	if (host->place != NOWHERE)
		take_out(cache, host->place);
	host->gone = true;
}

bool dns_cache_due(struct dns_cache *cache, uint64_t now_ns, uint32_t *ret_host)
{
	uint32_t host;

	if (dns_cache_next_ns(cache) > now_ns || !cache->waiting)
		return false;
	host = cache->heap[0];
	take_out(cache, 0);
	cache->hosts[host].asked = true;
	*ret_host = host;
	return true;
}

uint64_t dns_cache_next_ns(const struct dns_cache *cache)
{
	return cache->waiting ? cache->hosts[cache->heap[0]].next_ns : UINT64_MAX;
}

void dns_cache_hurry(struct dns_cache *cache, uint32_t host, uint64_t now_ns)
{
	struct host *h = &cache->hosts[host];

	if (h->gone || h->place == NOWHERE || h->next_ns <= now_ns)
		return;
	h->next_ns = now_ns;
	move_up(cache, h->place);
}

static uint64_t ttl_of(const struct dns_cache *cache, uint32_t ttl_s)
{
	uint64_t ttl_ns = ttl_s * NSEC_PER_SEC;

	if (ttl_ns > cache->policy.ttl_max_ns)
		ttl_ns = cache->policy.ttl_max_ns;
	return ttl_ns < cache->policy.ttl_min_ns ? cache->policy.ttl_min_ns : ttl_ns;
}

/* 75..95 % of period_ns, by the name. */
static uint64_t spread(const struct dns_cache *cache, uint32_t host, uint64_t period_ns)
{
	uint64_t share = hash_end(hash_name(cache->names[host])) % 1024;

	return period_ns / 4 * 3 + period_ns / 5 / 1024 * share;
}

static uint64_t retry_after(const struct host *host)
{
	unsigned doublings = host->failures > 5 ? 5 : host->failures - 1u;
	uint64_t pause_ns = RETRY_FIRST_NS << doublings;

	return pause_ns > RETRY_MOST_NS ? RETRY_MOST_NS : pause_ns;
}

void dns_host_set_address(struct host *host, enum dns_family family, const struct address *address)
{
	host->has[family] = true;
	if (family == DNS_V4)
		memcpy(host->v4, address->bytes, sizeof host->v4);
	else
		memcpy(host->v6, address->bytes, sizeof host->v6);
}

/* Takes over what the reply says of one family; what could not be told stays, up to stale_max. */
static void store_family(const struct dns_cache *cache, struct host *host, enum dns_family family,
	const struct dns_reply *reply, uint64_t now_ns)
{
	uint64_t gone_ns = host->expires_s[family] * NSEC_PER_SEC + cache->policy.stale_max_ns;
	uint64_t end_ns;

	switch (reply->kind) {
	case DNS_REPLY_FOUND:
		end_ns = now_ns + ttl_of(cache, reply->ttl_s);
		host->expires_s[family] = (uint32_t)((end_ns + NSEC_PER_SEC - 1) / NSEC_PER_SEC);
		dns_host_set_address(host, family, &reply->address);
		break;
	case DNS_REPLY_FAILED:
		host->has[family] = host->has[family] && now_ns < gone_ns;
		break;
	default:
		host->has[family] = false;
	}
}

static void set_next(struct dns_cache *cache, uint32_t index,
	const struct dns_reply replies[DNS_FAMILIES], bool failed, uint64_t now_ns)
{
	struct host *host = &cache->hosts[index];
	uint64_t period_ns = UINT64_MAX;

	for (int f = 0; f < DNS_FAMILIES; f++)
		if (replies[f].kind == DNS_REPLY_FOUND) {
			uint64_t ttl_ns = ttl_of(cache, replies[f].ttl_s);

			period_ns = ttl_ns < period_ns ? ttl_ns : period_ns;
		}
	if (failed) {
		host->failures += host->failures < UINT8_MAX;
		if (retry_after(host) < period_ns)
			period_ns = retry_after(host);
	} else {
		host->failures = 0;
		/* A name that does not exist may appear at any time. */
		if (period_ns == UINT64_MAX)
			period_ns = cache->policy.ttl_min_ns;
	}
	host->next_ns = now_ns + spread(cache, index, period_ns);
	put(cache, cache->waiting++, index);
	move_up(cache, host->place);
}

static bool all_expired(const struct host *host, uint64_t now_ns)
{
	bool expired = false;

	for (int f = 0; f < DNS_FAMILIES; f++)
		if (host->has[f]) {
			if (now_ns < host->expires_s[f] * NSEC_PER_SEC)
				return false;
			expired = true;
		}
	return expired;
}

static bool is_news(const struct dns_known *before, const struct dns_known *after)
{
	bool had = before->address[DNS_V4].family || before->address[DNS_V6].family;

	for (int f = 0; f < DNS_FAMILIES; f++)
		if (!address_equal(&before->address[f], &after->address[f]))
			return true;
	/* While it has addresses, a failure matters only when they are stale. */
	return before->looked != after->looked || before->stale != after->stale ||
	       (!had && before->failing != after->failing);
}

void dns_cache_list_news(struct dns_cache *cache, uint32_t host)
{
	if (cache->hosts[host].news_after != NOWHERE)
		return;
	if (cache->news_first == NOWHERE)
		cache->news_first = host;
	else
		cache->hosts[cache->news_last].news_after = host;
	cache->hosts[host].news_after = host;
	cache->news_last = host;
}

void dns_cache_store(struct dns_cache *cache, uint32_t index,
	const struct dns_reply replies[DNS_FAMILIES], uint64_t now_ns)
{
	struct dns_known before = dns_cache_known(cache, index), after;
	struct host *host = &cache->hosts[index];
	bool found = false, failed = false;

	assert(host->place == NOWHERE);
	host->asked = false;
	if (host->gone)
		return;
	for (int f = 0; f < DNS_FAMILIES; f++) {
		store_family(cache, host, (enum dns_family)f, &replies[f], now_ns);
		found |= replies[f].kind == DNS_REPLY_FOUND;
		failed |= replies[f].kind == DNS_REPLY_FAILED;
	}
	host->looked = true;
	host->failing = failed && !found;
	host->stale = host->failing && all_expired(host, now_ns);
	set_next(cache, index, replies, failed, now_ns);
	after = dns_cache_known(cache, index);
	if (is_news(&before, &after))
		dns_cache_list_news(cache, index);
}

struct dns_known dns_cache_known(const struct dns_cache *cache, uint32_t host)
{
	const struct host *h = &cache->hosts[host];
	struct dns_known known = {
		.host = host, .looked = h->looked, .failing = h->failing, .stale = h->stale
	};

	if (h->has[DNS_V4]) {
		known.address[DNS_V4].family = 4;
		memcpy(known.address[DNS_V4].bytes, h->v4, sizeof h->v4);
	}
	if (h->has[DNS_V6]) {
		known.address[DNS_V6].family = 6;
		memcpy(known.address[DNS_V6].bytes, h->v6, sizeof h->v6);
	}
	return known;
}

bool dns_cache_news(const struct dns_cache *cache, struct dns_known *ret)
{
	if (cache->news_first == NOWHERE)
		return false;
	*ret = dns_cache_known(cache, cache->news_first);
	return true;
}

void dns_cache_told(struct dns_cache *cache)
{
	uint32_t host = cache->news_first;
	struct host *h = &cache->hosts[host];

	assert(host != NOWHERE);
	cache->news_first = h->news_after == host ? NOWHERE : h->news_after;
	h->news_after = NOWHERE;
}
