/* SPDX-License-Identifier: MIT */
/* `mosprobe score --csv`: scores in bulk, line by line, so that it takes any length and pipes. */
#ifndef MOSPROBE_SCORE_CSV_H
#define MOSPROBE_SCORE_CSV_H

#include <stdio.h>

#include "vocabulary/message.h"
#include "vocabulary/settings.h"

/* The first line names the columns, fields of score_query.h in any order. No quotes. Every line is
 * written back as it was with `,r,mos` appended, 13 significant digits, r empty when all samples
 * failed. Stops at the first bad line, those before it being written.
 *
 * Returns 0; -EINVAL with "line N: ..."; -EIO with the reason when `in` cannot be read or `out` not
 * written. */
int score_csv(FILE *in, FILE *out, const struct path_model *model, const struct codec *codec,
	struct message *msg);

#endif
