/* SPDX-License-Identifier: MIT */
/* Cycle by cycle in the order of composition/prober_start.c, prober_fold.c and prober_judge.c. */
#include "alerts.h"

#include <errno.h>
#include <math.h>
#include <stdlib.h>

#include "pure/alert.h"
#include "pure/closer.h"
#include "pure/cycle.h"
#include "pure/score.h"
#include "pure/window.h"
#include "vocabulary/nsec.h"

struct member {
	struct network network;
	struct alert_state alert;
	double phase_s;
	/* The newest cycle and when it was judged, which may be after the next has begun. */
	double known_s, mos;
	bool doubt;
	bool first_seen, critical_seen; /* of a trial */
};

struct fleet {
	const struct config *config;
	const struct line *line;
	struct tally *tally;
	uint64_t event_after;
	double interval_s, closer_below;
	struct columns *columns;
	struct cycles *cycles;
	struct window *window;
	struct closer *closer;
	struct member members[FLEET];
};

/* A cycle on its way to a score. */
struct row {
	struct window_numbers numbers;
	unsigned answered, failed;
	bool folded;
};

static unsigned samples_of(struct fleet *fleet, uint32_t target, double begin_s)
{
	const struct config *config = fleet->config;
	struct member *member = &fleet->members[target];
	unsigned samples = config->defaults.samples;
	bool known = member->known_s <= begin_s, taken;

	if (known)
		closer_see(fleet->closer, target, member->doubt, member->mos);
	taken = closer_take(fleet->closer, target);
	if (!known)
		closer_see(fleet->closer, target, member->doubt, member->mos);
	if (!taken || samples >= config->closer_samples)
		return samples;
	fleet->tally->closer++;
	return config->closer_samples;
}

static struct row run_cycle(struct fleet *fleet, uint32_t target, uint64_t number)
{
	struct member *member = &fleet->members[target];
	double begin_s = fleet->interval_s * (double)number + member->phase_s, end_s = 0;
	double timeout_s = (double)fleet->config->timeout_ns / NSEC_PER_SEC;
	unsigned samples = samples_of(fleet, target, begin_s);
	uint32_t index = cycles_open(fleet->cycles, target, number, samples);
	struct row row = { .folded = false };
	struct cycle *cycle;

	for (unsigned i = 0; i < samples; i++) {
		double at_s = begin_s + fleet->interval_s * i / samples;
		struct sample sample = network_sample(&member->network, at_s, timeout_s);
		double took_s = sample.outcome == OUTCOME_OK ? sample.sent - 1 + sample.rtt_ns / 1e9
							     : timeout_s;

		end_s = fmax(end_s, at_s + took_s);
		sample.target = target;
		sample.cycle = index;
		sample.index = (uint16_t)i;
		cycles_put(fleet->cycles, &sample);
	}
	member->known_s = end_s + (double)fleet->config->guard.window_ns / NSEC_PER_SEC;
	cycle = cycles_at(fleet->cycles, index);
	row.folded = window_fold(fleet->window, cycle, false, false);
	cycles_close(fleet->cycles, index);
	if (!row.folded)
		return row;
	window_newest(fleet->window, target, &row.answered, &row.failed);
	row.numbers = window_numbers(fleet->window, target, number);
	return row;
}

static void count_delay(
	struct fleet *fleet, const struct member *member, bool *seen, uint32_t delays_s[DELAYS_S])
{
	double delay_s = ceil(member->known_s - member->network.event_s);

	if (*seen || !fleet->line->has_event || delay_s < 0)
		return;
	*seen = true;
	delays_s[delay_s < DELAYS_S ? (unsigned)delay_s : DELAYS_S - 1]++;
}

static void count(
	struct fleet *fleet, struct member *member, const struct alert_transition *transition)
{
	struct tally *tally = fleet->tally;

	if (transition->state == STATE_OK)
		return;
	tally->alerts += transition->previous == STATE_OK;
	count_delay(fleet, member, &member->first_seen, tally->first_s);
	if (transition->state == STATE_WARNING) {
		tally->warnings++;
		return;
	}
	tally->criticals++;
	count_delay(fleet, member, &member->critical_seen, tally->critical_s);
}

static void judge(struct fleet *fleet, uint32_t target, uint64_t number, const struct score *score)
{
	const struct settings *settings = &fleet->config->defaults;
	struct member *member = &fleet->members[target];
	struct alert_cycle cycle = { .interval_ns = fleet->config->interval_ns };
	struct alert_transition transition;
	struct window_score kept;
	enum cause cause;

	kept = score_kept(score);
	window_remember(fleet->window, target, &kept);
	cycle.mos = window_mos(fleet->window, target, number, &cause);
	cycle.may_fire = window_is_settled(fleet->window, target, settings->samples, number);
	transition = alert_step(&member->alert, &settings->alert, &cycle);
	if (transition.happened && number >= fleet->event_after)
		count(fleet, member, &transition);
	member->mos = cycle.mos;
	member->doubt = alert_level(&member->alert) != STATE_OK || cycle.mos < fleet->closer_below;
}

static void run_interval(struct fleet *fleet, uint64_t number)
{
	struct row rows[FLEET];
	struct score_input inputs[FLEET];
	struct score scores[FLEET];
	uint32_t folded = 0, at = 0;

	for (uint32_t i = 0; i < FLEET; i++) {
		rows[i] = run_cycle(fleet, i, number);
		if (rows[i].folded)
			inputs[folded++] = (struct score_input) { .numbers = &rows[i].numbers,
				.answered = rows[i].answered,
				.failed = rows[i].failed };
	}
	score_cycles(fleet->columns, folded, inputs, scores);
	for (uint32_t i = 0; i < FLEET; i++)
		if (rows[i].folded)
			judge(fleet, i, number, &scores[at++]);
	fleet->tally->cycles += FLEET;
}

static int start(struct fleet *fleet, uint64_t seed)
{
	const struct config *config = fleet->config;
	const struct codec *codec = &config->defaults.codec;
	struct window_config window = { config->window, config->average };

	fleet->interval_s = (double)config->interval_ns / NSEC_PER_SEC;
	fleet->closer_below =
		fmin(config->closer_below, emodel_path_best(&config->model, codec).s - 0.3);
	fleet->columns = columns_create(&config->model, codec, 1, columns_way_best());
	fleet->cycles = cycles_create(1);
	fleet->window = window_create(&window, FLEET);
	fleet->closer = closer_create(FLEET);
	if (!fleet->columns || !fleet->cycles || !fleet->window || !fleet->closer)
		return -ENOMEM;
	closer_limit(fleet->closer, (uint32_t)(fleet->line->closer_share * FLEET));
	for (uint32_t i = 0; i < FLEET; i++) {
		struct member *member = &fleet->members[i];

		network_start(&member->network, fleet->line, seed + i * 0xd1342543de82ef95);
		member->phase_s = fleet->interval_s * network_unit(&member->network);
		if (fleet->line->has_event)
			member->network.event_s =
				fleet->interval_s *
				((double)fleet->event_after + network_unit(&member->network));
	}
	return 0;
}

int fleet_run(const struct config *config, const struct line *line, uint64_t seed, uint64_t cycles,
	uint64_t event_after, struct tally *tally)
{
	struct fleet *fleet = calloc(1, sizeof *fleet);
	int rc;

	if (!fleet)
		return -ENOMEM;
	*fleet = (struct fleet) {
		.config = config, .line = line, .tally = tally, .event_after = event_after
	};
	rc = start(fleet, seed);
	for (uint64_t number = 0; !rc && number < cycles; number++)
		run_interval(fleet, number);
	columns_destroy(fleet->columns);
	cycles_destroy(fleet->cycles);
	window_destroy(fleet->window);
	closer_destroy(fleet->closer);
	free(fleet);
	return rc;
}
