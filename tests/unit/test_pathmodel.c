/* SPDX-License-Identifier: MIT */
#include "pure/emodel.h"

#include <float.h>
#include <math.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <time.h>

#include <cmocka.h>

#define assert_near(a, b, eps) near_at(a, b, eps, #a, __LINE__)

static void near_at(double a, double b, double eps, const char *what, int line)
{
	if (!(fabs(a - b) <= eps))
		fail_msg("line %d: %s = %.17g, not %.17g", line, what, a, b);
}

static const struct path_model usual = {
	.playout_factor = 2, .playout_min_ms = 20, .playout_max_ms = 100, .frame_ms = 20
};

static const struct codec g711 = { "g711", 0, 25.1, 0 };
static const struct codec codecs[] = {
	{ "g711", 0, 25.1, 0 },
	{ "g711-noplc", 0, 4.3, 0 },
	{ "g729a", 11, 19, 5 },
	{ "g723.1", 15, 16.1, 7.5 },
	{ "custom", 120, 0.5, 0 },
};
#define CODECS (sizeof codecs / sizeof *codecs)

static uint64_t random_state;

static void random_seed(void)
{
	const char *given = getenv("SEED");

	random_state = given ? strtoull(given, NULL, 0) : (uint64_t)time(NULL);
	print_message("# SEED=%llu\n", (unsigned long long)random_state);
}

/* splitmix64, to 0 <= x < 1 */
static double random_unit(void)
{
	uint64_t z = random_state += 0x9e3779b97f4a7c15;

	z = (z ^ (z >> 30)) * 0xbf58476d1ce4e5b9;
	z = (z ^ (z >> 27)) * 0x94d049bb133111eb;
	return (double)((z ^ (z >> 31)) >> 11) * 0x1p-53;
}

struct path {
	struct path_model model;
	struct codec codec;
	double latency_ms, jitter_ms, loss_pct;
};

static double random_or_0(double max)
{
	double x = random_unit();

	/* Most paths are good ones: squared; and some have nothing of it at all. */
	return x < 0.1 ? 0 : max * x * x;
}

static struct path random_path(void)
{
	struct path p = { .model = usual };

	if (random_unit() < 0.3) {
		p.model.playout_factor = 4 * random_unit();
		p.model.playout_min_ms = 5 + 50 * random_unit();
		p.model.playout_max_ms = p.model.playout_min_ms + 200 * random_unit();
		p.model.frame_ms = 10 + 50 * random_unit();
		p.model.advantage = 20 * random_unit();
	}
	p.codec = codecs[(size_t)(random_unit() * CODECS)];
	p.latency_ms = random_or_0(3000);
	p.jitter_ms = random_or_0(500);
	p.loss_pct = random_or_0(100);
	return p;
}

static struct path_score score_of(const struct path *p)
{
	return emodel_path(&p->model, &p->codec, p->latency_ms, p->jitter_ms, p->loss_pct);
}

static double mos_of(const struct codec *codec, double latency, double jitter, double loss)
{
	return emodel_path(&usual, codec, latency, jitter, loss).s;
}

static void scores_are_the_documented_ones(void **state)
{
	const double half = 0.005 + 1e-9; /* given with two decimals */

	assert_near(mos_of(&g711, 40, 10, 0), 4.37, half);
	assert_near(mos_of(&g711, 40, 20, 0), 4.30, half);
	assert_near(mos_of(&g711, 40, 30, 0), 3.98, half);
	assert_near(mos_of(&g711, 40, 40, 0), 3.45, half);
	assert_near(mos_of(&g711, 40, 50, 0), 2.92, half);
	assert_near(mos_of(&g711, 40, 0, 1), 4.28, half);
	assert_near(mos_of(&g711, 40, 0, 3), 4.08, half);
	assert_near(mos_of(&g711, 40, 0, 5), 3.85, half);
	assert_near(mos_of(&g711, 40, 0, 10), 3.33, half);
	assert_near(mos_of(&codecs[1], 40, 0, 1), 3.76, half);
	assert_near(mos_of(&codecs[1], 40, 0, 3), 2.71, half);
	assert_near(mos_of(&codecs[1], 40, 0, 5), 2.09, half);
	assert_near(mos_of(&g711, 400, 0, 0), 4.04, half);
	assert_near(emodel_path_best(&usual, &g711).s, 4.385, 0.0005);
	assert_near(emodel_path_best(&usual, &codecs[2]).s, 4.06, half);
	assert_near(emodel_path_best(&usual, &codecs[3]).s, 3.9, 0.05);
}

/* The path model is G.107 at its Ta and Ppl, and nothing else. */
static void score_is_the_e_model_at_ta_and_ppl(void **state)
{
	random_seed();
	for (int i = 0; i < 5000; i++) {
		struct path p = random_path();
		struct path_score score = score_of(&p);
		struct emodel_params params = emodel_defaults();
		double playout =
			fmin(fmax(p.model.playout_factor * p.jitter_ms, p.model.playout_min_ms),
				p.model.playout_max_ms);
		double late = p.jitter_ms > 0 ? exp(-p.model.playout_max_ms / p.jitter_ms) : 0;

		params.ta_ms = p.latency_ms / 2 + playout + p.model.frame_ms + p.codec.lookahead_ms;
		params.t_ms = params.ta_ms;
		params.tr_ms = 2 * params.ta_ms;
		params.ppl_pct = 100 * (1 - (1 - p.loss_pct / 100) * (1 - late));
		params.ie = p.codec.ie;
		params.bpl = p.codec.bpl;
		params.advantage = p.model.advantage;
		assert_near(score.ta_ms, params.ta_ms, 1e-10);
		assert_near(score.ppl_pct, params.ppl_pct, 1e-10);
		assert_near(score.playout_ms, playout, 1e-12);
		assert_near(score.late_pct, 100 * late, 1e-12);
		assert_near(score.r, emodel_compute(&params).r, 1e-9);
		assert_near(score.s, emodel_mos(score.r), 0);
	}
}

static void parts_add_up(void **state)
{
	random_seed();
	for (int i = 0; i < 20000; i++) {
		struct path p = random_path();
		struct path_score x = score_of(&p);
		double r =
			emodel_r_best() - x.r_base - x.r_delay - x.r_jitter - x.r_loss - x.r_codec;

		assert_near(x.r, r, 1e-12);
		/* nothing is credited, but for A */
		assert_true(x.r_base + p.model.advantage >= 0);
		assert_true(x.r_delay >= -1e-12 && x.r_jitter >= -1e-12 && x.r_loss >= -1e-12);
		assert_true(x.r_codec >= p.codec.ie);
	}
}

static void each_part_is_blamed_on_its_own_cause(void **state)
{
	struct path_score best = emodel_path_best(&usual, &g711);
	struct path_score delay = emodel_path(&usual, &g711, 300, 0, 0);
	struct path_score jitter = emodel_path(&usual, &g711, 0, 40, 0);
	struct path_score small = emodel_path(&usual, &g711, 0, 10, 0);
	struct path_score loss = emodel_path(&usual, &g711, 0, 0, 5);
	struct path_score codec = emodel_path_best(&usual, &codecs[3]);

	/* the playout model's 40 ms cost 1.2 */
	assert_near(best.r_base, 1.2, 0.05);
	assert_true(best.r_delay == 0 && best.r_jitter == 0);
	assert_true(best.r_loss == 0 && best.r_codec == 0);
	assert_true(delay.r_delay > 5 && delay.r_base == best.r_base);
	assert_true(delay.r_jitter == 0 && delay.r_loss == 0 && delay.r_codec == 0);
	assert_true(jitter.r_jitter > 20 && jitter.r_base == best.r_base);
	assert_true(jitter.r_delay == 0 && jitter.r_loss == 0 && jitter.r_codec == 0);
	/* 10 ms fit into the smallest buffer; 1 in 22,000 packets is late */
	assert_near(small.ta_ms, 40, 1e-12);
	assert_near(small.r_jitter, 95 * 100 * exp(-10) / 25.1, 1e-3);
	assert_near(loss.r_loss, 95 * 5 / 30.1, 1e-12);
	assert_true(loss.r_delay == 0 && loss.r_jitter == 0 && loss.r_codec == 0);
	assert_true(codec.r_codec > 15 && codec.r_codec < 16 && codec.r_base == best.r_base);
	assert_true(codec.r_delay == 0 && codec.r_jitter == 0 && codec.r_loss == 0);
}

static void score_never_rises_with_trouble(void **state)
{
	random_seed();
	for (int i = 0; i < 30000; i++) {
		struct path p = random_path(), worse = p;
		double step = random_unit() * random_unit();
		struct path_score before = score_of(&p), after;

		switch (i % 3) {
		case 0:
			worse.latency_ms += 2000 * step;
			break;
		case 1:
			worse.jitter_ms += 300 * step;
			break;
		case 2:
			worse.loss_pct += (100 - worse.loss_pct) * step;
			break;
		}
		after = score_of(&worse);
		/* rounding: half a unit in the 14th digit of R */
		if (after.r > before.r + 1e-12 || after.s > before.s + 1e-14)
			fail_msg("%s: %.17g/%.17g/%.17g is worse than %.17g/%.17g/%.17g",
				p.codec.name, p.latency_ms, p.jitter_ms, p.loss_pct,
				worse.latency_ms, worse.jitter_ms, worse.loss_pct);
	}
}

/* What others got wrong: MOS rising again from 15 to 35 % loss, and beyond an RTT of 1 s. */
static void score_falls_all_the_way(void **state)
{
	double before = 5;

	for (double loss = 0; loss <= 100; loss += 0.5) {
		double s = mos_of(&g711, 40, 2, loss);

		assert_true(s <= before);
		before = s;
	}
	assert_true(before < 1.2);
	before = 5;
	for (double latency = 0; latency <= 20000; latency += 5) {
		double s = mos_of(&g711, latency, 2, 0);

		assert_true(s <= before);
		before = s;
	}
	before = 5;
	for (double jitter = 0; jitter <= 2000; jitter += 0.5) {
		double s = mos_of(&g711, 40, jitter, 0);

		assert_true(s <= before);
		before = s;
	}
}

/* A step anywhere would show as a change out of all proportion to what caused it. */
static void nowhere_is_a_step(void **state)
{
	/* jitter 10 and 50: the buffer leaves its least and reaches its most; latency 120: Ta = 100 */
	static const double at[][3] = { { 40, 10, 0 }, { 40, 50, 0 }, { 120, 0, 0 }, { 0, 0, 0 },
		{ 0, 0, 100 } };
	const double delta = 1e-7;

	random_seed();
	for (size_t i = 0; i < 20000 + sizeof at / sizeof *at; i++) {
		struct path p = random_path(), near_by;
		struct path_score here, there;

		if (i < sizeof at / sizeof *at) {
			p.model = usual;
			p.codec = g711;
			p.latency_ms = at[i][0];
			p.jitter_ms = at[i][1];
			p.loss_pct = at[i][2];
		}
		here = score_of(&p);
		for (int sign = -1; sign <= 1; sign += 2) {
			near_by = p;
			near_by.latency_ms = fmax(p.latency_ms + sign * delta, 0);
			near_by.jitter_ms = fmax(p.jitter_ms + sign * delta, 0);
			near_by.loss_pct = fmin(fmax(p.loss_pct + sign * delta, 0), 100);
			there = score_of(&near_by);
			/* steepest: 95 / Bpl per per cent, at most 190 with these codecs */
			assert_near(there.r, here.r, 400 * delta);
			assert_near(there.s, here.s, 20 * delta);
		}
	}
}

static void always_finite(void **state)
{
	static const double latencies[] = { 0, DBL_MIN, 1, 1000, 1e6, 1e12, DBL_MAX };
	static const double jitters[] = { 0, 4.9e-324, 1e-9, 50, 1e6, 1e12, DBL_MAX };
	static const double losses[] = { 0, DBL_MIN, 1, 50, 99.999, 100 };

	for (size_t c = 0; c < CODECS; c++)
		for (size_t i = 0; i < 7; i++)
			for (size_t j = 0; j < 7; j++)
				for (size_t k = 0; k < 6; k++) {
					struct path_score x = emodel_path(&usual, &codecs[c],
						latencies[i], jitters[j], losses[k]);

					assert_true(isfinite(x.r) && x.s >= 1 && x.s <= 4.5);
					assert_true(isfinite(x.ta_ms) && isfinite(x.r_base));
					assert_true(isfinite(x.r_delay) && isfinite(x.r_jitter));
					assert_true(isfinite(x.r_loss) && isfinite(x.r_codec));
					assert_true(x.ppl_pct >= 0 && x.ppl_pct <= 100);
				}
	assert_near(emodel_path(&usual, &g711, 0, 1e6, 0).ppl_pct, 99.99, 0.001);
	assert_true(emodel_path(&usual, &g711, 0, 0, 100).ppl_pct == 100);
	/* a bad line's R may be below 0; its MOS is not */
	assert_true(emodel_path(&usual, &codecs[1], 1000, 100, 50).r < 0);
	assert_true(emodel_path(&usual, &codecs[1], 1000, 100, 50).s == 1);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(scores_are_the_documented_ones),
		cmocka_unit_test(score_is_the_e_model_at_ta_and_ppl),
		cmocka_unit_test(parts_add_up),
		cmocka_unit_test(each_part_is_blamed_on_its_own_cause),
		cmocka_unit_test(score_never_rises_with_trouble),
		cmocka_unit_test(score_falls_all_the_way),
		cmocka_unit_test(nowhere_is_a_step),
		cmocka_unit_test(always_finite),
	};

	cmocka_set_message_output(CM_OUTPUT_TAP);
	return cmocka_run_group_tests(tests, NULL, NULL);
}
