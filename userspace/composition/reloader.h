/* SPDX-License-Identifier: MIT */
/* Reads configuration and targets again, in a thread of its own, and hands the next generation to the
 * prober. What cannot be read changes nothing, and is reported. */
#ifndef MOSPROBE_RELOADER_H
#define MOSPROBE_RELOADER_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "composition/generation.h"
#include "composition/load.h"
#include "composition/prober.h"
#include "edges/output.h"
#include "edges/publish.h"
#include "edges/resolver.h"
#include "pure/config.h"
#include "vocabulary/message.h"

struct reloader;

/* All of it must outlive the reloader. */
struct reloader_setup {
	const char *config_file; /* as load_config() has it */
	const struct load_option *options;
	size_t option_count;
	const struct config *config;	     /* that the process was started with */
	const struct generation *generation; /* the first one */
	uint32_t room;			     /* of the prober */
	uint32_t slots;			     /* sockets that were made */
	struct prober *prober;
	struct resolver *resolver; /* NULL = none */
	struct publish *publish;   /* likewise */
	struct output *output;	   /* likewise */
};

/* Starts the thread, which also watches the files with config->watch. Returns 0 or a negative errno
 * with a message. */
int reloader_start(struct reloader **ret, const struct reloader_setup *setup, struct message *msg);
/* After the prober, the publisher and the output are gone: generations but the first go with it. NULL
 * is fine. */
void reloader_destroy(struct reloader *reloader);
/* Ends the thread; the prober may go on. NULL is fine. */
void reloader_stop(struct reloader *reloader);

/* The prober's thread: read the files again. */
void reloader_ask(struct reloader *reloader);
/* The prober's thread: all that was asked for has been read, and taken over unless it cannot be. */
bool reloader_is_done(const struct reloader *reloader);
/* The prober's thread, once a turn: gives the prober what has been read. */
void reloader_step(struct reloader *reloader);

#endif
