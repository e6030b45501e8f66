/* SPDX-License-Identifier: MIT */
#include "pure/columns.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "pure/columns_own.h"
#include "pure/emodel.h"

const char *columns_way_name(enum columns_way way)
{
	static const char *const names[COLUMNS_WAYS] = { "plain", "avx2", "avx512" };

	return names[way];
}

static const struct columns_kernel *kernel_of(enum columns_way way)
{
#ifdef __x86_64__
	if (way == COLUMNS_AVX2 && __builtin_cpu_supports("avx2") && __builtin_cpu_supports("fma"))
		return &columns_avx2;
	if (way == COLUMNS_AVX512 && __builtin_cpu_supports("avx512f") &&
		__builtin_cpu_supports("avx512dq") && __builtin_cpu_supports("avx512vl"))
		return &columns_avx512;
#endif
	return way == COLUMNS_PLAIN ? &columns_plain : NULL;
}

bool columns_way_usable(enum columns_way way)
{
	return kernel_of(way);
}

enum columns_way columns_way_best(void)
{
	enum columns_way way = COLUMNS_WAYS - 1;

	while (!columns_way_usable(way))
		way--;
	return way;
}

/* The cell's edges and the cubic through D at them and at the thirds between. D is taken just before
 * the upper edge: where G.107 has a step, the cell ends at its foot. */
static void fit_cell(struct cell *cell, const struct emodel_params *params,
	const struct emodel_signal *signal, double from_ms, double to_ms)
{
	double width = to_ms - from_ms, per_ms = 3 / width;
	double d0 = emodel_delay_cost(params, signal, from_ms);
	double d1 = emodel_delay_cost(params, signal, from_ms + width / 3);
	double d2 = emodel_delay_cost(params, signal, from_ms + 2 * width / 3);
	double d3 = emodel_delay_cost(params, signal, nextafter(to_ms, 0));
	/* Newton's differences, over thirds of the width. */
	double first = d1 - d0, second = d2 - 2 * d1 + d0, third = d3 - 3 * d2 + 3 * d1 - d0;

	cell->d[0] = (float)d0;
	cell->d[1] = (float)((first - second / 2 + third / 3) * per_ms);
	cell->d[2] = (float)((second - third) / 2 * per_ms * per_ms);
	cell->d[3] = (float)(third / 6 * per_ms * per_ms * per_ms);
}

static double cell_edge(unsigned number)
{
	unsigned per_octave = 1u << CELL_BITS;
	double in_octave = 1 + (double)(number % per_octave) / per_octave;

	return ldexp(in_octave, TA_LEAST_LOG2 + (int)(number / per_octave));
}

static void fill_cells(struct cell *cells)
{
	const struct emodel_params params = emodel_defaults();
	const struct emodel_signal signal = emodel_signal(&params);

	for (unsigned i = 0; i < CELLS; i++)
		fit_cell(&cells[i], &params, &signal, cell_edge(i), cell_edge(i + 1));
}

/* D of each codec's empty path as the kernel computes it, so that such a path loses nothing to delay,
 * to the last bit: r_delay is D(path) - d_encoder. */
static void set_d_encoder(struct columns *columns, uint32_t count)
{
	for (uint32_t i = 0; i < count; i++) {
		float nothing = 0, r, mos, r_delay, r_jitter, r_loss;

		columns_explain(columns, 1,
			&(struct columns_paths) { &nothing, &nothing, &nothing, &i },
			&(struct columns_scores) { &r, &mos },
			&(struct columns_parts) { &r_delay, &r_jitter, &r_loss });
		columns->tables.codecs[i].d_encoder = r_delay;
	}
}

static void fill_codecs(struct columns *columns, const struct path_model *model,
	const struct codec *codecs, uint32_t count)
{
	const struct emodel_params params = emodel_defaults();
	const struct emodel_signal signal = emodel_signal(&params);

	for (uint32_t i = 0; i < count; i++) {
		struct path_score empty = emodel_path_best(model, &codecs[i]);
		double r_none = empty.r + emodel_delay_cost(&params, &signal, empty.ta_ms);

		columns->tables.codecs[i] = (struct codec_row) {
			.encoder_ms = (float)empty.ta_ms,
			.r_none = (float)r_none,
			.bpl = (float)codecs[i].bpl,
		};
		/* The same of every codec. */
		columns->tables.r_lost = (float)(r_none + codecs[i].ie - EMODEL_LOSS_MOST);
		columns->r_base = empty.r_base;
		columns->r_codec[i] = empty.r_codec;
	}
	set_d_encoder(columns, count);
}

static void fill_model(struct columns_tables *tables, const struct path_model *model)
{
	tables->playout_factor = (float)model->playout_factor;
	tables->playout_min_ms = (float)model->playout_min_ms;
	tables->playout_room_ms = (float)(model->playout_max_ms - model->playout_min_ms);
	tables->late_log2 = (float)(model->playout_max_ms / M_LN2);
	/* 2^-120 is nothing, and far from what a float cannot hold. */
	tables->jitter_least = tables->late_log2 / 120;
	tables->ta_least = ldexpf(1, TA_LEAST_LOG2);
	tables->ta_most = nextafterf(ldexpf(1, TA_MOST_LOG2), 0);
}

struct columns *columns_create(const struct path_model *model, const struct codec *codecs,
	uint32_t count, enum columns_way way)
{
	struct columns *columns =
		calloc(1, sizeof *columns + count * sizeof *columns->tables.codecs);

	if (!columns)
		return NULL;
	columns->r_codec = calloc(count ? count : 1, sizeof *columns->r_codec);
	if (!columns->r_codec) {
		free(columns);
		return NULL;
	}
	columns->kernel = kernel_of(way);
	columns->r_best = emodel_r_best();
	fill_model(&columns->tables, model);
	fill_cells(columns->tables.cells);
	fill_codecs(columns, model, codecs, count);
	return columns;
}

void columns_destroy(struct columns *columns)
{
	if (!columns)
		return;
	free(columns->r_codec);
	free(columns);
}

/* The columns from element `from` on. */
static struct columns_block block_at(size_t from, const struct columns_paths *paths,
	const struct columns_scores *scores, const struct columns_parts *parts)
{
	struct columns_block block = {
		.paths = { paths->latency_ms + from, paths->jitter_ms + from,
			paths->loss_pct + from, paths->codec + from },
		.scores = { scores->r + from, scores->mos + from },
	};

	if (parts)
		block.parts = (struct columns_parts) { parts->r_delay + from,
			parts->r_jitter + from, parts->r_loss + from };
	return block;
}

/* Fewer targets than a block: through one of our own, filled up with empty paths. */
static void compute_rest(const struct columns *columns, size_t count,
	void (*kernel)(const struct columns_tables *, const struct columns_block *),
	const struct columns_block *rest)
{
	float in[3][COLUMNS_BLOCK] = { 0 }, out[5][COLUMNS_BLOCK];
	uint32_t codec[COLUMNS_BLOCK] = { 0 };
	const float *const from[3] = { rest->paths.latency_ms, rest->paths.jitter_ms,
		rest->paths.loss_pct };
	float *const to[5] = { rest->scores.r, rest->scores.mos, rest->parts.r_delay,
		rest->parts.r_jitter, rest->parts.r_loss };
	const struct columns_block block = {
		.paths = { in[0], in[1], in[2], codec },
		.scores = { out[0], out[1] },
		.parts = { out[2], out[3], out[4] },
	};

	for (unsigned i = 0; i < 3; i++)
		memcpy(in[i], from[i], count * sizeof *in[i]);
	memcpy(codec, rest->paths.codec, count * sizeof *codec);
	kernel(&columns->tables, &block);
	for (unsigned i = 0; i < 5 && to[i]; i++)
		memcpy(to[i], out[i], count * sizeof *out[i]);
}

/* parts NULL: without explanation. */
static void compute(const struct columns *columns, size_t count, const struct columns_paths *paths,
	const struct columns_scores *scores, const struct columns_parts *parts)
{
	void (*kernel)(const struct columns_tables *, const struct columns_block *) =
		parts ? columns->kernel->explain : columns->kernel->score;
	size_t from = 0;

	for (; count - from >= COLUMNS_BLOCK; from += COLUMNS_BLOCK) {
		struct columns_block block = block_at(from, paths, scores, parts);

		kernel(&columns->tables, &block);
	}
	if (from < count) {
		struct columns_block rest = block_at(from, paths, scores, parts);

		compute_rest(columns, count - from, kernel, &rest);
	}
}

void columns_score(const struct columns *columns, size_t count, const struct columns_paths *paths,
	const struct columns_scores *scores)
{
	compute(columns, count, paths, scores, NULL);
}

void columns_explain(const struct columns *columns, size_t count, const struct columns_paths *paths,
	const struct columns_scores *scores, const struct columns_parts *parts)
{
	compute(columns, count, paths, scores, parts);
}

double columns_r_best(const struct columns *columns)
{
	return columns->r_best;
}

double columns_r_base(const struct columns *columns)
{
	return columns->r_base;
}

double columns_r_codec(const struct columns *columns, uint32_t codec)
{
	return columns->r_codec[codec];
}
