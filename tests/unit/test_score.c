/* SPDX-License-Identifier: MIT */
#include "../reference.h"
#include "pure/score.h"

static const struct path_model usual = {
	.playout_factor = 2, .playout_min_ms = 20, .playout_max_ms = 100, .frame_ms = 20
};
static const struct codec codecs[] = {
	{ "g711", 0, 25.1, 0 },
	{ "g711-noplc", 0, 4.3, 0 },
	{ "g729a", 11, 19, 5 },
	{ "g723.1", 15, 16.1, 7.5 },
};
#define G711 (&codecs[0])
#define BEST_R 93.2062077233

static struct score score_of(const struct codec *codec, double latency_ms, double jitter_ms,
	double loss_pct, unsigned answered, unsigned failed)
{
	struct window_numbers numbers = {
		.latency_ms = latency_ms, .jitter_ms = jitter_ms, .loss_pct = loss_pct
	};

	return score_cycle(&usual, codec, &numbers, answered, failed);
}

static double mos_of(
	const struct codec *codec, double latency_ms, double jitter_ms, double loss_pct)
{
	return score_of(codec, latency_ms, jitter_ms, loss_pct, 5, 0).mos_cycle;
}

/* What the documentation says of typical lines. */
static void published_figures(void **state)
{
	static const double jitters[][2] = { { 10, 4.37 }, { 20, 4.30 }, { 30, 3.98 }, { 40, 3.45 },
		{ 50, 2.92 } };
	static const double losses[][3] = { { 1, 4.28, 3.76 }, { 3, 4.08, 2.71 },
		{ 5, 3.85, 2.09 } };

	assert_near(mos_of(G711, 0, 0, 0), 4.385, 0.0005);
	assert_near(mos_of(G711, 400, 0, 0), 4.04, 0.005);
	assert_near(mos_of(G711, 40, 0, 10), 3.33, 0.005);
	for (unsigned i = 0; i < 5; i++)
		assert_near(mos_of(G711, 40, jitters[i][0], 0), jitters[i][1], 0.005);
	for (unsigned i = 0; i < 3; i++) {
		assert_near(mos_of(G711, 40, 0, losses[i][0]), losses[i][1], 0.005);
		assert_near(mos_of(&codecs[1], 40, 0, losses[i][0]), losses[i][2], 0.005);
	}
	/* The best that the narrower codecs reach. */
	assert_near(mos_of(&codecs[2], 0, 0, 0), 4.06, 0.01);
	assert_near(mos_of(&codecs[3], 0, 0, 0), 3.9, 0.01);
}

/* A dead minute, one of five samples lost, refused or silent. */
static void failed_samples_cost_their_share(void **state)
{
	double s = mos_of(G711, 40, 2, 0);

	assert_near(score_of(G711, 40, 2, 0, 4, 1).mos_cycle, (4 * s + 1) / 5, 1e-12);
	assert_near(score_of(G711, 40, 2, 0, 1, 19).mos_cycle, (s + 19) / 20, 1e-12);
	assert_near(score_of(G711, 40, 2, 0, 0, 5).mos_cycle, 1, 0);
	assert_near(score_of(G711, 40, 2, 0, 0, 1).mos_cycle, 1, 0);
}

static void without_an_answer(void **state)
{
	for (unsigned i = 0; i < sizeof codecs / sizeof *codecs; i++) {
		struct score score = score_of(&codecs[i], 40, 2, 0, 0, 3);

		assert_near(score.r, NAN, 0);
		assert_near(score.r_base, NAN, 0);
		assert_near(score.r_delay, NAN, 0);
		assert_near(score.r_jitter, NAN, 0);
		assert_near(score.r_loss, NAN, 0);
		assert_near(score.r_codec, NAN, 0);
		assert_near(score.r_failed, reference_path_r(&codecs[i], 0, 0, 0) - 6.515308, 1e-5);
	}
}

/* An ambiguous line: answered, but no latency at all in the window, and no jitter. */
static void what_does_not_exist(void **state)
{
	assert_near(mos_of(G711, NAN, NAN, NAN), mos_of(G711, 1000, 0, 0), 0);
	assert_near(mos_of(G711, NAN, 3, 50), mos_of(G711, 1000, 3, 50), 0);
	assert_near(mos_of(G711, 40, NAN, 0), mos_of(G711, 40, 0, 0), 0);
}

static double random_of(double most)
{
	switch (random_below(6)) {
	case 0:
		return 0;
	case 1:
		return most;
	case 2:
		return NAN;
	default:
		return most * pow(random_unit(), 3);
	}
}

static void like_the_equations(void **state)
{
	for (unsigned i = 0; i < 200000; i++) {
		const struct codec *codec = &codecs[random_below(sizeof codecs / sizeof *codecs)];
		double latency_ms = random_of(2000), jitter_ms = random_of(500);
		double loss_pct = random_of(100);
		unsigned answered = 1 + (unsigned)random_below(20);
		unsigned failed = (unsigned)random_below(random_below(2) ? 20 : 1);
		struct score score =
			score_of(codec, latency_ms, jitter_ms, loss_pct, answered, failed);
		double r = reference_path_r(codec, latency_ms, jitter_ms, loss_pct);
		double mos = (answered * reference_mos(r) + failed) / (answered + failed);

		assert_near(score.r, r, 1e-7);
		assert_near(score.mos_cycle, mos, 1e-7);
		assert_true(score.mos_cycle >= 1 && score.mos_cycle <= 4.5);
		assert_near(score.r,
			BEST_R - score.r_base - score.r_delay - score.r_jitter - score.r_loss -
				score.r_codec,
			1e-7);
		assert_true(score.r_codec >= codec->ie && score.r_jitter > -1e-9 &&
			    score.r_loss > -1e-9);
		assert_true(score.r_failed >= 0 && (failed || score.r_failed == 0));
		/* r less r_failed is the R that mos_cycle stands for. */
		if (failed && r > 6.515308 && r < 100)
			assert_near(reference_mos(r - score.r_failed), mos, 1e-6);
	}
}

enum { MOST = 200 };

/* A batch of random targets, as the prober has it. */
static size_t random_batch(struct score_input inputs[MOST], struct window_numbers numbers[MOST])
{
	size_t count = 1 + random_below(MOST);

	for (size_t i = 0; i < count; i++) {
		numbers[i] = (struct window_numbers) { .latency_ms = random_of(2000),
			.jitter_ms = random_of(500),
			.loss_pct = random_of(100) };
		inputs[i] = (struct score_input) { .numbers = &numbers[i],
			.answered = (unsigned)random_below(random_below(8) ? 20 : 1),
			.failed = (unsigned)random_below(random_below(2) ? 20 : 1),
			.codec = (uint32_t)random_below(sizeof codecs / sizeof *codecs) };
		inputs[i].failed += !(inputs[i].answered + inputs[i].failed);
	}
	return count;
}

static void check_batched(const struct score *score, const struct score_input *input)
{
	const struct window_numbers *numbers = input->numbers;
	struct score one = score_of(&codecs[input->codec], numbers->latency_ms, numbers->jitter_ms,
		numbers->loss_pct, input->answered, input->failed);

	assert_near(score->r, one.r, 1e-4);
	assert_near(score->mos_cycle, one.mos_cycle, 1e-5);
	assert_near(score->r_base, one.r_base, 1e-4);
	assert_near(score->r_delay, one.r_delay, 1e-4);
	assert_near(score->r_jitter, one.r_jitter, 1e-4);
	assert_near(score->r_loss, one.r_loss, 1e-4);
	assert_near(score->r_codec, one.r_codec, 1e-4);
	assert_near(score->r,
		emodel_r_best() - score->r_base - score->r_delay - score->r_jitter - score->r_loss -
			score->r_codec,
		1e-12);
	if (!input->failed)
		assert_near(score->r_failed, 0, 0);
	else if (input->answered && one.r > 6.515308 && one.r < 100)
		assert_near(emodel_mos(score->r - score->r_failed), one.mos_cycle, 1e-5);
	else
		assert_near(score->r_failed, one.r_failed, 1e-4);
}

/* Many at a time, every way that this machine has, are what they are one by one. */
static void batches_are_like_one_by_one(void **state)
{
	static struct score_input inputs[MOST];
	static struct window_numbers numbers[MOST];
	static struct score scores[MOST];

	for (enum columns_way way = 0; way < COLUMNS_WAYS; way++) {
		struct columns *columns = NULL;

		if (columns_way_usable(way))
			columns =
				columns_create(&usual, codecs, sizeof codecs / sizeof *codecs, way);
		for (unsigned i = 0; columns && i < 300; i++) {
			size_t count = random_batch(inputs, numbers);

			score_cycles(columns, count, inputs, scores);
			for (size_t k = 0; k < count; k++)
				check_batched(&scores[k], &inputs[k]);
		}
		columns_destroy(columns);
	}
}

/* Worse in one respect, and the score does not rise. */
static void never_rises(void **state)
{
	for (unsigned i = 0; i < 200000; i++) {
		const struct codec *codec = &codecs[random_below(sizeof codecs / sizeof *codecs)];
		double path[3] = { 2000 * pow(random_unit(), 3), 500 * pow(random_unit(), 3),
			100 * pow(random_unit(), 3) };
		unsigned answered = 1 + (unsigned)random_below(20),
			 failed = (unsigned)random_below(20);
		unsigned which = (unsigned)random_below(4);
		double before =
			score_of(codec, path[0], path[1], path[2], answered, failed).mos_cycle;

		if (which == 3)
			failed++;
		else
			path[which] += (which == 2 ? 100 - path[2] : 100) * pow(random_unit(), 4);
		assert_true(
			score_of(codec, path[0], path[1], path[2], answered, failed).mos_cycle <=
			before + 1e-12);
		/* One that answered fails instead. */
		if (answered)
			assert_true(
				score_of(codec, path[0], path[1], path[2], answered - 1, failed + 1)
					.mos_cycle <= before + 1e-12);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(published_figures),
		cmocka_unit_test(failed_samples_cost_their_share),
		cmocka_unit_test(without_an_answer),
		cmocka_unit_test(what_does_not_exist),
		cmocka_unit_test(like_the_equations),
		cmocka_unit_test(batches_are_like_one_by_one),
		cmocka_unit_test(never_rises),
	};

	random_seed();
	cmocka_set_message_output(CM_OUTPUT_TAP);
	return cmocka_run_group_tests(tests, NULL, NULL);
}
