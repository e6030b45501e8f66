/* SPDX-License-Identifier: MIT */
/* How often lines of known quality alert, and how soon: years of target-minutes on a fake clock, SYN by SYN, through
 * the prober's pure code. Prints a table (Markdown); exit status 1 when a goal is missed. */
#include "alerts.h"

#include <errno.h>
#include <math.h>
#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "vocabulary/nsec.h"

#define DAYS_A_YEAR 365.25
/* An event comes when the mean is steady; a trial ends when all has been said. */
#define EVENT_AFTER 60
#define TRIAL_CYCLES 200
#define THREADS_MAX 64

#define GOOD_WEATHER .rtt_ms = 40, .noise_ms = 2
/* Mean difference of two draws: of a normal one 2 / sqrt(pi) sigma, of an exponential one its mean. */
#define SIGMA_OF_50_MS 44.311

static const struct line lines[] = {
	{ .name = "clean",
		.weather = { GOOD_WEATHER },
		.years = 300,
		.closer_share = 1,
		.asked = ASKED_NO_ALERT },
	{ .name = "1 % loss",
		.weather = { GOOD_WEATHER, .loss = 0.01 },
		.years = 500,
		.closer_share = 1,
		.asked = ASKED_NO_ALERT },
	{ .name = "0.02 % loss, 4 holes of 100 ms a day, 2 cuts of 30 s a month",
		.weather = { GOOD_WEATHER, .loss = 0.0002 },
		.holes_a_day = 4,
		.cuts_a_month = 2,
		.years = 1000,
		.closer_share = 1,
		.asked = ASKED_RATE,
		.asked_most = 0.5 },
	{ .name = "3 % loss",
		.weather = { GOOD_WEATHER, .loss = 0.03 },
		.years = 300,
		.closer_share = 1,
		.asked = ASKED_RATE,
		.asked_most = 10 },
	{ .name = "3 % loss, every target of the prober: closer looks for 10 %",
		.weather = { GOOD_WEATHER, .loss = 0.03 },
		.years = 40,
		.closer_share = 0.1 },
	{ .name = "3 % loss, no closer look",
		.weather = { GOOD_WEATHER, .loss = 0.03 },
		.years = 40,
		.closer_share = 0 },
	{ .name = "outage of 1 min",
		.weather = { GOOD_WEATHER },
		.has_event = true,
		.outage_s = 60,
		.trials = 20000,
		.closer_share = 1,
		.asked = ASKED_NO_ALERT },
	{ .name = "outage of 5 min",
		.weather = { GOOD_WEATHER },
		.has_event = true,
		.outage_s = 300,
		.trials = 20000,
		.closer_share = 1,
		.asked = ASKED_CRITICAL,
		.asked_most = 6 },
	{ .name = "outage of 1 h",
		.weather = { GOOD_WEATHER },
		.has_event = true,
		.outage_s = 3600,
		.trials = 20000,
		.closer_share = 1,
		.asked = ASKED_CRITICAL,
		.asked_most = 6 },
	{ .name = "jitter of 50 ms begins: 40 ms and a queue (exponential)",
		.weather = { GOOD_WEATHER },
		.has_event = true,
		.changed = { .rtt_ms = 40, .queue_ms = 50 },
		.trials = 20000,
		.closer_share = 1,
		.asked = ASKED_CRITICAL,
		.asked_most = 15 },
	{ .name = "jitter of 50 ms begins: normal about 150 ms",
		.weather = { .rtt_ms = 150, .noise_ms = 2 },
		.has_event = true,
		.changed = { .rtt_ms = 150, .sigma_ms = SIGMA_OF_50_MS },
		.trials = 20000,
		.closer_share = 1,
		.asked = ASKED_CRITICAL,
		.asked_most = 15 },
	{ .name = "jitter of 50 ms begins: 40 ms and 90 ms in turn",
		.weather = { GOOD_WEATHER },
		.has_event = true,
		.changed = { .rtt_ms = 40, .swing_ms = 50 },
		.trials = 20000,
		.closer_share = 1,
		.asked = ASKED_CRITICAL,
		.asked_most = 15 },
	{ .name = "jitter of 70 ms begins: 40 ms and a queue (exponential)",
		.weather = { GOOD_WEATHER },
		.has_event = true,
		.changed = { .rtt_ms = 40, .queue_ms = 70 },
		.trials = 20000,
		.closer_share = 1 },
	{ .name = "route changes, 40 to 250 ms",
		.weather = { GOOD_WEATHER },
		.has_event = true,
		.changed = { .rtt_ms = 250, .noise_ms = 2 },
		.trials = 20000,
		.closer_share = 1,
		.asked = ASKED_NO_ALERT },
};
enum { LINES = sizeof lines / sizeof lines[0] };

struct bench {
	struct config *config;
	uint64_t seed;
	const char *only; /* lines whose name holds this; NULL = all */
	double scale;	  /* of everything that is simulated */
	unsigned jobs;	  /* in all */
	unsigned next;	  /* job that nobody has taken yet; atomic */
	bool out_of_memory;
	pthread_mutex_t lock; /* of the tallies */
	struct tally *tallies;
};

static double cycles_a_year(const struct bench *bench)
{
	return DAYS_A_YEAR * 24 * NSEC_PER_HOUR / (double)bench->config->interval_ns;
}

/* A job is one fleet: a year of all its targets together, or a trial of each. */
static unsigned jobs_of(const struct bench *bench, const struct line *line)
{
	double fleets = line->has_event ? (double)line->trials / FLEET : line->years;

	if (bench->only && !strstr(line->name, bench->only))
		return 0;
	return (unsigned)ceil(fleets * bench->scale);
}

static void add(struct tally *sum, const struct tally *part)
{
	sum->cycles += part->cycles;
	sum->alerts += part->alerts;
	sum->warnings += part->warnings;
	sum->criticals += part->criticals;
	sum->closer += part->closer;
	for (unsigned i = 0; i < DELAYS_S; i++) {
		sum->first_s[i] += part->first_s[i];
		sum->critical_s[i] += part->critical_s[i];
	}
}

/* Its random numbers are its own, whoever does it and when. */
static void run_job(struct bench *bench, unsigned job, struct tally *tally)
{
	uint64_t seed = (bench->seed << 32 | job) * 0x9e6c63d0876a9a47;
	unsigned which = 0, jobs;
	uint64_t cycles;

	for (; job >= (jobs = jobs_of(bench, &lines[which])); which++)
		job -= jobs;
	cycles = lines[which].has_event ? TRIAL_CYCLES : (uint64_t)(cycles_a_year(bench) / FLEET);
	memset(tally, 0, sizeof *tally);
	if (fleet_run(bench->config, &lines[which], seed, cycles, EVENT_AFTER, tally))
		bench->out_of_memory = true;
	pthread_mutex_lock(&bench->lock);
	add(&bench->tallies[which], tally);
	pthread_mutex_unlock(&bench->lock);
}

static void *work(void *context)
{
	struct bench *bench = context;
	struct tally *tally = malloc(sizeof *tally);
	unsigned job;

	while (tally && (job = __atomic_fetch_add(&bench->next, 1, __ATOMIC_RELAXED)) < bench->jobs)
		run_job(bench, job, tally);
	if (!tally)
		bench->out_of_memory = true;
	free(tally);
	return NULL;
}

/* In minutes: the delay that this share of the trials did not exceed, NAN when fewer had it. */
static double quantile_min(const uint32_t delays_s[DELAYS_S], double trials, double share)
{
	double seen = 0;

	for (unsigned i = 0; i < DELAYS_S; i++) {
		seen += delays_s[i];
		if (seen > 0 && seen >= trials * share)
			return i / 60.0;
	}
	return NAN;
}

static double within(const uint32_t delays_s[DELAYS_S], double trials, double most_min)
{
	double seen = 0;

	for (unsigned i = 0; i < DELAYS_S && i <= most_min * 60; i++)
		seen += delays_s[i];
	return seen / trials;
}

static void print_delays(const uint32_t delays_s[DELAYS_S], double trials)
{
	static const double shares[] = { 0.5, 0.95, 1 };
	bool any = !isnan(quantile_min(delays_s, trials, 1e-9));

	printf(" |");
	for (unsigned i = 0; i < 3; i++) {
		double delay_min = any ? quantile_min(delays_s, trials, shares[i]) : 0;

		if (!any)
			printf("%s", i ? "" : " -");
		else if (isnan(delay_min))
			printf("%snever", i ? ", " : " ");
		else
			printf("%s%.1f", i ? ", " : " ", delay_min);
	}
}

/* What was asked of the line, and whether it was reached. */
static bool print_asked(
	const struct line *line, const struct tally *tally, double years, double trials)
{
	double rate = (double)tally->alerts / years, share;
	/* A count has a deviation of its root: nearer than two of them it cannot be told. */
	double spread = 2 * sqrt((double)tally->alerts) / years;

	switch (line->asked) {
	case ASKED_NO_ALERT:
		printf(" no alert | %s |\n", tally->alerts ? "NO" : "yes");
		return !tally->alerts;
	case ASKED_RATE:
		printf(" at most %g alerts a year | %s |\n", line->asked_most,
			rate - spread > line->asked_most   ? "NO"
			: rate + spread > line->asked_most ? "at the limit"
							   : "yes");
		return rate - spread <= line->asked_most;
	case ASKED_CRITICAL:
		share = within(tally->critical_s, trials, line->asked_most);
		printf(" critical within %g min | ", line->asked_most);
		if (share < 1)
			printf("NO: %.1f %% are |\n", 100 * share);
		else
			printf("yes |\n");
		return share >= 1;
	default:
		printf(" - | - |\n");
		return true;
	}
}

static bool print_line(
	const struct bench *bench, const struct line *line, const struct tally *tally)
{
	double years = (double)tally->cycles / cycles_a_year(bench);
	double trials = line->has_event ? (double)tally->cycles / TRIAL_CYCLES : 0;

	if (trials > 0)
		printf("| %s | %.0f trials | %llu | %llu", line->name, trials,
			(unsigned long long)tally->warnings, (unsigned long long)tally->criticals);
	else
		printf("| %s | %.0f years | %.3f a year | %.3f a year", line->name, years,
			(double)tally->warnings / years, (double)tally->criticals / years);
	print_delays(tally->first_s, trials);
	print_delays(tally->critical_s, trials);
	printf(" | %.2f %% |", 100.0 * (double)tally->closer / (double)tally->cycles);
	return print_asked(line, tally, years, trials);
}

static bool report(const struct bench *bench)
{
	bool reached = true;

	printf("seed %llu\n\n"
	       "| line | simulated | warnings | criticals | first alert after, min: p50, p95, most | "
	       "critical after, min: p50, p95, most | closer looks, of its cycles | asked | reached |\n"
	       "|---|---|---|---|---|---|---|---|---|\n",
		(unsigned long long)bench->seed);
	for (unsigned i = 0; i < LINES; i++)
		if (bench->tallies[i].cycles)
			reached &= print_line(bench, &lines[i], &bench->tallies[i]);
	return reached;
}

static int run(struct bench *bench)
{
	long processors = sysconf(_SC_NPROCESSORS_ONLN);
	unsigned count = 0;
	pthread_t threads[THREADS_MAX];

	bench->tallies = calloc(LINES, sizeof *bench->tallies);
	if (!bench->tallies)
		return -ENOMEM;
	for (unsigned i = 0; i < LINES; i++)
		bench->jobs += jobs_of(bench, &lines[i]);
	while (count < THREADS_MAX && count < processors &&
		!pthread_create(&threads[count], NULL, work, bench))
		count++;
	for (unsigned i = 0; i < count; i++)
		pthread_join(threads[i], NULL);
	return count && !bench->out_of_memory ? 0 : -ENOMEM;
}

/* Another configuration may be tried: SECTION.KEY=VALUE. */
static bool set(struct config *config, const char *text)
{
	char section[64], key[64], value[64];
	struct message msg = { "" };

	if (sscanf(text, "%63[a-z].%63[a-z_]=%63s", section, key, value) == 3 &&
		!config_set(config, section, key, value, text, &msg))
		return true;
	fprintf(stderr, "%s\n", *msg.text ? msg.text : "SECTION.KEY=VALUE");
	return false;
}

int main(int argc, char **argv)
{
	struct bench bench = { .config = config_create("bench"), .seed = 1, .scale = 1 };
	struct message msg = { "" };
	int option, rc;

	pthread_mutex_init(&bench.lock, NULL);
	while ((option = getopt(argc, argv, "s:x:l:o:")) != -1) {
		if (option == 's')
			bench.seed = strtoull(optarg, NULL, 0);
		else if (option == 'x')
			bench.scale = strtod(optarg, NULL);
		else if (option == 'l')
			bench.only = optarg;
		else if (option != 'o' || !set(bench.config, optarg))
			return 2;
	}
	rc = config_finish(bench.config, "defaults", &msg);
	if (!rc)
		rc = run(&bench);
	if (!rc)
		rc = report(&bench) ? 0 : 1;
	else
		fprintf(stderr, "%s\n", *msg.text ? msg.text : strerror(-rc));
	free(bench.tallies);
	config_destroy(bench.config);
	return rc < 0 ? 2 : rc;
}
