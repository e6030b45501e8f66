/* SPDX-License-Identifier: MIT */
/* Where `mosprobe capacity` measures: a network of its own with peers in the kernel, or else loopback; a Redis of its
 * own; a temporary folder. All of it ends with the process. */
#ifndef MOSPROBE_CAPACITY_ROOM_H
#define MOSPROBE_CAPACITY_ROOM_H

#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>

#include "edges/redis_server.h"
#include "edges/reflector.h"
#include "vocabulary/message.h"

struct capacity_room {
	char folder[64];
	struct reflector *reflector; /* NULL: loopback */
	struct message why_loopback;
	int other_namespace, peers_namespace, own_namespace; /* descriptors, -1 = none */
	int listener;  /* on loopback: it answers, and never accepts; -1 = none */
	uint16_t port; /* of the targets */
	uint16_t metrics_port;
	bool timed;	       /* what the peers' programs take is known */
	int answering_process; /* see reflector_process() */
	unsigned cpus, last_cpu;
	bool interrupts_apart;	    /* see machine.h */
	struct redis_server *redis; /* NULL: results go nowhere */
	struct message why_no_redis;
};

/* redis: one is wanted. The calling thread is in the room's network from then on. Returns 0, or a negative errno with a
 * message; what was opened is to be closed in either case. */
int capacity_room_open(struct capacity_room *room, bool redis, struct message *msg);
void capacity_room_close(struct capacity_room *room);

/* Do the answers come on a CPU that is not the prober's? */
bool capacity_room_shares_cpu(const struct capacity_room *room);
/* Writes a list of so many targets, each with an address and port of its own. Returns 0 or a negative errno. */
int capacity_room_write_targets(const struct capacity_room *room, uint32_t count);
/* Removes what a prober has kept of its targets. */
void capacity_room_forget(const struct capacity_room *room);

#endif
