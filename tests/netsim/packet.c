/* SPDX-License-Identifier: MIT */
#include "packet.h"

#include <netinet/in.h>
#include <string.h>

#include "edges/links.h"

#define ETHERNET_BYTES 14
#define TCP_BYTES 20
#define ETHERTYPE_V4 0x0800
#define ETHERTYPE_V6 0x86dd
#define HOP_LIMIT 64

#define OPTION_END 0
#define OPTION_NOP 1
#define OPTION_MSS 2
#define OPTION_WINDOW_SCALE 3
#define OPTION_SACK_PERMITTED 4
#define OPTION_TIMESTAMPS 8

/* Both from the texts of packet.h; the frame begins with destination, then source. */
static const uint8_t macs[12] = { 0x02, 0x00, 0x00, 0x00, 0x53, 0x01, 0x00, 0x00, 0x5e, 0x00, 0x53,
	0x02 };

static uint16_t get16(const uint8_t *bytes)
{
	return (uint16_t)(bytes[0] << 8 | bytes[1]);
}

static uint32_t get32(const uint8_t *bytes)
{
	return (uint32_t)get16(bytes) << 16 | get16(bytes + 2);
}

static void put16(uint8_t *bytes, uint16_t value)
{
	bytes[0] = (uint8_t)(value >> 8);
	bytes[1] = (uint8_t)value;
}

static void put32(uint8_t *bytes, uint32_t value)
{
	put16(bytes, (uint16_t)(value >> 16));
	put16(bytes + 2, (uint16_t)value);
}

static void parse_options(const uint8_t *option, const uint8_t *end, struct segment_in *segment)
{
	while (option < end && *option != OPTION_END) {
		if (*option == OPTION_NOP) {
			option++;
			continue;
		}
		if (end - option < 2 || option[1] < 2 || option[1] > end - option)
			return;
		if (option[0] == OPTION_TIMESTAMPS && option[1] == 10) {
			segment->has_timestamps = true;
			segment->tsval = get32(option + 2);
		}
		segment->has_sack |= option[0] == OPTION_SACK_PERMITTED;
		segment->has_window_scale |= option[0] == OPTION_WINDOW_SCALE;
		option += option[1];
	}
}

/* The IP header; returns its length, 0 when TCP does not follow. ret_total: all of the packet. */
static size_t parse_ip(
	const uint8_t *ip, size_t captured, bool v6, struct segment_in *segment, size_t *ret_total)
{
	size_t header = v6 ? 40 : 20;

	if (captured < header || ip[0] >> 4 != (v6 ? 6 : 4))
		return 0;
	if (v6) {
		if (ip[6] != IPPROTO_TCP)
			return 0;
		*ret_total = header + get16(ip + 4);
	} else {
		header = (size_t)(ip[0] & 15) * 4;
		if (ip[9] != IPPROTO_TCP || header < 20 || captured < header ||
			get16(ip + 6) & 0x3fff)
			return 0; /* fragments have no place in a handshake */
		*ret_total = get16(ip + 2);
	}
	segment->from = ip_from_bytes(ip + (v6 ? 8 : 12), v6);
	segment->to = ip_from_bytes(ip + (v6 ? 24 : 16), v6);
	return header;
}

bool packet_parse(const uint8_t *frame, size_t captured, struct segment_in *ret_segment)
{
	struct segment_in segment = { 0 };
	size_t header, total, data;
	const uint8_t *tcp;
	uint16_t type;

	if (captured < ETHERNET_BYTES)
		return false;
	type = get16(frame + 12);
	if (type != ETHERTYPE_V4 && type != ETHERTYPE_V6)
		return false;
	segment.ip = frame + ETHERNET_BYTES;
	captured -= ETHERNET_BYTES;
	header = parse_ip(segment.ip, captured, type == ETHERTYPE_V6, &segment, &total);
	if (!header || captured < header + TCP_BYTES)
		return false;
	tcp = segment.ip + header;
	data = (size_t)(tcp[12] >> 4) * 4;
	if (data < TCP_BYTES || captured < header + data || total < header + data)
		return false;
	segment.from_port = get16(tcp);
	segment.to_port = get16(tcp + 2);
	segment.sequence = get32(tcp + 4);
	segment.acknowledgement = get32(tcp + 8);
	segment.flags = tcp[13];
	segment.payload_bytes = (uint16_t)(total - header - data);
	segment.quote_bytes = header + data > 100 ? 100 : header + data;
	parse_options(tcp + TCP_BYTES, tcp + data, &segment);
	*ret_segment = segment;
	return true;
}

/* RFC 1071, not yet complemented. */
static uint32_t sum(uint32_t start, const uint8_t *bytes, size_t length)
{
	for (; length > 1; bytes += 2, length -= 2)
		start += get16(bytes);
	return length ? start + ((uint32_t)bytes[0] << 8) : start;
}

static uint16_t fold(uint32_t total)
{
	while (total >> 16)
		total = (total & 0xffff) + (total >> 16);
	return (uint16_t)~total;
}

/* Ethernet and IP around length bytes of protocol. Returns where those bytes go. *ret_pseudo is the
 * sum of the pseudo header that TCP and ICMPv6 checksums begin with. */
static uint8_t *put_ip(uint8_t *frame, ip_number from, ip_number to, uint8_t protocol,
	size_t length, uint32_t *ret_pseudo)
{
	uint8_t *ip = frame + ETHERNET_BYTES;
	bool v6 = !ip_is_v4(to);
	size_t header = v6 ? 40 : 20;

	memcpy(frame, macs, sizeof macs);
	put16(frame + 12, v6 ? ETHERTYPE_V6 : ETHERTYPE_V4);
	memset(ip, 0, header);
	ip_to_bytes(from, ip + (v6 ? 8 : 12));
	ip_to_bytes(to, ip + (v6 ? 24 : 16));
	*ret_pseudo = sum((uint32_t)(protocol + length), ip + (v6 ? 8 : 12), v6 ? 32 : 8);
	if (v6) {
		ip[0] = 0x60;
		put16(ip + 4, (uint16_t)length);
		ip[6] = protocol;
		ip[7] = HOP_LIMIT;
	} else {
		ip[0] = 0x45;
		put16(ip + 2, (uint16_t)(header + length));
		put16(ip + 6, 0x4000); /* do not fragment */
		ip[8] = HOP_LIMIT;
		ip[9] = protocol;
		put16(ip + 10, fold(sum(0, ip, header)));
	}
	return ip + header;
}

/* A segment back to where in came from; options are already padded to four bytes. */
static size_t put_tcp(const struct segment_in *in, uint8_t flags, uint16_t window,
	uint32_t sequence, uint32_t acknowledgement, const uint8_t *options, size_t options_bytes,
	uint8_t *frame)
{
	size_t length = TCP_BYTES + options_bytes;
	uint32_t pseudo;
	uint8_t *tcp = put_ip(frame, in->to, in->from, IPPROTO_TCP, length, &pseudo);

	memset(tcp, 0, TCP_BYTES);
	put16(tcp, in->to_port);
	put16(tcp + 2, in->from_port);
	put32(tcp + 4, sequence);
	put32(tcp + 8, acknowledgement);
	tcp[12] = (uint8_t)(length / 4 << 4);
	tcp[13] = flags;
	put16(tcp + 14, window);
	if (options_bytes)
		memcpy(tcp + TCP_BYTES, options, options_bytes);
	put16(tcp + 16, fold(sum(pseudo, tcp, length)));
	return (size_t)(tcp - frame) + length;
}

static uint8_t *put_timestamps(uint8_t *option, uint32_t tsval, uint32_t tsecr)
{
	option[0] = OPTION_TIMESTAMPS;
	option[1] = 10;
	put32(option + 2, tsval);
	put32(option + 6, tsecr);
	return option + 10;
}

size_t packet_synack(
	const struct segment_in *syn, const struct synack *synack, uint8_t ret_frame[FRAME_SIZE])
{
	uint8_t options[24], *end = options;
	bool timestamps = syn->has_timestamps && synack->timestamps;

	*end++ = OPTION_MSS;
	*end++ = 4;
	put16(end, ip_is_v4(syn->to) ? 1460 : 1440);
	end += 2;
	if (syn->has_sack || timestamps) {
		/* Two bytes: SACK, or padding for the timestamps alone. */
		*end++ = syn->has_sack ? OPTION_SACK_PERMITTED : OPTION_NOP;
		*end++ = syn->has_sack ? 2 : OPTION_NOP;
		if (timestamps) {
			end = put_timestamps(end, synack->tsval, synack->tsecr);
		} else {
			*end++ = OPTION_NOP;
			*end++ = OPTION_NOP;
		}
	}
	if (syn->has_window_scale) {
		*end++ = OPTION_NOP;
		*end++ = OPTION_WINDOW_SCALE;
		*end++ = 3;
		*end++ = 7;
	}
	return put_tcp(syn, TCP_SYN | TCP_ACK, synack->window, synack->isn, synack->acknowledgement,
		options, (size_t)(end - options), ret_frame);
}

size_t packet_rst(
	const struct segment_in *syn, uint32_t acknowledgement, uint8_t ret_frame[FRAME_SIZE])
{
	return put_tcp(syn, TCP_RST | TCP_ACK, 0, 0, acknowledgement, NULL, 0, ret_frame);
}

size_t packet_fin(const struct segment_in *fin, uint32_t tsval, uint8_t ret_frame[FRAME_SIZE])
{
	uint8_t options[12] = { OPTION_NOP, OPTION_NOP };

	put_timestamps(options + 2, tsval, fin->tsval);
	return put_tcp(fin, TCP_FIN | TCP_ACK, 65160, fin->acknowledgement,
		fin->sequence + fin->payload_bytes + 1, options,
		fin->has_timestamps ? sizeof options : 0, ret_frame);
}

size_t packet_icmp(const struct segment_in *syn, enum answer answer, uint8_t ret_frame[FRAME_SIZE])
{
	static const struct {
		uint8_t v4, v6; /* codes: RFC 792 and RFC 1812 5.2.7.1; RFC 4443 3.1 */
	} codes[ANSWER_COUNT] = {
		[ANSWER_ICMP_HOST] = { 1, 3 },
		[ANSWER_ICMP_PORT] = { 3, 4 },
		[ANSWER_ICMP_ADMIN] = { 13, 1 },
	};
	bool v6 = !ip_is_v4(syn->to);
	size_t length = 8 + syn->quote_bytes;
	ip_number from = syn->to;
	uint32_t pseudo;
	uint8_t *icmp;

	if (answer != ANSWER_ICMP_PORT)
		ip_parse(v6 ? LINK_V6_GATEWAY : LINK_V4_GATEWAY, &from);
	icmp = put_ip(
		ret_frame, from, syn->from, v6 ? IPPROTO_ICMPV6 : IPPROTO_ICMP, length, &pseudo);
	memset(icmp, 0, 8);
	icmp[0] = v6 ? 1 : 3; /* destination unreachable */
	icmp[1] = v6 ? codes[answer].v6 : codes[answer].v4;
	memcpy(icmp + 8, syn->ip, syn->quote_bytes);
	put16(icmp + 2, fold(sum(v6 ? pseudo : 0, icmp, length)));
	return (size_t)(icmp - ret_frame) + length;
}
