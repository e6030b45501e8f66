/* SPDX-License-Identifier: MIT */
/* Addresses outlive the process: names.state in prober.state_dir, a line a name, with a checksum at its end. After a
 * restart every name has its address at once, also while the resolver fails; they are looked up as ever. */
#ifndef MOSPROBE_RESOLVER_SAVED_H
#define MOSPROBE_RESOLVER_SAVED_H

#include <stddef.h>
#include <stdint.h>

#include "pure/dns_cache.h"

/* Gives the hosts 0..count - 1 of the cache the addresses that dir/names.state has. What cannot be trusted is renamed to
 * names.state.bad, and told. Returns how many hosts have one. */
size_t resolver_saved_load(struct dns_cache *cache, const char *const *names, size_t count,
	const char *dir, uint64_t now_ns);

/* Writes those of hosts 0..room - 1, in one step. Returns 0 or a negative errno. */
int resolver_saved_write(
	const struct dns_cache *cache, size_t room, const char *dir, uint64_t now_ns);

#endif
