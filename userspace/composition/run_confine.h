/* SPDX-License-Identifier: MIT */
/* `mosprobe run` gives up its rights, once what needs them is done: the kernel half is loaded, the sockets
 * are made, and nothing else is. */
#ifndef MOSPROBE_RUN_CONFINE_H
#define MOSPROBE_RUN_CONFINE_H

#include "pure/config.h"
#include "vocabulary/message.h"

/* Set to anything, it makes prober.sandbox strict wherever there is one: tests see what the filter lacks. */
#define RUN_SANDBOX_STRICT_VARIABLE "MOSPROBE_SANDBOX_STRICT"

/* Raises the priority of this thread, the one that starts connects, becomes prober.user, gives up every
 * capability, and enters prober.sandbox; ret_rights says what is left. Files that a reload could not read any
 * more are warned of. config_file: as load_config() has it. To be called once, before there are threads.
 * Returns 0, or a negative errno with a message. */
int run_confine(const struct config *config, const char *config_file, struct message *ret_rights,
	struct message *msg);

#endif
