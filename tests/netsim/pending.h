/* SPDX-License-Identifier: MIT */
/* The answers that are on their way: frames, built when the SYN came, by the time they are due.
 * Pure. */
#ifndef NETSIM_PENDING_H
#define NETSIM_PENDING_H

#include <stdint.h>

#include "decision.h"
#include "endpoints.h"
#include "packet.h"

#define PENDING_MAX 262144

enum pending_kind {
	PENDING_ANSWER,
	/* The peer's own timer: a SYN-ACK to be repeated, unless the connection has moved on by
	 * then. */
	PENDING_REPEAT,
	PENDING_FIN /* no answer to a SYN */
};

struct pending {
	uint64_t due_ns; /* monotonic */
	enum pending_kind kind;
	uint16_t frame_bytes;
	uint8_t frame[FRAME_SIZE];
	/* For the log of truth: */
	uint64_t syn;	/* the number of the SYN that it answers */
	uint32_t which; /* of the answers to it */
	uint32_t tsecr;
	uint8_t packet, flags; /* enum truth_packet, enum truth_flag */
	/* For PENDING_REPEAT: */
	struct endpoint *endpoint;
	struct event event;
	uint64_t connection_key;
	uint64_t fired_ns; /* when the peer's timer fires: due_ns is later by the event's delay */
	uint32_t timer;	   /* connection.timer */
	int32_t segment;   /* of the scenario */
};

struct pending_queue;

struct pending_queue *pending_create(void);	   /* NULL when memory is out */
void pending_destroy(struct pending_queue *queue); /* NULL is fine */

/* A record to fill in, with nothing in it; NULL when PENDING_MAX are in use. */
struct pending *pending_new(struct pending_queue *queue);
/* Hands it over, to be found at its due_ns. */
void pending_push(struct pending_queue *queue, struct pending *pending);
/* The one that is due first; NULL when there is none. It stays in the queue. */
struct pending *pending_first(const struct pending_queue *queue);
/* Takes it out; the caller then pushes it again, with a new due_ns, or frees it. */
struct pending *pending_pop(struct pending_queue *queue);
void pending_free(struct pending_queue *queue, struct pending *pending);

#endif
