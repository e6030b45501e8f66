/* SPDX-License-Identifier: MIT */
#include <string.h>

#include "composition/prober_parts.h"
#include "pure/join.h"
#include "vocabulary/log.h"
#include "vocabulary/nsec.h"

/* What a peer gets to answer our FIN with its own. */
#define FIN_WAIT_NS (500 * NSEC_PER_MSEC)

/* Slots are scarce when less than this part of them is free. That is told once in a while, and not of
 * a few, which run out now and then. */
#define SLOTS_SCARCE_PART 10
#define SLOTS_WORTH_TELLING 50
#define SLOTS_TOLD_EVERY_NS NSEC_PER_SEC /* to the log, which folds them */

static void count_lateness(struct prober *prober, const struct sample *sample)
{
	uint64_t late_ns =
		sample->start_ns > sample->due_ns ? sample->start_ns - sample->due_ns : 0;

	histogram_add(&prober->lateness_us, late_ns / NSEC_PER_USEC);
	metrics_see_start(&prober->counts, late_ns);
	prober->counters.late_starts += late_ns > LATE_NS;
}

static void send_sample(
	struct prober *prober, const struct sample *sample, const struct address *address)
{
	struct event event = { .kind = EVENT_SAMPLE };

	event.sample = (struct sample_event) {
		.target = prober_target(prober, sample->target),
		.sample = *sample,
		.addr = *address,
		.cycle = cycles_at(prober->cycles, sample->cycle)->number,
	};
	queue_push(prober->setup.output, &event);
}

void prober_sample_done(
	struct prober *prober, const struct sample *sample, const struct address *address)
{
	struct heartbeat *counters = &prober->counters;

	counters->samples++;
	counters->outcomes[sample->outcome]++;
	counters->ambiguous += sample->ambiguous;
	counters->provoked += sample->provoked;
	counters->duplicates += sample->duplicates;
	counters->wrong_acks += sample->wrong_acks;
	counters->foreign_ts += sample->foreign_ts;
	if (sample->outcome == OUTCOME_LOCAL_ERROR)
		counters->local_errors[sample->reason]++;
	if (sample->outcome == OUTCOME_SKIPPED)
		counters->skips[sample->reason]++;
	if (prober->setup.config->output == OUTPUT_SAMPLES && prober->setup.output)
		send_sample(prober, sample, address);
	if (prober->setup.on_sample)
		prober->setup.on_sample(prober->setup.context, sample, address);
	prober_guard_see(prober, sample);
	if (cycles_put(prober->cycles, sample)) {
		prober_note_family(prober, sample->cycle);
		prober_hold(prober, sample->cycle);
	}
}

static void land(struct prober *prober, uint32_t slot)
{
	struct flight *flight = &prober->flights[slot];

	if (flight->older != NOBODY)
		prober->flights[flight->older].newer = flight->newer;
	else
		prober->oldest = flight->newer;
	if (flight->newer != NOBODY)
		prober->flights[flight->newer].older = flight->older;
	else
		prober->newest = flight->older;
}

void prober_extend(struct prober *prober, uint64_t since_ns)
{
	for (uint32_t slot = prober->newest; slot != NOBODY; slot = prober->flights[slot].older) {
		if (prober->flights[slot].start_ns < since_ns)
			return;
		prober->flights[slot].expires_ns =
			prober->turn_ns + prober->setup.config->timeout_ns;
	}
}

/* The time of a connect runs from its SYN, which left up to milliseconds after its turn had begun. */
static bool has_run_out(const struct prober *prober, uint32_t slot)
{
	const struct capture *capture = prober->setup.engine->capture;
	struct flight *flight = &prober->flights[slot];
	uint64_t first_syn_ns, expires_ns;

	if (flight->expires_ns > prober->turn_ns)
		return false;
	first_syn_ns = capture ? capture_first_syn_ns(capture, slot) : 0;
	if (first_syn_ns == flight->first_syn_before_ns)
		return true; /* none left */
	expires_ns = first_syn_ns + prober->setup.config->timeout_ns;
	if (flight->expires_ns < expires_ns)
		flight->expires_ns = expires_ns;
	return flight->expires_ns < prober->turn_ns;
}

void prober_expire(struct prober *prober)
{
	/* All have the same time-out, so who started first runs out first. Cancelled ones stay in the
	 * line until their completion, always at its front. */
	for (uint32_t slot = prober->oldest; slot != NOBODY; slot = prober->flights[slot].newer) {
		struct flight *flight = &prober->flights[slot];

		if (flight->cancelled)
			continue;
		if (!has_run_out(prober, slot))
			return;
		flight->cancelled = true;
		engine_cancel(prober->setup.engine, slot);
	}
}

/* All that the kernel knows of this connect. */
static void ask_kernel(
	const struct prober *prober, uint32_t slot, int result, struct join_input *ret)
{
	const struct engine *engine = prober->setup.engine;
	const struct flight *flight = &prober->flights[slot];
	struct socket_tcp_info info;

	ret->result = result;
	ret->start_ns = flight->start_ns;
	ret->end_ns = prober->turn_ns;
	ret->paused = prober->turn_ns < prober->resume_ns ||
		      prober->turn_ns - prober->turn_began_ns > PAUSE_NS;
	ret->timeout_ns = prober->setup.config->timeout_ns;
	ret->source = engine->source;
	ret->first_syn_before_ns = flight->first_syn_before_ns;
	if (engine->capture)
		capture_read(engine->capture, slot, &ret->handshake);
	prober_correct_stamps(prober, &ret->handshake);
	if (join_needs_tcp_info(ret) && !sockets_tcp_info(engine->sockets, slot, &info)) {
		/* The kernel has no rtt after a retransmission to a peer without timestamps. */
		ret->established = info.established && (info.rtt_us || info.retransmits);
		ret->tcp_rtt_us = info.rtt_us;
		ret->tcp_retrans = info.retransmits;
	}
	if (result && !engine->capture && !sockets_tcp_info(engine->sockets, slot, &info))
		ret->tcp_sent = info.sent;
}

/* The connection gets the time to end in order: the slot is given back by prober_close(). */
static void shut_down(struct prober *prober, uint32_t slot)
{
	uint64_t wait_ns = prober->setup.config->timeout_ns / 2;

	sockets_shut_down(prober->setup.engine->sockets, slot);
	if (wait_ns > FIN_WAIT_NS)
		wait_ns = FIN_WAIT_NS;
	prober->flights[slot].expires_ns = prober->turn_ns + wait_ns;
	prober->flights[slot].newer = NOBODY;
	if (prober->closing.first == NOBODY)
		prober->closing.first = slot;
	else
		prober->flights[prober->closing.last].newer = slot;
	prober->closing.last = slot;
}

void prober_close(struct prober *prober)
{
	struct sockets *sockets = prober->setup.engine->sockets;
	uint8_t type, code;

	while (prober->closing.first != NOBODY) {
		uint32_t slot = prober->closing.first;

		if (prober->flights[slot].expires_ns > prober->turn_ns)
			return;
		prober->closing.first = prober->flights[slot].newer;
		sockets_reset(sockets, slot);
		sockets_drain_errors(sockets, slot, &type, &code);
		sockets_give(sockets, slot);
	}
}

/* Before the last slot is taken, and starts are late. */
void prober_watch_slots(struct prober *prober)
{
	if (prober->turn_ns < prober->slots_told_ns + SLOTS_TOLD_EVERY_NS)
		return;
	for (unsigned family = 4; family <= 6; family += 2) {
		uint32_t all, free;

		sockets_stock(prober->setup.engine->sockets, family, &all, &free);
		if (all < SLOTS_WORTH_TELLING || free >= all / SLOTS_SCARCE_PART)
			continue;
		prober->slots_told_ns = prober->turn_ns;
		log_event(LOG_WARN, "slots_scarce",
			"most sockets are in use; when none is left starts are late",
			"family=%u used=%u slots=%u advice=%s", family, all - free, all,
			"more open files or max_in_flight, or a shorter time-out");
	}
}

/* Ends the connection as its target wants it, and takes the slot back, or will. */
static void end_connection(struct prober *prober, uint32_t slot, struct join_input *input)
{
	const struct engine *engine = prober->setup.engine;
	uint32_t target = prober->flights[slot].target;

	if (prober_target(prober, target)->settings->close == CLOSE_FIN &&
		join_is_connected(input)) {
		shut_down(prober, slot);
		return;
	}
	sockets_reset(engine->sockets, slot);
	/* Last: until it is taken back, an ICMP may still come, and would be held against the next
	 * target. */
	if (input->result || (join_needs_tcp_info(input) && !input->established))
		input->icmp_seen = sockets_drain_errors(
			engine->sockets, slot, &input->icmp_type, &input->icmp_code);
	sockets_give(engine->sockets, slot);
}

static struct address address_of(const struct flight *flight)
{
	struct address address = { .family = flight->family };

	if (flight->family == 4)
		memcpy(address.bytes, &flight->address.v4.sin_addr, 4);
	else
		memcpy(address.bytes, &flight->address.v6.sin6_addr, 16);
	return address;
}

/* Whatever came of it, the machine was not there to see it. */
static void sleep_through(struct sample *sample)
{
	sample->outcome = OUTCOME_SKIPPED;
	sample->reason = SKIP_ASLEEP;
	sample->rtt_ns = 0;
	sample->lost = 0;
}

void prober_collect(struct prober *prober, uint32_t count)
{
	for (uint32_t i = 0; i < count; i++) {
		uint32_t slot = prober->completions[i].slot;
		struct flight *flight = &prober->flights[slot];
		struct address address = address_of(flight);
		struct join_input input = { 0 };
		struct sample sample = {
			.due_ns = flight->due_ns,
			.target = flight->target,
			.cycle = flight->cycle,
			.index = flight->index,
		};

		prober_ahead_completions(prober, i, count);
		ask_kernel(prober, slot, prober->completions[i].result, &input);
		land(prober, slot);
		end_connection(prober, slot, &input);
		join(&input, &sample);
		if (prober->woke_ns && flight->start_ns < prober->woke_ns)
			sleep_through(&sample);
		count_lateness(prober, &sample);
		prober_sample_done(prober, &sample, &address);
	}
}
