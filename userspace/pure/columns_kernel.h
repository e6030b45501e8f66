/* SPDX-License-Identifier: MIT */
/* emodel_path() for a block of targets: the one source of every kernel, included once by each with
 *
 *   COLUMNS_KERNEL  the name of the kernel
 *   COLUMNS_LANES   floats in a vector: 4, 8 or 16
 *
 * and compiled for the instruction set that has such vectors. In the vector types of GCC and clang,
 * since whether a plain loop is vectorised depends on compiler, version and optimisation.
 *
 * A block goes through short stages, each a loop of its own over all of it: the whole chain from the
 * delay to the MOS takes some 100 cycles, and a processor that looks ahead a few hundred instructions
 * would mostly wait for it. No gather instruction: it is slow on AMD, and since 2023 on Intel. */
#include <string.h>

#include "pure/columns_own.h"
#include "pure/emodel.h"

#define LANES COLUMNS_LANES
#define BLOCK COLUMNS_BLOCK

typedef float vector __attribute__((vector_size(4 * LANES)));
typedef uint32_t bits __attribute__((vector_size(4 * LANES)));
/* As they stand in memory. */
typedef float loose_vector __attribute__((vector_size(4 * LANES), aligned(4), may_alias));
typedef float quarter __attribute__((vector_size(16), aligned(4), may_alias));

#define INLINE static inline __attribute__((always_inline))
#define LOAD(column, i) ((vector)(*(const loose_vector *)((column) + (i))))
#define STORE(column, i, value) (*(loose_vector *)((column) + (i)) = (value))
#define SHUFFLE __builtin_shufflevector

_Static_assert(BLOCK % LANES == 0, "a block is whole vectors");

INLINE vector all(float x)
{
	return x - (vector) { 0 };
}

/* Lane by lane, which compilers know as one instruction. The bound when x is NAN, so that nothing
 * leads outside the tables. */
INLINE vector at_least(vector x, float bound)
{
	vector held;

	for (unsigned i = 0; i < LANES; i++)
		held[i] = x[i] > bound ? x[i] : bound;
	return held;
}

INLINE vector at_most(vector x, float bound)
{
	vector held;

	for (unsigned i = 0; i < LANES; i++)
		held[i] = x[i] < bound ? x[i] : bound;
	return held;
}

/* Four columns out of four floats each from a table's rows. */
struct four {
	vector a, b, c, d;
};

/* Rows i, i + 4, ... of a vector's lanes side by side, and then, inside each group of four lanes,
 * what turns a square of four by four around. */
#if LANES == 4
#define ROWS(i) ROW(i)
#define LOW 0, 4, 1, 5
#define HIGH 2, 6, 3, 7
#define EVEN 0, 1, 4, 5
#define ODD 2, 3, 6, 7
#elif LANES == 8
#define ROWS(i) SHUFFLE(ROW(i), ROW(i + 4), 0, 1, 2, 3, 4, 5, 6, 7)
#define LOW 0, 8, 1, 9, 4, 12, 5, 13
#define HIGH 2, 10, 3, 11, 6, 14, 7, 15
#define EVEN 0, 1, 8, 9, 4, 5, 12, 13
#define ODD 2, 3, 10, 11, 6, 7, 14, 15
#elif LANES == 16
#define EIGHT(i) SHUFFLE(ROW(i), ROW(i + 4), 0, 1, 2, 3, 4, 5, 6, 7)
#define ROWS(i)                                                                                    \
	SHUFFLE(EIGHT(i), EIGHT(i + 8), 0, 1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12, 13, 14, 15)
#define LOW 0, 16, 1, 17, 4, 20, 5, 21, 8, 24, 9, 25, 12, 28, 13, 29
#define HIGH 2, 18, 3, 19, 6, 22, 7, 23, 10, 26, 11, 27, 14, 30, 15, 31
#define EVEN 0, 1, 16, 17, 4, 5, 20, 21, 8, 9, 24, 25, 12, 13, 28, 29
#define ODD 2, 3, 18, 19, 6, 7, 22, 23, 10, 11, 26, 27, 14, 15, 30, 31
#endif

/* From table + stride * number[i] for each lane i. */
INLINE struct four look_up(const float *table, size_t stride, const uint32_t *number)
{
#define ROW(i) (*(const quarter *)(table + stride * number[i]))
	vector rows0 = ROWS(0), rows1 = ROWS(1), rows2 = ROWS(2), rows3 = ROWS(3);
#undef ROW
	vector low01 = SHUFFLE(rows0, rows1, LOW), high01 = SHUFFLE(rows0, rows1, HIGH);
	vector low23 = SHUFFLE(rows2, rows3, LOW), high23 = SHUFFLE(rows2, rows3, HIGH);

	return (struct four) {
		SHUFFLE(low01, low23, EVEN),
		SHUFFLE(low01, low23, ODD),
		SHUFFLE(high01, high23, EVEN),
		SHUFFLE(high01, high23, ODD),
	};
}

/* Where a delay lies in the table of D. */
struct place {
	uint32_t cell[BLOCK]; /* the number of its first float */
	float x[BLOCK];	      /* ms from the cell's edge */
};

INLINE void find_place(
	const struct columns_tables *tables, struct place *place, unsigned i, vector ta)
{
	vector held = at_most(at_least(ta, tables->ta_least), tables->ta_most);
	bits top = (bits)held >> CELL_SHIFT;
	bits cell = (top - ((127 + TA_LEAST_LOG2) << CELL_BITS)) * 4;

	memcpy(place->cell + i, &cell, sizeof cell);
	STORE(place->x, i, held - (vector)(top << CELL_SHIFT));
}

INLINE vector delay_cost(const struct columns_tables *tables, const struct place *place, unsigned i)
{
	struct four d = look_up(tables->cells->d, 1, place->cell + i);
	vector x = LOAD(place->x, i);

	return d.a + x * (d.b + x * (d.c + x * d.d));
}

/* What loss can take at most, 95 - Ie, from what the codec has left of R. */
INLINE vector left_for_loss(const struct columns_tables *tables, vector r_none)
{
	return at_least(r_none - tables->r_lost, 0);
}

/* (7-29) without Ie. */
INLINE vector loss_cost(vector ppl_pct, vector bpl, vector left)
{
	return left * ppl_pct / (ppl_pct + bpl);
}

/* The share of packets that are too late: exp(-playout_max / jitter) as a power of two, 2^-v =
 * 2^n 2^f with n whole and f within half of 0. Adding 1.5 * 2^23 rounds to a whole number, and leaves
 * it in the low bits. The polynomial is 2^f to 7.5e-8 (minimax). */
INLINE vector late_share(const struct columns_tables *tables, vector jitter_ms)
{
	const float round = 0x1.8p23f;
	bits some = (bits)(jitter_ms > all(tables->jitter_least));
	vector v = tables->late_log2 / at_least(jitter_ms, tables->jitter_least);
	vector rounded = round - v;
	vector f = (round - rounded) - v, f2 = f * f;
	vector power = (1.00000007f + f * 0.693146967f) +
		       f2 * ((0.240221197f + f * 0.0555071327f) +
				    f2 * (0.00967554133f + f * 0.0013276472f));

	return (vector)(((bits)power + ((bits)rounded << 23)) & some);
}

/* Lost on the way, or late among the rest. */
INLINE vector missing_pct(vector loss_pct, vector late)
{
	return at_most(loss_pct + (100 - loss_pct) * late, 100);
}

/* What the playout buffer waits above its least. */
INLINE vector playout_above_ms(const struct columns_tables *tables, vector jitter_ms)
{
	vector above = jitter_ms * tables->playout_factor - tables->playout_min_ms;

	return at_most(at_least(above, 0), tables->playout_room_ms);
}

/* emodel_mos(): (B-4) in its factors. */
INLINE void store_mos(const float *r_column, float *mos_column)
{
	const float low = (float)EMODEL_MOS_ROOT_LOW, high = (float)EMODEL_MOS_ROOT_HIGH;

	for (unsigned i = 0; i < BLOCK; i += LANES) {
		vector r = at_most(at_least(LOAD(r_column, i), low), 100);

		STORE(mos_column, i, 1 + 7e-6f * r * (r - low) * (high - r));
	}
}

static void score(const struct columns_tables *tables, const struct columns_block *block)
{
	const struct columns_paths *paths = &block->paths;
	float ppl[BLOCK], r_none[BLOCK], bpl[BLOCK];
	struct place place;

	for (unsigned i = 0; i < BLOCK; i += LANES) {
		vector late = late_share(tables, LOAD(paths->jitter_ms, i));

		STORE(ppl, i, missing_pct(LOAD(paths->loss_pct, i), late));
	}
	for (unsigned i = 0; i < BLOCK; i += LANES) {
		struct four codec = look_up(&tables->codecs->encoder_ms, 4, paths->codec + i);
		vector path_ms = codec.a + 0.5f * LOAD(paths->latency_ms, i);

		find_place(tables, &place, i,
			path_ms + playout_above_ms(tables, LOAD(paths->jitter_ms, i)));
		STORE(r_none, i, codec.b);
		STORE(bpl, i, codec.c);
	}
	for (unsigned i = 0; i < BLOCK; i += LANES) {
		vector none = LOAD(r_none, i);
		vector loss = loss_cost(LOAD(ppl, i), LOAD(bpl, i), left_for_loss(tables, none));

		STORE(block->scores.r, i, none - delay_cost(tables, &place, i) - loss);
	}
	store_mos(block->scores.r, block->scores.mos);
}

static void explain(const struct columns_tables *tables, const struct columns_block *block)
{
	const struct columns_paths *paths = &block->paths;
	const struct columns_parts *parts = &block->parts;
	float late_ppl[BLOCK], ppl[BLOCK], r_none[BLOCK], bpl[BLOCK], d_encoder[BLOCK];
	struct place path, whole;

	for (unsigned i = 0; i < BLOCK; i += LANES) {
		vector late = late_share(tables, LOAD(paths->jitter_ms, i));

		STORE(late_ppl, i, 100 * late);
		STORE(ppl, i, missing_pct(LOAD(paths->loss_pct, i), late));
	}
	for (unsigned i = 0; i < BLOCK; i += LANES) {
		struct four codec = look_up(&tables->codecs->encoder_ms, 4, paths->codec + i);
		vector path_ms = codec.a + 0.5f * LOAD(paths->latency_ms, i);

		find_place(tables, &path, i, path_ms);
		find_place(tables, &whole, i,
			path_ms + playout_above_ms(tables, LOAD(paths->jitter_ms, i)));
		STORE(r_none, i, codec.b);
		STORE(bpl, i, codec.c);
		STORE(d_encoder, i, codec.d);
	}
	for (unsigned i = 0; i < BLOCK; i += LANES) {
		vector none = LOAD(r_none, i), encoder = LOAD(d_encoder, i);
		vector left = left_for_loss(tables, none);
		vector late = loss_cost(LOAD(late_ppl, i), LOAD(bpl, i), left);
		vector with_path = delay_cost(tables, &path, i);
		vector r_delay = with_path - encoder;
		vector r_jitter = (delay_cost(tables, &whole, i) - with_path) + late;
		vector r_loss = loss_cost(LOAD(ppl, i), LOAD(bpl, i), left) - late;

		STORE(parts->r_delay, i, r_delay);
		STORE(parts->r_jitter, i, r_jitter);
		STORE(parts->r_loss, i, r_loss);
		STORE(block->scores.r, i, (none - encoder) - r_delay - r_jitter - r_loss);
	}
	store_mos(block->scores.r, block->scores.mos);
}

const struct columns_kernel COLUMNS_KERNEL = { score, explain };
