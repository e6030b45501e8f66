/* SPDX-License-Identifier: MIT */
/* Frames in and out: Ethernet, IPv4 (RFC 791) or IPv6 (RFC 8200), TCP (RFC 9293) and ICMP errors
 * (RFC 792, RFC 4443). Pure. */
#ifndef NETSIM_PACKET_H
#define NETSIM_PACKET_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "address.h"
#include "scenario.h"

/* The largest that is built: an ICMPv6 error that quotes an IPv6 SYN with all its options. */
#define FRAME_SIZE (14 + 40 + 8 + 40 + 60)

#define TCP_FIN 0x01
#define TCP_SYN 0x02
#define TCP_RST 0x04
#define TCP_ACK 0x10

/* A TCP segment as it arrived; host order. */
struct segment_in {
	ip_number from, to;
	uint16_t from_port, to_port;
	uint32_t sequence, acknowledgement;
	uint32_t tsval;
	uint16_t payload_bytes;
	uint8_t flags;
	bool has_timestamps, has_sack, has_window_scale;
	const uint8_t *ip;  /* its IP header, in the frame */
	size_t quote_bytes; /* from there on, what an ICMP error quotes */
};

/* Reads a frame of which captured bytes are there. False when it is not a whole TCP header straight
 * behind IP. */
bool packet_parse(const uint8_t *frame, size_t captured, struct segment_in *ret_segment);

/* The answers to it. Each returns the length of the frame, with all checksums. */

/* What a peer puts into its SYN-ACK. */
struct synack {
	uint32_t isn, acknowledgement;
	uint32_t tsval, tsecr;
	bool timestamps; /* when the SYN had them */
	uint16_t window;
};

/* Options as Linux sends them, each only when the SYN had it. */
size_t packet_synack(
	const struct segment_in *syn, const struct synack *synack, uint8_t ret_frame[FRAME_SIZE]);
/* As Linux refuses: RST and ACK, no options. */
size_t packet_rst(
	const struct segment_in *syn, uint32_t acknowledgement, uint8_t ret_frame[FRAME_SIZE]);
/* ANSWER_ICMP_HOST and _ADMIN come from the gateway, _PORT from the host itself. */
size_t packet_icmp(const struct segment_in *syn, enum answer answer, uint8_t ret_frame[FRAME_SIZE]);
/* Our own FIN, which acknowledges theirs. */
size_t packet_fin(const struct segment_in *fin, uint32_t tsval, uint8_t ret_frame[FRAME_SIZE]);

#endif
