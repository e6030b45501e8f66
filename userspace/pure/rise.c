/* SPDX-License-Identifier: MIT */
#include "pure/rise.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

#define STEPS 10u
#define LASTING_STEPS 4u
#define WINDOWS_PER_MINUTE 6u
#define MINUTES 60u
#define MINUTES_LEAST 3u
/* A minute of less tells nothing. */
#define MINUTE_SAMPLES 20u

/* Latencies off by -250 to 750 ms, in steps of 2.5. */
#define BINS 400u
#define BIN_MS 2.5
#define BIN_LEAST_MS (-250.0)

struct sums {
	uint32_t samples, local_errors, sent, lost, latencies;
	uint32_t bins[BINS];
};

struct rise {
	uint64_t step_ns, began_ns;
	uint32_t step;		  /* of now, from 1; 0 = not begun */
	struct sums steps[STEPS]; /* by step modulo STEPS */
	struct sums window;	  /* the sum of them */
	uint32_t minute;	  /* of now */
	struct sums in_minute;
	bool spoilt; /* a part of this minute is none to learn from */
	float losses_pct[MINUTES], offs_ms[MINUTES];
	unsigned known, next; /* minutes; the place of the next one */
	double loss_usual_pct, off_usual_ms;
};

struct rise *rise_create(uint64_t window_ns)
{
	struct rise *rise = calloc(1, sizeof *rise);

	if (!rise)
		return NULL;
	rise->step_ns = window_ns / STEPS ? window_ns / STEPS : 1;
	rise->loss_usual_pct = rise->off_usual_ms = NAN;
	return rise;
}

void rise_destroy(struct rise *rise)
{
	free(rise);
}

static double median_off_ms(const struct sums *sums)
{
	uint32_t left = sums->latencies / 2;

	if (!sums->latencies)
		return NAN;
	for (unsigned i = 0; i < BINS; i++) {
		if (sums->bins[i] > left)
			return BIN_LEAST_MS + (i + 0.5) * BIN_MS;
		left -= sums->bins[i];
	}
	return NAN;
}

static int compare(const void *a, const void *b)
{
	float x = *(const float *)a, y = *(const float *)b;

	return (x > y) - (x < y);
}

static double median(const float *values, unsigned count)
{
	float sorted[MINUTES];

	memcpy(sorted, values, count * sizeof *sorted);
	qsort(sorted, count, sizeof *sorted, compare);
	return ((double)sorted[(count - 1) / 2] + (double)sorted[count / 2]) / 2;
}

static double loss_pct(const struct sums *sums)
{
	return sums->sent ? 100.0 * sums->lost / sums->sent : (double)NAN;
}

/* A minute is over. */
static void learn_minute(struct rise *rise)
{
	struct sums *minute = &rise->in_minute;

	if (!rise->spoilt && minute->latencies >= MINUTE_SAMPLES) {
		rise->losses_pct[rise->next] = (float)loss_pct(minute);
		rise->offs_ms[rise->next] = (float)median_off_ms(minute);
		rise->next = (rise->next + 1) % MINUTES;
		if (rise->known < MINUTES)
			rise->known++;
		if (rise->known >= MINUTES_LEAST) {
			rise->loss_usual_pct = median(rise->losses_pct, rise->known);
			rise->off_usual_ms = median(rise->offs_ms, rise->known);
		}
	}
	memset(minute, 0, sizeof *minute);
	rise->spoilt = false;
}

/* Takes what a step held out of the window, and empties it. */
static void forget(struct rise *rise, struct sums *step)
{
	struct sums *window = &rise->window;

	if (step->samples) {
		window->samples -= step->samples;
		window->local_errors -= step->local_errors;
		window->sent -= step->sent;
		window->lost -= step->lost;
		window->latencies -= step->latencies;
		for (unsigned i = 0; i < BINS; i++)
			window->bins[i] -= step->bins[i];
	}
	memset(step, 0, sizeof *step);
}

static void move_on(struct rise *rise, uint64_t now_ns)
{
	uint32_t step, minute;

	if (!rise->step) {
		rise->step = 1;
		rise->began_ns = now_ns;
	}
	step = (uint32_t)((now_ns - rise->began_ns) / rise->step_ns) + 1;
	minute = (step - 1) / (STEPS * WINDOWS_PER_MINUTE);
	if (minute != rise->minute) {
		learn_minute(rise);
		rise->minute = minute;
	}
	for (unsigned i = 0; i < STEPS && rise->step < step; i++)
		forget(rise, &rise->steps[++rise->step % STEPS]);
	rise->step = step;
}

static struct sums *sums_of(struct rise *rise, unsigned which)
{
	struct sums *all[] = { &rise->steps[rise->step % STEPS], &rise->window, &rise->in_minute };

	return all[which];
}

void rise_see(struct rise *rise, unsigned sent, unsigned lost, double off_ms, uint64_t now_ns)
{
	double bin = (off_ms - BIN_LEAST_MS) / BIN_MS;
	unsigned at = bin < 0 ? 0 : bin >= BINS ? BINS - 1 : isnan(bin) ? 0 : (unsigned)bin;

	move_on(rise, now_ns);
	for (unsigned which = 0; which < 3; which++) {
		struct sums *sums = sums_of(rise, which);

		sums->samples++;
		sums->sent += sent;
		sums->lost += lost;
		if (isnan(off_ms))
			continue;
		sums->latencies++;
		sums->bins[at]++;
	}
}

void rise_see_local_error(struct rise *rise, uint64_t now_ns)
{
	move_on(rise, now_ns);
	for (unsigned which = 0; which < 3; which++) {
		sums_of(rise, which)->samples++;
		sums_of(rise, which)->local_errors++;
	}
}

/* What comes and goes within a few steps is no lasting loss. */
static double lasting_loss_pct(const struct rise *rise)
{
	float losses_pct[STEPS];

	for (unsigned i = 0; i < STEPS; i++) {
		const struct sums *step = &rise->steps[i];

		losses_pct[i] = step->sent ? (float)loss_pct(step) : 0;
	}
	qsort(losses_pct, STEPS, sizeof *losses_pct, compare);
	return (double)losses_pct[STEPS - LASTING_STEPS];
}

struct rise_view rise_look(struct rise *rise, bool learn, uint64_t now_ns)
{
	const struct sums *window = &rise->window;

	move_on(rise, now_ns);
	rise->spoilt |= !learn;
	return (struct rise_view) {
		.samples = window->samples,
		.local_errors = window->local_errors,
		.sent = window->sent,
		.lost = window->lost,
		.latencies = window->latencies,
		.loss_pct = loss_pct(window),
		.loss_usual_pct = rise->loss_usual_pct,
		.loss_lasting_pct = lasting_loss_pct(rise),
		.off_ms = median_off_ms(window),
		.off_usual_ms = rise->off_usual_ms,
	};
}
