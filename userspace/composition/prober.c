/* SPDX-License-Identifier: MIT */
#include "composition/prober.h"

#include <errno.h>
#include <stdlib.h>
#include <time.h>

#include "composition/prober_parts.h"
#include "vocabulary/log.h"
#include "vocabulary/nsec.h"

#define COMPLETIONS_PER_TURN 1024u
#define SLEEP_MOST_NS (50 * NSEC_PER_MSEC)
/* From this rate on completions are collected in batches, a turn of this length each; below it every
 * completion ends the turn at once. */
#define BATCHED_STARTS_PER_S 500.0
#define BATCHED_TURN_NS (2 * NSEC_PER_MSEC)
#define PACE_NS (2 * NSEC_PER_MSEC)
/* More than it takes to begin with one target, and with what is known of it. */
#define BEGIN_NS NSEC_PER_USEC
#define RESTORE_NS (4 * NSEC_PER_USEC)

static uint64_t heartbeat_every_ns(const struct prober *prober)
{
	return prober->interval_ns < 5 * NSEC_PER_SEC ? NSEC_PER_SEC : 5 * NSEC_PER_SEC;
}

static void take_addresses(struct prober *prober)
{
	for (uint32_t i = 0; i < prober->generation->roster->host_count; i++)
		prober_take_literal(prober, i);
}

static void take_targets(struct prober *prober)
{
	uint32_t targets = prober->generation->roster->count;

	/* What falls due while this goes on would be late. */
	if (!prober->setup.begin_now)
		prober->turn_ns =
			nsec_mono() + targets * (prober->setup.state ? RESTORE_NS : BEGIN_NS);
	for (uint32_t i = 0; i < targets; i++)
		prober_begin(prober, i);
}

static int take_memory(struct prober *prober)
{
	const struct prober_setup *setup = &prober->setup;
	uint32_t targets = prober->room;
	uint32_t slots = sockets_count(setup->engine->sockets);
	struct window_config window = { setup->config->window, setup->config->average };

	if (prober_guard_create(prober) || prober_groups_create(prober))
		return -ENOMEM;
	prober->schedule = schedule_create(targets, prober->interval_ns, prober->turn_ns);
	prober->cycles = cycles_create(prober->open_cycles);
	prober->window = window_create(&window, targets);
	prober->rates = rates_create(setup->config->address_rate);
	prober->alerts = calloc(targets, sizeof *prober->alerts);
	prober->closer = closer_create(targets);
	prober->days = calloc(targets, sizeof *prober->days);
	prober->visits = calloc(targets, sizeof *prober->visits);
	prober->addresses = calloc(targets, sizeof *prober->addresses);
	prober->addresses_v6 = calloc(targets, sizeof *prober->addresses_v6);
	if (setup->config->cycles)
		prober->cycles_left = calloc(targets, sizeof *prober->cycles_left);
	prober->flights = calloc(slots, sizeof *prober->flights);
	prober->completions = calloc(COMPLETIONS_PER_TURN, sizeof *prober->completions);
	return prober->schedule && prober->cycles && prober->window && prober->rates &&
			       prober->alerts && prober->closer && prober->days && prober->visits &&
			       prober->addresses && prober->addresses_v6 && prober->flights &&
			       prober->completions &&
			       (prober->cycles_left || !setup->config->cycles)
		       ? 0
		       : -ENOMEM;
}

int prober_create(struct prober **ret, const struct prober_setup *setup)
{
	struct prober *prober = calloc(1, sizeof *prober);
	struct message msg;
	int error;

	if (!prober)
		return -ENOMEM;
	prober->setup = *setup;
	prober->generation = setup->generation;
	prober->room = setup->room ? setup->room : setup->generation->roster->count;
	prober->left_told = true;
	prober->interval_ns = setup->config->interval_ns;
	prober_begin_turn(prober);
	prober->tokens_ns = prober->turn_ns;
	prober->start_tokens = START_TOKENS_LEAST;
	prober->started_ms = prober->turn_ms;
	/* Cycles are numbered by the wall clock as it is now, so numbers go on rising after a restart;
	 * a later step of the wall clock moves nothing. */
	prober->epoch_ns = (int64_t)prober->turn_ns -
			   (setup->begin_now ? 0 : (int64_t)prober->clocks.newest.real_ns);
	prober->oldest = prober->newest = NOBODY;
	prober->closing = (struct line) { NOBODY, NOBODY };
	for (unsigned i = 0; i < 2; i++)
		prober->waiting[i] = (struct line) { NOBODY, NOBODY };
	if (take_memory(prober) || prober_state_create(prober)) {
		prober_destroy(prober);
		return -ENOMEM;
	}
	prober_limit_closer(prober);
	take_addresses(prober);
	take_targets(prober);
	prober_take_known(prober);
	error = prober_state_start(prober, &msg);
	if (error) {
		log_event(LOG_ERROR, "state_unused", "what was kept cannot be used", "error=%s",
			msg.text);
		prober_destroy(prober);
		return error;
	}
	prober->heartbeat_due_ns = prober->turn_ns;
	*ret = prober;
	return 0;
}

void prober_destroy(struct prober *prober)
{
	if (!prober)
		return;
	schedule_destroy(prober->schedule);
	cycles_destroy(prober->cycles);
	window_destroy(prober->window);
	rates_destroy(prober->rates);
	free(prober->alerts);
	free(prober->days);
	free(prober->visits);
	free(prober->addresses);
	free(prober->addresses_v6);
	free(prober->cycles_left);
	free(prober->flights);
	free(prober->completions);
	roster_change_free(&prober->adoption.change);
	prober_guard_destroy(prober);
	groups_destroy(prober->groups);
	mutes_destroy(prober->mutes);
	closer_destroy(prober->closer);
	free(prober->saved);
	targets_destroy(prober->gone);
	free(prober->test);
	free(prober);
}

static void add_lookups(const struct prober *prober, struct heartbeat *heartbeat)
{
	struct resolver_stats stats;

	if (!prober->setup.resolver)
		return;
	stats = resolver_stats(prober->setup.resolver);
	heartbeat->dns_lookups = stats.lookups;
	heartbeat->dns_found = stats.found;
	heartbeat->dns_not_found = stats.not_found;
	heartbeat->dns_failed = stats.failed;
	heartbeat->dns_pending = stats.pending;
}

struct heartbeat prober_heartbeat(const struct prober *prober)
{
	struct heartbeat heartbeat = prober->counters;
	struct timespec cpu;

	heartbeat.at_ms = prober->turn_ms;
	heartbeat.started_ms = prober->started_ms;
	heartbeat.interval_ms = prober->interval_ns / NSEC_PER_MSEC;
	heartbeat.late_p99_ms = (double)histogram_quantile(&prober->lateness_us, 0.99) / 1000;
	heartbeat.late_max_ms = (double)prober->lateness_us.max / 1000;
	heartbeat.in_flight = sockets_in_use(prober->setup.engine->sockets);
	heartbeat.slots = sockets_count(prober->setup.engine->sockets);
	clock_gettime(CLOCK_THREAD_CPUTIME_ID, &cpu);
	heartbeat.cpu_ns = (uint64_t)cpu.tv_sec * NSEC_PER_SEC + (uint64_t)cpu.tv_nsec;
	if (prober->setup.engine->capture)
		capture_troubles(prober->setup.engine->capture, heartbeat.troubles);
	add_lookups(prober, &heartbeat);
	heartbeat.queue_refused = prober->setup.publish ? queue_refused(prober->setup.publish) : 0;
	return heartbeat;
}

static void send_heartbeat(struct prober *prober)
{
	struct event event = { .kind = EVENT_HEARTBEAT };
	struct metrics_snapshot snapshot;

	if (prober->turn_ns < prober->heartbeat_due_ns)
		return;
	event.heartbeat = prober_heartbeat(prober);
	prober_send(prober, &event);
	if (prober->setup.snapshots) {
		snapshot.heartbeat = event.heartbeat;
		snapshot.counts = prober->counts;
		mailbox_put(prober->setup.snapshots, &snapshot);
	}
	prober->heartbeat_due_ns = prober->turn_ns + heartbeat_every_ns(prober);
}

/* After a pause, what ran out meanwhile lands before anything starts: cycles end in their order, and
 * fewer are open at once. */
static bool is_held(const struct prober *prober)
{
	return prober->turn_ns < prober->resume_ns && prober->oldest != NOBODY &&
	       prober->flights[prober->oldest].cancelled;
}

/* How long this turn may wait for completions. */
static uint64_t sleep_ns(const struct prober *prober)
{
	uint64_t until_ns = prober->turn_ns + SLEEP_MOST_NS, next_ns;

	if (!prober->stopping) {
		next_ns = schedule_next_ns(prober->schedule);
		if (next_ns < until_ns)
			until_ns = next_ns;
	}
	/* What is due may have to wait for its turn in the pace. */
	if ((prober->start_tokens < 1 || is_held(prober)) && until_ns < prober->turn_ns + PACE_NS)
		until_ns = prober->turn_ns + PACE_NS;
	if (prober->oldest != NOBODY) {
		next_ns = prober->flights[prober->oldest].expires_ns;
		/* What is cancelled already has its completion on the way. */
		if (!prober->flights[prober->oldest].cancelled && next_ns < until_ns)
			until_ns = next_ns;
	}
	return until_ns > prober->turn_ns ? until_ns - prober->turn_ns : 0;
}

static uint32_t turn_engine(struct prober *prober)
{
	uint64_t wait_ns = sleep_ns(prober);
	uint32_t wanted = 1;

	if (prober->generation->starts_per_s >= BATCHED_STARTS_PER_S &&
		prober->setup.engine->source != STAMP_CLOCK) {
		wait_ns = BATCHED_TURN_NS;
		wanted = COMPLETIONS_PER_TURN;
	}
	return engine_turn(
		prober->setup.engine, wait_ns, wanted, prober->completions, COMPLETIONS_PER_TURN);
}

bool prober_turn(struct prober *prober)
{
	uint64_t before_ns = prober->turn_began_ns;
	uint32_t count;
	bool more;

	prober_begin_turn(prober);
	metrics_see_turn(&prober->counts, prober->turn_ns - before_ns);
	if (prober->turn_ns - before_ns > PAUSE_NS) {
		prober_extend(prober, before_ns);
		prober->resume_ns = prober->turn_ns + PAUSE_NS;
	}
	prober_take_answers(prober);
	prober_take_mutes(prober);
	prober_step_tests(prober);
	if (prober->events_unkept)
		prober_state_keep_events(prober);
	prober_adopt_step(prober);
	prober_expire(prober);
	if (!prober->stopping && !is_held(prober))
		prober_start_due(prober);
	count = turn_engine(prober);
	if (count)
		prober_read_clocks_again(prober);
	prober_close(prober);
	prober_collect(prober, count);
	prober_guard_step(prober);
	prober_watch_resolver(prober);
	prober_fold(prober);
	more = prober->stopping ? sockets_in_use(prober->setup.engine->sockets) > 0
				: !prober->setup.config->cycles || prober->unfinished;
	/* The last one has it all. */
	if (!more)
		prober->heartbeat_due_ns = prober->turn_ns;
	send_heartbeat(prober);
	if (prober->setup.publish)
		queue_wake(prober->setup.publish);
	if (prober->setup.output)
		queue_wake(prober->setup.output);
	if (prober->setup.state)
		state_wake(prober->setup.state);
	return more;
}

uint64_t prober_turned_ns(const struct prober *prober)
{
	return atomic_load_explicit(&prober->turned_ns, memory_order_relaxed);
}

void prober_stop(struct prober *prober)
{
	prober->stopping = 1;
}
