/* SPDX-License-Identifier: MIT */
/* Targets that have left the list while no prober ran: an alert of theirs that is open ends, and nothing of them stays in
 * Redis. They borrow the last place that a target can have, one after the other. */
#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "composition/prober_parts.h"
#include "vocabulary/log.h"
#include "vocabulary/nsec.h"

/* The publisher's thread takes what it is given at once, with Redis or without. */
#define PATIENCE_NS (5 * NSEC_PER_SEC)

/* Transitions of before the start whose targets are gone; the newest of each comes last. */
struct loose {
	const struct transition **transitions;
	uint64_t *hashes;
	size_t count;
};

static int gather_loose(struct loose *ret, const struct journal *journal)
{
	const struct transition *transition;
	size_t at = 0, count = 0;

	while (journal && journal_next_taken(journal, &at))
		count++;
	ret->transitions = calloc(count + 1, sizeof *ret->transitions);
	ret->hashes = calloc(count + 1, sizeof *ret->hashes);
	if (!ret->transitions || !ret->hashes)
		return -1;
	for (at = 0; journal && (transition = journal_next_taken(journal, &at));) {
		if (transition->kind != KIND_MOS || transition->result.target_index != NOBODY)
			continue;
		ret->hashes[ret->count] = target_hash(transition->result.target);
		ret->transitions[ret->count++] = transition;
	}
	return 0;
}

/* The newest of this target, which is then taken; NULL = none. */
static const struct transition *take_newest(struct loose *loose, const struct target *target)
{
	uint64_t hash = target_hash(target);
	const struct transition *newest = NULL;

	for (size_t i = loose->count; i-- > 0;) {
		if (!loose->transitions[i] || loose->hashes[i] != hash)
			continue;
		if (!newest)
			newest = loose->transitions[i];
		loose->transitions[i] = NULL;
	}
	return newest;
}

static bool wait_a_little(uint64_t until_ns)
{
	const struct timespec pause = { .tv_nsec = (long)NSEC_PER_MSEC };

	nanosleep(&pause, NULL);
	return nsec_mono() < until_ns;
}

/* Many may go at once, and nothing of them may be refused. */
static void wait_for_room(struct queue *queue)
{
	uint64_t until_ns = nsec_mono() + PATIENCE_NS;

	while (queue && queue_depth(queue) >= queue_capacity(queue) - 1 && wait_a_little(until_ns))
		queue_wake(queue);
}

static void tell_left(struct prober *prober, const struct target *target, uint32_t place)
{
	const struct event event = {
		.kind = EVENT_LEFT,
		.left = { .target = target, .number = place },
	};

	if (prober->setup.publish)
		queue_push(prober->setup.publish, &event);
}

/* known, window: NULL when there is no record of it. */
static void end(struct prober *prober, const struct target *target, const struct state_parts *known,
	const void *window, const struct transition *newest)
{
	uint32_t place = prober->room - 1;

	wait_for_room(prober->setup.publish);
	wait_for_room(prober->setup.output);
	if (known) {
		prober->alerts[place] = known->alert;
		prober->days[place] = known->day;
		prober->visits[place].number = known->cycle;
		if (window)
			window_load(prober->window, place, window);
	}
	if (newest) {
		prober_state_catch_up(prober, place, newest);
		if (!known)
			prober->visits[place].number = newest->result.cycle;
	}
	/* Of which group's event it was a part is not known any more. */
	prober->alerts[place].suppressed = false;
	prober_resolve(prober, target, place, REASON_REMOVED);
	tell_left(prober, target, place);
	window_forget(prober->window, place);
	prober->alerts[place] = (struct alert_state) { 0 };
	prober->days[place] = (struct day_memory) { 0 };
	prober->visits[place] = (struct visit) { 0 };
}

/* It has its number from its place in no list; NULL when it cannot be taken. */
static const struct target *add(struct prober *prober, const char *key)
{
	size_t count = targets_count(prober->gone);
	struct message why;

	if (targets_add(prober->gone, key, strlen(key), prober->setup.config->state_dir,
		    prober->setup.config, &why) ||
		targets_count(prober->gone) == count) {
		log_event(LOG_WARN, "left_untold", "a target that has left is not told of",
			"target=%s why=%s", key, why.text);
		return NULL;
	}
	return targets_at(prober->gone, count);
}

/* What was made now is on disk before the records are cleared. */
static void wait_for_journal(struct prober *prober)
{
	uint64_t until_ns = nsec_mono() + PATIENCE_NS;

	if (!prober->setup.journal)
		return;
	queue_wake(prober->setup.publish);
	while (journal_taken(prober->setup.journal) < prober->transitions &&
		wait_a_little(until_ns))
		;
}

void prober_end_orphans(struct prober *prober)
{
	struct loose loose = { 0 };
	struct state_parts parts;
	const void *window;
	uint32_t count = 0;

	if (prober->room <= prober->generation->roster->count)
		return;
	prober->gone = targets_create();
	if (!prober->gone || gather_loose(&loose, prober->setup.journal)) {
		log_event(LOG_ERROR, "left_unread", "targets that have left are not told of",
			"error=%s", strerror(ENOMEM));
		goto out;
	}
	while (state_next_orphan(prober->setup.state, &parts, &window)) {
		const struct target *target = add(prober, parts.key);

		if (target)
			end(prober, target, &parts, window, take_newest(&loose, target));
		count++;
	}
	for (size_t i = 0; i < loose.count; i++)
		if (loose.transitions[i]) {
			const struct target *target = loose.transitions[i]->result.target;

			end(prober, target, NULL, NULL, take_newest(&loose, target));
			count++;
		}
	if (count)
		log_event(LOG_INFO, "left_told", "targets have left since the last run",
			"targets=%u", count);
	wait_for_journal(prober);
out:
	free(loose.transitions);
	free(loose.hashes);
}
