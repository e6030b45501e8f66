/* SPDX-License-Identifier: MIT */
/* The peers' half of each handshake: what a listening Linux host remembers between a SYN and the
 * end of its connection. Of fixed size: what is old gives way. Pure. */
#ifndef NETSIM_CONNECTIONS_H
#define NETSIM_CONNECTIONS_H

#include <stdbool.h>
#include <stdint.h>

#include "packet.h"

#define CONNECTIONS_IDLE_NS 64000000000 /* after that an entry is free again */
/* net.ipv4.tcp_synack_retries: a peer repeats an unacknowledged SYN-ACK after 1, 2, 4, 8, 16 s. */
#define CONNECTIONS_REPEATS 5

struct connection {
	uint64_t key;	 /* a hash of addresses and ports; 0: free */
	uint64_t syn_ns; /* arrival of the newest SYN, monotonic */
	uint32_t isn;	 /* of the client */
	uint32_t tsecr;	 /* what each SYN-ACK echoes: the TSval of the first SYN that came, as Linux
			    * does also when it answers a repeated one */
	uint32_t timer;	 /* which run of the peer's timer this is: each SYN begins a new one */
	bool established; /* the SYN-ACK was acknowledged */
};

struct connections;

struct connections *connections_create(void);		   /* NULL when memory is out */
void connections_destroy(struct connections *connections); /* NULL is fine */

/* A hash of the segment's addresses and ports, never 0. */
uint64_t connection_key(const struct segment_in *segment);

/* The connection of a SYN that reached its peer, made when it is a new one (a new ISN is). Good
 * until the next call. An entry in use that had to give way is counted in *evicted. */
struct connection *connections_open(struct connections *connections, const struct segment_in *syn,
	uint64_t now_ns, uint64_t *evicted);
/* NULL when there is none. */
struct connection *connections_find(struct connections *connections, uint64_t key);
/* A reset or a FIN ends it. */
void connection_forget(struct connection *connection); /* NULL is fine */

#endif
