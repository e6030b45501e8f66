/* SPDX-License-Identifier: MIT */
/* From a target's window to its score: the E-Model of the path for the samples that were answered,
 * MOS 1 for those that failed. */
#ifndef MOSPROBE_SCORE_H
#define MOSPROBE_SCORE_H

#include "pure/columns.h"
#include "pure/emodel.h"
#include "pure/window.h"

/* Latency that stands in when a window holds no latency at all (every answer was ambiguous). */
#define SCORE_UNKNOWN_LATENCY_MS 1000.0

/* What a cycle of a target is scored by. */
struct score_input {
	const struct window_numbers *numbers;
	unsigned answered, failed; /* samples of the newest cycle, not both 0 */
	uint32_t codec;		   /* its place among the codecs of the columns */
};

/* r = emodel_r_best() - r_base - r_delay - r_jitter - r_loss - r_codec. */
struct score {
	double r; /* of the answered samples; NAN with no answer in the cycle */
	double mos_cycle;
	double r_base, r_delay, r_jitter, r_loss, r_codec; /* NAN with no answer in the cycle */
	double r_failed; /* what failed samples took: r less the R of mos_cycle */
};

/* One cycle of one target in double precision: what score_cycles() is held against. */
struct score score_cycle(const struct path_model *model, const struct codec *codec,
	const struct window_numbers *numbers, unsigned answered, unsigned failed);

/* Many of them, in single precision: within 1e-4 of score_cycle() in R and each of its parts, within
 * 1e-5 in mos_cycle. r_failed is the inverse of a curve that is flat near MOS 1: what differs there is
 * within 1e-5 of MOS. */
void score_cycles(const struct columns *columns, size_t count, const struct score_input *inputs,
	struct score *ret);

/* What window_remember() keeps of it. A part that is NAN counts as nothing. */
struct window_score score_kept(const struct score *score);

#endif
