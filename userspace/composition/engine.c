/* SPDX-License-Identifier: MIT */
#include "composition/engine.h"

#include <errno.h>
#include <math.h>
#include <string.h>
#include <unistd.h>

#include "vocabulary/nsec.h"

/* Descriptors for everything that is no slot: libraries, queues, DNS sockets, Redis, BPF. */
#define DESCRIPTORS_RESERVED 48
#define SLOTS_LEAST 16
#define SLOTS_MOST 30000

static uint32_t slots_for(double starts_per_s, const struct config *config)
{
	double seconds = (double)config->timeout_ns / NSEC_PER_SEC;

	/* A tenth more, for starts do not fall perfectly evenly. */
	return starts_per_s > 0 ? (uint32_t)ceil(starts_per_s * seconds * 1.1) + SLOTS_LEAST : 0;
}

static uint32_t smaller(uint32_t a, uint32_t b)
{
	return a < b ? a : b;
}

/* Both families want slots, and there are too few. v6_only: what targets want that cannot be IPv4. */
static void share_slots(struct engine_plan *plan, uint32_t v6_only)
{
	/* Names that may be either are mostly IPv4; an eighth at least is kept for the others. */
	uint32_t least = plan->limit / 8 + 1;
	uint32_t v6 = v6_only > least ? v6_only : least;

	v6 = smaller(smaller(v6, plan->wanted_v6), plan->limit / 2);
	plan->slots_v4 = smaller(plan->limit - v6, plan->wanted_v4);
	plan->slots_v6 = smaller(plan->limit - plan->slots_v4, plan->wanted_v6);
	/* A family without a slot would be skipped for ever: one more than allowed is better. */
	if (!plan->slots_v6 && plan->limit)
		plan->slots_v6 = 1;
}

struct engine_plan engine_plan(const struct config *config, const struct target_list *targets)
{
	double only_v4 = 0, only_v6 = 0, either = 0;
	double interval_s = (double)config->interval_ns / NSEC_PER_SEC;
	struct engine_plan plan = { 0 };
	uint64_t wanted;

	for (size_t i = 0; i < targets_count(targets); i++) {
		const struct target *target = targets_at(targets, i);
		double starts = target->settings->samples / interval_s;

		if (target->literal == 4 || target->settings->family == FAMILY_4)
			only_v4 += starts;
		else if (target->literal == 6 || target->settings->family == FAMILY_6)
			only_v6 += starts;
		else
			either += starts;
	}
	plan.starts_per_s = only_v4 + only_v6 + either;
	plan.wanted_v4 = slots_for(only_v4 + either, config);
	plan.wanted_v6 = slots_for(only_v6 + either, config);
	plan.limit = sockets_limit(DESCRIPTORS_RESERVED);
	if (plan.limit > SLOTS_MOST)
		plan.limit = SLOTS_MOST;
	if (config->max_in_flight && config->max_in_flight < plan.limit)
		plan.limit = config->max_in_flight;

	plan.slots_v4 = plan.wanted_v4;
	plan.slots_v6 = plan.wanted_v6;
	wanted = (uint64_t)plan.wanted_v4 + plan.wanted_v6;
	if (wanted > plan.limit && plan.wanted_v4 && plan.wanted_v6) {
		share_slots(&plan, slots_for(only_v6, config));
	} else if (wanted > plan.limit) {
		plan.slots_v4 = plan.wanted_v4 ? plan.limit : 0;
		plan.slots_v6 = plan.wanted_v6 ? plan.limit : 0;
	}
	return plan;
}

/* One connect to a closed port of the loopback interface: its SYN must be stamped, or something
 * (net_cls in use, another cgroup) keeps the kernel half from seeing us. The answer is not asked for: a
 * firewall may eat it. Where there is no way to it (a fresh namespace's loopback is down), nothing is
 * proved. */
static int prove_stamps(struct engine *engine, struct message *msg)
{
	struct address loopback = { 0 };
	uint32_t slot = sockets_take(engine->sockets, 4);
	const char *name = slot == SLOT_NONE ? "::1" : "127.0.0.1";
	struct sockaddr_storage closed;
	struct ring_completion done = { .result = -ECANCELED };
	struct handshake hs;
	uint8_t type, code;
	uint32_t count = 0;
	socklen_t length;

	if (slot == SLOT_NONE)
		slot = sockets_take(engine->sockets, 6);
	if (address_parse(&loopback, name))
		return message_set(msg, -EINVAL, "%s is no address", name);
	length = address_to_sockaddr(&loopback, 1, &closed);
	ring_connect(engine->ring, slot, (struct sockaddr *)&closed, length);
	/* After a second it is cancelled. The cancel's own completion may come first and end one
	 * wait; the connect's must be seen before the slot is used again. */
	for (int i = 0; i < 20 && !count; i++) {
		if (i == 10)
			ring_cancel(engine->ring, slot);
		count = ring_turn(engine->ring, 100 * NSEC_PER_MSEC, 1, &done, 1);
	}
	capture_read(engine->capture, slot, &hs);
	sockets_reset(engine->sockets, slot);
	/* A firewall's ICMP would be held against the slot's first target. */
	sockets_drain_errors(engine->sockets, slot, &type, &code);
	sockets_give(engine->sockets, slot);
	if (!hs.syns && (!done.result || done.result == -ECONNREFUSED || done.result == -ECANCELED))
		return message_set(msg, -ENODATA, "a connect to %s left no stamp in cgroup %s",
			name, cgroup_path(engine->cgroup));
	return 0;
}

static int open_capture(struct engine *engine, struct message *msg)
{
	uint32_t count = sockets_count(engine->sockets);
	int error = capture_open(&engine->capture, cgroup_fd(engine->cgroup), count, msg);

	for (uint32_t slot = 0; !error && slot < count; slot++) {
		error = capture_add_socket(
			engine->capture, slot, sockets_fds(engine->sockets)[slot]);
		if (error)
			message_set(msg, error, "giving socket %u its slot: %s", slot,
				strerror(-error));
	}
	if (!error)
		error = prove_stamps(engine, msg);
	if (error) {
		capture_close(engine->capture);
		engine->capture = NULL;
	}
	return error;
}

/* The kernel half, or what stands in for it. */
static int choose_stamps(struct engine *engine, const struct config *config, int cgroup_error,
	struct message *note, struct message *msg)
{
	int error = cgroup_error;

	engine->source = config->stamps == STAMPS_CLOCK ? STAMP_CLOCK : STAMP_TCP_INFO;
	if (config->stamps != STAMPS_AUTO && config->stamps != STAMPS_BPF) {
		sockets_ask_icmp6(engine->sockets);
		return 0;
	}
	if (!error)
		error = open_capture(engine, msg);
	if (!error) {
		engine->source = STAMP_BPF;
		return 0;
	}
	if (config->stamps == STAMPS_BPF)
		return error;
	sockets_ask_icmp6(engine->sockets);
	message_set(note, 0, "no stamps in the kernel (%s); using TCP_INFO instead", msg->text);
	return 0;
}

int engine_open(struct engine *ret, const struct config *config, const struct engine_plan *plan,
	struct message *ret_note, struct message *msg)
{
	struct engine engine = { 0 };
	int error, cgroup_error = 0;

	ret_note->text[0] = '\0';
	if (plan->slots_v4 + plan->slots_v6 < 1)
		return message_set(msg, -EMFILE,
			"no descriptor is left for sockets: RLIMIT_NOFILE must be above %d "
			"(ulimit -n, LimitNOFILE=)",
			DESCRIPTORS_RESERVED);
	if (config->stamps == STAMPS_AUTO || config->stamps == STAMPS_BPF)
		cgroup_error = cgroup_enter(&engine.cgroup, msg);
	if (cgroup_error && config->stamps == STAMPS_BPF)
		return cgroup_error;
	struct message kept = *msg; /* of the cgroup; sockets and ring may overwrite it */

	error = sockets_create(&engine.sockets, plan->slots_v4, plan->slots_v6, msg);
	if (!error)
		error = ring_open(&engine.ring, sockets_fds(engine.sockets),
			sockets_count(engine.sockets), msg);
	if (!error) {
		if (cgroup_error)
			*msg = kept;
		error = choose_stamps(&engine, config, cgroup_error, ret_note, msg);
	}
	if (error) {
		engine_close(&engine);
		return error;
	}
	*ret = engine;
	return 0;
}

void engine_close(struct engine *engine)
{
	capture_close(engine->capture);
	ring_close(engine->ring);
	sockets_destroy(engine->sockets);
	cgroup_leave(engine->cgroup);
	*engine = (struct engine) { 0 };
}
