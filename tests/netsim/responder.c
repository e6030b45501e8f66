/* SPDX-License-Identifier: MIT */
#include "responder.h"

#include <errno.h>
#include <poll.h>
#include <stdlib.h>
#include <time.h>

#include "connections.h"
#include "decision.h"
#include "endpoints.h"
#include "packet.h"
#include "pending.h"
#include "ring.h"
#include "statistics.h"

/* A sleep ends late by up to this: so it ends early, and the rest is spun away. */
#define SPIN_NS 60000
/* While spinning for long, whether to stop is asked this often. */
#define LOOK_NS 20000000
/* Packets read between two looks at what is due: each costs a microsecond or two. */
#define READ_MAX 8

#define NS_PER_S 1000000000ull

struct responder {
	const struct scenario *scenario;
	struct ring ring;
	struct endpoints *endpoints;
	struct connections *connections;
	struct pending_queue *pending;
	struct statistics statistics;
};

static uint64_t clock_ns(clockid_t clock)
{
	struct timespec time;

	clock_gettime(clock, &time);
	return (uint64_t)time.tv_sec * NS_PER_S + (uint64_t)time.tv_nsec;
}

/* The peers' TCP clock: milliseconds, as in Linux, with an offset of each peer's own. */
static uint32_t peer_tsval(uint64_t now_ns, ip_number peer)
{
	return (uint32_t)(now_ns / 1000000) + (uint32_t)peer * 2654435761u;
}

static void push(struct responder *responder, struct pending *pending, uint64_t due_ns)
{
	pending->due_ns = due_ns;
	pending_push(responder->pending, pending);
}

/* The peer did its part at pending->fired_ns, and its answer was lost. A Linux host repeats an
 * unacknowledged SYN-ACK by its own timer, 1 s after it sent it and then at twice the distance each
 * time; the timer wheel makes each up to 32 ms late. */
static void push_repeat(struct responder *responder, struct pending *pending)
{
	const struct behaviour *behaviour =
		&responder->scenario->segments[pending->segment].behaviour;
	struct event *event = &pending->event;
	uint64_t wait_ns = NS_PER_S << event->repeat;

	if (++event->repeat > CONNECTIONS_REPEATS) {
		pending_free(responder->pending, pending);
		return;
	}
	pending->kind = PENDING_REPEAT;
	pending->fired_ns += wait_ns + (uint64_t)(32e6 * draw(event, DRAW_TIMER));
	push(responder, pending, pending->fired_ns + draw_delay_ns(event, behaviour));
}

static void build_synack(struct responder *responder, const struct segment_in *syn,
	uint64_t arrival_ns, struct pending *pending)
{
	const struct connection *connection = connections_open(
		responder->connections, syn, arrival_ns, &responder->statistics.evicted);

	/* The peer's ISN must be the same in each answer of one handshake. */
	pending->frame_bytes = (uint16_t)packet_synack(syn,
		(uint32_t)connection->key ^ syn->sequence * 2246822519u,
		peer_tsval(arrival_ns, syn->to), connection->tsecr, pending->frame);
	pending->connection_key = connection->key;
	pending->timer = connection->timer;
}

static void answer(struct responder *responder, const struct segment_in *syn, uint64_t arrival_ns,
	const struct event *event, int32_t segment)
{
	const struct behaviour *behaviour = &responder->scenario->segments[segment].behaviour;
	struct pending *pending = pending_new(responder->pending);

	if (!pending) {
		responder->statistics.pending_full++;
		return;
	}
	pending->event = *event;
	pending->fired_ns = arrival_ns;
	pending->segment = segment;
	if (behaviour->answer == ANSWER_SYNACK)
		build_synack(responder, syn, arrival_ns, pending);
	else if (behaviour->answer == ANSWER_RST)
		pending->frame_bytes = (uint16_t)packet_rst(syn, pending->frame);
	else
		pending->frame_bytes =
			(uint16_t)packet_icmp(syn, behaviour->answer, pending->frame);
	if (!draw_lost_back(event, behaviour)) {
		push(responder, pending, arrival_ns + draw_delay_ns(event, behaviour));
		return;
	}
	responder->statistics.lost_back++;
	if (behaviour->answer == ANSWER_SYNACK)
		push_repeat(responder, pending);
	else
		pending_free(responder->pending, pending);
}

static void on_syn(struct responder *responder, const struct segment_in *syn, uint64_t arrival_ns)
{
	struct statistics *statistics = &responder->statistics;
	struct endpoint *endpoint;
	const struct behaviour *behaviour;
	struct event event = {
		.seed = responder->scenario->seed,
		.ip = syn->to,
		.port = syn->to_port,
	};

	statistics->syns++;
	endpoint = endpoints_get(responder->endpoints, syn->to, syn->to_port);
	if (!endpoint) {
		statistics->endpoints_full++;
		return;
	}
	event.sequence = endpoint->syns++;
	if (endpoint->segment < 0) {
		statistics->unlisted++;
		return;
	}
	behaviour = &responder->scenario->segments[endpoint->segment].behaviour;
	if (draw_lost(&event, behaviour)) {
		statistics->lost++;
		return;
	}
	statistics->decided[behaviour->answer]++;
	if (behaviour->answer != ANSWER_SILENCE)
		answer(responder, syn, arrival_ns, &event, endpoint->segment);
}

/* The peer has nothing more to say either: it closes at once. A FIN that is repeated is answered
 * again, so nothing needs to be remembered. */
static void on_fin(struct responder *responder, const struct segment_in *fin, uint64_t arrival_ns)
{
	const struct event event = {
		.seed = responder->scenario->seed,
		.ip = fin->to,
		.port = fin->to_port,
		.sequence = fin->sequence,
	};
	int64_t segment = scenario_find(responder->scenario, fin->to);
	const struct behaviour *behaviour;
	struct pending *pending;

	responder->statistics.fins++;
	connection_forget(connections_find(responder->connections, connection_key(fin)));
	if (segment < 0)
		return;
	behaviour = &responder->scenario->segments[segment].behaviour;
	if (behaviour->answer != ANSWER_SYNACK)
		return;
	pending = pending_new(responder->pending);
	if (!pending) {
		responder->statistics.pending_full++;
		return;
	}
	pending->frame_bytes =
		(uint16_t)packet_fin(fin, peer_tsval(arrival_ns, fin->to), pending->frame);
	push(responder, pending, arrival_ns + draw_delay_ns(&event, behaviour));
}

static void on_frame(
	struct responder *responder, const struct ring_frame *frame, uint64_t arrival_ns)
{
	struct segment_in segment;
	struct connection *connection;

	if (!packet_parse(frame->bytes, frame->captured, &segment) || !segment.to_port) {
		responder->statistics.other++;
	} else if (segment.flags & TCP_RST) {
		responder->statistics.resets++;
		connection_forget(
			connections_find(responder->connections, connection_key(&segment)));
	} else if ((segment.flags & (TCP_SYN | TCP_ACK)) == TCP_SYN) {
		on_syn(responder, &segment, arrival_ns);
	} else if (segment.flags & TCP_FIN) {
		on_fin(responder, &segment, arrival_ns);
	} else {
		responder->statistics.other_tcp++;
		connection = connections_find(responder->connections, connection_key(&segment));
		if (connection)
			connection->established = true;
	}
}

/* True when the ring is empty. */
static bool read_some(struct responder *responder)
{
	struct ring_frame frame;
	/* From the arrival stamp's clock to the one that nobody sets. */
	uint64_t offset_ns = clock_ns(CLOCK_MONOTONIC) - clock_ns(CLOCK_REALTIME);

	for (int i = 0; i < READ_MAX; i++) {
		if (!ring_peek(&responder->ring, &frame))
			return true;
		on_frame(responder, &frame, frame.arrival_ns + offset_ns);
		ring_release(&responder->ring);
	}
	return false;
}

static void send_now(struct responder *responder, const struct pending *pending)
{
	struct statistics *statistics = &responder->statistics;
	/* Before the call, in which the kernel takes the frame all the way to the command. */
	uint64_t late_ns = clock_ns(CLOCK_MONOTONIC) - pending->due_ns;

	if (ring_send(&responder->ring, pending->frame, pending->frame_bytes)) {
		statistics->send_failures++;
		return;
	}
	statistics->sent++;
	statistics_late(statistics, late_ns);
}

/* What the peer's timer had to say. Takes pending over. */
static void repeat(struct responder *responder, struct pending *pending)
{
	const struct behaviour *behaviour =
		&responder->scenario->segments[pending->segment].behaviour;
	const struct connection *connection =
		connections_find(responder->connections, pending->connection_key);
	bool renewed = connection && connection->timer != pending->timer;

	/* A SYN that the command repeated began the timer anew, unless the timer was quicker: its
	 * answer is then on its way. */
	if (!connection || connection->established ||
		(renewed && connection->syn_ns <= pending->fired_ns)) {
		pending_free(responder->pending, pending);
		return;
	}
	if (draw_lost_back(&pending->event, behaviour)) {
		responder->statistics.lost_back++;
	} else {
		responder->statistics.repeated++;
		send_now(responder, pending);
	}
	/* Until the command's ACK or RST tells that it arrived. */
	if (renewed)
		pending_free(responder->pending, pending);
	else
		push_repeat(responder, pending);
}

static void send_due(struct responder *responder)
{
	struct pending *pending = pending_first(responder->pending);

	while (pending && pending->due_ns <= clock_ns(CLOCK_MONOTONIC)) {
		pending_pop(responder->pending);
		if (pending->kind == PENDING_REPEAT) {
			repeat(responder, pending);
		} else {
			send_now(responder, pending);
			pending_free(responder->pending, pending);
		}
		pending = pending_first(responder->pending);
	}
}

void responder_run(struct responder *responder, int stop_fd, bool busy)
{
	struct pollfd fds[] = { { .fd = responder->ring.receive_fd, .events = POLLIN },
		{ .fd = stop_fd, .events = POLLIN } };
	uint64_t looked_ns = 0;

	while (!fds[1].revents) {
		bool empty = read_some(responder);
		const struct pending *next;
		struct timespec wait = { 0 };
		uint64_t now_ns;

		send_due(responder);
		now_ns = clock_ns(CLOCK_MONOTONIC);
		next = pending_first(responder->pending);
		if (empty && !busy && (!next || next->due_ns > now_ns + SPIN_NS)) {
			uint64_t wait_ns = next ? next->due_ns - SPIN_NS - now_ns : 0;

			wait.tv_sec = (time_t)(wait_ns / NS_PER_S);
			wait.tv_nsec = (long)(wait_ns % NS_PER_S);
			ppoll(fds, 2, next ? &wait : NULL, NULL);
			looked_ns = now_ns;
		} else if (now_ns - looked_ns > LOOK_NS) {
			ppoll(fds, 2, &wait, NULL);
			looked_ns = now_ns;
		}
	}
}

int responder_create(
	struct responder **ret_responder, const struct scenario *scenario, const char *interface)
{
	struct responder *responder = calloc(1, sizeof *responder);
	int error;

	if (!responder)
		return -ENOMEM;
	responder->scenario = scenario;
	error = ring_open(&responder->ring, interface);
	responder->endpoints = endpoints_create(scenario);
	responder->connections = connections_create();
	responder->pending = pending_create();
	if (!error && (!responder->endpoints || !responder->connections || !responder->pending))
		error = -ENOMEM;
	if (error) {
		responder_destroy(responder);
		return error;
	}
	*ret_responder = responder;
	return 0;
}

void responder_destroy(struct responder *responder)
{
	if (!responder)
		return;
	pending_destroy(responder->pending);
	connections_destroy(responder->connections);
	endpoints_destroy(responder->endpoints);
	ring_close(&responder->ring);
	free(responder);
}

void responder_report(struct responder *responder, bool verbose)
{
	responder->statistics.ring_drops += ring_drops(&responder->ring);
	statistics_print(&responder->statistics, verbose);
}
