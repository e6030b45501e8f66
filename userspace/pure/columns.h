/* SPDX-License-Identifier: MIT */
/* The path model and the E-Model (pathmodel.c) over columns of targets, in single precision: a few
 * nanoseconds each. emodel_path() is the specification; what comes from here lies within 1e-4 of it
 * in R and every part of R, and within 1e-5 in MOS, for delays of up to 17 minutes (2^20 ms; a longer
 * one counts as that).
 *
 * One source, columns_kernel.h, is compiled for several instruction sets; which of them runs is
 * chosen once, when the columns are created. Pure; a struct columns is constant after its creation
 * and may be used by any number of threads. */
#ifndef MOSPROBE_COLUMNS_H
#define MOSPROBE_COLUMNS_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "vocabulary/settings.h"

/* The ways to compute, in rising speed. */
enum columns_way {
	COLUMNS_PLAIN,	/* what every machine of the architecture has: SSE2, NEON */
	COLUMNS_AVX2,	/* with FMA */
	COLUMNS_AVX512, /* F, DQ, VL */
	COLUMNS_WAYS
};
/* "plain", "avx2", "avx512". */
const char *columns_way_name(enum columns_way way);
/* Was it compiled in, and has this machine what it takes? Always true of COLUMNS_PLAIN. */
bool columns_way_usable(enum columns_way way);
/* The fastest that is usable. */
enum columns_way columns_way_best(void);

struct columns;

/* Tables for one model and count codecs, which are copied; about 2 ms and 20 KiB. The model is one
 * that emodel_path() takes, and every codec has its Bpl. way is usable. NULL when memory is out. */
struct columns *columns_create(const struct path_model *model, const struct codec *codecs,
	uint32_t count, enum columns_way way);
void columns_destroy(struct columns *columns); /* NULL is fine */

/* One element for each target. The ranges are the caller's to keep: nothing here is checked, though
 * no value but a codec's number can lead outside the tables. */
struct columns_paths {
	const float *latency_ms; /* round trip, 0 or more */
	const float *jitter_ms;	 /* 0 or more */
	const float *loss_pct;	 /* 0..100 */
	const uint32_t *codec;	 /* its place in columns_create()'s codecs */
};

/* R may be below 0 or above 100; MOS 1..4.5. */
struct columns_scores {
	float *r, *mos;
};

/* The parts of struct path_score that depend on the path. With the two that do not, columns_r_base()
 * and columns_r_codec(), emodel_r_best() less their sum is R, to the rounding of R. */
struct columns_parts {
	float *r_delay, *r_jitter, *r_loss;
};

/* Every column holds count elements; none may overlap another that is written. */
void columns_score(const struct columns *columns, size_t count, const struct columns_paths *paths,
	const struct columns_scores *scores);
void columns_explain(const struct columns *columns, size_t count, const struct columns_paths *paths,
	const struct columns_scores *scores, const struct columns_parts *parts);

/* What no path changes, in double precision: emodel_r_best(), which the parts start from, r_base of every
 * target, r_codec of those with the codec at that place. */
double columns_r_best(const struct columns *columns);
double columns_r_base(const struct columns *columns);
double columns_r_codec(const struct columns *columns, uint32_t codec);

#endif
