/* SPDX-License-Identifier: MIT */
/* The machinery of probing, set up in the order of its parts: cgroup, sockets, kernel half, ring. */
#ifndef MOSPROBE_ENGINE_H
#define MOSPROBE_ENGINE_H

#include <stdint.h>

#include "edges/capture.h"
#include "edges/cgroup.h"
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
	struct ring *ring;
	enum stamp_source source;
};

/* How many slots a total outage of all targets needs (starts per second times the time-out), and how
 * many this machine and prober.max_in_flight allow. */
struct engine_plan {
	double starts_per_s;
	uint32_t wanted_v4, wanted_v6;
	uint32_t slots_v4, slots_v6; /* what will be made */
	uint32_t limit;		     /* descriptors to be had for slots */
};
struct engine_plan engine_plan(const struct config *config, const struct target_list *targets);

/* Where config->stamps is auto and the kernel half cannot be had, ret_note says why and what is used
 * instead; else it stays "". To be called before any thread is started. Returns 0 or a negative errno
 * with a message. */
int engine_open(struct engine *ret, const struct config *config, const struct engine_plan *plan,
	struct message *ret_note, struct message *msg);
void engine_close(struct engine *engine); /* all zero is fine */

#endif
