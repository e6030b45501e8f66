/* SPDX-License-Identifier: MIT */
/* What is known of a host, as the prober is told it. */
#ifndef MOSPROBE_RESOLVER_OWN_H
#define MOSPROBE_RESOLVER_OWN_H

#include "edges/resolver.h"
#include "pure/dns_cache.h"

static inline enum dns_status resolver_status(const struct dns_known *known)
{
	if (known->address[DNS_V4].family || known->address[DNS_V6].family)
		return DNS_OK;
	if (!known->looked)
		return DNS_PENDING;
	return known->failing ? DNS_FAILED : DNS_NOT_FOUND;
}

static inline struct dns_answer resolver_answer(const struct dns_known *known)
{
	return (struct dns_answer) {
		.host = known->host,
		.status = (uint8_t)resolver_status(known),
		.stale = known->stale,
		.v4 = known->address[DNS_V4],
		.v6 = known->address[DNS_V6],
	};
}

#endif
