/* SPDX-License-Identifier: MIT */
/* Files and command-line options to a configuration and a list of targets: the part that every verb
 * begins with. */
#ifndef MOSPROBE_LOAD_H
#define MOSPROBE_LOAD_H

#include <stdbool.h>
#include <stddef.h>

#include "pure/config.h"
#include "pure/targets.h"
#include "vocabulary/message.h"

#ifndef LOAD_CONFIG_DEFAULT /* the Makefile's sysconfdir */
#define LOAD_CONFIG_DEFAULT "/etc/mosprobe/mosprobe.conf"
#endif
#define LOAD_OPTIONS_MAX 48
#define LOAD_PASSWORD_VARIABLE "MOSPROBE_REDIS_PASSWORD"

/* An option that stands for a key of the configuration. */
struct load_option {
	const char *name;    /* "interval", without the dashes */
	const char *section; /* "prober" */
	const char *key;     /* "interval" */
	const char *value;
};

/* file: -c FILE. Which file is read then; NULL = none. */
const char *load_config_file(const char *file);

/* file: -c FILE; NULL: LOAD_CONFIG_DEFAULT if it is there. Options come last and win; `targets` given
 * as an option replaces the file's. Targets files named in the configuration are found relative to it. A file that
 * anybody may write to is refused.
 * Returns 0 or a negative errno with a message. */
int load_config(struct config **ret, const char *file, const struct load_option *options,
	size_t option_count, struct message *msg);

/* Every targets file of config; none, or none in them, is an error. Returns 0 or a negative errno with
 * a message. */
int load_targets(struct target_list **ret, const struct config *config, struct message *msg);

/* NAME[:PORT] of the command line as the keys in Redis have it: NAME:PORT. Returns 0 or -EINVAL with a message. */
int load_key(char ret[TARGET_KEY_SIZE], const char *name, const struct config *config,
	struct message *msg);

/* The Redis password: from redis.password_file, else from the environment; NULL when there is none.
 * ret is malloc'ed. A file that anybody may write to is refused. Returns 0 or a negative errno with a message that never
 * holds the password. */
int load_password(char **ret, const struct config *config, struct message *msg);
/* Others than its owner may read redis.password_file: ret_why says who, and what to do. */
bool load_password_is_exposed(const struct config *config, struct message *ret_why);

#endif
