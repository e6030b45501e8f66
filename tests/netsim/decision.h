/* SPDX-License-Identifier: MIT */
/* What happens to one SYN. Every draw is a hash of what it is for and of nothing else, so the same
 * scenario and seed give the same network, whatever the order of the probes. Pure. */
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
	DRAW_TIMER, /* how late the peer's own timer is */
	DRAW_BURST, /* how long a line stays good or bad; and the next, the way back's */
	DRAW_BURST_BACK,
	DRAW_BURST_LOSS, /* whether it takes a packet; and the next */
	DRAW_BURST_LOSS_BACK,
	DRAW_CHANGE /* the jitter of a change: two draws for each change, by its line */
};

/* One SYN, or one of the answers to it. */
struct event {
	uint64_t seed;
	ip_number ip;
	uint16_t port;
	uint32_t sequence; /* SYNs that came to ip and port before it */
	uint32_t repeat; /* 0: the answer; k: the k-th time that the peer's own timer repeats it */
};

/* Where an address's line of burst= or burst-back= has come to; zeroed at first. */
struct burst_line {
	uint32_t stretch;  /* good and bad ones up to now */
	uint32_t packets;  /* that came before */
	uint64_t end : 63; /* of the stretch: in steps from the start; 0: none drawn yet */
	uint64_t begins_bad : 1;
};

/* Uniform in [0, 1). */
double draw(const struct event *event, enum purpose purpose);

/* The address's own latency, of those between the two. */
double draw_latency_ns(const struct event *event, uint64_t min_ns, uint64_t max_ns);
/* From two draws: purpose and the next. */
double draw_jitter_ns(
	const struct event *event, enum jitter jitter, double scale_ns, unsigned int purpose);
bool draw_lost(const struct event *event, enum direction direction, double loss);
/* Whether the line takes a packet of now_ns, since the start; moves line on to there. */
bool draw_burst_lost(const struct event *event, enum direction direction,
	const struct behaviour *behaviour, uint64_t now_ns, struct burst_line *line);

#endif
