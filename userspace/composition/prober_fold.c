/* SPDX-License-Identifier: MIT */
#include <assert.h>
#include <math.h>
#include <string.h>

#define XXH_INLINE_ALL
#include <xxhash.h>

#include "composition/prober_parts.h"
#include "pure/score.h"
#include "vocabulary/nsec.h"

/* Failed cycles in a row after which a name is looked up again at once. */
#define FAILED_CYCLES_TO_REFRESH 3

void prober_send(struct prober *prober, const struct event *event)
{
	if (prober->setup.publish && queue_push(prober->setup.publish, event))
		prober->transitions += event->kind == EVENT_TRANSITION;
	if (prober->setup.output)
		queue_push(prober->setup.output, event);
}

/* A cycle on its way to a result: one row of the batch of this turn. */
struct row {
	uint32_t target;
	uint64_t number;
	struct address address;
	struct cycle_summary summary;
	bool impaired; /* samples of it do not count, for the guard's sake */
	bool folded;   /* it entered the window */
	unsigned answered, failed;
	struct window_numbers numbers;
	struct score score;
};

/* Whether the target's cycle went elsewhere than the one before. */
static bool address_changed(struct prober *prober, uint32_t target, const struct address *address)
{
	struct visit *visit = &prober->visits[target];
	uint32_t before = visit->address_hash, hash;

	if (!address->family)
		return false;
	hash = (uint32_t)XXH3_64bits(address->bytes, sizeof address->bytes) | 1;
	visit->address_hash = hash;
	return before && before != hash;
}

static void fold_row(struct prober *prober, uint32_t index, struct row *row)
{
	struct cycle *cycle = cycles_at(prober->cycles, index);
	const struct settings *settings = prober_target(prober, cycle->target)->settings;

	memset(row, 0, sizeof *row);
	row->target = cycle->target;
	row->number = cycle->number;
	row->address =
		cycle->address.family ? cycle->address : prober_address(prober, cycle->target);
	row->impaired = prober_guard_reject(prober, cycle);
	row->summary = window_summarise(cycle, settings->refused_answers);
	if (row->summary.outcome != CYCLE_MISSING)
		row->folded = window_fold(prober->window, cycle, settings->refused_answers,
			address_changed(prober, cycle->target, &cycle->address));
	cycles_close(prober->cycles, index);
	prober->visits[row->target].cycles_open--;
	if (row->folded)
		window_newest(prober->window, row->target, &row->answered, &row->failed);
	row->numbers = window_numbers(prober->window, row->target, row->number);
}

enum { BATCH = 64 };

/* Scores what entered the window, in one call. */
static void score_rows(const struct prober *prober, struct row rows[BATCH], uint32_t count)
{
	const struct roster *roster = prober->generation->roster;
	struct score_input inputs[BATCH];
	struct score scores[BATCH];
	uint32_t folded = 0, at = 0;

	for (uint32_t i = 0; i < count; i++)
		if (rows[i].folded)
			inputs[folded++] = (struct score_input) {
				.numbers = &rows[i].numbers,
				.answered = rows[i].answered,
				.failed = rows[i].failed,
				.codec = roster->codec_of[rows[i].target],
			};
	score_cycles(prober->generation->columns, folded, inputs, scores);
	for (uint32_t i = 0; i < count; i++) {
		struct window_score kept;

		if (!rows[i].folded)
			continue;
		rows[i].score = scores[at++];
		kept = score_kept(&rows[i].score);
		window_remember(prober->window, rows[i].target, &kept);
	}
}

/* What the row says of the target, without the judgement. */
static struct result result_of(
	const struct prober *prober, const struct target *target, const struct row *row)
{
	struct result result = {
		.target = target,
		.target_index = row->target,
		.addr = row->address,
		.at_ms = prober->turn_ms,
		.cycle = row->number,
		.n = row->numbers.n,
		.answered = row->numbers.answered,
		.failed = row->numbers.failed,
		.sent = row->numbers.sent,
		.lost = row->numbers.lost,
		.latency_ms = row->numbers.latency_ms,
		.jitter_ms = row->numbers.jitter_ms,
		.stddev_ms = row->numbers.stddev_ms,
		.latency_rise_ms = NAN,
		.low_min_24h = RESULT_NO_COUNT,
		.alerts_24h = RESULT_NO_COUNT,
		.loss_pct = row->numbers.loss_pct,
		.fail_pct = row->numbers.fail_pct,
		.r = NAN,
		.mos_cycle = NAN,
		.r_base = NAN,
		.r_delay = NAN,
		.r_jitter = NAN,
		.r_loss = NAN,
		.r_codec = NAN,
		.r_failed = NAN,
		.outcome = row->summary.outcome,
		.error = row->summary.error,
		.stamp_source = row->summary.stamp_source,
		.impaired = row->impaired,
	};

	if (row->folded) {
		result.r = row->score.r;
		result.mos_cycle = row->score.mos_cycle;
		result.r_base = row->score.r_base;
		result.r_delay = row->score.r_delay;
		result.r_jitter = row->score.r_jitter;
		result.r_loss = row->score.r_loss;
		result.r_codec = row->score.r_codec;
		result.r_failed = row->score.r_failed;
	}
	return result;
}

struct result prober_standing(struct prober *prober, const struct target *who, uint32_t target)
{
	struct row row = { .target = target, .number = prober->visits[target].number };
	struct result result;
	enum cause cause;

	if (target < prober->generation->roster->count)
		row.address = prober_address(prober, target);
	row.numbers = window_numbers(prober->window, target, row.number);
	row.summary = (struct cycle_summary) { .outcome = CYCLE_OUTCOME_COUNT,
		.error = OUTCOME_OK,
		.stamp_source = STAMP_SOURCE_COUNT };
	result = result_of(prober, who, &row);
	result.mos = window_mos(prober->window, target, row.number, &cause);
	result.cause = cause;
	result.state = STATE_OK;
	return result;
}

void prober_resolve(struct prober *prober, const struct target *who, uint32_t target,
	enum transition_reason reason)
{
	struct alert_transition step = alert_mute(&prober->alerts[target], prober->turn_ms);
	struct result result;

	if (!step.happened)
		return;
	result = prober_standing(prober, who, target);
	prober_tell(prober, &step, &result, reason);
}

/* Names that do not answer may have moved. */
static void watch_failures(struct prober *prober, const struct row *row)
{
	uint32_t host = prober_host(prober, row->target);
	struct visit *visit = &prober->visits[row->target];

	if (row->summary.outcome == CYCLE_MISSING)
		return;
	if (row->summary.outcome != CYCLE_FAILED) {
		visit->failed_cycles = 0;
		return;
	}
	if (++visit->failed_cycles < FAILED_CYCLES_TO_REFRESH)
		return;
	visit->failed_cycles = 0;
	if (prober->setup.resolver && prober->addresses[host].named)
		resolver_refresh(prober->setup.resolver, host);
}

/* How the target stands now, in what is counted of all. */
static void count_standing(
	struct prober *prober, const struct row *row, const struct result *result)
{
	struct visit *visit = &prober->visits[row->target];

	prober->counters.states[visit->state]--;
	visit->state = result->state;
	prober->counters.states[visit->state]++;
	prober->counts.bands[visit->band]--;
	visit->band = result->band;
	prober->counts.bands[visit->band]++;
	prober->counts.awaited -= visit->awaited;
	visit->awaited = false;
	if (row->folded)
		metrics_see_result(&prober->counts, result);
}

static void finish_row(struct prober *prober, const struct row *row)
{
	struct event event = { .kind = EVENT_RESULT };
	uint32_t seq = prober->alerts[row->target].seq;

	event.result = result_of(prober, prober_target(prober, row->target), row);
	prober_judge(prober, row->folded, &event.result);
	count_standing(prober, row, &event.result);
	prober->counters.cycles++;
	watch_failures(prober, row);
	prober_send(prober, &event);
	if (row->folded || event.result.seq != seq)
		prober_state_keep(prober, row->target, row->number);
	if (prober->setup.on_result)
		prober->setup.on_result(prober->setup.context, &event.result);
	if (prober->unfinished)
		prober->unfinished--;
}

static bool has_target(const struct row *rows, uint32_t count, uint32_t target)
{
	for (uint32_t i = 0; i < count; i++)
		if (rows[i].target == target)
			return true;
	return false;
}

/* Folds the next cycles that may be judged, one per target: a target's second must find the score of its
 * first in the window. *next: one that was released and has not been folded, CYCLE_NONE when there is
 * none. Returns how many were folded. */
static uint32_t fold_batch(struct prober *prober, uint32_t *next, struct row rows[BATCH])
{
	uint32_t count = 0, target;

	while (count < BATCH) {
		if (*next == CYCLE_NONE && !prober_release(prober, next))
			break;
		prober_ahead_folds(prober);
		target = cycles_at(prober->cycles, *next)->target;
		if (has_target(rows, count, target))
			break;
		if (prober->visits[target].leaving)
			prober_discard(prober, *next);
		else
			fold_row(prober, *next, &rows[count++]);
		*next = CYCLE_NONE;
	}
	return count;
}

void prober_fold(struct prober *prober)
{
	struct row rows[BATCH];
	uint32_t next = CYCLE_NONE, count;

	while ((count = fold_batch(prober, &next, rows))) {
		score_rows(prober, rows, count);
		for (uint32_t i = 0; i < count; i++)
			finish_row(prober, &rows[i]);
	}
	prober_groups_step(prober);
}
