/* SPDX-License-Identifier: MIT */
/* Inside of columns: the tables, and what a kernel is. */
#ifndef MOSPROBE_COLUMNS_OWN_H
#define MOSPROBE_COLUMNS_OWN_H

#include "pure/columns.h"

/* Targets that a kernel takes at a time, always all of them: no loop of it has a remainder. */
#define COLUMNS_BLOCK 64

/* The delay cost D(Ta), all that a one-way delay takes from R, is a cubic in each of 32 cells of each
 * octave of Ta. So a cell's number is the top of the float's own bits, and a cell is as narrow as the
 * curve is steep. A cell begins where G.107 changes branch, T = 1 ms and Ta = mT = 100 ms. */
#define CELL_BITS 5
#define CELL_SHIFT (23 - CELL_BITS) /* of a float's bits */
#define TA_LEAST_LOG2 (-16)	    /* D(0) and D(2^-16 ms) differ by 1.4e-6 */
#define TA_MOST_LOG2 20
#define CELLS ((unsigned)(TA_MOST_LOG2 - TA_LEAST_LOG2) << CELL_BITS)

/* D(edge + x) = d[0] + d[1] x + d[2] x^2 + d[3] x^3, x in ms. */
struct cell {
	float d[4];
};

/* What a codec makes constant, for a kernel. */
struct codec_row {
	float encoder_ms; /* Ta of an empty path: least playout buffer, frame, lookahead */
	float r_none;	  /* R before delay cost and loss */
	float bpl;
	float d_encoder; /* D(encoder_ms), as the kernel itself computes it */
};

struct columns_tables {
	struct cell cells[CELLS];
	float playout_factor, playout_min_ms, playout_room_ms; /* room: deepest less least */
	float late_log2;    /* playout_max_ms / ln 2: late = 2^-(late_log2 / jitter) */
	float jitter_least; /* up to it no packet is late */
	float ta_least, ta_most;
	float r_lost; /* r_none of a codec whose Ie is all that codec and loss can take */
	struct codec_row codecs[];
};

struct columns {
	const struct columns_kernel *kernel;
	double r_best, r_base;
	double *r_codec; /* of each codec */
	struct columns_tables tables;
};

/* The columns' elements of one block, all there. */
struct columns_block {
	struct columns_paths paths;
	struct columns_scores scores;
	struct columns_parts parts; /* of explain() only */
};

struct columns_kernel {
	void (*score)(const struct columns_tables *tables, const struct columns_block *block);
	void (*explain)(const struct columns_tables *tables, const struct columns_block *block);
};

extern const struct columns_kernel columns_plain;
#ifdef __x86_64__
extern const struct columns_kernel columns_avx2, columns_avx512;
#endif

#endif
