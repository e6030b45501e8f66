/* SPDX-License-Identifier: MIT */
#include "edges/publish_keys.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static const char *const suffixes[KEY_COUNT] = {
	[KEY_RESULTS] = "results",
	[KEY_ALERTS] = "alerts",
	[KEY_TARGET] = "target:",
	[KEY_OPEN] = "open",
	[KEY_WORST] = "worst",
	[KEY_UNVERIFIED] = "unverified",
	[KEY_MUTED] = "muted",
	[KEY_MUTE] = "mute",
	[KEY_TEST] = "test",
	[KEY_HISTORY] = "history:",
	[KEY_PROBER] = "prober",
	[KEY_LEASE] = "lease",
	[KEY_WRITER] = "writer",
};

int keys_create(struct keys *ret, const struct config *config)
{
	int length;

	memset(ret, 0, sizeof *ret);
	for (int i = 0; i < KEY_COUNT; i++) {
		/* The braces keep all keys of a prober in one slot of a Redis Cluster; the set of
		 * the probers is of none. */
		if (i == KEY_PROBERS)
			length = asprintf(&ret->names[i], "%s:probers", config->redis_prefix);
		else
			length = asprintf(&ret->names[i], "%s:{%s}:%s", config->redis_prefix,
				config->id, suffixes[i]);
		if (length < 0) {
			ret->names[i] = NULL;
			return -ENOMEM;
		}
	}
	return 0;
}

void keys_free(struct keys *keys)
{
	for (int i = 0; i < KEY_COUNT; i++)
		free(keys->names[i]);
	memset(keys, 0, sizeof *keys);
}
