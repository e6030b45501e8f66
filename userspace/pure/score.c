/* SPDX-License-Identifier: MIT */
#include "pure/score.h"

#include <assert.h>
#include <float.h>
#include <math.h>

#define MOS_OF_A_FAILED_SAMPLE 1.0
#define BATCH 64u

/* A quantity of the window, or what stands in when it does not exist. */
static double known_or(double value, double otherwise)
{
	return isnan(value) ? otherwise : value;
}

/* Without an answer there is nothing to score. r_best: of an empty path. */
static struct score without_an_answer(double r_best)
{
	return (struct score) {
		.r = NAN,
		.mos_cycle = MOS_OF_A_FAILED_SAMPLE,
		.r_base = NAN,
		.r_delay = NAN,
		.r_jitter = NAN,
		.r_loss = NAN,
		.r_codec = NAN,
		.r_failed = r_best - emodel_r_from_mos(MOS_OF_A_FAILED_SAMPLE),
	};
}

/* Puts failed samples into a score that has its r. s: the MOS of r. */
static void add_failed(struct score *score, double s, unsigned answered, unsigned failed)
{
	score->mos_cycle = (answered * s + failed * MOS_OF_A_FAILED_SAMPLE) / (answered + failed);
	/* Without failures mos_cycle is S itself, and an R below 6.5 or above 100 is not to be read
	 * back from its clamped MOS. */
	score->r_failed = failed ? fmax(0, score->r - emodel_r_from_mos(score->mos_cycle)) : 0;
}

struct score score_cycle(const struct path_model *model, const struct codec *codec,
	const struct window_numbers *numbers, unsigned answered, unsigned failed)
{
	struct path_score path;
	struct score score;

	assert(answered + failed);
	if (!answered)
		return without_an_answer(emodel_path_best(model, codec).r);
	path = emodel_path(model, codec, known_or(numbers->latency_ms, SCORE_UNKNOWN_LATENCY_MS),
		known_or(numbers->jitter_ms, 0), known_or(numbers->loss_pct, 0));
	score = (struct score) {
		.r = path.r,
		.r_base = path.r_base,
		.r_delay = path.r_delay,
		.r_jitter = path.r_jitter,
		.r_loss = path.r_loss,
		.r_codec = path.r_codec,
	};
	add_failed(&score, path.s, answered, failed);
	return score;
}

/* A batch as columns. */
struct batch {
	float latency_ms[BATCH], jitter_ms[BATCH], loss_pct[BATCH];
	uint32_t codec[BATCH];
	float r[BATCH], mos[BATCH];
	float r_delay[BATCH], r_jitter[BATCH], r_loss[BATCH];
};

static void fill_in(struct batch *batch, unsigned i, const struct score_input *input)
{
	const struct window_numbers *numbers = input->numbers;
	/* Without an answer the path is not asked for; an empty one tells the codec's best R. */
	bool answered = input->answered;

	assert(input->answered + input->failed);
	batch->latency_ms[i] =
		!answered ? 0 : (float)known_or(numbers->latency_ms, SCORE_UNKNOWN_LATENCY_MS);
	batch->jitter_ms[i] = !answered ? 0 : (float)known_or(numbers->jitter_ms, 0);
	batch->loss_pct[i] = !answered ? 0 : (float)known_or(numbers->loss_pct, 0);
	batch->codec[i] = input->codec;
}

static struct score read_out(const struct columns *columns, const struct batch *batch, unsigned i,
	const struct score_input *input)
{
	struct score score = {
		.r_base = columns_r_base(columns),
		.r_delay = (double)batch->r_delay[i],
		.r_jitter = (double)batch->r_jitter[i],
		.r_loss = (double)batch->r_loss[i],
		.r_codec = columns_r_codec(columns, input->codec),
	};

	/* Added up once more in double, and MOS from that: the parts account for r, and mos_cycle
	 * follows from it, to more digits than are ever shown. */
	score.r = columns_r_best(columns) - score.r_base - score.r_delay - score.r_jitter -
		  score.r_loss - score.r_codec;
	if (!input->answered)
		return without_an_answer(score.r);
	add_failed(&score, emodel_mos(score.r), input->answered, input->failed);
	return score;
}

void score_cycles(const struct columns *columns, size_t count, const struct score_input *inputs,
	struct score *ret)
{
	struct batch batch;

	for (size_t done = 0; done < count; done += BATCH) {
		unsigned some = count - done < BATCH ? (unsigned)(count - done) : BATCH;

		for (unsigned i = 0; i < some; i++)
			fill_in(&batch, i, &inputs[done + i]);
		columns_explain(columns, some,
			&(struct columns_paths) {
				batch.latency_ms, batch.jitter_ms, batch.loss_pct, batch.codec },
			&(struct columns_scores) { batch.r, batch.mos },
			&(struct columns_parts) { batch.r_delay, batch.r_jitter, batch.r_loss });
		for (unsigned i = 0; i < some; i++)
			ret[done + i] = read_out(columns, &batch, i, &inputs[done + i]);
	}
}

struct window_score score_kept(const struct score *score)
{
	return (struct window_score) {
		.mos_cycle = score->mos_cycle,
		.r_delay = fmax(0, score->r_delay),
		.r_jitter = fmax(0, score->r_jitter),
		.r_loss = fmax(0, score->r_loss),
		.r_failed = score->r_failed,
	};
}
