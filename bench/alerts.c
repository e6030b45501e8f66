/* SPDX-License-Identifier: MIT */
/* How often do lines of known quality alert, and how soon those that should? Minute by minute on a fake clock,
 * SYN by SYN, through the pure code that the prober uses: cycle, window, score, ladder, and the closer look.
 *
 *     build/bench/alerts [SEED] [SHARE]      SHARE: of the usual number of years and trials (1)
 *
 * A sample sends a SYN at 0, 1 and 2 s, and its time is over at 3. Each of them, or its answer, is lost with the
 * line's probability, half of the time on the way back, so that the answer is ambiguous. A cycle is judged 10 s
 * after its last outcome (guard.window); what begins then or later may be a closer look. Prints a table in
 * Markdown; ends with 1 when a goal is missed. */
#include <math.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/wait.h>
#include <unistd.h>

#include "pure/alert.h"
#include "pure/cycle.h"
#include "pure/score.h"
#include "pure/window.h"
#include "vocabulary/nsec.h"

enum { SAMPLES = 5, CLOSER = 20, YEAR_MIN = 525600, DAY_S = 86400, DELAYS_MAX = 1 << 16 };
#define HOLD_S 10.0
#define TIMEOUT_S 3.0

static const struct path_model model = {
	.playout_factor = 2, .playout_min_ms = 20, .playout_max_ms = 100, .frame_ms = 20
};
static const struct codec codec = { "g711", 0, 25.1, 0 };
static const struct alert_policy policy = {
	.warning = 3.5,
	.critical = 3.0,
	.recovery = 3.7,
	.warning_for_ns = 6 * NSEC_PER_MIN,
	.critical_for_ns = 3 * NSEC_PER_MIN,
	.recovery_for_ns = 10 * NSEC_PER_MIN,
};

/* What a line is like. */
struct line {
	const char *name;
	double loss;		 /* of a SYN with its answer */
	double rtt_ms, noise_ms; /* uniform on top */
	double sigma_ms;	 /* normal besides */
	double holes_a_day;	 /* of 100 ms */
	double cuts_a_month;	 /* of 30 s */
	double outage_s;	 /* of each trial, from a moment in its first minute on; 0 = none */
	double later_rtt_ms;	 /* from that moment on; 0 = as before */
	double later_sigma_ms;
	unsigned years, trials; /* one of both */
	/* Goals; negative = none. */
	double alerts_most; /* a year, or in all trials */
	double critical_within_min;
};

static const struct line lines[] = {
	{ .name = "clean",
		.rtt_ms = 40,
		.noise_ms = 2,
		.years = 200,
		.alerts_most = 0,
		.critical_within_min = -1 },
	{ .name = "1 % loss",
		.loss = .01,
		.rtt_ms = 40,
		.noise_ms = 2,
		.years = 200,
		.alerts_most = 0,
		.critical_within_min = -1 },
	{ .name = "good: 0.02 % loss, 4 holes of 100 ms a day, 2 cuts of 30 s a month",
		.loss = .0002,
		.rtt_ms = 40,
		.noise_ms = 2,
		.holes_a_day = 4,
		.cuts_a_month = 2,
		.years = 500,
		.alerts_most = .5,
		.critical_within_min = -1 },
	{ .name = "3 % loss",
		.loss = .03,
		.rtt_ms = 40,
		.noise_ms = 2,
		.years = 200,
		.alerts_most = 10,
		.critical_within_min = -1 },
	{ .name = "outage of 1 min",
		.rtt_ms = 40,
		.noise_ms = 2,
		.outage_s = 60,
		.trials = 5000,
		.alerts_most = 0,
		.critical_within_min = -1 },
	{ .name = "outage of 5 min",
		.rtt_ms = 40,
		.noise_ms = 2,
		.outage_s = 300,
		.trials = 5000,
		.alerts_most = -1,
		.critical_within_min = 6 },
	{ .name = "outage of 1 h",
		.rtt_ms = 40,
		.noise_ms = 2,
		.outage_s = 3600,
		.trials = 5000,
		.alerts_most = -1,
		.critical_within_min = 6 },
	{ .name = "jitter of 50 ms begins",
		.rtt_ms = 150,
		.noise_ms = 2,
		.later_rtt_ms = 150,
		.later_sigma_ms = 44.31,
		.trials = 5000,
		.alerts_most = -1,
		.critical_within_min = 15 },
	{ .name = "route change, 40 to 250 ms",
		.rtt_ms = 40,
		.noise_ms = 2,
		.later_rtt_ms = 250,
		.trials = 5000,
		.alerts_most = 0,
		.critical_within_min = -1 },
};
enum { LINES = sizeof lines / sizeof lines[0] };

/* What all processes add to. */
struct tally {
	uint64_t cycles, alerts, criticals, delays;
	float delay_min[DELAYS_MAX]; /* from the beginning to critical */
};

struct target {
	const struct line *line;
	uint64_t random;
	struct cycles *cycles;
	struct window *window;
	struct alert_state alert;
	uint64_t number;
	double begins_s;	       /* the change or the outage; INFINITY = none */
	double hole_from_s, hole_to_s; /* the next or present one */
	double known_s;		       /* when the newest cycle was judged */
	bool doubts[2];		       /* after the newest two cycles: the older one decides */
};

static double unit(struct target *target)
{
	uint64_t z = target->random += 0x9e3779b97f4a7c15;

	z = (z ^ (z >> 30)) * 0xbf58476d1ce4e5b9;
	z = (z ^ (z >> 27)) * 0x94d049bb133111eb;
	return (double)((z ^ (z >> 31)) >> 11) * 0x1p-53;
}

/* The next hole or cut after now_s: both come as a Poisson process. */
static void next_hole(struct target *target, double now_s)
{
	double holes = target->line->holes_a_day / DAY_S,
	       cuts = target->line->cuts_a_month / (30.4 * DAY_S);

	target->hole_from_s =
		holes + cuts > 0 ? now_s - log(1 - unit(target)) / (holes + cuts) : INFINITY;
	target->hole_to_s = target->hole_from_s + (unit(target) * (holes + cuts) < cuts ? 30 : 0.1);
}

static bool is_dark(struct target *target, double at_s)
{
	while (at_s > target->hole_to_s)
		next_hole(target, target->hole_to_s);
	return at_s >= target->hole_from_s ||
	       (at_s >= target->begins_s && at_s < target->begins_s + target->line->outage_s);
}

static double rtt_ms(struct target *target, double at_s)
{
	const struct line *line = target->line;
	bool later = at_s >= target->begins_s && line->later_rtt_ms > 0;
	double sigma_ms = later ? line->later_sigma_ms : line->sigma_ms;
	double rtt_ms = (later ? line->later_rtt_ms : line->rtt_ms) + line->noise_ms * unit(target);

	if (sigma_ms > 0)
		rtt_ms +=
			sigma_ms * sqrt(-2 * log(1 - unit(target))) * cos(2 * M_PI * unit(target));
	return rtt_ms < 1 ? 1 : rtt_ms;
}

static struct sample take(struct target *target, double at_s)
{
	struct sample sample = { .outcome = OUTCOME_TIMEOUT };
	bool back = false;

	for (unsigned attempt = 0; attempt < 3; attempt++) {
		double chance = unit(target);

		if (is_dark(target, at_s + attempt))
			continue;
		if (chance < target->line->loss) {
			back |= chance < target->line->loss / 2;
			continue;
		}
		sample.outcome = OUTCOME_OK;
		sample.sent = (uint8_t)(attempt + 1);
		sample.lost = (uint8_t)attempt;
		sample.ambiguous = back;
		sample.rtt_ns = back ? 0 : (uint32_t)(rtt_ms(target, at_s) * 1e6);
		break;
	}
	return sample;
}

static const struct cycle *run_cycle(
	struct target *target, double phase_s, double *ret_end_s, uint32_t *ret_index)
{
	double begin_s = 60.0 * (double)target->number + phase_s, end_s = 0;
	bool doubt = target->doubts[target->known_s > begin_s];
	unsigned samples = doubt ? CLOSER : SAMPLES;

	*ret_index = cycles_open(target->cycles, 0, target->number, samples);
	for (unsigned i = 0; i < samples; i++) {
		double at_s = begin_s + 60.0 * i / samples;
		struct sample sample = take(target, at_s);

		at_s += sample.outcome == OUTCOME_OK ? sample.sent - 1 : TIMEOUT_S;
		end_s = fmax(end_s, at_s);
		sample.cycle = *ret_index;
		sample.index = (uint16_t)i;
		cycles_put(target->cycles, &sample);
	}
	*ret_end_s = target->known_s = end_s + HOLD_S;
	return cycles_at(target->cycles, *ret_index);
}

/* As composition/prober_fold.c and prober_judge.c do. */
static struct alert_transition step(struct target *target, const struct cycle *cycle)
{
	struct window_numbers numbers;
	struct window_score kept;
	struct score score;
	unsigned answered, failed;
	enum cause cause;
	double mos;

	window_fold(target->window, cycle, false, false);
	numbers = window_numbers(target->window, 0, target->number);
	window_newest(target->window, 0, &answered, &failed);
	score = score_cycle(&model, &codec, &numbers, answered, failed);
	kept = (struct window_score) { .mos_cycle = score.mos_cycle };
	window_remember(target->window, 0, &kept);
	mos = window_mos(target->window, 0, target->number, &cause);
	target->doubts[1] = target->doubts[0];
	target->doubts[0] = mos < 4.0 || alert_level(&target->alert) != STATE_OK;
	return alert_step(&target->alert, &policy,
		&(struct alert_cycle) {
			.mos = mos,
			.interval_ns = NSEC_PER_MIN,
			.may_fire = window_is_settled(target->window, 0, SAMPLES, target->number),
		});
}

/* So many minutes of one target. begins_s: INFINITY for none. */
static void live(
	const struct line *line, uint64_t seed, uint64_t minutes, bool trial, struct tally *tally)
{
	struct target target = {
		.line = line,
		.random = seed,
		.cycles = cycles_create(2),
		.window = window_create(&(struct window_config) { 6, 6 }, 1),
		.begins_s = INFINITY,
	};
	double phase_s = 60 * unit(&target), end_s;
	uint32_t index;

	if (trial)
		target.begins_s = 60 * (30 + unit(&target));
	next_hole(&target, 0);
	for (target.number = 0; target.number < minutes; target.number++) {
		struct alert_transition done =
			step(&target, run_cycle(&target, phase_s, &end_s, &index));

		cycles_close(target.cycles, index);
		if (!done.happened)
			continue;
		if (done.previous == STATE_OK)
			__atomic_fetch_add(&tally->alerts, 1, __ATOMIC_RELAXED);
		if (done.state == STATE_CRITICAL) {
			uint64_t at = __atomic_fetch_add(&tally->criticals, 1, __ATOMIC_RELAXED);

			if (trial && at < DELAYS_MAX)
				tally->delay_min[at] = (float)((end_s - target.begins_s) / 60);
		}
	}
	__atomic_fetch_add(&tally->cycles, minutes, __ATOMIC_RELAXED);
	cycles_destroy(target.cycles);
	window_destroy(target.window);
}

static unsigned scaled(unsigned count, double share)
{
	unsigned result = (unsigned)(count * share);

	return count && !result ? 1 : result;
}

/* One process of several: every so manieth target of each line. */
static void work(
	struct tally *tallies, uint64_t seed, double share, unsigned which, unsigned processes)
{
	for (unsigned i = 0; i < LINES; i++) {
		unsigned years = scaled(lines[i].years, share),
			 trials = scaled(lines[i].trials, share);

		for (unsigned k = which; k < years + trials; k += processes)
			live(&lines[i], seed + i * 1000003ull + k * 7919ull * 65537,
				years ? YEAR_MIN : 150, !years, &tallies[i]);
	}
}

static int compare(const void *a, const void *b)
{
	float x = *(const float *)a, y = *(const float *)b;

	return (x > y) - (x < y);
}

static bool report(const struct line *line, struct tally *tally, double share)
{
	double years = (double)tally->cycles / YEAR_MIN;
	unsigned trials = scaled(line->trials, share);
	double rate = trials ? (double)tally->alerts : (double)tally->alerts / years;
	uint64_t count = tally->criticals < DELAYS_MAX ? tally->criticals : DELAYS_MAX;
	unsigned in_time = 0;
	bool reached = true;

	printf("| %s | ", line->name);
	if (trials)
		printf("%u trials | %llu | %llu | ", trials, (unsigned long long)tally->alerts,
			(unsigned long long)tally->criticals);
	else
		printf("%.0f years | %.3f a year | %.3f a year | ", years, rate,
			(double)tally->criticals / years);
	if (line->critical_within_min > 0) {
		qsort(tally->delay_min, count, sizeof tally->delay_min[0], compare);
		for (uint64_t i = 0; i < count; i++)
			in_time += (double)tally->delay_min[i] <= line->critical_within_min;
		reached = in_time >= trials;
		if (count)
			printf("%.1f, %.1f, %.1f | ", (double)tally->delay_min[count / 2],
				(double)tally->delay_min[count * 99 / 100],
				(double)tally->delay_min[count - 1]);
		else
			printf("- | ");
		printf("critical within %g min | ", line->critical_within_min);
	} else {
		/* A count has a deviation of its root: above the goal is what two of them are above. */
		reached = trials ? rate <= line->alerts_most
				 : rate - 2 * sqrt((double)tally->alerts) / years <=
					   line->alerts_most;
		printf("- | ");
		if (line->alerts_most > 0)
			printf("at most %g a year | ", line->alerts_most);
		else
			printf("none | ");
	}
	if (reached || !trials || line->critical_within_min <= 0)
		printf("%s |\n", reached ? "yes" : "NO");
	else
		printf("NO, in %.0f %% |\n", 100.0 * in_time / trials);
	return reached;
}

int main(int argc, char **argv)
{
	uint64_t seed = argc > 1 ? strtoull(argv[1], NULL, 0) : 1;
	double share = argc > 2 ? atof(argv[2]) : 1;
	long processes = sysconf(_SC_NPROCESSORS_ONLN);
	struct tally *tallies = mmap(NULL, LINES * sizeof *tallies, PROT_READ | PROT_WRITE,
		MAP_SHARED | MAP_ANONYMOUS, -1, 0);
	bool reached = true;

	if (tallies == MAP_FAILED)
		return 2;
	for (long i = 0; i < processes; i++)
		if (!fork()) {
			work(tallies, seed, share, (unsigned)i, (unsigned)processes);
			_exit(0);
		}
	for (int status; wait(&status) > 0;)
		if (status)
			return 2;
	printf("seed %llu\n\n"
	       "| line | simulated | alerts | critical | min to critical: p50, p99, most | goal | reached |\n"
	       "|---|---|---|---|---|---|---|\n",
		(unsigned long long)seed);
	for (unsigned i = 0; i < LINES; i++)
		reached &= report(&lines[i], &tallies[i], share);
	return reached ? 0 : 1;
}
