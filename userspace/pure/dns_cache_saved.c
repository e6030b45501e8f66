/* SPDX-License-Identifier: MIT */
#include <string.h>

#include "pure/dns_cache_own.h"
#include "vocabulary/nsec.h"

bool dns_cache_save(
	const struct dns_cache *cache, uint32_t index, uint64_t now_ns, struct dns_saved *ret)
{
	const struct host *host = &cache->hosts[index];
	struct dns_known known = dns_cache_known(cache, index);
	int64_t now_s = (int64_t)(now_ns / NSEC_PER_SEC);

	if (host->gone || !cache->names[index] || !(host->has[DNS_V4] || host->has[DNS_V6]))
		return false;
	for (int f = 0; f < DNS_FAMILIES; f++) {
		ret->address[f] = known.address[f];
		ret->left_s[f] = (int64_t)host->expires_s[f] - now_s;
	}
	return true;
}

bool dns_cache_restore(
	struct dns_cache *cache, uint32_t index, uint64_t now_ns, const struct dns_saved *saved)
{
	struct host *host = &cache->hosts[index];
	int64_t now_s = (int64_t)(now_ns / NSEC_PER_SEC);
	int64_t stale_most_s = (int64_t)(cache->policy.stale_max_ns / NSEC_PER_SEC);
	int64_t ttl_most_s = (int64_t)(cache->policy.ttl_max_ns / NSEC_PER_SEC);
	bool any = false;

	for (int f = 0; f < DNS_FAMILIES; f++) {
		int64_t left_s = saved->left_s[f] < ttl_most_s ? saved->left_s[f] : ttl_most_s;

		if (!saved->address[f].family || left_s < -stale_most_s)
			continue;
		/* A machine that was started since has a younger clock: then it is kept a little longer. */
		host->expires_s[f] = now_s + left_s > 0 ? (uint32_t)(now_s + left_s) : 0;
		dns_host_set_address(host, (enum dns_family)f, &saved->address[f]);
		any = true;
	}
	if (any)
		dns_cache_list_news(cache, index);
	return any;
}
