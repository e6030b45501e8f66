/* SPDX-License-Identifier: MIT */
/* A scenario's names as DNS zones (RFC 1035 5.1), for a real authoritative server. */
#ifndef NETSIM_ZONE_H
#define NETSIM_ZONE_H

#include <stdint.h>
#include <stdio.h>

#include "scenario.h"

/* The zone of domain ("example", or "north.example", without a dot at the end; "": the root):
 * SOA, NS, and the addresses of the names in it. Returns how many addresses. */
uint64_t zone_print(FILE *file, const struct scenario *scenario, const char *domain);

/* Zones that hold every name: the last labels of all, each once; the root when a name has one label
 * only, and then no other. The caller frees the array and what is in it. Returns 0 or -ENOMEM. */
int zone_domains(const struct scenario *scenario, char ***ret_domains, size_t *ret_count);

#endif
