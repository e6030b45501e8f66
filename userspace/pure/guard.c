/* SPDX-License-Identifier: MIT */
#include "pure/guard.h"

#include <math.h>
#include <stdlib.h>

#include "vocabulary/nsec.h"
#include "vocabulary/prefetch.h"

/* The window moves on in steps of a tenth of its length. */
#define STEPS 10u
/* So many times in which we were impaired are remembered. A cycle lasts an hour at most, and is judged
 * a window later; when they come faster than that, the oldest two become one, with what lay between. */
#define SPANS_MAX 16
/* It has cleared when no more than this part of what trips it is left: at its edge it would flap. */
#define CLEAR_PART 0.5
/* More are visited while impaired than must answer: a few of them will not. */
#define VISIT_MARGIN 1.5

/* The newest outcome of a target: the step that it came in, from 1, and what it was. */
struct newest {
	uint32_t step : 31;
	uint32_t failed : 1;
};

/* They are visited every second: a few times at least must have been in vain. */
#define CANARY_LEAST_NS (4 * NSEC_PER_SEC)
/* Lost SYNs come and go by themselves: so many standard deviations above what is usual are no chance. */
#define LOSS_SIGMAS 7.0
/* So much of the rise is there in four tenths of the window, or it does not last. */
#define LASTING_PART 0.5

/* A time in which we were impaired. */
struct span {
	uint64_t from_ns, to_ns; /* to_ns: UINT64_MAX while it lasts */
};

struct guard {
	struct guard_policy policy;
	uint32_t present;      /* targets */
	struct newest *newest; /* by target; NULL: never trips */
	struct rise *rise;     /* NULL: likewise */
	enum guard_state state;
	enum guard_why why;
	uint32_t step;			/* of now, from 1 */
	uint64_t began_ns;		/* when step 1 began */
	struct guard_view steps[STEPS]; /* by step modulo STEPS */
	struct guard_view view;		/* over the window: the sum of them */
	uint64_t canary_ns;		/* when one answered last; 0 = there are none */
	uint64_t tripped_ns;
	uint32_t known; /* targets that were seen */
	double usual; /* targets visited in a window, as it tripped; less those that have left since */
	struct span spans[SPANS_MAX];
	unsigned span_count;
};

struct guard *guard_create(const struct guard_policy *policy, uint32_t targets)
{
	struct guard *guard = calloc(1, sizeof *guard);

	if (!guard)
		return NULL;
	guard->policy = *policy;
	guard->present = targets;
	if (!policy->window_ns)
		return guard;
	guard->newest = calloc(targets, sizeof *guard->newest);
	guard->rise = rise_create(policy->window_ns);
	if (!guard->newest || !guard->rise) {
		guard_destroy(guard);
		return NULL;
	}
	return guard;
}

void guard_destroy(struct guard *guard)
{
	if (!guard)
		return;
	free(guard->newest);
	rise_destroy(guard->rise);
	free(guard);
}

void guard_count(struct guard *guard, uint32_t present)
{
	guard->present = present;
	if (guard->usual > present)
		guard->usual = present;
}

static bool is_on(const struct guard *guard)
{
	return guard->newest && guard->present >= guard->policy.min_targets;
}

uint64_t guard_hold_ns(const struct guard *guard)
{
	return is_on(guard) ? guard->policy.window_ns : 0;
}

static void forget(struct guard *guard, struct guard_view *step)
{
	guard->view.visited -= step->visited;
	guard->view.failed -= step->failed;
	*step = (struct guard_view) { 0 };
}

/* To the step of now_ns; what falls out of the window is forgotten. */
static void move_on(struct guard *guard, uint64_t now_ns)
{
	uint32_t step;

	if (!guard->step) {
		guard->step = 1;
		guard->began_ns = now_ns;
	}
	step = (uint32_t)((now_ns - guard->began_ns) / (guard->policy.window_ns / STEPS)) + 1;
	for (unsigned i = 0; i < STEPS && guard->step < step; i++)
		forget(guard, &guard->steps[++guard->step % STEPS]);
	guard->step = step;
}

static void count(struct guard *guard, struct newest newest, int by)
{
	struct guard_view *step = &guard->steps[newest.step % STEPS];

	step->visited += (uint32_t)by;
	step->failed += newest.failed ? (uint32_t)by : 0;
	guard->view.visited += (uint32_t)by;
	guard->view.failed += newest.failed ? (uint32_t)by : 0;
}

/* It came within the window. */
static bool counts(const struct guard *guard, struct newest newest)
{
	return newest.step && newest.step + STEPS > guard->step;
}

void guard_prefetch(const struct guard *guard, uint32_t target)
{
	if (is_on(guard))
		prefetch(&guard->newest[target]);
}

void guard_see(struct guard *guard, uint32_t target, bool answered, uint64_t now_ns)
{
	struct newest *newest;

	if (!is_on(guard))
		return;
	move_on(guard, now_ns);
	newest = &guard->newest[target];
	if (counts(guard, *newest))
		count(guard, *newest, -1);
	guard->known += !newest->step;
	newest->step = guard->step & INT32_MAX;
	newest->failed = !answered;
	count(guard, *newest, 1);
}

void guard_forget(struct guard *guard, uint32_t target)
{
	struct newest *newest = guard->newest ? &guard->newest[target] : NULL;

	if (!newest || !newest->step)
		return;
	if (counts(guard, *newest))
		count(guard, *newest, -1);
	guard->usual -= guard->usual / guard->known--;
	*newest = (struct newest) { 0 };
}

void guard_measure(
	struct guard *guard, unsigned sent, unsigned lost, double off_ms, uint64_t now_ns)
{
	if (is_on(guard))
		rise_see(guard->rise, sent, lost, off_ms, now_ns);
}

void guard_see_local_error(struct guard *guard, uint64_t now_ns)
{
	if (is_on(guard))
		rise_see_local_error(guard->rise, now_ns);
}

static bool falls_silent(const struct guard *guard)
{
	return guard->view.failed >= guard->policy.min_targets &&
	       guard->view.failed > guard->policy.share_pct / 100 * guard->view.visited;
}

/* Above part of the rise that trips; all of these are false of what is not known. */
static bool loses(const struct guard *guard, double part)
{
	const struct rise_view *rise = &guard->view.rise;

	return rise->loss_pct > rise->loss_usual_pct + part * guard->policy.loss_rise_pct;
}

/* What is lost is no chance; and it lasts: a cut of a few seconds leaves a second's worth of SYNs that were answered when
 * they were repeated. */
static bool loses_for_certain(const struct guard *guard)
{
	const struct rise_view *rise = &guard->view.rise;
	double usual = rise->sent * rise->loss_usual_pct / 100;

	return loses(guard, 1) &&
	       rise->loss_lasting_pct >
		       rise->loss_usual_pct + LASTING_PART * guard->policy.loss_rise_pct &&
	       rise->lost - usual > fmax(guard->policy.min_targets, LOSS_SIGMAS * sqrt(usual + 1));
}

static bool is_slow(const struct guard *guard, double part)
{
	const struct rise_view *rise = &guard->view.rise;

	return rise->latencies >= guard->policy.min_targets &&
	       rise->off_ms > rise->off_usual_ms + part * guard->policy.delay_rise_ms;
}

static bool fails_itself(const struct guard *guard, double part)
{
	const struct rise_view *rise = &guard->view.rise;

	return rise->local_errors >= guard->policy.min_targets &&
	       rise->local_errors > part * guard->policy.local_errors_pct / 100 * rise->samples;
}

void guard_see_canaries(struct guard *guard, uint64_t answered_ns)
{
	guard->canary_ns = answered_ns;
}

/* One of them has answered within this part of the window; true where there are none. */
static bool canary_lives(const struct guard *guard, double part, uint64_t now_ns)
{
	uint64_t most_ns = guard->policy.window_ns;

	if (most_ns < CANARY_LEAST_NS)
		most_ns = CANARY_LEAST_NS;
	return !guard->canary_ns || now_ns < guard->canary_ns ||
	       (double)(now_ns - guard->canary_ns) <= part * (double)most_ns;
}

static bool trips(struct guard *guard, uint64_t now_ns)
{
	if (falls_silent(guard))
		guard->why = GUARD_SILENCE;
	else if (!canary_lives(guard, 1, now_ns))
		guard->why = GUARD_CANARIES;
	else if (fails_itself(guard, 1))
		guard->why = GUARD_LOCAL_ERRORS;
	else if (loses_for_certain(guard))
		guard->why = GUARD_LOSS;
	else if (is_slow(guard, 1))
		guard->why = GUARD_DELAY;
	else
		return false;
	return true;
}

/* Enough of those that are visited have been seen, and few of them fail; by every measure. */
static bool clears(const struct guard *guard, uint64_t now_ns)
{
	uint32_t enough = (uint32_t)(guard->usual / 2);

	/* So few are left after a reload that it could not have tripped. */
	if (!is_on(guard))
		return true;
	if (enough > guard->policy.sample)
		enough = guard->policy.sample;
	/* It may have tripped before anything was known of any target. */
	if (!enough && guard->usual > 0)
		enough = 1;
	return canary_lives(guard, CLEAR_PART, now_ns) && guard->view.visited >= enough &&
	       !loses(guard, CLEAR_PART) && !is_slow(guard, CLEAR_PART) &&
	       !fails_itself(guard, CLEAR_PART) &&
	       guard->view.failed <=
		       CLEAR_PART * guard->policy.share_pct / 100 * guard->view.visited;
}

static void begin_span(struct guard *guard, uint64_t now_ns)
{
	uint64_t from_ns = now_ns > guard->policy.window_ns ? now_ns - guard->policy.window_ns : 0;

	if (guard->span_count == SPANS_MAX) {
		guard->spans[1].from_ns = guard->spans[0].from_ns;
		for (unsigned i = 1; i < SPANS_MAX; i++)
			guard->spans[i - 1] = guard->spans[i];
		guard->span_count--;
	}
	guard->spans[guard->span_count++] =
		(struct span) { .from_ns = from_ns, .to_ns = UINT64_MAX };
}

static void end_span(struct guard *guard, uint64_t now_ns)
{
	guard->spans[guard->span_count - 1].to_ns = now_ns;
}

void guard_resume(struct guard *guard, uint64_t now_ns)
{
	if (!is_on(guard))
		return;
	guard->state = GUARD_IMPAIRED;
	guard->why = GUARD_SILENCE;
	guard->tripped_ns = now_ns;
	/* What it was is not known; a few must be seen in any case. */
	guard->usual = guard->present < 2 * guard->policy.sample ? guard->present
								 : 2 * guard->policy.sample;
	begin_span(guard, now_ns);
}

struct guard_change guard_step(struct guard *guard, uint64_t now_ns)
{
	struct guard_change change = { .before = guard->state };

	if (!guard->newest || (guard->state == GUARD_CLEAR && !is_on(guard)))
		return change;
	move_on(guard, now_ns);
	/* What lasts for as long as it takes to let go becomes the usual. */
	guard->view.rise = rise_look(guard->rise, guard->state != GUARD_IMPAIRED, now_ns);
	if (guard->state == GUARD_CLEAR && trips(guard, now_ns)) {
		guard->state = GUARD_IMPAIRED;
		guard->tripped_ns = now_ns;
		guard->usual = guard->view.visited;
		begin_span(guard, now_ns);
	} else if (guard->state != GUARD_CLEAR && clears(guard, now_ns)) {
		if (guard->state == GUARD_IMPAIRED)
			end_span(guard, now_ns);
		guard->state = GUARD_CLEAR;
	} else if (guard->state == GUARD_IMPAIRED &&
		   now_ns - guard->tripped_ns >= guard->policy.max_ns &&
		   canary_lives(guard, CLEAR_PART, now_ns)) {
		end_span(guard, now_ns);
		guard->state = GUARD_LET_GO;
	}
	change.after = guard->state;
	change.happened = change.after != change.before;
	change.why = guard->why;
	change.view = guard->view;
	change.lasted_ns = now_ns - guard->tripped_ns;
	return change;
}

bool guard_is_impaired(const struct guard *guard)
{
	return guard->state == GUARD_IMPAIRED;
}

bool guard_rejects(const struct guard *guard, uint64_t start_ns)
{
	for (unsigned i = guard->span_count; i-- > 0;)
		if (start_ns >= guard->spans[i].from_ns && start_ns <= guard->spans[i].to_ns)
			return true;
	return false;
}

bool guard_visits(const struct guard *guard, uint64_t hash)
{
	double wanted = VISIT_MARGIN * guard->policy.sample;

	if (guard->state != GUARD_IMPAIRED || wanted >= guard->usual)
		return true;
	/* Its upper half as a number below 1. */
	return (double)(hash >> 32) * 0x1p-32 < wanted / guard->usual;
}
