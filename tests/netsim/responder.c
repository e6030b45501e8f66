/* SPDX-License-Identifier: MIT */
#include "responder.h"

#include <errno.h>
#include <poll.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "responder_parts.h"

/* A sleep ends late by up to this: so it ends early, and the rest is spun away. */
#define SPIN_NS 60000
/* While spinning for long, whether to stop is asked this often. */
#define LOOK_NS 20000000
/* To look at three clocks takes a tenth of this. */
#define COMPARE_NS 1000
/* Further apart than two looks can be: one was set. */
#define SET_NS 20000u
#define DOUBT_NS 50000000
/* Packets read between two looks at what is due: each costs a microsecond or two. */
#define READ_MAX 8

static uint64_t clock_ns(clockid_t clock)
{
	struct timespec time;

	clock_gettime(clock, &time);
	return (uint64_t)time.tv_sec * NS_PER_S + (uint64_t)time.tv_nsec;
}

static void on_frame(
	struct responder *responder, const struct ring_frame *frame, uint64_t arrival_ns)
{
	const struct arrival arrival = { .ns = arrival_ns, .realtime_ns = frame->arrival_ns };
	struct segment_in segment;

	if (packet_parse(frame->bytes, frame->captured, &segment) && segment.to_port)
		peers_receive(responder, &segment, &arrival);
	else
		responder->statistics.other++;
}

/* The command runs, so its packets can come, only after the start. */
static void begin(struct responder *responder)
{
	struct start start = start_get(responder->start);

	responder->start_ns = start.start_ns;
	if (responder->truth)
		truth_begin(responder->truth, start.start_ns, start.realtime_ns,
			responder->scenario->seed);
}

/* The way from the kernel's stamps' clock to the one that nobody sets. An interruption between
 * the looks at the two would go into it: such a look is not used, and the clocks do not drift
 * apart that fast. When the first is set, stamps from before and after it cannot be told apart for a
 * while. Returns whether stamps can be used. */
static bool compare_clocks(struct responder *responder)
{
	uint64_t before_ns = clock_ns(CLOCK_MONOTONIC);
	uint64_t realtime_ns = clock_ns(CLOCK_REALTIME);
	uint64_t taken_ns = clock_ns(CLOCK_MONOTONIC) - before_ns;
	uint64_t offset_ns = before_ns + taken_ns / 2 - realtime_ns;

	if (taken_ns < COMPARE_NS || !responder->offset_ns) {
		if (responder->offset_ns && offset_ns - responder->offset_ns + SET_NS > UINT64_C(2) * SET_NS)
			responder->doubt_until_ns = before_ns + DOUBT_NS;
		responder->offset_ns = offset_ns;
	}
	return before_ns >= responder->doubt_until_ns;
}

/* When a frame that has just been read came. */
static uint64_t arrival_ns(struct responder *responder, const struct ring_frame *frame)
{
	return compare_clocks(responder) ? frame->arrival_ns + responder->offset_ns
					 : clock_ns(CLOCK_MONOTONIC);
}

/* True when the ring is empty. */
static bool read_some(struct responder *responder)
{
	struct ring_frame frame;

	for (int i = 0; i < READ_MAX; i++) {
		if (!ring_peek(&responder->ring, &frame))
			return true;
		if (!responder->start_ns)
			begin(responder);
		responder->statistics.frames++;
		on_frame(responder, &frame, arrival_ns(responder, &frame));
		ring_release(&responder->ring);
	}
	return false;
}

void responder_send(struct responder *responder, const struct pending *pending)
{
	struct statistics *statistics = &responder->statistics;
	/* Before the call, in which the kernel takes the frame all the way to the command. The log of
	 * truth wants it nearer: the call's own way to the link takes microseconds. */
	uint64_t left_ns = clock_ns(CLOCK_MONOTONIC), stamp_ns;
	struct truth_record record = {
		.type = TRUTH_SENT,
		.packet = pending->packet,
		.flags = pending->flags,
		.which = pending->which,
		.syn = pending->syn,
		.due_ns = pending->due_ns,
		.left_ns = left_ns,
		.tsecr = pending->tsecr,
	};

	if (ring_send(&responder->ring, pending->frame, pending->frame_bytes, &stamp_ns)) {
		statistics->send_failures++;
		record.left_ns = 0;
		record.flags |= TRUTH_DROPPED;
	} else {
		if (stamp_ns && compare_clocks(responder) &&
			stamp_ns + responder->offset_ns > left_ns)
			record.left_ns = left_ns = stamp_ns + responder->offset_ns;
		statistics->sent++;
		statistics_late(statistics, left_ns - pending->due_ns);
	}
	if (pending->kind != PENDING_FIN)
		truth_put(responder->truth, &record);
}

static void send_due(struct responder *responder)
{
	struct pending *pending = pending_first(responder->pending);

	while (pending && pending->due_ns <= clock_ns(CLOCK_MONOTONIC)) {
		pending_pop(responder->pending);
		if (pending->kind == PENDING_REPEAT) {
			peers_repeat(responder, pending);
		} else {
			responder_send(responder, pending);
			pending_free(responder->pending, pending);
		}
		pending = pending_first(responder->pending);
	}
}

/* Sleeps until something comes, or shortly before the next answer is due. */
static void wait_for_work(struct pollfd fds[2], const struct pending *next, uint64_t now_ns)
{
	uint64_t wait_ns = next ? next->due_ns - SPIN_NS - now_ns : 0;
	const struct timespec wait = { .tv_sec = (time_t)(wait_ns / NS_PER_S),
		.tv_nsec = (long)(wait_ns % NS_PER_S) };

	ppoll(fds, 2, next ? &wait : NULL, NULL);
}

void responder_run(struct responder *responder, int stop_fd, bool busy)
{
	struct pollfd fds[] = { { .fd = responder->ring.receive_fd, .events = POLLIN },
		{ .fd = stop_fd, .events = POLLIN } };
	const struct timespec at_once = { 0 };
	struct statistics *statistics = &responder->statistics;
	uint64_t looked_ns = 0, before_ns = 0, now_ns;

	while (!fds[1].revents) {
		uint64_t done = statistics->frames + statistics->sent;
		bool empty = read_some(responder);
		const struct pending *next;

		send_due(responder);
		now_ns = clock_ns(CLOCK_MONOTONIC);
		/* A turn that had nothing to do takes a fraction of a microsecond, unless... */
		if (before_ns && done == statistics->frames + statistics->sent)
			statistics_turn(statistics, now_ns - before_ns);
		before_ns = now_ns;
		next = pending_first(responder->pending);
		if (empty && !busy && (!next || next->due_ns > now_ns + SPIN_NS)) {
			wait_for_work(fds, next, now_ns);
			looked_ns = now_ns;
			before_ns = 0;
		} else if (now_ns - looked_ns > LOOK_NS) {
			ppoll(fds, 2, &at_once, NULL);
			looked_ns = now_ns;
			before_ns = 0;
		}
	}
}

int responder_create(struct responder **ret_responder, const struct scenario *scenario,
	const struct start *start, const char *interface, struct truth *truth)
{
	struct responder *responder = calloc(1, sizeof *responder);
	int error;

	if (!responder)
		return -ENOMEM;
	responder->scenario = scenario;
	responder->start = start;
	responder->truth = truth;
	error = ring_open(&responder->ring, interface, truth != NULL);
	responder->endpoints = endpoints_create(scenario);
	responder->connections = connections_create();
	responder->pending = pending_create();
	responder->attempts = truth ? attempts_create() : NULL;
	if (!error && (!responder->endpoints || !responder->connections || !responder->pending ||
			      (truth && !responder->attempts)))
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
	attempts_destroy(responder->attempts);
	pending_destroy(responder->pending);
	connections_destroy(responder->connections);
	endpoints_destroy(responder->endpoints);
	ring_close(&responder->ring);
	free(responder);
}

bool responder_report(struct responder *responder, bool verbose)
{
	int64_t lost = 0;

	if (responder->truth) {
		if (!responder->start_ns)
			begin(responder);
		lost = truth_finish(responder->truth);
	}
	responder->statistics.truth_lost = lost > 0 ? (uint64_t)lost : 0;
	responder->statistics.ring_drops += ring_drops(&responder->ring);
	statistics_print(&responder->statistics, verbose);
	if (lost < 0)
		fprintf(stderr, "netsim: cannot write the log of truth: %s\n",
			strerror((int)-lost));
	return lost >= 0;
}
