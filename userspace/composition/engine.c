/* SPDX-License-Identifier: MIT */
#include "composition/engine.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "vocabulary/nsec.h"

/* Cancelled connects have ended by then. */
#define REST_NS (200 * NSEC_PER_MSEC)

const char *engine_name(const struct engine *engine)
{
	return engine->ring ? "io_uring" : "epoll";
}

void engine_connect(const struct engine *engine, uint32_t slot, const struct sockaddr *address,
	socklen_t length)
{
	if (engine->ring)
		ring_connect(engine->ring, slot, address, length);
	else
		poller_connect(engine->poller, slot, address, length);
}

void engine_cancel(const struct engine *engine, uint32_t slot)
{
	if (engine->ring)
		ring_cancel(engine->ring, slot);
	else
		poller_cancel(engine->poller, slot);
}

uint32_t engine_turn(const struct engine *engine, uint64_t wait_ns, uint32_t wanted,
	struct completion *ret, uint32_t most)
{
	return engine->ring ? ring_turn(engine->ring, wait_ns, wanted, ret, most)
			    : poller_turn(engine->poller, wait_ns, wanted, ret, most);
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
	struct completion done = { .result = -ECANCELED };
	struct handshake hs;
	uint8_t type, code;
	uint32_t count = 0;
	socklen_t length;

	if (slot == SLOT_NONE)
		slot = sockets_take(engine->sockets, 6);
	if (address_parse(&loopback, name))
		return message_set(msg, -EINVAL, "%s is no address", name);
	length = address_to_sockaddr(&loopback, 1, &closed);
	engine_connect(engine, slot, (struct sockaddr *)&closed, length);
	/* After a second it is cancelled. The cancel's own completion may come first and end one
	 * wait; the connect's must be seen before the slot is used again. */
	for (int i = 0; i < 20 && !count; i++) {
		if (i == 10)
			engine_cancel(engine, slot);
		count = engine_turn(engine, 100 * NSEC_PER_MSEC, 1, &done, 1);
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

/* io_uring, or where that is forbidden epoll. */
static int choose_connects(struct engine *engine, const struct config *config, struct message *note,
	struct message *msg)
{
	const int *fds = sockets_fds(engine->sockets);
	uint32_t count = sockets_count(engine->sockets);
	int error = 0;

	if (config->engine != ENGINE_EPOLL)
		error = ring_open(&engine->ring, fds, count, msg);
	if (error && config->engine == ENGINE_AUTO)
		message_set(note, 0, "%s; using epoll instead", msg->text);
	if (config->engine == ENGINE_EPOLL || (error && config->engine == ENGINE_AUTO))
		error = poller_open(&engine->poller, fds, count, msg);
	return error;
}

int engine_open(struct engine *ret, const struct config *config, const struct engine_plan *plan,
	struct engine_notes *ret_notes, struct message *msg)
{
	struct engine engine = { 0 };
	int error, cgroup_error = 0;

	*ret_notes = (struct engine_notes) { { "" }, { "" } };
	if (plan->slots_v4 + plan->slots_v6 < 1)
		return message_set(msg, -EMFILE,
			"no descriptor is left for sockets: RLIMIT_NOFILE must be above %u "
			"(ulimit -n, LimitNOFILE=)",
			engine_descriptors_reserved(config));
	if (config->stamps == STAMPS_AUTO || config->stamps == STAMPS_BPF)
		cgroup_error = cgroup_enter(&engine.cgroup, msg);
	if (cgroup_error && config->stamps == STAMPS_BPF)
		return cgroup_error;
	struct message kept = *msg; /* of the cgroup; what follows may overwrite it */

	error = sockets_create(&engine.sockets,
		&(struct sockets_setup) {
			.count_v4 = plan->slots_v4,
			.count_v6 = plan->slots_v6,
			.source = { config->source[0], config->source[1] },
			.dscp = config->dscp,
		},
		msg);
	if (!error)
		error = choose_connects(&engine, config, &ret_notes->connects, msg);
	if (!error) {
		if (cgroup_error)
			*msg = kept;
		error = choose_stamps(&engine, config, cgroup_error, &ret_notes->stamps, msg);
	}
	if (error) {
		engine_close(&engine);
		return error;
	}
	*ret = engine;
	return 0;
}

int engine_rest(const struct engine *engine)
{
	uint64_t until_ns = nsec_mono() + REST_NS;
	struct completion done[64];
	uint32_t count, *slots = malloc((sockets_count(engine->sockets) + 1) * sizeof *slots);
	uint8_t type, code;

	if (!slots || sockets_used(engine->sockets, slots, &count)) {
		free(slots);
		return -ENOMEM;
	}
	for (uint32_t i = 0; i < count; i++)
		engine_cancel(engine, slots[i]);
	/* What comes late would be taken for the next prober's. */
	while (nsec_mono() < until_ns)
		engine_turn(engine, REST_NS / 4, 1, done, sizeof done / sizeof *done);
	for (uint32_t i = count; i-- > 0;) {
		sockets_reset(engine->sockets, slots[i]);
		sockets_drain_errors(engine->sockets, slots[i], &type, &code);
		sockets_give(engine->sockets, slots[i]);
	}
	free(slots);
	return 0;
}

void engine_close(struct engine *engine)
{
	capture_close(engine->capture);
	ring_close(engine->ring);
	poller_close(engine->poller);
	sockets_destroy(engine->sockets);
	cgroup_leave(engine->cgroup);
	*engine = (struct engine) { 0 };
}
