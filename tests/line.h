/* SPDX-License-Identifier: MIT */
/* One target on a fake clock through the pure chain: open cycle, window, score, ladder. Beside it
 * runs the slow reference, and every minute's numbers and state are held against it. */
#ifndef MOSPROBE_TESTS_LINE_H
#define MOSPROBE_TESTS_LINE_H

#include <string.h>

#include "reference.h"
#include "reference_ladder.h"
#include "pure/cycle.h"
#include "pure/score.h"

#define MINUTE NSEC_PER_MIN

static const struct path_model model = {
	.playout_factor = 2, .playout_min_ms = 20, .playout_max_ms = 100, .frame_ms = 20
};
static const struct codec g711 = { "g711", 0, 25.1, 0 };
static const struct alert_policy usual_policy = {
	.warning = 3.5,
	.critical = 3.0,
	.recovery = 3.7,
	.warning_for_ns = 6 * MINUTE,
	.critical_for_ns = 3 * MINUTE,
	.recovery_for_ns = 10 * MINUTE,
};

/* One target and all that is remembered of it, twice. */
struct line {
	struct cycles *cycles;
	struct window *window;
	struct alert_state alert;
	struct alert_policy policy; /* may change, as by a reload */
	struct reference_window ref;
	struct reference_ladder ladder;
	uint64_t number; /* of the newest cycle */
	double rtt_ms;	 /* of its path */
	bool muted, refused_answers;
	/* What the newest cycle came to. */
	struct window_numbers numbers;
	struct score score;
	double mos;
	enum cause cause;
	enum state state;
	struct alert_transition transition;
};

static inline struct line line_of(unsigned window_cycles, unsigned average)
{
	struct line line = {
		.cycles = cycles_create(2),
		.window = window_create(&(struct window_config) { window_cycles, average }, 1),
		.ref = { .cycles = window_cycles, .average = average },
		.number = 29000000,
		.policy = usual_policy,
		.rtt_ms = 40,
	};

	reference_ladder_start(&line.ladder);
	return line;
}

static inline void end(struct line *line)
{
	cycles_destroy(line->cycles);
	window_destroy(line->window);
	reference_free(&line->ref);
	reference_ladder_free(&line->ladder);
}

/* o answered, L after a lost SYN, A ambiguous after one, r refused, t silent, u unreachable, d no
 * such name, - missing. */
static inline struct sample sample_of(char letter, double rtt_ms)
{
	static const char letters[] = "oLArtud-";
	static const uint8_t outcomes[] = { OUTCOME_OK, OUTCOME_OK, OUTCOME_OK, OUTCOME_REFUSED,
		OUTCOME_TIMEOUT, OUTCOME_UNREACHABLE, OUTCOME_DNS_FAIL, OUTCOME_SKIPPED };
	unsigned which = (unsigned)(strchr(letters, letter) - letters);
	struct sample sample = { .outcome = outcomes[which] };

	if (which < 4) {
		sample.lost = which == 1 || which == 2;
		sample.sent = (uint8_t)(1 + sample.lost);
		sample.ambiguous = which == 2;
		sample.rtt_ns = which == 2 ? 0 : (uint32_t)llround(rtt_ms * 1e6);
	}
	return sample;
}

static inline uint32_t fill_cycle(struct line *line, const char *letters)
{
	unsigned planned = (unsigned)strlen(letters);
	uint32_t index = cycles_open(line->cycles, 0, line->number, planned);

	for (unsigned i = planned; i-- > 0;) {
		struct sample sample = sample_of(letters[i], line->rtt_ms);

		sample.cycle = index;
		sample.index = (uint16_t)i;
		assert_true(cycles_put(line->cycles, &sample) == (i == 0));
	}
	return index;
}

static inline void fold_and_score(struct line *line, const struct cycle *cycle)
{
	struct window_score kept;
	unsigned answered, failed;

	line->numbers = window_numbers(line->window, 0, line->number);
	window_newest(line->window, 0, &answered, &failed);
	line->score = score_cycle(&model, &g711, &line->numbers, answered, failed);
	kept = score_kept(&line->score);
	window_remember(line->window, 0, &kept);
}

/* The newest cycle's MOS by definition: S for what was answered, 1 for what failed. */
static inline void score_reference(struct line *line)
{
	struct reference_cycle *newest = &line->ref.all[line->ref.count - 1];
	struct window_numbers numbers = reference_numbers(&line->ref, line->number);
	double s = reference_mos(
		reference_path_r(&g711, numbers.latency_ms, numbers.jitter_ms, numbers.loss_pct));
	double sum = 0;

	for (unsigned i = 0; i < newest->count; i++)
		sum += reference_answered(&line->ref, newest->samples[i].outcome) ? s : 1;
	newest->score = (struct window_score) { .mos_cycle = sum / newest->count };
}

static inline void hold_against_reference(struct line *line, bool folded)
{
	double took[CAUSE_COUNT], mos = reference_mean_mos(&line->ref, line->number, took);
	bool settled = reference_is_settled(&line->ref, 5, line->number);
	struct reference_transition expected = { .happened = false };

	assert_near(line->mos, mos, 2e-5);
	if (folded)
		assert_near(line->score.mos_cycle,
			line->ref.all[line->ref.count - 1].score.mos_cycle, 2e-5);
	if (line->muted)
		expected.happened = reference_ladder_mute(&line->ladder);
	else if (folded)
		expected =
			reference_ladder_step(&line->ladder, &line->policy, mos, MINUTE, settled);
	else
		reference_ladder_miss(&line->ladder);
	assert_int_equal(line->transition.happened, expected.happened);
	assert_int_equal(line->transition.held_ms, expected.held_ms);
	assert_int_equal(line->state, !line->ref.verified ? STATE_UNVERIFIED
				      : !settled	  ? STATE_SETTLING
							  : line->ladder.state);
	assert_int_equal(line->alert.seq, line->ladder.seq);
}

/* One minute of a line. Returns the state after it. */
static inline enum state minute(struct line *line, const char *letters)
{
	uint32_t index;
	struct cycle *cycle;
	bool folded = false, settled;

	line->number++;
	index = fill_cycle(line, letters);
	cycle = cycles_at(line->cycles, index);
	if (window_summarise(cycle, line->refused_answers).outcome != CYCLE_MISSING) {
		folded = window_fold(line->window, cycle, line->refused_answers, false);
		line->ref.refused_answers = line->refused_answers;
		assert_true(folded == reference_fold(&line->ref, cycle, false));
	}
	if (folded) {
		fold_and_score(line, cycle);
		score_reference(line);
	}
	cycles_close(line->cycles, index);
	line->mos = window_mos(line->window, 0, line->number, &line->cause);
	settled = window_is_settled(line->window, 0, 5, line->number);
	line->transition = (struct alert_transition) { .happened = false };
	if (line->muted)
		line->transition = alert_mute(&line->alert, line->number * 60000);
	else if (folded)
		line->transition = alert_step(&line->alert, &line->policy,
			&(struct alert_cycle) { .mos = line->mos,
				.interval_ns = MINUTE,
				.at_ms = line->number * 60000,
				.may_fire = settled });
	line->state = !window_is_verified(line->window, 0) ? STATE_UNVERIFIED
		      : !settled			   ? STATE_SETTLING
							   : alert_level(&line->alert);
	hold_against_reference(line, folded);
	return line->state;
}

/* The target is removed, as the prober does it. It may come back as one that was never visited, but for its
 * sequence number. */
static inline struct alert_transition removed(struct line *line)
{
	struct alert_transition step = alert_mute(&line->alert, line->number * 60000);
	struct reference_window fresh = { .cycles = line->ref.cycles,
		.average = line->ref.average };

	window_forget(line->window, 0);
	reference_free(&line->ref);
	line->ref = fresh;
	assert_true(step.happened == reference_ladder_mute(&line->ladder));
	return step;
}

/* `count` such minutes, all of which end in that state, and in none of which anything happens. */
static inline void minutes(struct line *line, unsigned count, const char *letters, enum state state)
{
	for (unsigned i = 0; i < count; i++) {
		minute(line, letters);
		if (line->state != state || line->transition.happened)
			fail_msg("minute %u of %u of \"%s\": %s at mos %.3f", i + 1, count, letters,
				state_name(line->state), line->mos);
	}
}

/* A minute at whose end the state changes. */
static inline void turn(struct line *line, const char *letters, enum state to, unsigned held_min)
{
	minute(line, letters);
	if (!line->transition.happened || line->state != to)
		fail_msg("no turn to %s: %s at mos %.3f", state_name(to), state_name(line->state),
			line->mos);
	assert_int_equal(line->transition.held_ms, held_min * 60000);
}

/* S of a flat line, from the equations. */
static inline double s_of(double rtt_ms, double loss_pct)
{
	return reference_mos(reference_path_r(&g711, rtt_ms, 0, loss_pct));
}

/* From now on the line lives at this MOS: 1.5..4.3. */
static inline void live_at(struct line *line, double mos)
{
	double above_ms = 1, below_ms = 4000;

	while (below_ms - above_ms > 1e-6) {
		line->rtt_ms = (above_ms + below_ms) / 2;
		if (s_of(line->rtt_ms, 0) > mos)
			above_ms = line->rtt_ms;
		else
			below_ms = line->rtt_ms;
	}
}

#endif
