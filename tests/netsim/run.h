/* SPDX-License-Identifier: MIT */
/* A command in a simulated network. */
#ifndef NETSIM_RUN_H
#define NETSIM_RUN_H

#include <stdbool.h>

#include "scenario.h"

/* Who answers: the responder, or the kernel (see edges/reflector.h), at once, on which CPU. */
enum run_xdp { RUN_XDP_NONE, RUN_XDP_CALL, RUN_XDP_CPU };

struct run {
	const struct scenario *scenario;
	char *const *command; /* argv */
	int cpu;	      /* for the responder; -1: the last one */
	int truth_fd;	      /* where the log of truth goes; -1: nowhere */
	uint16_t dns_port;    /* of a name server with the scenario's names; 0: none */
	enum run_xdp xdp;
	bool busy; /* see responder_run() */
	bool verbose;
};

/* Makes the network, runs the command, takes all down. Returns the exit status: the command's, or 1
 * when netsim itself failed, which standard error then tells. */
int run(const struct run *run);

#endif
