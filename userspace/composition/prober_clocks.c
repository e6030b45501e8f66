/* SPDX-License-Identifier: MIT */
/* The time of a turn, and what to do when the machine's clocks are set, or it slept. */
#include "composition/prober_parts.h"
#include "vocabulary/log.h"
#include "vocabulary/nsec.h"

/* CLOCK_MONOTONIC stood still, so nothing is late; but cycle numbers count wall time. Those that were slept
 * through are missing. */
static void wake(struct prober *prober, uint64_t asleep_ns)
{
	uint64_t cycles;

	prober->counters.sleeps++;
	prober->woke_ns = prober->turn_ns;
	if (prober->setup.begin_now)
		return;
	prober->asleep_ns += asleep_ns;
	cycles = prober->asleep_ns / prober->interval_ns;
	prober->asleep_ns %= prober->interval_ns;
	prober->epoch_ns -= (int64_t)(cycles * prober->interval_ns);
	for (uint32_t i = 0; i < prober->room; i++)
		prober->visits[i].number += cycles;
	log_event(LOG_WARN, "clock_slept", "the machine slept: cycles are missing",
		"slept_s=%.1f cycles=%llu", (double)asleep_ns / NSEC_PER_SEC,
		(unsigned long long)cycles);
}

static void tell_step(struct prober *prober, int64_t moved_ns)
{
	prober->counters.clock_steps++;
	log_event(LOG_WARN, "clock_set",
		"the wall clock was set: samples and cycles go on by the monotonic clock",
		"direction=%s by_s=%.3f", moved_ns < 0 ? "back" : "on",
		(double)(moved_ns < 0 ? -moved_ns : moved_ns) / NSEC_PER_SEC);
}

static void read_clocks(struct prober *prober)
{
	struct nsec_clocks now = nsec_clocks();
	struct clocks_change change = clocks_read(&prober->clocks, &now);

	prober->turn_ns = now.mono_ns;
	prober->turn_ms = now.real_ns / NSEC_PER_MSEC;
	if (prober->setup.engine->capture)
		capture_set_clock(prober->setup.engine->capture, now.real_ns, now.mono_ns);
	if (change.asleep_ns)
		wake(prober, change.asleep_ns);
	if (change.stepped)
		tell_step(prober, change.moved_ns);
}

void prober_begin_turn(struct prober *prober)
{
	read_clocks(prober);
	prober->turn_began_ns = prober->turn_ns;
	atomic_store_explicit(&prober->turned_ns, prober->turn_ns, memory_order_relaxed);
}

void prober_read_clocks_again(struct prober *prober)
{
	uint64_t turn_ns = prober->turn_ns;

	read_clocks(prober);
	/* With stamps of the kernel's the turn has one time. */
	if (prober->setup.engine->source != STAMP_CLOCK)
		prober->turn_ns = turn_ns;
}

void prober_correct_stamps(const struct prober *prober, struct handshake *handshake)
{
	uint64_t seen_ns = handshake->answer_ns + handshake->receive_age_ns;

	if (handshake->answer_ns && clocks_doubt(&prober->clocks, seen_ns))
		handshake->answer_ns = seen_ns;
}
