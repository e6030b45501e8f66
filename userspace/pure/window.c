/* SPDX-License-Identifier: MIT */
#include "pure/window_own.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "vocabulary/prefetch.h"

#define SETTLED_SAMPLES 15
#define GOOD_MOS 4.0
#define SAMPLES_MAX 128

struct window *window_create(const struct window_config *config, uint32_t targets)
{
	struct window *window = calloc(1, sizeof *window);

	if (!window)
		return NULL;
	window->config = *config;
	window->depth = window_depth(config);
	window->memories = calloc(targets ? targets : 1, sizeof *window->memories);
	window->digests =
		calloc((size_t)(targets ? targets : 1) * window->depth, sizeof *window->digests);
	if (!window->memories || !window->digests) {
		window_destroy(window);
		return NULL;
	}
	return window;
}

void window_destroy(struct window *window)
{
	if (!window)
		return;
	free(window->digests);
	free(window->memories);
	free(window);
}

void window_forget(struct window *window, uint32_t target)
{
	/* What no digest counts is not looked at. */
	window->memories[target] = (struct memory) { 0 };
}

/* The digest `back` cycles before the newest. */
static struct kept_digest *kept_at(const struct window *window, uint32_t target, unsigned back)
{
	unsigned newest = window->memories[target].newest;
	unsigned at = (newest + window->depth - back) % window->depth;

	return &window->digests[(size_t)target * window->depth + at];
}

static struct digest digest_at(const struct window *window, uint32_t target, unsigned back)
{
	return window_digest(kept_at(window, target, back));
}

void window_prefetch_flags(const struct window *window, uint32_t target)
{
	prefetch(&window->memories[target]);
}

void window_prefetch_newest(const struct window *window, uint32_t target)
{
	prefetch_all(kept_at(window, target, 0), sizeof(struct kept_digest));
}

void window_prefetch(const struct window *window, uint32_t target)
{
	prefetch(&window->memories[target]);
	prefetch_all(&window->digests[(size_t)target * window->depth],
		window->depth * sizeof *window->digests);
}

/* How many of the newest digests are in force: at most `most`, none of them older than twice the
 * window before cycle `number`. A younger one is in force: when a cycle starts late, the next may be
 * the first to finish. */
static unsigned digests_in_force(
	const struct window *window, uint32_t target, unsigned most, uint64_t number)
{
	unsigned count = window->memories[target].count;
	uint32_t age = (uint32_t)number - window->memories[target].number;
	unsigned in_force = 0;

	if (count > most)
		count = most;
	for (; in_force < count && (int32_t)age < (int32_t)(2 * window->config.cycles); in_force++)
		age += (uint32_t)kept_at(window, target, in_force)->gap;
	return in_force;
}

struct cycle_summary window_summarise(const struct cycle *cycle, bool refused_answers)
{
	struct cycle_summary summary = { .error = OUTCOME_OK, .stamp_source = STAMP_SOURCE_COUNT };
	unsigned counts[OUTCOME_COUNT] = { 0 };

	for (unsigned i = 0; i < cycle->planned; i++) {
		const struct cycle_sample *sample = &cycle->samples[i];
		enum sample_class class = outcome_class(sample->outcome, refused_answers);

		if (class == CLASS_ANSWERED) {
			summary.answered++;
			if (summary.stamp_source == STAMP_SOURCE_COUNT ||
				sample->source > summary.stamp_source)
				summary.stamp_source = sample->source;
			continue;
		}
		summary.failed += class == CLASS_FAILED;
		counts[sample->outcome]++;
		if (summary.error == OUTCOME_OK || counts[sample->outcome] > counts[summary.error])
			summary.error = sample->outcome;
	}
	summary.outcome = !(summary.answered + summary.failed) ? CYCLE_MISSING
			  : !summary.answered		       ? CYCLE_FAILED
			  : summary.failed		       ? CYCLE_PARTIAL
							       : CYCLE_OK;
	return summary;
}

static int compare_u32(const void *a, const void *b)
{
	uint32_t x = *(const uint32_t *)a, y = *(const uint32_t *)b;

	return (x > y) - (x < y);
}

static uint32_t median_u32(uint32_t *values, unsigned count)
{
	qsort(values, count, sizeof *values, compare_u32);
	if (count % 2)
		return values[count / 2];
	return (uint32_t)(((uint64_t)values[count / 2 - 1] + values[count / 2]) / 2);
}

/* Welford's running mean and sum of squared deviations. */
static void add_latency(struct digest *digest, uint32_t rtt_ns)
{
	double delta = (double)rtt_ns - (double)digest->mean_ns;
	double mean = (double)digest->mean_ns + delta / (digest->latencies + 1);

	digest->latencies++;
	digest->m2 += (float)(delta * ((double)rtt_ns - mean));
	digest->mean_ns = (float)mean;
}

static float step_ns(uint32_t from_ns, uint32_t to_ns)
{
	return fabsf((float)((int64_t)to_ns - (int64_t)from_ns));
}

/* *last_ns: latency of the answered sample before, of whichever cycle. */
static void add_answered(
	struct digest *digest, const struct cycle_sample *sample, uint32_t *last_ns)
{
	digest->answered++;
	digest->sent = (uint16_t)(digest->sent + sample->sent);
	digest->lost = (uint16_t)(digest->lost + sample->lost);
	if (!sample->rtt_ns)
		return;
	if (digest->timed) {
		digest->step_sum_ns += step_ns(*last_ns, sample->rtt_ns);
		digest->steps++;
	} else if (*last_ns) {
		digest->join_ns = step_ns(*last_ns, sample->rtt_ns);
	}
	digest->timed = true;
	*last_ns = sample->rtt_ns;
}

static void add_failed(struct digest *digest, enum outcome outcome)
{
	static const enum failure failures[OUTCOME_COUNT] = {
		[OUTCOME_TIMEOUT] = FAILURE_TIMEOUT,
		[OUTCOME_REFUSED] = FAILURE_REFUSED,
		[OUTCOME_UNREACHABLE] = FAILURE_UNREACHABLE,
		[OUTCOME_DNS_FAIL] = FAILURE_DNS,
	};

	digest->failures[failures[outcome]]++;
}

static unsigned failed_of(const struct digest *digest)
{
	unsigned failed = 0;

	for (unsigned i = 0; i < FAILURE_COUNT; i++)
		failed += digest->failures[i];
	return failed;
}

/* The first sample that counts: 0, or for a target that has never answered its first answer. */
static unsigned first_counting(const struct cycle *cycle, bool verified, bool refused_answers)
{
	unsigned i = 0;

	while (!verified && i < cycle->planned &&
		outcome_class(cycle->samples[i].outcome, refused_answers) != CLASS_ANSWERED)
		i++;
	return i;
}

bool window_fold(
	struct window *window, const struct cycle *cycle, bool refused_answers, bool new_address)
{
	struct memory *memory = &window->memories[cycle->target];
	unsigned first = first_counting(cycle, memory->verified, refused_answers);
	uint32_t latencies[SAMPLES_MAX];
	struct digest made = { .starts_anew = new_address }, *digest = &made;
	int64_t gap = INT8_MAX;

	if (first == cycle->planned)
		return false;
	if (memory->count)
		gap = (int32_t)((uint32_t)cycle->number - memory->number);
	memory->number = (uint32_t)cycle->number;
	memory->verified = true;
	memory->newest = (uint8_t)((memory->newest + 1u) % window->depth);
	if (memory->count < window->depth)
		memory->count++;
	for (unsigned i = first; i < cycle->planned; i++) {
		const struct cycle_sample *sample = &cycle->samples[i];
		enum sample_class class = outcome_class(sample->outcome, refused_answers);

		if (class == CLASS_MISSING)
			continue;
		if (class == CLASS_ANSWERED)
			add_answered(digest, sample, &memory->last_ns);
		else
			add_failed(digest, sample->outcome);
		if (sample->rtt_ns && digest->latencies < SAMPLES_MAX) {
			latencies[digest->latencies] = sample->rtt_ns;
			add_latency(digest, sample->rtt_ns);
		}
	}
	if (digest->latencies)
		digest->median_ns = median_u32(latencies, digest->latencies);
	window_keep(kept_at(window, cycle->target, 0), digest, gap);
	return true;
}

void window_newest(
	const struct window *window, uint32_t target, unsigned *ret_answered, unsigned *ret_failed)
{
	struct digest digest = digest_at(window, target, 0);

	*ret_answered = digest.answered;
	*ret_failed = failed_of(&digest);
}

/* The larger of: the mean step between consecutive answered samples, and half the median step between
 * consecutive cycles' medians; over the digests, newest first, since the address changed last. */
static double jitter_ms(const struct digest *digests, unsigned in_force)
{
	double sum_ns = 0, mean_ns = NAN, cycles_ns = NAN;
	uint32_t steps[UINT8_MAX], last_median_ns = 0;
	unsigned terms = 0, medians = 0, oldest = 0;
	bool timed = false;

	while (oldest + 1 < in_force && !digests[oldest].starts_anew)
		oldest++;
	for (unsigned back = oldest + 1; in_force && back-- > 0;) {
		const struct digest *digest = &digests[back];

		sum_ns += (double)digest->step_sum_ns;
		terms += digest->steps;
		/* To the cycle before, when that is in force and of the same address. */
		if (digest->timed && timed) {
			sum_ns += (double)digest->join_ns;
			terms++;
		}
		timed |= digest->timed;
		if (digest->median_ns && last_median_ns)
			steps[medians++] = digest->median_ns > last_median_ns
						   ? digest->median_ns - last_median_ns
						   : last_median_ns - digest->median_ns;
		if (digest->median_ns)
			last_median_ns = digest->median_ns;
	}
	if (terms)
		mean_ns = sum_ns / terms;
	if (medians)
		cycles_ns = median_u32(steps, medians) / 2.0;
	return fmax(mean_ns, cycles_ns) / 1e6; /* fmax() passes over a NAN */
}

struct window_numbers window_numbers(const struct window *window, uint32_t target, uint64_t number)
{
	struct window_numbers numbers = {
		.latency_ms = NAN, .stddev_ms = NAN, .loss_pct = NAN, .fail_pct = NAN
	};
	unsigned in_force = digests_in_force(window, target, window->config.cycles, number);
	struct digest digests[WINDOW_MOST];
	double count = 0, mean = 0, m2 = 0;

	for (unsigned back = 0; back < in_force; back++) {
		const struct digest *digest = &digests[back];

		digests[back] = digest_at(window, target, back);
		numbers.answered += digest->answered;
		numbers.failed += failed_of(digest);
		numbers.sent += digest->sent;
		numbers.lost += digest->lost;
		if (!digest->latencies)
			continue;
		if (isnan(numbers.latency_ms))
			numbers.latency_ms = digest->median_ns / 1e6;
		/* Chan's rule: two sets' means and squared deviations into one. */
		double delta = (double)digest->mean_ns - mean, total = count + digest->latencies;

		m2 += (double)digest->m2 + delta * delta * count * digest->latencies / total;
		mean += delta * digest->latencies / total;
		count = total;
	}
	numbers.n = numbers.answered + numbers.failed;
	numbers.jitter_ms = jitter_ms(digests, in_force);
	if (count > 1)
		numbers.stddev_ms = sqrt(m2 / count) / 1e6;
	if (numbers.sent)
		numbers.loss_pct = 100.0 * numbers.lost / numbers.sent;
	if (numbers.n)
		numbers.fail_pct = 100.0 * numbers.failed / numbers.n;
	return numbers;
}

void window_remember(struct window *window, uint32_t target, const struct window_score *score)
{
	window_keep_score(kept_at(window, target, 0), score);
}

/* Each cycle's share of what took most, a cycle's r_failed going to its failures by their number. */
static void add_causes(const struct digest *digest, double sums[CAUSE_COUNT])
{
	static const enum cause causes[FAILURE_COUNT] = { CAUSE_OUTAGE, CAUSE_REFUSED,
		CAUSE_UNREACHABLE, CAUSE_DNS };
	unsigned failed = failed_of(digest);

	sums[CAUSE_DELAY] += (double)digest->r_delay;
	sums[CAUSE_JITTER] += (double)digest->r_jitter;
	sums[CAUSE_LOSS] += (double)digest->r_loss;
	for (unsigned i = 0; failed && i < FAILURE_COUNT; i++)
		sums[causes[i]] += (double)digest->r_failed * digest->failures[i] / failed;
}

double window_mos(
	const struct window *window, uint32_t target, uint64_t number, enum cause *ret_cause)
{
	unsigned in_force = digests_in_force(window, target, window->config.average, number);
	double sums[CAUSE_COUNT] = { 0 }, total = 0, mos;
	enum cause most = CAUSE_NONE;

	*ret_cause = CAUSE_NONE;
	if (!in_force)
		return NAN;
	for (unsigned back = 0; back < in_force; back++) {
		struct digest digest = digest_at(window, target, back);

		total += (double)digest.mos_cycle;
		add_causes(&digest, sums);
	}
	mos = total / in_force;
	for (enum cause cause = CAUSE_OUTAGE; mos < GOOD_MOS && cause < CAUSE_COUNT; cause++)
		if (sums[cause] > sums[most])
			most = cause;
	*ret_cause = most;
	return mos;
}

bool window_used_to_answer(const struct window *window, uint32_t target)
{
	return window->memories[target].count && kept_at(window, target, 0)->answered;
}

double window_own_latency_ms(const struct window *window, uint32_t target)
{
	uint32_t median_ns =
		window->memories[target].count ? digest_at(window, target, 0).median_ns : 0;

	return median_ns ? median_ns / 1e6 : (double)NAN;
}

bool window_is_verified(const struct window *window, uint32_t target)
{
	return window->memories[target].verified;
}

bool window_is_settled(struct window *window, uint32_t target, unsigned samples, uint64_t number)
{
	struct memory *memory = &window->memories[target];
	unsigned enough = samples * window->config.cycles;

	if (enough > SETTLED_SAMPLES)
		enough = SETTLED_SAMPLES;
	if (!memory->settled)
		memory->settled = window_numbers(window, target, number).n >= enough;
	return memory->settled;
}
