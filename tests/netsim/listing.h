/* SPDX-License-Identifier: MIT */
/* What a scenario tells to others, on standard output. */
#ifndef NETSIM_LISTING_H
#define NETSIM_LISTING_H

#include "scenario.h"

/* The grammar of scenarios, for people. */
extern const char scenario_grammar[];

/* A targets file: NAME[:PORT] and the line's target text. A range with port= or target= but without
 * names is listed by address. Ranges of the same pattern and port (a name with an IPv4 and an IPv6
 * address) list each name once. */
void listing_targets(const struct scenario *scenario);
/* NAME[:PORT] of those with canary=yes, a line each. */
void listing_canaries(const struct scenario *scenario);
/* `ADDRESS NAME`, as in /etc/hosts. */
void listing_hosts(const struct scenario *scenario);
/* A summary for people. */
void listing_check(const struct scenario *scenario, const char *file);

#endif
