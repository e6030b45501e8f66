/* SPDX-License-Identifier: MIT */
#include "pure/emodel.h"

#include <errno.h>
#include <float.h>
#include <math.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include <cmocka.h>

#define assert_near(a, b, eps) near_at(a, b, eps, #a, __LINE__)

static void near_at(double a, double b, double eps, const char *what, int line)
{
	if (!(fabs(a - b) <= eps))
		fail_msg("line %d: %s = %.17g, not %.17g", line, what, a, b);
}

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

static double random_in(double min, double max)
{
	return min + (max - min) * random_unit();
}

/* Talker, listener and delay over the same path, as the vectors have it. */
static struct emodel_params at_delay(double ta_ms)
{
	struct emodel_params p = emodel_defaults();

	p.ta_ms = ta_ms;
	p.t_ms = ta_ms;
	p.tr_ms = 2 * ta_ms;
	return p;
}

static double r_at_delay(double ta_ms)
{
	struct emodel_params p = at_delay(ta_ms);

	return emodel_compute(&p).r;
}

static void defaults_give_the_published_values(void **state)
{
	struct emodel_params p = emodel_defaults();
	struct emodel_result result = emodel_compute(&p);

	assert_near(result.ro, 94.768821579362532, 1e-12);
	assert_near(result.is, 1.4135681311494015, 1e-13);
	assert_true(result.idte == 0);
	/* 1e-13 would do for d + sqrt(d * d + c) at d = -567 */
	assert_near(result.idle, 0.14904572493743632, 1e-15);
	assert_true(result.idd == 0);
	assert_true(result.ie_eff == 0);
	assert_near(result.r, 93.206207723275694, 1e-12);
	assert_near(result.mos, 4.4094059543872687, 1e-13);
	assert_near(emodel_r_best(), 93.206207723275694, 1e-12);
	assert_near(r_at_delay(50), 91.75616, 5e-6);
	assert_near(r_at_delay(100), 90.66373, 5e-6);
	assert_near(r_at_delay(150), 89.53913, 5e-6);
	assert_near(r_at_delay(200), 85.80472, 5e-6);
	assert_near(r_at_delay(300), 72.66636, 5e-6);
	assert_near(r_at_delay(400), 62.24683, 5e-6);
	/* far beyond the Recommendation's range, from 40 digits */
	assert_near(r_at_delay(1e4), 22.81014344696484, 1e-10);
	assert_near(r_at_delay(1e5), -9.125607727507039, 1e-10);
}

static void vectors_agree_in_every_column(void **state)
{
	/* 9 decimals: half a unit of the last one is rounding */
	const double eps = 1e-9;
	FILE *file = fopen("tests/data/emodel-vectors.csv", "r");
	char line[256];
	int rows = 0;

	if (!file)
		fail_msg("tests/data/emodel-vectors.csv: run from the top of the tree");
	assert_non_null(fgets(line, sizeof line, file));
	assert_string_equal(line, "Ie,Bpl,Ta_ms,Ppl_pct,BurstR,A,Idte,Idle,Idd,IeEff,R,MOS\n");
	while (fgets(line, sizeof line, file)) {
		double v[12], *to = v;
		struct emodel_params p;
		struct emodel_result result;

		for (char *at = line; to < v + 12; at++)
			*to++ = strtod(at, &at);
		p = at_delay(v[2]);
		p.ie = v[0];
		p.bpl = v[1];
		p.ppl_pct = v[3];
		p.burst_r = v[4];
		p.advantage = v[5];
		result = emodel_compute(&p);
		assert_near(result.idte, v[6], eps);
		assert_near(result.idle, v[7], eps);
		assert_near(result.idd, v[8], eps);
		assert_near(result.ie_eff, v[9], eps);
		assert_near(result.r, v[10], eps);
		assert_near(result.mos, v[11], eps);
		rows++;
	}
	fclose(file);
	assert_int_equal(rows, 2465);
}

/* Every parameter off its default, from the equations in 40 digits. STMR below 9 (second, fourth),
 * above 20 (third, fifth); T below 1 ms (fourth, fifth). */
static void every_parameter_counts(void **state)
{
	static const struct {
		struct emodel_params params;
		double ro, is, idte, idle, idd, ie_eff, r;
	} table[] = {
		{ { 4.4, 6, 19.7, 19.6, -0.1, -1.1, 13.3, 109.9, 452.6, 125.8, 594.4, 0.83, 111, 5,
			  12.5, 11, 11.8, 7.5, -50.6, -74.4, 53.6, 38.8, 3.2 },
			76.7748676272898, 7.093041733071198, 86.11248541654393, 0.9786345972089176,
			23.96078800858327, 89.92576882290562, -128.0958509510231 },
		{ { 8.9, -2.1, 6, 15.4, -0.5, 2.1, 19.1, 69.4, 240, 146.5, 298.5, 0.87, 104, 11,
			  35.6, 30.3, 6, 2.6, -57.3, -55.6, 74.2, 80.3, 16 },
			32.26890725892996, 13.92238275590828, 24.43952413680915, 1.045722549856913,
			6.93722327379957, 46.52993630573249, -44.60588176317644 },
		{ { 17.6, 7.8, 24, 21, -0.0, 1.8, 57.5, 58.8, 205.8, 191.1, 612.5, 0.74, 70, 6,
			  29.5, 28.7, 18.7, 7.7, -79.5, -64, 72.1, 61.8, 12.4 },
			48.08559683214978, 9.884204016155216, 3.364608414056684, 1.825779133061385,
			14.16771350664429, 68.84809545663148, -37.60480369439928 },
		{ { 4.6, 2.3, 8.5, 19.7, 2.3, 2.5, 60.2, 95.8, 549.4, 0.5, 929.8, 0.65, 61, 7, 30.7,
			  39.2, 13.4, 4, -76.7, -74.7, 38.3, 42.5, 0 },
			106.4147583502909, 23.69888671813475, 0.0, 1.859905387602439,
			37.25610287598144, 50.94958871915394, -7.349725350581687 },
		{ { 7.2, 0.8, 21, 14.5, -2.4, 2.4, 60.3, 58.8, 323.4, 0.5, 396.9, 0.57, 30, 14,
			  34.7, 35.1, 3, 5.5, -77.6, -51.4, 38.5, 65.5, 3.2 },
			70.38613007776344, 14.67586164359068, 0.4277754082570415, 1.959050223195433,
			37.15787284114358, 39.77498087222648, -20.40941091064977 },
		{ { 17.6, 12.3, 14.3, 22.2, 1.7, -1.9, 56.6, 97.2, 152.6, 335, 305, 0.42, 66, 3,
			  32.6, 29.3, 4.8, 3.8, -77.4, -65.7, 65.1, 76.5, 19.4 },
			15.59387177510555, 4.321189543486067, 1.457214879217368, 0.6850854921126862,
			8.677736430030126, 42.40003444119167, -22.54738901093237 },
		{ { 11.2, 3.4, 18.8, 18.8, 1.9, -0.9, 58.4, 25.4, 237.2, 115, 376.1, 0.77, 113, 2,
			  23.3, 12.1, 16.4, 6.2, -41.3, -41.4, 67.4, 48, 14.4 },
			50.47933349168128, 2.672245127069557, 0.9754800738633899, 5.280906109465126,
			4.983838286840423, 103.0468387661343, -52.07997487169154 },
		{ { 8.2, 0, 11.1, 21.9, -0.4, -2.2, 18.2, 19.3, 33.5, 374.1, 468.4, 0.58, 53, 5,
			  20.4, 24.6, 1.4, 3.9, -44.8, -51.5, 60.7, 55, 6.5 },
			61.54834228856328, 7.004374726720627, 72.81521715182361, 14.15752011812448,
			0.0, 24.58446681734128, -50.51323652544672 },
	};

	for (size_t i = 0; i < sizeof table / sizeof *table; i++) {
		struct emodel_result result = emodel_compute(&table[i].params);

		assert_near(result.ro, table[i].ro, 1e-11);
		assert_near(result.is, table[i].is, 1e-11);
		assert_near(result.idte, table[i].idte, 1e-11);
		assert_near(result.idle, table[i].idle, 1e-11);
		assert_near(result.idd, table[i].idd, 1e-11);
		assert_near(result.ie_eff, table[i].ie_eff, 1e-11);
		assert_near(result.r, table[i].r, 1e-11);
	}
}

static double idte_at(double stmr, double t_ms)
{
	struct emodel_params p = emodel_defaults();

	p.stmr = stmr;
	p.t_ms = t_ms;
	return emodel_compute(&p).idte;
}

static void talker_echo_changes_branch_where_it_should(void **state)
{
	/* STMR: TERV takes Ist/2 below 9, Ist joins Idte above 20 */
	assert_near(idte_at(8.999, 50), 1.02011532591048, 1e-12);
	assert_near(idte_at(9, 50), 1.02294536273381, 1e-12);
	assert_near(idte_at(20, 50), 1.02294536273381, 1e-12);
	assert_near(idte_at(20.001, 50), 1.02716275960264, 1e-12);
	/* T = 1 ms: the one step that G.107 itself has */
	assert_true(idte_at(15, nextafter(1, 0)) == 0);
	assert_near(idte_at(15, 1), -0.108930419, 1e-9);
	assert_near(idte_at(15, 1 + 1e-9), -0.108930419, 1e-8);
}

static double idd_at(double ta_ms)
{
	struct emodel_params p = emodel_defaults();

	p.ta_ms = ta_ms;
	return emodel_compute(&p).idd;
}

static void absolute_delay_begins_without_a_step(void **state)
{
	assert_true(idd_at(99.999) == 0);
	assert_true(idd_at(100) == 0);
	/* from 40 digits; X^6 beside 1 would have been lost */
	assert_near(idd_at(100.001), 3.7413820269888335e-29, 1e-36);
	assert_near(idd_at(100.5), 5.7592273676867869e-13, 1e-23);
}

static void loss_never_helps(void **state)
{
	static const double ies[] = { 0, 11, 94, 95, 96, 120 };
	struct emodel_params p = emodel_defaults();

	for (size_t i = 0; i < sizeof ies / sizeof *ies; i++) {
		double before = ies[i];

		p.ie = ies[i];
		for (p.ppl_pct = 0; p.ppl_pct <= 100; p.ppl_pct += 0.25) {
			double ie_eff = emodel_ie_eff(&p);

			assert_true(ie_eff >= before);
			before = ie_eff;
		}
	}
	p.ie = 0;
	p.ppl_pct = 100;
	assert_near(emodel_ie_eff(&p), 95 * 100 / 125.1, 1e-12);
}

static void mos_is_clamped_at_both_ends(void **state)
{
	double root = 80 - sqrt(5400);

	assert_true(emodel_mos(-1e300) == 1);
	assert_true(emodel_mos(-1e-9) == 1);
	assert_true(emodel_mos(0) == 1);
	assert_true(emodel_mos(3) == 1); /* the cubic alone: 0.988 */
	assert_true(emodel_mos(6.5153) == 1);
	assert_true(emodel_mos(root - 1e-9) == 1);
	assert_true(emodel_mos(root + 1e-9) > 1);
	assert_near(emodel_mos(root + 1e-9), 1, 1e-11);
	assert_near(emodel_mos(60), 1 + 0.035 * 60, 1e-14);
	assert_near(emodel_mos(80), 1 + 0.035 * 80 + 7e-6 * 80 * 20 * 20, 1e-14);
	assert_true(emodel_mos(100 - 1e-9) < 4.5);
	assert_near(emodel_mos(100 - 1e-9), 4.5, 1e-10);
	assert_true(emodel_mos(100) == 4.5);
	assert_true(emodel_mos(100.1) == 4.5);
	assert_true(emodel_mos(1e300) == 4.5);
}

static void mos_maps_back_to_r(void **state)
{
	double before = 0;

	random_seed();
	for (int i = 0; i < 20000; i++) {
		double r = random_in(6.515307716504661, 100);

		assert_near(emodel_r_from_mos(emodel_mos(r)), r, 1e-12);
	}
	for (double mos = 1; mos <= 4.5; mos += 1e-4) {
		double r = emodel_r_from_mos(mos);

		assert_true(r > before);
		assert_near(emodel_mos(r), mos, 1e-14);
		before = r;
	}
	assert_near(emodel_r_from_mos(1), 80 - sqrt(5400), 1e-14);
	assert_near(emodel_r_from_mos(1 + DBL_EPSILON), 80 - sqrt(5400), 1e-13);
	assert_near(emodel_r_from_mos(4.5), 100, 0);
	assert_near(emodel_r_from_mos(4.5 - 4 * DBL_EPSILON), 100, 1e-12);
	assert_near(emodel_r_from_mos(0), 80 - sqrt(5400), 1e-14);
	assert_near(emodel_r_from_mos(5), 100, 0);
}

/* The operational range of each parameter, in the order of the struct. */
static const struct {
	const char *symbol;
	double min, max;
} ranges[] = {
	{ "SLR", 0, 18 },
	{ "RLR", -5, 14 },
	{ "STMR", 10, 20 },
	{ "LSTR", 13, 23 },
	{ "Ds", -3, 3 },
	{ "Dr", -3, 3 },
	{ "TELR", 5, 65 },
	{ "WEPL", 5, 110 },
	{ "Ta", 0, 1e6 },
	{ "T", 0, 1e6 },
	{ "Tr", 0, 2e6 },
	{ "sT", 0.4, 1 },
	{ "mT", 20, 120 },
	{ "qdu", 1, 14 },
	{ "Ie", 0, 120 },
	{ "Bpl", 1e-3, 1000 },
	{ "Ppl", 0, 100 },
	{ "BurstR", 1, 8 },
	{ "Nc", -80, -40 },
	{ "Nfor", -80, -40 },
	{ "Ps", 35, 85 },
	{ "Pr", 35, 85 },
	{ "A", 0, 20 },
};
#define PARAMS (sizeof ranges / sizeof *ranges)

_Static_assert(
	sizeof(struct emodel_params) == PARAMS * sizeof(double), "a range for each parameter");

static void check_names_what_is_out_of_range(void **state)
{
	union {
		struct emodel_params params;
		double value[PARAMS];
	} p = { emodel_defaults() };
	struct message msg;
	char start[32];

	assert_int_equal(emodel_check(&p.params, &msg), 0);
	for (size_t i = 0; i < PARAMS; i++) {
		double good = p.value[i];
		double bad[] = { nextafter(ranges[i].min, -INFINITY),
			nextafter(ranges[i].max, INFINITY), NAN, INFINITY, -INFINITY };

		p.value[i] = ranges[i].min;
		assert_int_equal(emodel_check(&p.params, NULL), 0);
		p.value[i] = ranges[i].max;
		assert_int_equal(emodel_check(&p.params, NULL), 0);
		for (size_t k = 0; k < sizeof bad / sizeof *bad; k++) {
			p.value[i] = bad[k];
			assert_int_equal(emodel_check(&p.params, &msg), -EINVAL);
			snprintf(start, sizeof start, "%s = ", ranges[i].symbol);
			assert_memory_equal(msg.text, start, strlen(start));
		}
		p.value[i] = good;
	}
	p.params.burst_r = 9;
	assert_int_equal(emodel_check(&p.params, &msg), -EINVAL);
	assert_string_equal(msg.text, "BurstR = 9: must be from 1 to 8");
}

static void what_is_permitted_is_finite(void **state)
{
	union {
		struct emodel_params params;
		double value[PARAMS];
	} p;

	random_seed();
	for (int i = 0; i < 50000; i++) {
		struct emodel_result result;

		for (size_t k = 0; k < PARAMS; k++) {
			double where = random_in(-0.5, 1.5);

			/* half of them on a corner */
			p.value[k] = ranges[k].min +
				     (ranges[k].max - ranges[k].min) * fmin(fmax(where, 0), 1);
		}
		result = emodel_compute(&p.params);
		assert_true(isfinite(result.ro) && isfinite(result.is));
		assert_true(isfinite(result.idte) && isfinite(result.idle) && isfinite(result.idd));
		assert_true(result.idle > 0 && result.idd >= 0 && result.ie_eff >= p.params.ie);
		assert_true(isfinite(result.r));
		assert_true(result.mos >= 1 && result.mos <= 4.5);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(defaults_give_the_published_values),
		cmocka_unit_test(vectors_agree_in_every_column),
		cmocka_unit_test(every_parameter_counts),
		cmocka_unit_test(talker_echo_changes_branch_where_it_should),
		cmocka_unit_test(absolute_delay_begins_without_a_step),
		cmocka_unit_test(loss_never_helps),
		cmocka_unit_test(mos_is_clamped_at_both_ends),
		cmocka_unit_test(mos_maps_back_to_r),
		cmocka_unit_test(check_names_what_is_out_of_range),
		cmocka_unit_test(what_is_permitted_is_finite),
	};

	cmocka_set_message_output(CM_OUTPUT_TAP);
	return cmocka_run_group_tests(tests, NULL, NULL);
}
