/* SPDX-License-Identifier: MIT */
/* What netsim remembers of each address and port: how many SYNs came, so that the draws for each
 * are the same in every run, and where the scenario has it. Pure but for its memory. */
#ifndef NETSIM_ENDPOINTS_H
#define NETSIM_ENDPOINTS_H

#include <stdint.h>

#include "address.h"
#include "decision.h"
#include "scenario.h"

#define ENDPOINTS_MAX 1500000

struct endpoint {
	uint64_t high, low; /* the address */
	uint32_t syns;	    /* that came so far */
	int32_t segment;    /* of the scenario; -1: in none */
	uint16_t port;
	struct burst_line lines[DIRECTIONS];
};

struct endpoints;

/* NULL when memory is out. */
struct endpoints *endpoints_create(const struct scenario *scenario);
void endpoints_destroy(struct endpoints *endpoints); /* NULL is fine */

/* The entry for ip and port (not 0), made when it is new; NULL when there are ENDPOINTS_MAX. It
 * stays where it is. */
struct endpoint *endpoints_get(struct endpoints *endpoints, ip_number ip, uint16_t port);

#endif
