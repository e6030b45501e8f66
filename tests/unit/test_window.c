/* SPDX-License-Identifier: MIT */
#include <string.h>

#include "../reference.h"

#define TARGETS 7u
#define SAMPLES_MAX 20u

/* A target of the random traces. */
struct line {
	struct reference_window ref;
	uint64_t number;
	unsigned samples;
	double rtt_ms, jitter_ms;	    /* of its path, which changes now and then */
	double failing, ambiguous, missing; /* shares */
};

static struct window *create(unsigned cycles, unsigned average, uint32_t targets)
{
	struct window *window = window_create(&(struct window_config) { cycles, average }, targets);

	assert_non_null(window);
	return window;
}

static struct cycle *cycle_of(uint32_t target, uint64_t number, unsigned planned)
{
	static union {
		struct cycle cycle;
		char room[sizeof(struct cycle) + 256 * sizeof(struct cycle_sample)];
	} memory;

	memory.cycle.target = target;
	memory.cycle.number = number;
	memory.cycle.planned = memory.cycle.done = (uint16_t)planned;
	return &memory.cycle;
}

static struct cycle_sample random_sample(const struct line *line)
{
	static const uint8_t missing[] = { OUTCOME_DNS_UNKNOWN, OUTCOME_LOCAL_ERROR,
		OUTCOME_SKIPPED };
	static const uint8_t failures[] = { OUTCOME_TIMEOUT, OUTCOME_UNREACHABLE,
		OUTCOME_DNS_FAIL };
	struct cycle_sample sample = { .source = (uint8_t)random_below(STAMP_SOURCE_COUNT) };

	if (random_unit() < line->missing) {
		sample.outcome = missing[random_below(3)];
		return sample;
	}
	/* Counts of samples that were not answered enter nothing. */
	sample.sent = (uint8_t)(1 + random_below(random_below(4) ? 1 : 4));
	if (random_unit() < line->failing && random_below(3)) {
		sample.outcome = failures[random_below(3)];
		return sample;
	}
	sample.outcome = random_unit() < line->failing ? OUTCOME_REFUSED : OUTCOME_OK;
	sample.lost = (uint8_t)random_below(sample.sent + 1u);
	if (random_unit() >= line->ambiguous)
		sample.rtt_ns =
			(uint32_t)((line->rtt_ms + random_unit() * line->jitter_ms) * 1e6) + 1;
	return sample;
}

/* Now and then another path, another kind of trouble. */
static void change_weather(struct line *line)
{
	static const double shares[] = { 0, 0, 0.1, 0.5, 1 };

	line->rtt_ms = random_unit() * 600;
	line->jitter_ms = random_below(3) ? random_unit() * 100 : 0;
	line->failing = shares[random_below(5)];
	line->ambiguous = shares[random_below(4)];
	line->missing = shares[random_below(5)];
}

static void assert_numbers(const struct window_numbers *got, const struct window_numbers *expected)
{
	double spread_ms;

	assert_int_equal(got->n, expected->n);
	assert_int_equal(got->answered, expected->answered);
	assert_int_equal(got->failed, expected->failed);
	assert_int_equal(got->sent, expected->sent);
	assert_int_equal(got->lost, expected->lost);
	/* Half of the 16 ns that a median is kept in; of the rest what it is off the median, to 8e-6. */
	spread_ms = expected->jitter_ms + (isnan(expected->stddev_ms) ? 0 : expected->stddev_ms);
	assert_near(got->latency_ms, expected->latency_ms, 1e-5);
	assert_near(got->jitter_ms, expected->jitter_ms, 2e-5 + 5e-5 * spread_ms);
	assert_near(got->stddev_ms, expected->stddev_ms, 1e-4 + 1e-5 * expected->stddev_ms);
	assert_near(got->loss_pct, expected->loss_pct, 1e-9);
	assert_near(got->fail_pct, expected->fail_pct, 1e-9);
}

static void assert_mos(const struct window *window, uint32_t target, const struct line *line)
{
	enum cause cause, most = CAUSE_NONE;
	double took[CAUSE_COUNT], mos = window_mos(window, target, line->number, &cause);

	assert_near(mos, reference_mean_mos(&line->ref, line->number, took), 1e-5);
	if (!(mos < 4)) {
		assert_int_equal(cause, CAUSE_NONE);
		return;
	}
	for (enum cause i = CAUSE_OUTAGE; i < CAUSE_COUNT; i++)
		if (took[i] > took[most])
			most = i;
	/* Two that took the same, as well as it is kept: either. */
	assert_true(cause == most || fabs(took[cause] - took[most]) <= line->ref.average * 0.5);
}

static void remember_something(struct window *window, uint32_t target, struct line *line)
{
	struct reference_cycle *newest = &line->ref.all[line->ref.count - 1];

	newest->score = (struct window_score) {
		.mos_cycle = 1 + random_unit() * 3.5,
		.r_delay = random_unit() * 10,
		.r_jitter = random_unit() * 10,
		.r_loss = random_unit() * 10,
		.r_failed = random_unit() * 40,
	};
	window_remember(window, target, &newest->score);
}

static void assert_newest(const struct window *window, uint32_t target, const struct line *line)
{
	const struct reference_cycle *newest = &line->ref.all[line->ref.count - 1];
	unsigned answered, failed, expected = 0;

	for (unsigned i = 0; i < newest->count; i++)
		expected += reference_answered(&line->ref, newest->samples[i].outcome);
	window_newest(window, target, &answered, &failed);
	assert_int_equal(answered, expected);
	assert_int_equal(failed, newest->count - expected);
}

/* One cycle of one line, through the window and the reference. */
static bool newest_has_answer(const struct reference_window *ref)
{
	const struct reference_cycle *newest = ref->count ? &ref->all[ref->count - 1] : NULL;

	for (unsigned i = 0; newest && i < newest->count; i++)
		if (reference_answered(ref, newest->samples[i].outcome))
			return true;
	return false;
}

static void step(struct window *window, uint32_t target, struct line *line)
{
	unsigned planned =
		random_below(4) ? line->samples : 1 + (unsigned)random_below(SAMPLES_MAX);
	struct cycle *cycle = cycle_of(target, line->number, planned);
	bool new_address = !random_below(12), missing = true;
	struct window_numbers got, expected;

	for (unsigned i = 0; i < planned; i++) {
		cycle->samples[i] = random_sample(line);
		missing = missing && reference_missing(cycle->samples[i].outcome);
	}
	if (!missing) {
		bool folded = reference_fold(&line->ref, cycle, new_address);

		assert_true(window_fold(window, cycle, line->ref.refused_answers, new_address) ==
			    folded);
		if (folded) {
			remember_something(window, target, line);
			assert_newest(window, target, line);
		}
	}
	got = window_numbers(window, target, line->number);
	expected = reference_numbers(&line->ref, line->number);
	assert_numbers(&got, &expected);
	assert_mos(window, target, line);
	assert_true(window_is_verified(window, target) == line->ref.verified);
	assert_true(window_used_to_answer(window, target) == newest_has_answer(&line->ref));
	assert_true(window_is_settled(window, target, line->samples, line->number) ==
		    reference_is_settled(&line->ref, line->samples, line->number));
}

static void random_traces(void **state)
{
	for (unsigned round = 0; round < 60; round++) {
		unsigned cycles = 1 + (unsigned)random_below(8),
			 average = 1 + (unsigned)random_below(8);
		struct window *window = create(cycles, average, TARGETS);
		struct line lines[TARGETS] = { 0 };

		for (unsigned i = 0; i < TARGETS; i++) {
			lines[i].ref.cycles = cycles;
			lines[i].ref.average = average;
			lines[i].ref.refused_answers = random_below(2);
			lines[i].samples = 1 + (unsigned)random_below(SAMPLES_MAX);
			/* Numbers past 32 bits, too. */
			lines[i].number = UINT32_MAX - random_below(150);
			change_weather(&lines[i]);
		}
		for (unsigned i = 0; i < 150 * TARGETS; i++) {
			uint32_t target = (uint32_t)random_below(TARGETS);

			if (!random_below(15))
				change_weather(&lines[target]);
			lines[target].number += random_below(20) ? 1 : 1 + random_below(3 * cycles);
			step(window, target, &lines[target]);
		}
		for (unsigned i = 0; i < TARGETS; i++)
			reference_free(&lines[i].ref);
		window_destroy(window);
	}
}

/* A cycle of answered samples, in ms. */
static void fold_ms(struct window *window, uint64_t number, const double *rtts_ms, unsigned count,
	bool new_address)
{
	struct cycle *cycle = cycle_of(0, number, count);

	for (unsigned i = 0; i < count; i++)
		cycle->samples[i] = (struct cycle_sample) { .outcome = OUTCOME_OK,
			.sent = 1,
			.rtt_ns = (uint32_t)llround(rtts_ms[i] * 1e6) };
	assert_true(window_fold(window, cycle, false, new_address));
}

static void fold_flat(struct window *window, uint64_t number, double rtt_ms)
{
	fold_ms(window, number, (const double[]) { rtt_ms, rtt_ms, rtt_ms, rtt_ms, rtt_ms }, 5,
		false);
}

/* 40, 95, 40, 95 ms from minute to minute is high jitter; one change of route is none. */
static void jitter_between_cycles(void **state)
{
	struct window *window = create(6, 6, 1);

	for (uint64_t i = 1; i <= 6; i++)
		fold_flat(window, i, i % 2 ? 40 : 95);
	assert_near(window_numbers(window, 0, 6).jitter_ms, 27.5, 1e-5);
	window_destroy(window);

	window = create(6, 6, 1);
	for (uint64_t i = 1; i <= 6; i++)
		fold_flat(window, i, i <= 3 ? 40 : 95);
	assert_near(window_numbers(window, 0, 6).jitter_ms, 55 / 29.0, 1e-5);
	window_destroy(window);
}

static void a_window_by_hand(void **state)
{
	struct window *window = create(2, 2, 1);
	struct window_numbers numbers;

	fold_ms(window, 1, (const double[]) { 10, 14, 12 }, 3, false);
	numbers = window_numbers(window, 0, 1);
	assert_near(numbers.latency_ms, 12, 1e-9);
	assert_near(numbers.jitter_ms, 3, 1e-6);
	assert_near(numbers.stddev_ms, sqrt(8 / 3.0), 1e-5);

	fold_ms(window, 2, (const double[]) { 20, 30 }, 2, false);
	numbers = window_numbers(window, 0, 2);
	assert_int_equal(numbers.n, 5);
	assert_near(numbers.latency_ms, 25, 1e-9);
	/* 4 + 2 + 8 + 10 over four steps; half of 25 - 12 is more. */
	assert_near(numbers.jitter_ms, 6.5, 1e-6);

	/* Another address: only its own steps. */
	fold_ms(window, 3, (const double[]) { 90, 91 }, 2, true);
	assert_near(window_numbers(window, 0, 3).jitter_ms, 1, 1e-6);
	/* Two cycles on, the first has left for its age, three on the second. */
	assert_int_equal(window_numbers(window, 0, 5).n, 4);
	assert_int_equal(window_numbers(window, 0, 6).n, 2);
	assert_int_equal(window_numbers(window, 0, 7).n, 0);
	assert_near(window_numbers(window, 0, 7).jitter_ms, NAN, 0);
	window_destroy(window);
}

/* A cycle that ends after its successor (a pause in its last connect) is no older than the window. */
static void out_of_order(void **state)
{
	struct window *window = create(3, 3, 1);

	fold_flat(window, 11, 40);
	fold_flat(window, 10, 40);
	assert_true(window_numbers(window, 0, 10).n > 0);
	assert_near(window_numbers(window, 0, 10).latency_ms, 40, 1e-6);
	window_destroy(window);
}

static void nothing_yet(void **state)
{
	struct window *window = create(6, 6, 3);
	struct window_numbers numbers = window_numbers(window, 2, 9);
	enum cause cause = CAUSE_LOSS;

	assert_int_equal(numbers.n, 0);
	assert_near(numbers.latency_ms, NAN, 0);
	assert_near(numbers.jitter_ms, NAN, 0);
	assert_near(numbers.stddev_ms, NAN, 0);
	assert_near(numbers.loss_pct, NAN, 0);
	assert_near(numbers.fail_pct, NAN, 0);
	assert_near(window_mos(window, 2, 9, &cause), NAN, 0);
	assert_int_equal(cause, CAUSE_NONE);
	assert_false(window_is_verified(window, 2));
	assert_false(window_used_to_answer(window, 2));
	assert_false(window_is_settled(window, 2, 5, 9));
	window_destroy(window);
	window_destroy(NULL);
}

/* o answered, r refused, t time-out, u unreachable, d dns_fail, - missing */
static void summaries(void **state)
{
	static const struct {
		const char *samples;
		bool refused_answers;
		unsigned answered, failed;
		enum cycle_outcome outcome;
		enum outcome error;
	} cycles[] = {
		{ "ooooo", false, 5, 0, CYCLE_OK, OUTCOME_OK },
		{ "ooto", false, 3, 1, CYCLE_PARTIAL, OUTCOME_TIMEOUT },
		{ "o-o", false, 2, 0, CYCLE_OK, OUTCOME_SKIPPED },
		{ "tuutd", false, 0, 5, CYCLE_FAILED, OUTCOME_TIMEOUT },
		{ "tuuto-u", false, 1, 5, CYCLE_PARTIAL, OUTCOME_UNREACHABLE },
		{ "t---", false, 0, 1, CYCLE_FAILED, OUTCOME_SKIPPED },
		{ "----", false, 0, 0, CYCLE_MISSING, OUTCOME_SKIPPED },
		{ "rrr", false, 0, 3, CYCLE_FAILED, OUTCOME_REFUSED },
		{ "rrr", true, 3, 0, CYCLE_OK, OUTCOME_OK },
		{ "rort", true, 3, 1, CYCLE_PARTIAL, OUTCOME_TIMEOUT },
		{ "d", true, 0, 1, CYCLE_FAILED, OUTCOME_DNS_FAIL },
	};
	static const char letters[] = "ortud---";
	static const enum outcome outcomes[] = { OUTCOME_OK, OUTCOME_REFUSED, OUTCOME_TIMEOUT,
		OUTCOME_UNREACHABLE, OUTCOME_DNS_FAIL, OUTCOME_SKIPPED };

	for (size_t i = 0; i < sizeof cycles / sizeof *cycles; i++) {
		unsigned planned = (unsigned)strlen(cycles[i].samples);
		struct cycle *cycle = cycle_of(0, 1, planned);
		struct cycle_summary summary;

		for (unsigned s = 0; s < planned; s++)
			cycle->samples[s] = (struct cycle_sample) {
				.outcome = (uint8_t)
					outcomes[strchr(letters, cycles[i].samples[s]) - letters],
				.source = s == 2 ? STAMP_TCP_INFO : STAMP_BPF,
			};
		summary = window_summarise(cycle, cycles[i].refused_answers);
		assert_int_equal(summary.answered, cycles[i].answered);
		assert_int_equal(summary.failed, cycles[i].failed);
		assert_int_equal(summary.outcome, cycles[i].outcome);
		if (strcmp(cycles[i].samples, "tuutd")) /* a tie: either */
			assert_int_equal(summary.error, cycles[i].error);
		/* The least exact of the answered ones. */
		assert_int_equal(summary.stamp_source,
			!summary.answered ? STAMP_SOURCE_COUNT
			: planned > 2 && outcome_class(cycle->samples[2].outcome,
						 cycles[i].refused_answers) == CLASS_ANSWERED
				? STAMP_TCP_INFO
				: STAMP_BPF);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(random_traces),
		cmocka_unit_test(jitter_between_cycles),
		cmocka_unit_test(a_window_by_hand),
		cmocka_unit_test(out_of_order),
		cmocka_unit_test(nothing_yet),
		cmocka_unit_test(summaries),
	};

	random_seed();
	cmocka_set_message_output(CM_OUTPUT_TAP);
	return cmocka_run_group_tests(tests, NULL, NULL);
}
