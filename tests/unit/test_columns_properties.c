/* SPDX-License-Identifier: MIT */
/* What must hold of the columns whatever the scalar twin says: no rise, no step, nothing but numbers,
 * nothing outside. */
#include "../sheet.h"

/* One respect of every path a little worse, and the score does not rise, nor step: it falls by no more
 * than the steepest slope there is allows. */
static void never_rises_and_never_steps(void **state)
{
	static struct sheet before, after;
	float *const from[3] = { before.latency_ms, before.jitter_ms, before.loss_pct };
	float *const to[3] = { after.latency_ms, after.jitter_ms, after.loss_pct };
	/* Of R, per ms or per cent: 95 / Bpl for loss with the table's codecs; the rest far less. */
	const double steepest = 25;

	for (unsigned i = 0; i < 60; i++) {
		unsigned respect = i % 3;

		fill_random(&before);
		for (uint32_t k = 0; k < ROOM; k++)
			before.codec[k] = (uint32_t)random_below(
				codec_count - sizeof odd_codecs / sizeof *odd_codecs);
		after = before;
		for (uint32_t k = 0; k < ROOM; k++) {
			double most = respect == 2 ? 100 - (double)from[2][k] : 100;

			to[respect][k] += (float)(most * pow(random_unit(), 6));
		}
		for (int way = 0; way < WAYS; way++) {
			if (!compute_by(way, &before, i % 2) || !compute_by(way, &after, i % 2))
				continue;
			for (uint32_t k = 0; k < ROOM; k++) {
				double fall = (double)before.r[k] - (double)after.r[k];
				double step = (double)to[respect][k] - (double)from[respect][k];

				if (!(fall >= -R_ROUNDING &&
					    fall <= steepest * step + R_ROUNDING) ||
					!((double)after.mos[k] <=
						(double)before.mos[k] + MOS_ROUNDING))
					fail_msg(
						"way %d: from %.9g/%.9g/%.9g on %s, %.9g in respect %u: "
						"R %.9g to %.9g",
						way, (double)before.latency_ms[k],
						(double)before.jitter_ms[k],
						(double)before.loss_pct[k],
						codecs[before.codec[k]].name, step, respect,
						(double)before.r[k], (double)after.r[k]);
			}
		}
	}
}

static const float extremes[] = { 0, FLT_TRUE_MIN, FLT_MIN, 1, 1e6f, 1e20f, FLT_MAX };
#define EXTREMES (sizeof extremes / sizeof *extremes)

static void always_finite(void **state)
{
	static const float losses[] = { 0, FLT_TRUE_MIN, 1e-20f, 50, 99.99999f, 100 };
	static struct sheet sheet;

	for (uint32_t c = 0; c < codec_count; c++)
		for (unsigned i = 0; i < EXTREMES; i++)
			for (unsigned j = 0; j < EXTREMES; j++)
				for (unsigned k = 0; k < 6; k++) {
					sheet.latency_ms[sheet.count] = extremes[i];
					sheet.jitter_ms[sheet.count] = extremes[j];
					sheet.loss_pct[sheet.count] = losses[k];
					sheet.codec[sheet.count++] = c;
				}
	assert_true(sheet.count <= ROOM);
	for (int way = 0; way < WAYS; way++) {
		if (!compute_by(way, &sheet, true))
			continue;
		for (uint32_t i = 0; i < sheet.count; i++) {
			assert_true(isfinite(sheet.r[i]));
			assert_true(sheet.mos[i] >= 1 && sheet.mos[i] <= 4.5f);
			for (unsigned k = 0; k < PARTS; k++)
				assert_true(isfinite(sheet.part[k][i]));
		}
	}
}

/* What the edges refuse must not lead outside the tables either, nor to a MOS that is none. */
static void nonsense_stays_inside(void **state)
{
	static const float nonsense[] = { -1, -FLT_MAX, -0.0f, NAN, -NAN, INFINITY, -INFINITY, 40 };
	enum { KINDS = sizeof nonsense / sizeof *nonsense };
	static struct sheet sheet;

	for (unsigned i = 0; i < KINDS * KINDS * KINDS; i++) {
		sheet.latency_ms[i] = nonsense[i % KINDS];
		sheet.jitter_ms[i] = nonsense[i / KINDS % KINDS];
		sheet.loss_pct[i] = nonsense[i / KINDS / KINDS];
	}
	sheet.count = KINDS * KINDS * KINDS;
	for (int way = 0; way < WAYS; way++)
		for (int explained = 0; explained <= 1; explained++) {
			if (!compute_by(way, &sheet, explained))
				continue;
			for (uint32_t i = 0; i < sheet.count; i++)
				assert_true(sheet.mos[i] >= 1 && sheet.mos[i] <= 4.5f);
		}
}

static void what_is_not_there_costs_nothing(void **state)
{
	static struct sheet sheet;

	for (uint32_t c = 0; c < codec_count; c++)
		sheet.codec[sheet.count++] = c;
	for (int way = 0; way < WAYS; way++) {
		if (!compute_by(way, &sheet, true))
			continue;
		for (uint32_t c = 0; c < codec_count; c++) {
			assert_true(sheet.part[0][c] == 0);
			assert_true(sheet.part[1][c] == 0);
			assert_true(sheet.part[2][c] == 0);
		}
	}
}

/* Any number of targets, those that fill no block too; nothing behind them is written. */
static void any_count(void **state)
{
	static struct sheet whole, some;

	fill_random(&whole);
	for (int way = 0; way < WAYS; way++)
		for (int explained = 0; explained <= 1 && usable(way); explained++) {
			struct columns *columns = create(&usual, way);

			compute(columns, &whole, explained);
			for (uint32_t count = 0; count <= 3 * COLUMNS_BLOCK; count++) {
				some = whole;
				memset(some.r, 0x55, sizeof some.r);
				memset(some.mos, 0x55, sizeof some.mos);
				memset(some.part, 0x55, sizeof some.part);
				some.count = count;
				compute(columns, &some, explained);
				assert_memory_equal(some.r, whole.r, count * sizeof *some.r);
				assert_memory_equal(some.mos, whole.mos, count * sizeof *some.mos);
				assert_int_equal(((uint8_t *)(some.r + count))[0], 0x55);
				assert_int_equal(((uint8_t *)(some.mos + count))[0], 0x55);
				for (unsigned k = 0; k < PARTS; k++) {
					if (explained)
						assert_memory_equal(some.part[k], whole.part[k],
							count * sizeof **some.part);
					assert_int_equal(
						((uint8_t *)(some.part[k] + count))[0], 0x55);
				}
			}
			columns_destroy(columns);
		}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(never_rises_and_never_steps),
		cmocka_unit_test(always_finite),
		cmocka_unit_test(nonsense_stays_inside),
		cmocka_unit_test(what_is_not_there_costs_nothing),
		cmocka_unit_test(any_count),
	};

	take_codecs();
	random_seed();
	cmocka_set_message_output(CM_OUTPUT_TAP);
	return cmocka_run_group_tests(tests, NULL, NULL);
}
