/* SPDX-License-Identifier: MIT */
/* The process between netsim and the command, in the command's namespace. It starts the command,
 * passes signals on to it, and leaves nothing of it behind, even when netsim is killed. */
#ifndef NETSIM_KEEPER_H
#define NETSIM_KEEPER_H

#include <signal.h>
#include <stdint.h>
#include <stdnoreturn.h>

#include "scenario.h"
#include "start.h"

/* Exit statuses of a command that did not start, as shells have them. */
#define STATUS_NOT_EXECUTABLE 126
#define STATUS_NOT_FOUND 127

struct keeper {
	char *const *command; /* argv */
	const struct scenario *scenario;
	struct start *start; /* set just before the command starts */
	uint16_t dns_port;   /* of the name server that is to run beside it; 0: none */
	sigset_t mask;	     /* the signals that the command is to block: those of netsim's start */
	/* From netsim: a byte 0 when the link is made, later a signal's number to be passed on.
	 * Closed: netsim is dead. */
	int control_fd;
	int ready_fd; /* to netsim: one byte when the namespace is there */
};

/* Ends with the command's exit status, 128 + N when signal N killed it. */
noreturn void keeper_run(const struct keeper *keeper);

#endif
