/* SPDX-License-Identifier: MIT */
/* What the two halves of the responder share: responder.c has the ring, the time and the sending;
 * peers.c what the simulated hosts do. */
#ifndef NETSIM_RESPONDER_PARTS_H
#define NETSIM_RESPONDER_PARTS_H

#include "attempts.h"
#include "conditions.h"
#include "connections.h"
#include "endpoints.h"
#include "pending.h"
#include "responder.h"
#include "ring.h"
#include "start.h"
#include "statistics.h"
#include "truth.h"

#define NS_PER_S 1000000000ull

struct responder {
	const struct scenario *scenario;
	const struct start *start;
	uint64_t start_ns;	 /* of the scenario's time; 0: no packet came yet */
	uint64_t offset_ns;	 /* CLOCK_MONOTONIC minus CLOCK_REALTIME; 0: not yet known */
	uint64_t doubt_until_ns; /* CLOCK_REALTIME was set: its stamps are not used until then */
	struct ring ring;
	struct endpoints *endpoints;
	struct connections *connections;
	struct pending_queue *pending;
	struct attempts *attempts; /* NULL without a log of truth */
	struct truth *truth;	   /* NULL: none */
	struct statistics statistics;
};

/* When a packet arrived, by two clocks. */
struct arrival {
	uint64_t ns, realtime_ns;
};

/* A SYN on its way through everything. */
struct visit {
	const struct segment_in *syn;
	uint64_t arrival_ns;
	struct endpoint *endpoint;
	const struct segment *segment;
	struct event event;
	struct conditions conditions;
	struct truth_record record;
};

/* answers.c: the peers' TCP clock: milliseconds, as in Linux, with an offset of each peer's own. */
uint32_t peer_tsval(uint64_t now_ns, ip_number peer);
/* Fills in the frame of an answer and what it says; `second` of two packets. Opens the peer's
 * half of the connection, unless the answer is one that nothing is remembered of. */
void answer_build(struct responder *responder, const struct visit *visit, bool second,
	struct pending *pending);

/* responder.c: sends an answer that is due, and logs it. */
void responder_send(struct responder *responder, const struct pending *pending);

/* peers.c: a segment that arrived. */
void peers_receive(struct responder *responder, const struct segment_in *segment,
	const struct arrival *arrival);
/* A PENDING_REPEAT that is due; taken over. */
void peers_repeat(struct responder *responder, struct pending *pending);

#endif
