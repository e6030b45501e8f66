/* SPDX-License-Identifier: MIT */
/* What a score costs: a million targets in columns, each way that this machine has beside the scalar
 * twin, with the largest distance from it. Prints a table (Markdown); exit status 1 when a distance,
 * or the time of AVX2, is above what was promised.
 *
 * Other tenants of a shared machine take their part of cache, memory and core as they please, and only
 * ever add: the fastest run is what the code costs, and it is held against the limit; the median is
 * what one gets there. The ways take turns, so that a bad moment hits them alike. */
#include <math.h>
#include <sched.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>

#include "pure/codec.h"
#include "pure/columns.h"
#include "pure/emodel.h"
#include "vocabulary/nsec.h"

#define TARGETS 1000000
#define RUNS 51
#define SCALAR_RUNS 3
#define PARTS 3

#define SCORE_NS_MOST 5.0
#define EXPLAIN_NS_MOST 10.0
#define R_MOST 1e-4
#define MOS_MOST 1e-5

static const struct path_model model = {
	.playout_factor = 2, .playout_min_ms = 20, .playout_max_ms = 100, .frame_ms = 20
};

static struct codec codecs[16];
static uint32_t codec_count;

static float latency_ms[TARGETS], jitter_ms[TARGETS], loss_pct[TARGETS];
static uint32_t codec[TARGETS];
static struct path_score truth[TARGETS];
static float r[TARGETS], mos[TARGETS], part[PARTS][TARGETS];

static const struct columns_paths paths = { latency_ms, jitter_ms, loss_pct, codec };
static const struct columns_scores scores = { r, mos };
static const struct columns_parts parts = { part[0], part[1], part[2] };

static void take_codecs(void)
{
	const struct codec *known;

	for (unsigned i = 0; (known = codec_at(i)); i++)
		if (known->bpl > 0)
			codecs[codec_count++] = *known;
}

/* Most paths are good ones, and all that can be is there. */
static void make_targets(void)
{
	srand48(1);
	for (unsigned i = 0; i < TARGETS; i++) {
		latency_ms[i] = (float)(2000 * drand48() * drand48());
		jitter_ms[i] = (float)(500 * pow(drand48(), 3));
		loss_pct[i] = drand48() < 0.5 ? 0 : (float)(100 * pow(drand48(), 3));
		codec[i] = (uint32_t)(drand48() * codec_count);
	}
}

static void compute_truth(void)
{
	for (unsigned i = 0; i < TARGETS; i++)
		truth[i] = emodel_path(&model, &codecs[codec[i]], (double)latency_ms[i],
			(double)jitter_ms[i], (double)loss_pct[i]);
}

static int compare(const void *a, const void *b)
{
	double x = *(const double *)a, y = *(const double *)b;

	return (x > y) - (x < y);
}

struct timing {
	double ns[RUNS]; /* per target */
	unsigned runs;
};

static void add_run(struct timing *timing, uint64_t start_ns)
{
	timing->ns[timing->runs++] = (double)(nsec_mono() - start_ns) / TARGETS;
}

/* Of a timing that is complete: sorts it. */
static double fastest(struct timing *timing)
{
	qsort(timing->ns, timing->runs, sizeof *timing->ns, compare);
	return timing->ns[0];
}

static double median(struct timing *timing)
{
	fastest(timing);
	return timing->ns[timing->runs / 2];
}

struct distance {
	double r, mos, part;
};

static void widen(double *most, float found, double wanted)
{
	double distance = fabs((double)found - wanted);

	if (!(distance <= *most)) /* NAN too */
		*most = distance;
}

static void measure_distance(struct distance *most, bool explained)
{
	for (unsigned i = 0; i < TARGETS; i++) {
		const struct path_score *true_ = &truth[i];

		widen(&most->r, r[i], true_->r);
		widen(&most->mos, mos[i], true_->s);
		if (!explained)
			continue;
		widen(&most->part, part[0][i], true_->r_delay);
		widen(&most->part, part[1][i], true_->r_jitter);
		widen(&most->part, part[2][i], true_->r_loss);
	}
}

struct way {
	struct columns *columns; /* NULL: this machine does not have it */
	struct timing score, explain;
	struct distance most;
};

static void run_way(struct way *way)
{
	uint64_t start_ns = nsec_mono();

	columns_score(way->columns, TARGETS, &paths, &scores);
	add_run(&way->score, start_ns);
	if (way->score.runs == 1)
		measure_distance(&way->most, false);
	start_ns = nsec_mono();
	columns_explain(way->columns, TARGETS, &paths, &scores, &parts);
	add_run(&way->explain, start_ns);
	if (way->explain.runs == 1)
		measure_distance(&way->most, true);
}

/* Prints a way's line. Returns whether it is as good as promised. */
static bool print_way(enum columns_way number, struct way *way)
{
	const struct distance *most = &way->most;
	bool good = most->r < R_MOST && most->part < R_MOST && most->mos < MOS_MOST;

	if (number == COLUMNS_AVX2)
		good = good && fastest(&way->score) <= SCORE_NS_MOST &&
		       fastest(&way->explain) <= EXPLAIN_NS_MOST;
	printf("| %s | %.1f (%.1f) | %.1f (%.1f) | %.1e | %.1e | %.1e |%s\n",
		columns_way_name(number), median(&way->score), fastest(&way->score),
		median(&way->explain), fastest(&way->explain), most->r, most->part, most->mos,
		good ? "" : " above the limit");
	return good;
}

/* Onto one processor: the last that we may use. */
static void stay_here(void)
{
	cpu_set_t all, one;

	CPU_ZERO(&one);
	if (sched_getaffinity(0, sizeof all, &all))
		return;
	for (int i = CPU_SETSIZE - 1; i >= 0; i--)
		if (CPU_ISSET(i, &all)) {
			CPU_SET(i, &one);
			sched_setaffinity(0, sizeof one, &one);
			return;
		}
}

static void bench_scalar(void)
{
	struct timing timing = { .runs = 0 };

	while (timing.runs < SCALAR_RUNS) {
		uint64_t start_ns = nsec_mono();

		compute_truth();
		add_run(&timing, start_ns);
	}
	printf("| scalar twin | - | %.0f (%.0f) | 0 | 0 | 0 |\n", median(&timing),
		fastest(&timing));
}

int main(void)
{
	static struct way ways[COLUMNS_WAYS];
	bool good = true;

	stay_here();
	take_codecs();
	make_targets();
	printf("| way | score, ns | with its explanation, ns | max dR | max d of a part | max dMOS |\n"
	       "|---|---|---|---|---|---|\n");
	bench_scalar();
	for (enum columns_way way = 0; way < COLUMNS_WAYS; way++) {
		if (!columns_way_usable(way))
			continue;
		ways[way].columns = columns_create(&model, codecs, codec_count, way);
		if (!ways[way].columns) {
			fputs("no memory\n", stderr);
			return 1;
		}
	}
	for (unsigned run = 0; run < RUNS; run++)
		for (enum columns_way way = 0; way < COLUMNS_WAYS; way++)
			if (ways[way].columns)
				run_way(&ways[way]);
	for (enum columns_way way = 0; way < COLUMNS_WAYS; way++) {
		if (ways[way].columns)
			good &= print_way(way, &ways[way]);
		columns_destroy(ways[way].columns);
	}
	printf("\nns per target, %u targets, %u codecs: median (fastest) of %u runs; chosen at start: %s\n"
	       "limits: dR %g, dMOS %g, fastest of avx2 %g and %g ns\n",
		(unsigned)TARGETS, codec_count, (unsigned)RUNS, columns_way_name(columns_way_best()), R_MOST, MOS_MOST,
		SCORE_NS_MOST, EXPLAIN_NS_MOST);
	return good ? 0 : 1;
}
