/* SPDX-License-Identifier: MIT */
/* What the simulated hosts do with what reaches them, and the lines on the way to them and back. */
#include <string.h>

#include "conditions.h"
#include "responder_parts.h"

/* The draws of the second of two packets; the repetitions have 1 to CONNECTIONS_REPEATS. */
#define SECOND_PACKET 64
/* An answer that takes longer may not be there when the peer's timer fires for the first time. */
#define SURELY_BEFORE_TIMER_NS 900000000

static uint64_t elapsed_ns(const struct responder *responder, uint64_t now_ns)
{
	return now_ns > responder->start_ns ? now_ns - responder->start_ns : 0;
}

static bool completes_handshakes(enum answer answer)
{
	return answer == ANSWER_SYNACK || answer == ANSWER_TWICE || answer == ANSWER_LATE ||
	       answer == ANSWER_BAD_ACK_FIRST || answer == ANSWER_COOKIE;
}

/* Whether the way takes a packet: the line with bursts moves on, whatever else is. */
static bool lost_on_way(const struct event *event, enum direction direction,
	const struct behaviour *behaviour, uint64_t now_ns, struct endpoint *endpoint)
{
	bool burst =
		draw_burst_lost(event, direction, behaviour, now_ns, &endpoint->lines[direction]);

	return burst || draw_lost(event, direction, behaviour->loss[direction]);
}

/* The flag of a loss on the way back; 0 when it arrives. */
static uint8_t lost_back(struct responder *responder, const struct segment *segment,
	const struct event *event, const struct behaviour *behaviour, uint64_t due_ns,
	struct endpoint *endpoint)
{
	uint64_t now_ns = elapsed_ns(responder, due_ns);
	bool lost = lost_on_way(event, BACK, behaviour, now_ns, endpoint);

	if (conditions_dark(responder->scenario, segment, now_ns)) {
		responder->statistics.dark_back++;
		return TRUTH_BACK_DARK;
	}
	responder->statistics.lost_back += lost;
	return lost ? TRUTH_BACK_LOST : 0;
}

/* An answer that never left. */
static void log_lost(struct responder *responder, const struct pending *pending, uint8_t flag)
{
	const struct truth_record record = {
		.type = TRUTH_SENT,
		.flags = pending->flags | flag,
		.packet = pending->packet,
		.which = pending->which,
		.syn = pending->syn,
		.due_ns = pending->due_ns,
		.tsecr = pending->tsecr,
	};

	truth_put(responder->truth, &record);
}

/* The peer did its part at pending->fired_ns, and its SYN-ACK was lost or is not acknowledged. A
 * Linux host repeats it by its own timer, 1 s after it sent it and then at twice the distance
 * each time; the timer wheel makes each up to 32 ms late. Takes pending over. */
static void push_repeat(struct responder *responder, struct pending *pending)
{
	const struct segment *segment = &responder->scenario->segments[pending->segment];
	struct event *event = &pending->event;
	uint64_t wait_ns = NS_PER_S << event->repeat;
	struct conditions conditions;

	if (++event->repeat > CONNECTIONS_REPEATS) {
		pending_free(responder->pending, pending);
		return;
	}
	pending->kind = PENDING_REPEAT;
	pending->which++;
	pending->flags |= TRUTH_BY_TIMER;
	pending->fired_ns += wait_ns + (uint64_t)(32e6 * draw(event, DRAW_TIMER));
	conditions_at(responder->scenario, segment, event, elapsed_ns(responder, pending->fired_ns),
		&conditions);
	pending->due_ns = pending->fired_ns + conditions.delay_ns;
	pending_push(responder->pending, pending);
}

/* The peer's own timer, for a SYN-ACK that may not be acknowledged in time. */
static void start_timer(
	struct responder *responder, const struct visit *visit, const struct pending *pending)
{
	const struct behaviour *behaviour = &visit->conditions.behaviour;
	struct pending *repeat;

	if (!behaviour->timer || behaviour->answer == ANSWER_COOKIE ||
		!completes_handshakes(behaviour->answer))
		return;
	repeat = pending_new(responder->pending);
	if (!repeat) {
		responder->statistics.pending_full++;
		return;
	}
	*repeat = *pending;
	repeat->event.repeat = 0;
	push_repeat(responder, repeat);
}

static void answer_packet(struct responder *responder, struct visit *visit, bool second)
{
	const struct behaviour *behaviour = &visit->conditions.behaviour;
	struct pending *pending = pending_new(responder->pending);
	bool last = second || !(behaviour->answer == ANSWER_TWICE ||
				      behaviour->answer == ANSWER_BAD_ACK_FIRST);
	uint8_t flag;

	if (!pending) {
		responder->statistics.pending_full++;
		visit->record.flags |= TRUTH_DROPPED;
		return;
	}
	pending->event = visit->event;
	pending->event.repeat = second ? SECOND_PACKET : 0;
	pending->endpoint = visit->endpoint;
	pending->fired_ns = visit->arrival_ns;
	pending->segment = visit->endpoint->segment;
	pending->syn = visit->record.syn;
	pending->which = second;
	pending->due_ns = visit->arrival_ns + visit->conditions.delay_ns +
			  (second ? behaviour->answer_ns : 0);
	answer_build(responder, visit, second, pending);
	if (!second)
		visit->record.due_ns = pending->due_ns;
	flag = lost_back(responder, visit->segment, &pending->event, behaviour, pending->due_ns,
		visit->endpoint);
	if (flag || visit->conditions.delay_ns > SURELY_BEFORE_TIMER_NS)
		if (last)
			start_timer(responder, visit, pending);
	if (!flag) {
		pending_push(responder->pending, pending);
		return;
	}
	visit->record.flags |= second ? 0 : flag;
	log_lost(responder, pending, flag);
	pending_free(responder->pending, pending);
}

static void answer(struct responder *responder, struct visit *visit)
{
	enum answer kind = visit->conditions.behaviour.answer;

	if (kind == ANSWER_SILENCE)
		return;
	answer_packet(responder, visit, false);
	if (kind == ANSWER_TWICE || kind == ANSWER_BAD_ACK_FIRST)
		answer_packet(responder, visit, true);
}

/* Through the way there, to its peer. */
static void decide(struct responder *responder, struct visit *visit)
{
	struct statistics *statistics = &responder->statistics;
	uint64_t now_ns = elapsed_ns(responder, visit->arrival_ns);
	bool lost;

	visit->segment = &responder->scenario->segments[visit->endpoint->segment];
	conditions_at(
		responder->scenario, visit->segment, &visit->event, now_ns, &visit->conditions);
	visit->record.answer = (uint8_t)visit->conditions.behaviour.answer;
	visit->record.delay_ns = visit->conditions.delay_ns;
	lost = lost_on_way(
		&visit->event, FORTH, &visit->conditions.behaviour, now_ns, visit->endpoint);
	if (visit->conditions.dark) {
		statistics->dark++;
		visit->record.flags |= TRUTH_SYN_DARK;
	} else if (lost) {
		statistics->lost++;
		visit->record.flags |= TRUTH_SYN_LOST;
	} else {
		statistics->decided[visit->conditions.behaviour.answer]++;
		answer(responder, visit);
	}
}

static void on_syn(
	struct responder *responder, const struct segment_in *syn, const struct arrival *arrival)
{
	struct statistics *statistics = &responder->statistics;
	struct visit visit = {
		.syn = syn,
		.arrival_ns = arrival->ns,
		.event = { .seed = responder->scenario->seed, .ip = syn->to, .port = syn->to_port },
		.record = { .type = TRUTH_SYN,
			.syn = statistics->syns++,
			.arrival_ns = arrival->ns,
			.arrival_realtime_ns = arrival->realtime_ns,
			.port = syn->to_port,
			.from_port = syn->from_port,
			.isn = syn->sequence,
			.tsval = syn->tsval,
			.flags = syn->has_timestamps ? TRUTH_TIMESTAMPS : 0 },
	};
	ip_number ip = syn->to;

	for (int i = 15; i >= 0; i--, ip >>= 8)
		visit.record.address[i] = (uint8_t)ip;
	if (responder->attempts)
		visit.record.which = attempts_count(responder->attempts, connection_key(syn),
			syn->sequence, arrival->ns, &statistics->attempts_evicted);
	visit.endpoint = endpoints_get(responder->endpoints, syn->to, syn->to_port);
	if (!visit.endpoint) {
		statistics->endpoints_full++;
		visit.record.flags |= TRUTH_DROPPED;
	} else {
		visit.event.sequence = visit.endpoint->syns++;
		if (visit.endpoint->segment >= 0) {
			decide(responder, &visit);
		} else {
			statistics->unlisted++;
			visit.record.flags |= TRUTH_UNLISTED;
		}
	}
	truth_put(responder->truth, &visit.record);
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
	int64_t found = scenario_find(responder->scenario, fin->to);
	struct conditions conditions;
	struct pending *pending;

	responder->statistics.fins++;
	connection_forget(connections_find(responder->connections, connection_key(fin)));
	if (found < 0)
		return;
	conditions_at(responder->scenario, &responder->scenario->segments[found], &event,
		elapsed_ns(responder, arrival_ns), &conditions);
	if (conditions.dark || !completes_handshakes(conditions.behaviour.answer))
		return;
	pending = pending_new(responder->pending);
	if (!pending) {
		responder->statistics.pending_full++;
		return;
	}
	pending->kind = PENDING_FIN;
	pending->frame_bytes =
		(uint16_t)packet_fin(fin, peer_tsval(arrival_ns, fin->to), pending->frame);
	pending->due_ns = arrival_ns + conditions.delay_ns;
	pending_push(responder->pending, pending);
}

/* Only one of this handshake: what a wrong acknowledgement provokes is no end of it. */
static void on_reset(struct responder *responder, const struct segment_in *reset)
{
	struct connection *connection =
		connections_find(responder->connections, connection_key(reset));

	responder->statistics.resets++;
	if (connection && reset->sequence - connection->isn <= UINT16_MAX)
		connection_forget(connection);
}

void peers_receive(struct responder *responder, const struct segment_in *segment,
	const struct arrival *arrival)
{
	struct connection *connection;

	if (segment->flags & TCP_RST) {
		on_reset(responder, segment);
	} else if ((segment->flags & (TCP_SYN | TCP_ACK)) == TCP_SYN) {
		on_syn(responder, segment, arrival);
	} else if (segment->flags & TCP_FIN) {
		on_fin(responder, segment, arrival->ns);
	} else {
		responder->statistics.other_tcp++;
		connection = connections_find(responder->connections, connection_key(segment));
		if (connection)
			connection->established = true;
	}
}

void peers_repeat(struct responder *responder, struct pending *pending)
{
	const struct segment *segment = &responder->scenario->segments[pending->segment];
	const struct connection *connection =
		connections_find(responder->connections, pending->connection_key);
	bool renewed = connection && connection->timer != pending->timer;
	struct conditions conditions;
	uint8_t flag;

	/* A SYN that the command repeated began the timer anew, unless the timer was quicker: its
	 * answer is then on its way. */
	if (!connection || connection->established ||
		(renewed && connection->syn_ns <= pending->fired_ns)) {
		pending_free(responder->pending, pending);
		return;
	}
	conditions_at(responder->scenario, segment, &pending->event,
		elapsed_ns(responder, pending->fired_ns), &conditions);
	flag = lost_back(responder, segment, &pending->event, &conditions.behaviour,
		pending->due_ns, pending->endpoint);
	if (flag) {
		log_lost(responder, pending, flag);
	} else {
		responder->statistics.repeated++;
		responder_send(responder, pending);
	}
	/* Until the command's ACK or RST tells that it arrived. */
	if (renewed)
		pending_free(responder->pending, pending);
	else
		push_repeat(responder, pending);
}
