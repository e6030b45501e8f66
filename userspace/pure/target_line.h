/* SPDX-License-Identifier: MIT */
/* Inside of targets: one line of a targets file, cut into its name and its key=value pairs. */
#ifndef MOSPROBE_TARGET_LINE_H
#define MOSPROBE_TARGET_LINE_H

#include <stddef.h>

#include "vocabulary/message.h"

#define TARGET_LINE_MAX 16384  /* bytes: room for a name, every key and 32 full labels */
#define TARGET_PAIRS_MAX 64    /* on a line */
#define TARGET_PAIR_KEY_MAX 64 /* bytes */

struct target_pair {
	const char *key, *value; /* value without its quotes and escapes */
};

/* Valid until the next line is cut. */
struct target_line {
	char text[TARGET_LINE_MAX + 1];
	const char *name; /* as it stands; NULL = nothing on this line */
	size_t name_length;
	struct target_pair pairs[TARGET_PAIRS_MAX];
	size_t count;
};

/* Cuts a line (length bytes, any bytes, without its newline). Returns 0, or -EINVAL with "what: why":
 * a control character, no key=value, a key twice, an open quote, a value that is no UTF-8. */
int target_line_cut(struct target_line *line, const char *text, size_t length, struct message *msg);

#endif
