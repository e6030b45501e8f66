/* SPDX-License-Identifier: MIT */
/* What the tests of the columns share: every way to compute, sheets of targets, random ones. */
#ifndef MOSPROBE_TESTS_SHEET_H
#define MOSPROBE_TESTS_SHEET_H

#include <float.h>
#include <string.h>

#include "check.h"
#include "pure/codec.h"
#include "pure/columns.h"
#include "pure/columns_own.h"
#include "pure/emodel.h"

/* The sixteen lanes of AVX-512 are tried on every machine: what is special to them is the source's,
 * and only the instructions are the compiler's. */
#define COLUMNS_KERNEL columns_wide
#define COLUMNS_LANES 16
#include "pure/columns_kernel.h"

/* What rounding to single precision may do to R and to MOS from one path to the next. */
#define R_ROUNDING 2.5e-5
#define MOS_ROUNDING 2.5e-6

#define ROOM 4096u /* targets at a time */

/* Every way, and behind them the wide kernel. */
enum { WIDE = COLUMNS_WAYS, WAYS };

static const struct path_model usual = {
	.playout_factor = 2, .playout_min_ms = 20, .playout_max_ms = 100, .frame_ms = 20
};

/* Whatever may be, beside the table's. */
static const struct codec odd_codecs[] = {
	{ "custom", 0, 0.001, 0 },
	{ "custom", 40, 1000, 0 },
	{ "custom", 95, 10, 12.5 },
	{ "custom", 120, 4, 1 },
};

static struct codec codecs[16];
static uint32_t codec_count;

static inline void take_codecs(void)
{
	const struct codec *known;

	for (unsigned i = 0; (known = codec_at(i)); i++)
		if (known->bpl > 0)
			codecs[codec_count++] = *known;
	for (unsigned i = 0; i < sizeof odd_codecs / sizeof *odd_codecs; i++)
		codecs[codec_count++] = odd_codecs[i];
}

#define PARTS 3

/* Columns of ROOM targets, and what came out. */
struct sheet {
	uint32_t count;
	float latency_ms[ROOM], jitter_ms[ROOM], loss_pct[ROOM];
	uint32_t codec[ROOM];
	float r[ROOM], mos[ROOM], part[PARTS][ROOM]; /* delay, jitter, loss */
};

static inline struct columns *create(const struct path_model *model, int way)
{
	struct columns *columns = columns_create(
		model, codecs, codec_count, way == WIDE ? COLUMNS_PLAIN : (enum columns_way)way);

	assert_non_null(columns);
	if (way == WIDE)
		columns->kernel = &columns_wide;
	return columns;
}

static inline bool usable(int way)
{
	return way == WIDE || columns_way_usable((enum columns_way)way);
}

static inline void compute(const struct columns *columns, struct sheet *sheet, bool explained)
{
	const struct columns_paths paths = { sheet->latency_ms, sheet->jitter_ms, sheet->loss_pct,
		sheet->codec };
	const struct columns_scores scores = { sheet->r, sheet->mos };
	const struct columns_parts parts = { sheet->part[0], sheet->part[1], sheet->part[2] };

	if (explained)
		columns_explain(columns, sheet->count, &paths, &scores, &parts);
	else
		columns_score(columns, sheet->count, &paths, &scores);
}

/* By one way, with the usual model. False when this machine does not have it. */
static inline bool compute_by(int way, struct sheet *sheet, bool explained)
{
	struct columns *columns = usable(way) ? create(&usual, way) : NULL;

	if (columns)
		compute(columns, sheet, explained);
	columns_destroy(columns);
	return columns;
}

/* Squared: most paths are good ones. Some have nothing of it at all. */
static inline float random_of(double most)
{
	double x = random_unit();

	return x < 0.1 ? 0 : (float)(most * x * x);
}

static inline void fill_random(struct sheet *sheet)
{
	for (sheet->count = 0; sheet->count < ROOM; sheet->count++) {
		sheet->latency_ms[sheet->count] = random_of(3000);
		sheet->jitter_ms[sheet->count] = random_of(500);
		sheet->loss_pct[sheet->count] = random_of(100);
		sheet->codec[sheet->count] = (uint32_t)random_below(codec_count);
	}
}

#endif
