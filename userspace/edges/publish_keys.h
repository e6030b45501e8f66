/* SPDX-License-Identifier: MIT */
/* The names of the keys, made once. */
#ifndef MOSPROBE_PUBLISH_KEYS_H
#define MOSPROBE_PUBLISH_KEYS_H

#include "pure/config.h"

enum key {
	KEY_RESULTS,
	KEY_ALERTS,
	KEY_TARGET, /* what stands before NAME:PORT */
	KEY_OPEN,
	KEY_WORST,
	KEY_UNVERIFIED,
	KEY_MUTED,
	KEY_MUTE,
	KEY_TEST,
	KEY_HISTORY, /* likewise */
	KEY_PROBER,
	KEY_LEASE,
	KEY_WRITER,
	KEY_PROBERS,
	KEY_COUNT
};

enum stream_name { STREAM_RESULTS, STREAM_ALERTS, STREAM_COUNT };

struct keys {
	char *names[KEY_COUNT];
};

/* Of this prober's id and prefix. Returns 0 or -ENOMEM; keys_free() is fine either way. */
int keys_create(struct keys *ret, const struct config *config);
void keys_free(struct keys *keys);

#endif
