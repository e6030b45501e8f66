/* SPDX-License-Identifier: MIT */
/* The columns against the scalar twin: every way that this machine has, on both sides of every branch,
 * over the whole range and with random models, codecs and paths. */
#include "../sheet.h"
#include "pure/emodel.h"

#define R_MOST 1e-4 /* the distance allowed, also of each part of R */
#define MOS_MOST 1e-5

/* Ta of an empty path is 0: what the settings do not allow, and the curve begins with. */
static const struct path_model bare = { .playout_factor = 1, .playout_max_ms = 100 };

static void near_truth(const struct sheet *sheet, uint32_t i, double found, double wanted,
	double most, const char *what, int way)
{
	if (!(fabs(found - wanted) < most))
		fail_msg("way %d: %s of %.9g/%.9g/%.9g, %s: %.9g, not %.9g", way, what,
			(double)sheet->latency_ms[i], (double)sheet->jitter_ms[i],
			(double)sheet->loss_pct[i], codecs[sheet->codec[i]].name, found, wanted);
}

/* truth: of each element. */
static void check_sheet(const struct columns *columns, const struct sheet *sheet,
	const struct path_score *truth, bool explained, int way)
{
	for (uint32_t i = 0; i < sheet->count; i++) {
		const struct path_score *t = &truth[i];
		const double parts[PARTS] = { t->r_delay, t->r_jitter, t->r_loss };
		static const char *const names[PARTS] = { "r_delay", "r_jitter", "r_loss" };
		double r_base = columns_r_base(columns);
		double r_codec = columns_r_codec(columns, sheet->codec[i]);
		double sum = columns_r_best(columns) - r_base - r_codec;

		near_truth(sheet, i, (double)sheet->r[i], t->r, R_MOST, "R", way);
		near_truth(sheet, i, (double)sheet->mos[i], t->s, MOS_MOST, "MOS", way);
		near_truth(sheet, i, r_base, t->r_base, 1e-12, "r_base", way);
		near_truth(sheet, i, r_codec, t->r_codec, 1e-12, "r_codec", way);
		for (unsigned k = 0; explained && k < PARTS; k++) {
			near_truth(sheet, i, (double)sheet->part[k][i], parts[k], R_MOST, names[k],
				way);
			sum -= (double)sheet->part[k][i];
		}
		if (explained)
			near_truth(sheet, i, sum, (double)sheet->r[i], R_ROUNDING, "the sum", way);
	}
}

/* The sheet by every way, with and without explanation. */
static void check_ways(
	struct columns *const columns[WAYS], const struct path_model *model, struct sheet *sheet)
{
	static struct path_score truth[ROOM];

	for (uint32_t i = 0; i < sheet->count; i++)
		truth[i] =
			emodel_path(model, &codecs[sheet->codec[i]], (double)sheet->latency_ms[i],
				(double)sheet->jitter_ms[i], (double)sheet->loss_pct[i]);
	for (int way = 0; way < WAYS; way++) {
		if (!columns[way])
			continue;
		for (int explained = 0; explained <= 1; explained++) {
			memset(sheet->r, 0xff, sizeof sheet->r);
			memset(sheet->mos, 0xff, sizeof sheet->mos);
			compute(columns[way], sheet, explained);
			check_sheet(columns[way], sheet, truth, explained, way);
		}
	}
	sheet->count = 0;
}

static void create_all(struct columns *ret[WAYS], const struct path_model *model)
{
	for (int way = 0; way < WAYS; way++)
		ret[way] = usable(way) ? create(model, way) : NULL;
}

static void destroy_all(struct columns *columns[WAYS])
{
	for (int way = 0; way < WAYS; way++)
		columns_destroy(columns[way]);
}

/* A value and its neighbours on both sides. */
static unsigned add_around(float *to, unsigned count, float value)
{
	if (value > 0)
		to[count++] = nextafterf(value, 0);
	to[count++] = value;
	to[count++] = nextafterf(value, FLT_MAX);
	return count;
}

static void check_grid(
	const struct path_model *model, const float *latencies, unsigned latency_count)
{
	/* factor * jitter at its bounds, 0, and what is so little or much that it is clamped */
	static const float jitter_edges[] = { 0, 10, 50, 20, 100 };
	static const float jitter_more[] = { 1e-30f, 0.01f, 0.8f, 1.2f, 2, 4.4f, 7, 15, 26, 33, 41,
		47, 63, 81, 120, 200, 310, 500, 1e6f };
	static const float losses[] = { 0, 1e-30f, 1e-6f, 0.01f, 0.1f, 0.5f, 1, 2, 3.5f, 5, 10,
		16.7f, 20, 35, 50, 75, 90, 99.9f, 99.99999f, 100 };
	static struct sheet sheet;
	float jitters[64];
	unsigned jitter_count = 0;
	struct columns *columns[WAYS];

	for (unsigned i = 0; i < sizeof jitter_edges / sizeof *jitter_edges; i++)
		jitter_count = add_around(jitters, jitter_count, jitter_edges[i]);
	for (unsigned i = 0; i < sizeof jitter_more / sizeof *jitter_more; i++)
		jitters[jitter_count++] = jitter_more[i];
	create_all(columns, model);
	for (uint32_t codec = 0; codec < codec_count; codec++)
		for (unsigned i = 0; i < latency_count; i++)
			for (unsigned j = 0; j < jitter_count; j++)
				for (unsigned k = 0; k < sizeof losses / sizeof *losses; k++) {
					uint32_t at = sheet.count++;

					sheet.latency_ms[at] = latencies[i];
					sheet.jitter_ms[at] = jitters[j];
					sheet.loss_pct[at] = losses[k];
					sheet.codec[at] = codec;
					if (sheet.count == ROOM)
						check_ways(columns, model, &sheet);
				}
	check_ways(columns, model, &sheet);
	destroy_all(columns);
}

/* Ta from 0 to 1000 ms by way of the bare model, where half the latency is Ta: both sides of T = 1 ms,
 * where G.107 steps, and of Ta = mT. */
static void whole_range_of_delay(void **state)
{
	static const float edges[] = { 0, 2, 200 };
	static const float more[] = { 1e-30f, 1e-4f, 0.3f, 1, 3, 5.5f, 8, 20, 66, 120, 150, 260,
		310, 355, 400, 640, 900, 1300, 2000 };
	float latencies[64];
	unsigned count = 0;

	for (unsigned i = 0; i < sizeof edges / sizeof *edges; i++)
		count = add_around(latencies, count, edges[i]);
	for (unsigned i = 0; i < sizeof more / sizeof *more; i++)
		latencies[count++] = more[i];
	check_grid(&bare, latencies, count);
}

/* The model as it is set by default: Ta = 100 at a latency of 120, and what is beyond all calls. */
static void usual_model(void **state)
{
	static const float more[] = { 1, 17, 40, 80, 200, 300, 500, 900, 2000, 1e4f, 1e5f };
	float latencies[64];
	unsigned count = add_around(latencies, 0, 0);

	count = add_around(latencies, count, 120);
	for (unsigned i = 0; i < sizeof more / sizeof *more; i++)
		latencies[count++] = more[i];
	check_grid(&usual, latencies, count);
}

/* The delay alone, closely: ends and middles of all cells, and two points between. */
static void every_cell(void **state)
{
	static struct sheet sheet;
	struct columns *columns[WAYS];

	create_all(columns, &bare);
	for (uint32_t edge = 0x3f000000; edge < 0x49000000; edge += 1u << (CELL_SHIFT - 2)) {
		for (int side = -1; side <= 1; side++) {
			uint32_t near_by = edge + (uint32_t)side;
			float latency;

			memcpy(&latency, &near_by, sizeof latency);
			sheet.latency_ms[sheet.count++] = latency;
		}
		if (sheet.count + 3 > ROOM)
			check_ways(columns, &bare, &sheet);
	}
	check_ways(columns, &bare, &sheet);
	destroy_all(columns);
}

static struct path_model random_model(void)
{
	struct path_model model = {
		.playout_factor = 10 * random_unit() * random_unit(),
		.playout_min_ms = 100 * random_unit(),
		.frame_ms = 1 + 100 * random_unit(),
		.advantage = random_below(2) ? 20 * random_unit() : 0,
	};

	model.playout_max_ms = model.playout_min_ms + 1 + 400 * random_unit() * random_unit();
	return model;
}

static void random_models_codecs_and_paths(void **state)
{
	static struct sheet sheet;

	for (unsigned i = 0; i < 30; i++) {
		struct path_model model = i ? random_model() : usual;
		struct columns *columns[WAYS];

		for (uint32_t k = 0; i && k < codec_count; k++)
			codecs[k] = (struct codec) { .name = "random",
				.ie = 120 * random_unit() * random_unit(),
				.bpl = 0.001 + 100 * random_unit() * random_unit(),
				.lookahead_ms = 10 * random_unit() };
		create_all(columns, &model);
		fill_random(&sheet);
		check_ways(columns, &model, &sheet);
		destroy_all(columns);
	}
	codec_count = 0;
	take_codecs();
}

static void ways_have_names(void **state)
{
	assert_string_equal(columns_way_name(COLUMNS_PLAIN), "plain");
	assert_string_equal(columns_way_name(COLUMNS_AVX2), "avx2");
	assert_string_equal(columns_way_name(COLUMNS_AVX512), "avx512");
	assert_true(columns_way_usable(COLUMNS_PLAIN));
	assert_true(columns_way_usable(columns_way_best()));
	for (enum columns_way way = columns_way_best() + 1; way < COLUMNS_WAYS; way++)
		assert_false(columns_way_usable(way));
	for (enum columns_way way = 0; way < COLUMNS_WAYS; way++)
		print_message("# %s: %s\n", columns_way_name(way),
			columns_way_usable(way) ? "run" : "not on this machine");
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(ways_have_names),
		cmocka_unit_test(whole_range_of_delay),
		cmocka_unit_test(usual_model),
		cmocka_unit_test(every_cell),
		cmocka_unit_test(random_models_codecs_and_paths),
	};

	take_codecs();
	random_seed();
	cmocka_set_message_output(CM_OUTPUT_TAP);
	return cmocka_run_group_tests(tests, NULL, NULL);
}
