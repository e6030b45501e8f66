/* SPDX-License-Identifier: MIT */
/* From a target's window to its score: the E-Model of the path for the samples that were answered,
 * MOS 1 for those that failed. */
#ifndef MOSPROBE_SCORE_H
#define MOSPROBE_SCORE_H

#include "pure/emodel.h"
#include "pure/window.h"

/* Latency that stands in when a window holds no latency at all (every answer was ambiguous). */
#define SCORE_UNKNOWN_LATENCY_MS 1000.0

struct score {
	double r; /* of the answered samples; NAN with no answer in the cycle */
	double mos_cycle;
	double r_base, r_delay, r_jitter, r_loss, r_codec; /* NAN with no answer in the cycle */
	double r_failed; /* what failed samples took: r less the R of mos_cycle */
};

/* answered + failed must be above 0: the newest cycle's samples. */
struct score score_cycle(const struct path_model *model, const struct codec *codec,
	const struct window_numbers *numbers, unsigned answered, unsigned failed);

#endif
