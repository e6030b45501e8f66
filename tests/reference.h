/* SPDX-License-Identifier: MIT */
/* The slow and obvious forms of what the pure chain computes, written from the definitions and not
 * from its code: R and MOS of a path straight from the equations of ITU-T G.107, and a window that
 * keeps every sample it was ever given. */
#ifndef MOSPROBE_TESTS_REFERENCE_H
#define MOSPROBE_TESTS_REFERENCE_H

#include "check.h"
#include "pure/window.h"
#include "vocabulary/settings.h"

/* R at T = Ta, Tr = 2 Ta, everything else at its default; Ta of 1 ms and more. */
static inline double reference_r(double ta_ms, double ie, double bpl, double ppl_pct)
{
	double nos = 35 - 8 - 3 - 100 + 0.004 * pow(35 - 10 - 3 - 14, 2);
	double pre = 35 + 10 * log10(1 + pow(10, (10 - 18.0) / 10));
	double nor = 2 - 121 + pre + 0.008 * pow(pre - 35, 2), nfo = -64 + 2;
	double no =
		10 * log10(pow(10, -7) + pow(10, nos / 10) + pow(10, nor / 10) + pow(10, nfo / 10));
	double ro = 15 - 1.5 * (8 + no);
	double xolr = 10 + 0.2 * (64 + no - 2);
	double iolr = 20 * (pow(1 + pow(xolr / 8, 8), 1 / 8.0) - xolr / 8);
	double stmro = -10 * log10(pow(10, -1.5) + exp(-ta_ms / 4) * pow(10, -6.5));
	double ist = 12 * pow(1 + pow((stmro - 13) / 6, 8), 1 / 8.0) -
		     28 * pow(1 + pow((stmro + 1) / 19.4, 35), 1 / 35.0) -
		     13 * pow(1 + pow((stmro - 3) / 33, 13), 1 / 13.0) + 29;
	double g = 1.07 + 0.258 * 37 + 0.0602 * 37 * 37;
	double y = (ro - 100) / 15 + 46 / 8.4 - g / 9, z = 46 / 30.0 - g / 40;
	double iq = 15 * log10(1 + pow(10, y) + pow(10, z));
	double terv = 65 - 40 * log10((1 + ta_ms / 10) / (1 + ta_ms / 150)) +
		      6 * exp(-0.3 * ta_ms * ta_ms);
	double echo = -1.5 * (no - 2) - (80 + 2.5 * (terv - 14));
	double idte = (echo / 2 + sqrt(echo * echo / 4 + 100) - 1) * (1 - exp(-ta_ms));
	double listener = ro - 10.5 * 117 * pow(2 * ta_ms + 1, -0.25);
	double idle = listener / 2 + sqrt(listener * listener / 4 + 169);
	double x = log2(ta_ms / 100), idd = 0;

	if (ta_ms > 100)
		idd = 25 * (pow(1 + pow(x, 6), 1 / 6.0) - 3 * pow(1 + pow(x / 3, 6), 1 / 6.0) + 2);
	return ro - (iolr + ist + iq) - (idte + idle + idd) -
	       (ie + (95 - ie) * ppl_pct / (ppl_pct + bpl));
}

static inline double reference_mos(double r)
{
	if (r < 6.515308)
		return 1;
	return r > 100 ? 4.5 : 1 + 0.035 * r + 7e-6 * r * (r - 60) * (100 - r);
}

/* R of a path, with the default playout model. What does not exist is NAN. */
static inline double reference_path_r(
	const struct codec *codec, double latency_ms, double jitter_ms, double loss_pct)
{
	double jitter = isnan(jitter_ms) ? 0 : jitter_ms, loss = isnan(loss_pct) ? 0 : loss_pct;
	double latency = isnan(latency_ms) ? 1000 : latency_ms;
	double playout = 2 * jitter < 20 ? 20 : 2 * jitter > 100 ? 100 : 2 * jitter;
	double late = jitter > 0 ? exp(-100 / jitter) : 0;

	return reference_r(latency / 2 + playout + 20 + codec->lookahead_ms, codec->ie, codec->bpl,
		100 * (1 - (1 - loss / 100) * (1 - late)));
}

struct reference_cycle {
	uint64_t number;
	bool new_address;
	unsigned count; /* samples that are not missing */
	struct cycle_sample *samples;
	struct window_score score;
};

struct reference_window {
	unsigned cycles, average;
	bool refused_answers, verified, settled;
	size_t count;
	struct reference_cycle *all; /* every cycle that was not missing, oldest first */
};

static inline bool reference_answered(const struct reference_window *ref, unsigned outcome)
{
	return outcome == OUTCOME_OK || (outcome == OUTCOME_REFUSED && ref->refused_answers);
}

static inline bool reference_missing(unsigned outcome)
{
	return outcome == OUTCOME_DNS_UNKNOWN || outcome == OUTCOME_LOCAL_ERROR ||
	       outcome == OUTCOME_SKIPPED;
}

/* False, and nothing kept, when the cycle has nothing to keep. */
static inline bool reference_fold(
	struct reference_window *ref, const struct cycle *cycle, bool new_address)
{
	struct reference_cycle kept = { .number = cycle->number, .new_address = new_address };

	kept.samples = calloc(cycle->planned, sizeof *kept.samples);
	for (unsigned i = 0; i < cycle->planned; i++) {
		unsigned outcome = cycle->samples[i].outcome;

		if (reference_answered(ref, outcome))
			ref->verified = true;
		if (ref->verified && !reference_missing(outcome))
			kept.samples[kept.count++] = cycle->samples[i];
	}
	if (!kept.count) {
		free(kept.samples);
		return false;
	}
	/* There is room for the next power of two. */
	if (!(ref->count & (ref->count - 1)))
		ref->all = realloc(ref->all, (ref->count ? 2 * ref->count : 1) * sizeof *ref->all);
	ref->all[ref->count++] = kept;
	return true;
}

static inline void reference_free(struct reference_window *ref)
{
	for (size_t i = 0; i < ref->count; i++)
		free(ref->all[i].samples);
	free(ref->all);
	*ref = (struct reference_window) { 0 };
}

static inline int reference_compare(const void *a, const void *b)
{
	double x = *(const double *)a, y = *(const double *)b;

	return (x > y) - (x < y);
}

static inline double reference_median(double *values, size_t count)
{
	if (!count)
		return NAN;
	qsort(values, count, sizeof *values, reference_compare);
	return (values[(count - 1) / 2] + values[count / 2]) / 2;
}

/* The first of the newest `most` cycles that are not older than twice the window: their samples are
 * of number's cycle or up to 2 * window intervals before its end. */
static inline size_t reference_first(
	const struct reference_window *ref, unsigned most, uint64_t number)
{
	size_t first = ref->count > most ? ref->count - most : 0;

	while (first < ref->count && ref->all[first].number + 2 * ref->cycles <= number)
		first++;
	return first;
}

static inline double reference_cycle_median_ms(const struct reference_cycle *cycle)
{
	double rtts[256];
	size_t count = 0;

	for (unsigned i = 0; i < cycle->count; i++)
		if (cycle->samples[i].rtt_ns)
			rtts[count++] = cycle->samples[i].rtt_ns / 1e6;
	return reference_median(rtts, count);
}

/* The larger of the mean step between answered samples and half the median step between the medians
 * of cycles, over the cycles from first on; a change of the address begins anew. */
static inline double reference_jitter_ms(const struct reference_window *ref, size_t first)
{
	double last = NAN, last_median = NAN, sum = 0, steps[64], by_samples, by_cycles;
	size_t terms = 0, step_count = 0;

	for (size_t c = first; c < ref->count; c++) {
		const struct reference_cycle *cycle = &ref->all[c];
		double median = reference_cycle_median_ms(cycle);

		if (cycle->new_address) {
			last = last_median = NAN;
			sum = 0;
			terms = step_count = 0;
		}
		for (unsigned i = 0; i < cycle->count; i++) {
			double rtt = cycle->samples[i].rtt_ns / 1e6;

			if (!reference_answered(ref, cycle->samples[i].outcome) || !rtt)
				continue;
			if (!isnan(last)) {
				sum += fabs(rtt - last);
				terms++;
			}
			last = rtt;
		}
		if (isnan(median))
			continue;
		if (!isnan(last_median))
			steps[step_count++] = fabs(median - last_median);
		last_median = median;
	}
	by_samples = terms ? sum / (double)terms : NAN;
	by_cycles = reference_median(steps, step_count) / 2;
	return isnan(by_samples) || by_cycles > by_samples ? by_cycles : by_samples;
}

static inline double reference_stddev_ms(const struct reference_window *ref, size_t first)
{
	double sum = 0, squares = 0;
	size_t count = 0;

	for (unsigned pass = 0; pass < 2; pass++)
		for (size_t c = first; c < ref->count; c++)
			for (unsigned i = 0; i < ref->all[c].count; i++) {
				double rtt = ref->all[c].samples[i].rtt_ns / 1e6;

				if (!rtt)
					continue;
				if (pass == 0) {
					sum += rtt;
					count++;
				} else {
					squares += pow(rtt - sum / (double)count, 2);
				}
			}
	return count > 1 ? sqrt(squares / (double)count) : NAN;
}

static inline struct window_numbers reference_numbers(
	const struct reference_window *ref, uint64_t number)
{
	size_t first = reference_first(ref, ref->cycles, number);
	struct window_numbers numbers = { .latency_ms = NAN };

	for (size_t c = first; c < ref->count; c++) {
		double median = reference_cycle_median_ms(&ref->all[c]);

		if (!isnan(median))
			numbers.latency_ms = median;
		for (unsigned i = 0; i < ref->all[c].count; i++) {
			const struct cycle_sample *sample = &ref->all[c].samples[i];
			bool answered = reference_answered(ref, sample->outcome);

			numbers.answered += answered;
			numbers.failed += !answered;
			numbers.sent += answered ? sample->sent : 0;
			numbers.lost += answered ? sample->lost : 0;
		}
	}
	numbers.n = numbers.answered + numbers.failed;
	numbers.jitter_ms = reference_jitter_ms(ref, first);
	numbers.stddev_ms = reference_stddev_ms(ref, first);
	numbers.loss_pct = numbers.sent ? 100.0 * numbers.lost / numbers.sent : NAN;
	numbers.fail_pct = numbers.n ? 100.0 * numbers.failed / numbers.n : NAN;
	return numbers;
}

/* The mean over the same cycles, and what each cause took of them, by enum cause. */
static inline double reference_mean_mos(
	const struct reference_window *ref, uint64_t number, double took[CAUSE_COUNT])
{
	size_t first = reference_first(ref, ref->average, number);
	double sum = 0;

	for (unsigned i = 0; i < CAUSE_COUNT; i++)
		took[i] = 0;
	for (size_t c = first; c < ref->count; c++) {
		const struct reference_cycle *cycle = &ref->all[c];
		unsigned failed = 0;

		sum += cycle->score.mos_cycle;
		took[CAUSE_DELAY] += cycle->score.r_delay;
		took[CAUSE_JITTER] += cycle->score.r_jitter;
		took[CAUSE_LOSS] += cycle->score.r_loss;
		for (unsigned i = 0; i < cycle->count; i++)
			failed += !reference_answered(ref, cycle->samples[i].outcome);
		for (unsigned i = 0; i < cycle->count; i++) {
			unsigned outcome = cycle->samples[i].outcome;
			enum cause cause = outcome == OUTCOME_TIMEOUT	    ? CAUSE_OUTAGE
					   : outcome == OUTCOME_REFUSED	    ? CAUSE_REFUSED
					   : outcome == OUTCOME_UNREACHABLE ? CAUSE_UNREACHABLE
									    : CAUSE_DNS;

			if (!reference_answered(ref, outcome))
				took[cause] += cycle->score.r_failed / failed;
		}
	}
	return first < ref->count ? sum / (double)(ref->count - first) : NAN;
}

static inline bool reference_is_settled(
	struct reference_window *ref, unsigned samples, uint64_t number)
{
	unsigned enough = samples * ref->cycles < 15 ? samples * ref->cycles : 15;

	ref->settled = ref->settled || reference_numbers(ref, number).n >= enough;
	return ref->settled;
}

#endif
