/* SPDX-License-Identifier: MIT */
/* The packets with which the simulated hosts answer a SYN. */
#include "responder_parts.h"

/* What was never sent: far beyond the window, and far ahead of the sender's clock. */
#define NEVER_ACKNOWLEDGED 0x01000000
#define NEVER_ECHOED 0x10000000

uint32_t peer_tsval(uint64_t now_ns, ip_number peer)
{
	return (uint32_t)(now_ns / 1000000) + (uint32_t)peer * 2654435761u;
}

static void build_synack(
	struct responder *responder, const struct visit *visit, bool bad, struct pending *pending)
{
	const struct behaviour *behaviour = &visit->conditions.behaviour;
	const struct segment_in *syn = visit->syn;
	uint64_t key = connection_key(syn);
	struct synack synack = {
		/* The peer's ISN must be the same in each answer of one handshake. */
		.isn = ((uint32_t)key ^ syn->sequence * 2246822519u) + (bad ? 1 << 30 : 0),
		.acknowledgement = syn->sequence + 1 + (bad ? NEVER_ACKNOWLEDGED : 0),
		.tsval = peer_tsval(visit->arrival_ns, syn->to),
		.tsecr = syn->tsval,
		.timestamps = behaviour->timestamps != TIMESTAMPS_NONE,
		.window = behaviour->window,
	};

	pending->packet = bad ? TRUTH_SYNACK_BAD : TRUTH_SYNACK;
	if (!bad && behaviour->answer != ANSWER_COOKIE) {
		const struct connection *connection = connections_open(responder->connections, syn,
			visit->arrival_ns, &responder->statistics.evicted);

		if (behaviour->timestamps == TIMESTAMPS_LINUX)
			synack.tsecr = connection->tsecr;
		pending->connection_key = connection->key;
		pending->timer = connection->timer;
	}
	if (behaviour->timestamps == TIMESTAMPS_UNSENT) {
		synack.tsecr += NEVER_ECHOED;
		pending->packet = bad ? TRUTH_SYNACK_BAD : TRUTH_SYNACK_UNSENT;
	} else if (behaviour->timestamps == TIMESTAMPS_ZERO) {
		synack.tsecr = 0;
	}
	if (synack.timestamps && syn->has_timestamps) {
		pending->flags |= TRUTH_TIMESTAMPS;
		pending->tsecr = synack.tsecr;
	}
	pending->frame_bytes = (uint16_t)packet_synack(syn, &synack, pending->frame);
}

/* One packet of the answer, the second of two when `second`. */
void answer_build(struct responder *responder, const struct visit *visit, bool second,
	struct pending *pending)
{
	enum answer answer = visit->conditions.behaviour.answer;
	const struct segment_in *syn = visit->syn;
	bool bad = answer == ANSWER_RST_BAD_ACK;

	switch (answer) {
	case ANSWER_RST:
	case ANSWER_RST_BAD_ACK:
		pending->packet = bad ? TRUTH_RST_BAD : TRUTH_RST;
		pending->frame_bytes = (uint16_t)packet_rst(
			syn, syn->sequence + 1 + (bad ? NEVER_ACKNOWLEDGED : 0), pending->frame);
		break;
	case ANSWER_ICMP_HOST:
	case ANSWER_ICMP_PORT:
	case ANSWER_ICMP_ADMIN:
		pending->packet = TRUTH_ICMP;
		pending->frame_bytes = (uint16_t)packet_icmp(syn, answer, pending->frame);
		break;
	default:
		build_synack(responder, visit,
			answer == ANSWER_BAD_ACK || (answer == ANSWER_BAD_ACK_FIRST && !second),
			pending);
	}
}
