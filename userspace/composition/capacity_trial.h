/* SPDX-License-Identifier: MIT */
/* One prober under load: started with so many targets, measured, ended. */
#ifndef MOSPROBE_CAPACITY_TRIAL_H
#define MOSPROBE_CAPACITY_TRIAL_H

#include <signal.h>
#include <stdbool.h>

#include "composition/arguments.h"
#include "composition/capacity_room.h"
#include "pure/capacity.h"
#include "pure/config.h"

struct capacity_trial {
	const struct capacity_room *room;
	const struct arguments *arguments;	 /* what the user has given */
	const struct config *config;		 /* that came of it */
	const volatile sig_atomic_t *stop_asked; /* not 0: give up */
	double targets;				 /* that it speaks for */
	double loaded, interval_s;		 /* as it is run */
	double warm_s, window_s;
	char stamps[16], engine[16]; /* set: as it was run */
};

/* Runs it. Returns 0, -EINTR when it was told to give up, or another negative errno with a message. */
int capacity_trial_run(
	struct capacity_trial *trial, struct capacity_step *ret, struct message *msg);

#endif
