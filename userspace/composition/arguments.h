/* SPDX-License-Identifier: MIT */
/* The command line of the verbs that probe: options that stand for keys of the configuration. */
#ifndef MOSPROBE_ARGUMENTS_H
#define MOSPROBE_ARGUMENTS_H

#include <stdbool.h>
#include <stddef.h>

#include "composition/load.h"

struct arguments {
	const char *config_file; /* -c, NULL = not given */
	const char *name;	 /* the one word that is no option, NULL = none */
	bool json, help;
	struct load_option options[LOAD_OPTIONS_MAX];
	size_t option_count;
};

/* One option of a verb: "--name VALUE" for a key of [section]. A NULL name ends the list. */
struct argument {
	const char *name; /* without the dashes */
	const char *section, *key;
	const char *value; /* a flag, which stands for this; NULL = takes a value */
};

/* Reads argv[1..]. accepted: what this verb takes besides -c FILE and --help. takes_name: one word is
 * wanted; takes_json: --json too. On wrong usage prints one line and returns -EINVAL. */
int arguments_read(struct arguments *ret, int argc, char **argv, const struct argument *accepted,
	bool takes_name, bool takes_json);

#endif
