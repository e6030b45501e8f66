/* SPDX-License-Identifier: MIT */
/* `mosprobe run` before it probes: whose turn it is, and what Redis knows of the targets. */
#ifndef MOSPROBE_RUN_LEASE_H
#define MOSPROBE_RUN_LEASE_H

#include "composition/run_service.h"
#include "edges/publish.h"

/* Waits until this process is the one writer of its id. Without prober.standby for no longer than it takes to find that
 * Redis cannot be reached, or that another prober lives: -EBUSY then, with a message. Returns 0, also when no Redis
 * answers; -EINTR when the end was asked for. The service is told that it stands by. */
int run_take_lease(struct publish *publish, const struct config *config,
	struct run_service *service, struct message *msg);

/* What Redis knows of the roster's targets, by their numbers, to be freed; NULL when this process has no lease yet,
 * or it cannot be read, which is logged. */
struct publish_known *run_known(struct publish *publish, const struct config *config,
	const char *password, const struct roster *roster);

/* Another prober has taken over; it is logged then. */
bool run_lease_lost(struct publish *publish, const struct config *config);

#endif
