/* SPDX-License-Identifier: MIT */
/* The machinery of probing, set up in the order of its parts: cgroup, sockets, ring or poller, kernel
 * half. */
#ifndef MOSPROBE_ENGINE_H
#define MOSPROBE_ENGINE_H

#include <stdint.h>

#include "edges/capture.h"
#include "edges/cgroup.h"
#include "edges/poller.h"
#include "edges/ring.h"
#include "edges/sockets.h"
#include "pure/config.h"
#include "pure/targets.h"
#include "vocabulary/message.h"
#include "vocabulary/sample.h"

struct engine {
	struct cgroup *cgroup;	 /* NULL without the kernel half */
	struct capture *capture; /* NULL without the kernel half */
	struct sockets *sockets;
	struct ring *ring; /* one of the two */
	struct poller *poller;
	enum stamp_source source;
};

/* Starts that closer looks add to each cycle of a target, when as many targets as may be have one. */
double engine_closer_starts(const struct config *config, const struct target *target);

/* How many slots a total outage of all targets needs (starts per second times the time-out), and how
 * many this machine and prober.max_in_flight allow. */
struct engine_plan {
	double starts_per_s;	  /* as targets ask for */
	double starts_most_per_s; /* with as many closer looks as there may be */
	uint32_t wanted_v4, wanted_v6;
	uint32_t slots_v4, slots_v6;  /* what will be made */
	uint32_t limit;		      /* slots that may be had: descriptors, ports, max_in_flight */
	uint32_t ports;		      /* ephemeral ports, for each destination; 0 = unknown */
	uint32_t most_at_one_address; /* connects under way */
};
struct engine_plan engine_plan(const struct config *config, const struct target_list *targets);

/* Where config->stamps or config->engine is auto and the better one cannot be had: why, and what is used
 * instead; else "". */
struct engine_notes {
	struct message stamps, connects;
};

/* Descriptors for everything that is no slot: libraries, queues, DNS sockets, Redis, BPF, HTTP. */
uint32_t engine_descriptors_reserved(const struct config *config);

/* To be called before any thread is started. Returns 0 or a negative errno
 * with a message. */
int engine_open(struct engine *ret, const struct config *config, const struct engine_plan *plan,
	struct engine_notes *ret_notes, struct message *msg);
void engine_close(struct engine *engine); /* all zero is fine */
/* Ends what is under way and takes every slot back, for another prober to begin with: who has given up the
 * rights that engine_open() needs opens no second one. Returns 0 or -ENOMEM. */
int engine_rest(const struct engine *engine);
/* "io_uring" or "epoll". */
const char *engine_name(const struct engine *engine);

/* See edges/ring.h; the address must stay until engine_turn() returns. */
void engine_connect(const struct engine *engine, uint32_t slot, const struct sockaddr *address,
	socklen_t length);
void engine_cancel(const struct engine *engine, uint32_t slot);
uint32_t engine_turn(const struct engine *engine, uint64_t wait_ns, uint32_t wanted,
	struct completion *ret, uint32_t most);

#endif
