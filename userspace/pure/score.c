/* SPDX-License-Identifier: MIT */
#include "pure/score.h"

#include <assert.h>
#include <math.h>

#define MOS_OF_A_FAILED_SAMPLE 1.0

struct score score_cycle(const struct path_model *model, const struct codec *codec,
	const struct window_numbers *numbers, unsigned answered, unsigned failed)
{
	struct score score = { .r = NAN,
		.r_base = NAN,
		.r_delay = NAN,
		.r_jitter = NAN,
		.r_loss = NAN,
		.r_codec = NAN };
	struct path_score path;

	assert(answered + failed);
	if (!answered) {
		score.mos_cycle = MOS_OF_A_FAILED_SAMPLE;
		score.r_failed = emodel_path_best(model, codec).r -
				 emodel_r_from_mos(MOS_OF_A_FAILED_SAMPLE);
		return score;
	}
	path = emodel_path(model, codec,
		isnan(numbers->latency_ms) ? SCORE_UNKNOWN_LATENCY_MS : numbers->latency_ms,
		isnan(numbers->jitter_ms) ? 0 : numbers->jitter_ms,
		isnan(numbers->loss_pct) ? 0 : numbers->loss_pct);
	score.r = path.r;
	score.r_base = path.r_base;
	score.r_delay = path.r_delay;
	score.r_jitter = path.r_jitter;
	score.r_loss = path.r_loss;
	score.r_codec = path.r_codec;
	score.mos_cycle =
		(answered * path.s + failed * MOS_OF_A_FAILED_SAMPLE) / (answered + failed);
	/* Without failures mos_cycle is S itself, and an R below 6.5 or above 100 is not to be read
	 * back from its clamped MOS. */
	score.r_failed = failed ? fmax(0, path.r - emodel_r_from_mos(score.mos_cycle)) : 0;
	return score;
}
