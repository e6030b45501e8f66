/* SPDX-License-Identifier: MIT */
/* The kernel half run as plain C: its helpers are played here, its packets are built here, and it
 * has one slot, whose record join() reads. */
#ifndef MOSPROBE_TESTS_KERNEL_HALF_H
#define MOSPROBE_TESTS_KERNEL_HALF_H

#include <endian.h>
#include <errno.h>
#include <linux/bpf.h>
#include <string.h>

#include "check.h"
#include "pure/join.h"
#include "vocabulary/nsec.h"

/* bpf/bpf_helpers.h and bpf/bpf_endian.h, played by this test. */
#define __BPF_HELPERS__
#define __BPF_ENDIAN__
#define SEC(name)
#define __uint(name, value) int(*name)[value]
#define __type(name, type_) __typeof__(type_) *name
#define bpf_ntohl be32toh

static struct {
	uint8_t bytes[128];
	uint32_t length;
} packet;
static uint64_t now_ns;
static struct handshake record;
static bool socket_has_slot, socket_is_full = true, slot_has_record = true;

static struct bpf_sock *bpf_sk_fullsock(struct bpf_sock *sk)
{
	return socket_is_full ? sk : NULL;
}

static void *bpf_sk_storage_get(void *map, struct bpf_sock *sk, void *value, uint64_t flags)
{
	static uint32_t number = 0;

	return socket_has_slot ? &number : NULL;
}

static void *bpf_map_lookup_elem(void *map, const void *key)
{
	return slot_has_record ? &record : NULL;
}

static long bpf_skb_load_bytes(
	const struct __sk_buff *skb, uint32_t offset, void *to, uint32_t length)
{
	if (offset > packet.length || packet.length - offset < length)
		return -EFAULT;
	memcpy(to, packet.bytes + offset, length);
	return 0;
}

static uint64_t bpf_ktime_get_ns(void)
{
	return now_ns;
}

int handshake_egress(struct __sk_buff *skb);
int handshake_ingress(struct __sk_buff *skb);
#undef NSEC_PER_MSEC
#include "handshake.bpf.c"

#define MS NSEC_PER_MSEC
#define TIMEOUT_NS (3 * NSEC_PER_SEC)
#define ISN 0xfffffffeu
#define TSVAL 0xfffffff0u /* of the first SYN; both wrap */
#define SYN HANDSHAKE_TCP_SYN
#define RST HANDSHAKE_TCP_RST
#define ACK HANDSHAKE_TCP_ACK

enum timestamp { WITHOUT, WITH };

static inline void put32(uint8_t *at, uint32_t value)
{
	value = htobe32(value);
	memcpy(at, &value, sizeof value);
}

/* MSS, SACK permitted, timestamps, NOP, window scale: as Linux sends them. */
static inline uint32_t put_options(uint8_t *at, enum timestamp ts, uint32_t tsval, uint32_t tsecr)
{
	static const uint8_t plain[] = { 2, 4, 5, 180, 1, 1, 4, 2 };
	static const uint8_t stamped[] = { 2, 4, 5, 180, 4, 2, 8, 10, 0, 0, 0, 0, 0, 0, 0, 0, 1, 3,
		3, 7 };

	if (ts == WITHOUT) {
		memcpy(at, plain, sizeof plain);
		return sizeof plain;
	}
	memcpy(at, stamped, sizeof stamped);
	put32(at + 8, tsval);
	put32(at + 12, tsecr);
	return sizeof stamped;
}

static inline void build(unsigned version, unsigned flags, uint32_t sequence,
	uint32_t acknowledgement, enum timestamp ts, uint32_t tsval, uint32_t tsecr)
{
	uint32_t ip = version == 4 ? 20 : 40;
	uint8_t *tcp = packet.bytes + ip;

	memset(&packet, 0, sizeof packet);
	packet.bytes[0] = version == 4 ? 0x45 : 0x60;
	packet.bytes[version == 4 ? 9 : 6] = IPPROTO_TCP;
	put32(tcp + 4, sequence);
	put32(tcp + 8, acknowledgement);
	packet.length = ip + 20 + put_options(tcp + 20, ts, tsval, tsecr);
	tcp[12] = (uint8_t)((packet.length - ip) / 4 << 4);
	tcp[13] = (uint8_t)flags;
}

static inline void pass(int (*hook)(struct __sk_buff *), uint64_t at_ns)
{
	struct bpf_sock sock = { 0 };
	struct __sk_buff skb = { 0 };

	skb.sk = &sock;
	now_ns = at_ns;
	assert_int_equal(hook(&skb), 1);
}

static inline void send_syn(uint64_t at_ns, uint32_t tsval)
{
	build(4, SYN, ISN, 0, WITH, tsval, 0);
	pass(handshake_egress, at_ns);
}

static inline void receive(uint64_t at_ns, unsigned flags, enum timestamp ts, uint32_t tsecr)
{
	build(4, flags, 99, ISN + 1, ts, 1234, tsecr);
	pass(handshake_ingress, at_ns);
}

static inline struct sample join_slot(int result)
{
	struct join_input input = {
		.result = result,
		.start_ns = NSEC_PER_SEC,
		.timeout_ns = TIMEOUT_NS,
		.source = STAMP_BPF,
		.handshake = record,
	};
	struct sample sample = { .outcome = OUTCOME_COUNT };

	join(&input, &sample);
	return sample;
}

#endif
