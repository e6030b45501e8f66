/* SPDX-License-Identifier: MIT */
/* What happens to one SYN. Every draw is a hash of what it is for and of nothing else, so the same
 * scenario and seed give the same network, whatever the order and time of the probes. Pure. */
#ifndef NETSIM_DECISION_H
#define NETSIM_DECISION_H

#include <stdbool.h>
#include <stdint.h>

#include "address.h"
#include "scenario.h"

/* What a draw is for. New ones go to the end: their place is part of the hash. */
enum purpose {
	DRAW_BASE,   /* the address's own latency */
	DRAW_JITTER, /* two draws: DRAW_JITTER and the next */
	DRAW_JITTER_2,
	DRAW_LOSS,
	DRAW_LOSS_BACK,
	DRAW_TIMER /* how late the peer's own timer is */
};

/* One SYN, or one of the answers to it. */
struct event {
	uint64_t seed;
	ip_number ip;
	uint16_t port;
	uint32_t sequence; /* SYNs that came to ip and port before it */
	uint32_t repeat; /* 0: the answer; k: the k-th time that the peer's own timer repeats it */
};

/* Uniform in [0, 1). */
double draw(const struct event *event, enum purpose purpose);

/* Round trip of the answer: the address's latency plus jitter, never below 0. */
uint64_t draw_delay_ns(const struct event *event, const struct behaviour *behaviour);
/* Whether the SYN is lost on its way, and whether the answer is. */
bool draw_lost(const struct event *event, const struct behaviour *behaviour);
bool draw_lost_back(const struct event *event, const struct behaviour *behaviour);

#endif
