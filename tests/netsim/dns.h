/* SPDX-License-Identifier: MIT */
/* A real name server (nsd) for a scenario's names, in the caller's network namespace, in a
 * temporary folder; and, when the scenario gives it troubles, a relay before it that makes them. */
#ifndef NETSIM_DNS_H
#define NETSIM_DNS_H

#include <signal.h>
#include <stdint.h>

#include "scenario.h"
#include "start.h"

struct dns;

/* Returns when the server on 127.0.0.1:port (UDP and TCP) answers. mask: the signals that it is
 * to block. Its processes are children of the caller, who ends them, and then calls
 * dns_clean_up(), also when it failed: *ret_dns is NULL only when there is nothing to clean up.
 * Returns 0 or a negative errno, and says on standard error why. */
int dns_start(struct dns **ret_dns, const struct scenario *scenario, const struct start *start,
	uint16_t port, const sigset_t *mask);
/* When they have ended: removes the folder. NULL is fine. */
void dns_clean_up(struct dns *dns);

#endif
