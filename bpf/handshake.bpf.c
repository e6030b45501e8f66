// SPDX-License-Identifier: MIT OR GPL-2.0-only
/* The kernel half: stamps the SYN that leaves and the SYN-ACK or RST that arrives, for the sockets
 * that user space gave a slot, on the prober's own cgroup. Other cgroups never run it.
 *
 * Which SYN was answered? TSecr alone does not tell: a Linux peer whose SYN-ACK was lost echoes the
 * timestamp of the FIRST SYN when it answers the second, so naming the SYN by TSecr would read a loss
 * on the way back as a latency of a second. The answer is certainly the newest SYN's only when it was
 * the only one, or when TSecr is the newest SYN's TSval; user space gives a latency for these only.
 *
 * Loops are bounded (5.3), maps are sk_storage (5.2) and a mmapable array (5.5); no atomics: one
 * connection's packets pass one after the other. */
#include <linux/bpf.h>
#include <linux/in.h>
#include <bpf/bpf_endian.h>
#include <bpf/bpf_helpers.h>
#include "handshake.h"

char LICENSE[] SEC("license") = "Dual MIT/GPL";

#define PASS 1
#define TCP_FLAGS_FIN 0x01
#define TCPOPT_END 0
#define TCPOPT_NOP 1
#define TCPOPT_TIMESTAMP 8
#define TCPOPT_TIMESTAMP_LENGTH 10
/* How many are looked at: 40 bytes hold no more that have a length. */
#define OPTIONS_MAX 20
#define NSEC_PER_MSEC 1000000ull

/* A packet's receive stamp older than this is not believed. */
#define RECEIVE_STAMP_MAX_AGE_NS 10000000ll

/* CLOCK_REALTIME minus CLOCK_MONOTONIC, written by user space every turn; 0 = do not use the packet's
 * receive stamp. It lives in a mapped section of its own. */
volatile __s64 realtime_offset_ns = 0;

/* By enum handshake_trouble. */
__u64 troubles[HANDSHAKE_TROUBLES] = { 0 };

struct {
	__uint(type, BPF_MAP_TYPE_SK_STORAGE);
	__uint(map_flags, BPF_F_NO_PREALLOC);
	__type(key, int);
	__type(value, __u32);
} slot_of_socket SEC(".maps");

struct {
	__uint(type, BPF_MAP_TYPE_ARRAY);
	__uint(map_flags, BPF_F_MMAPABLE);
	__uint(max_entries, 1); /* set before load to the number of slots */
	__type(key, __u32);
	__type(value, struct handshake);
} handshakes SEC(".maps");

struct tcp_header {
	__u16 source, destination;
	__u32 sequence, acknowledgement;
	__u8 data_offset, flags;
	__u16 window, checksum, urgent;
};

struct timestamps {
	__u32 value, echo_reply;
	__u8 present;
};

static __always_inline void note(enum handshake_trouble trouble)
{
	__sync_fetch_and_add(&troubles[trouble], 1);
}

/* The record of the packet's socket; NULL when it is none of ours. */
static __always_inline struct handshake *handshake_of(struct __sk_buff *skb)
{
	struct bpf_sock *sk = skb->sk;
	struct handshake *hs;
	__u32 *slot, key;

	if (sk)
		sk = bpf_sk_fullsock(sk);
	if (!sk) {
		note(HANDSHAKE_NO_SOCKET);
		return NULL;
	}
	slot = bpf_sk_storage_get(&slot_of_socket, sk, NULL, 0);
	if (!slot)
		return NULL;
	key = *slot;
	hs = bpf_map_lookup_elem(&handshakes, &key);
	if (!hs)
		note(HANDSHAKE_NO_RECORD);
	return hs;
}

/* Reads the TCP header; returns its offset, or -1 when there is none. IPv6 extension headers do not
 * occur on what a connecting socket sends and what answers it, so a packet with one is passed over. */
static __always_inline int read_tcp(struct __sk_buff *skb, struct tcp_header *tcp)
{
	__u8 ip[10], protocol;
	int offset;

	if (bpf_skb_load_bytes(skb, 0, ip, sizeof ip)) {
		note(HANDSHAKE_NO_HEADER);
		return -1;
	}
	if (ip[0] >> 4 == 4) {
		protocol = ip[9];
		offset = (ip[0] & 15) * 4;
	} else {
		protocol = ip[6];
		offset = 40;
	}
	if (protocol != IPPROTO_TCP) {
		note(HANDSHAKE_NOT_TCP);
		return -1;
	}
	if (bpf_skb_load_bytes(skb, offset, tcp, sizeof *tcp)) {
		note(HANDSHAKE_NO_HEADER);
		return -1;
	}
	return offset;
}

/* RFC 7323, section 3: the timestamps option, wherever it stands among the others. Returns 0, or -1
 * when the options are malformed or more than can be looked at: what stands after is passed over. */
static __always_inline int read_timestamps(
	struct __sk_buff *skb, int tcp_offset, __u8 data_offset, struct timestamps *ret)
{
	__u32 at = tcp_offset + sizeof(struct tcp_header);
	__u32 end = tcp_offset + (data_offset >> 4) * 4;
	__u8 option[2];

	/* Unrolled, for the verifier: where the paths of an option and of a NOP meet again it then has
	 * one state to go on from. */
#ifdef __bpf__
#pragma clang loop unroll(full)
#endif
	for (int i = 0; i < OPTIONS_MAX; i++) {
		__u32 pair[2];

		if (at + 2 > end)
			break;
		if (bpf_skb_load_bytes(skb, at, option, sizeof option))
			return -1;
		if (option[0] == TCPOPT_END)
			return 0;
		if (option[0] == TCPOPT_NOP) {
			at++;
			continue;
		}
		if (option[1] < 2)
			return -1;
		if (option[0] == TCPOPT_TIMESTAMP) {
			if (option[1] != TCPOPT_TIMESTAMP_LENGTH ||
				at + TCPOPT_TIMESTAMP_LENGTH > end ||
				bpf_skb_load_bytes(skb, at + 2, pair, sizeof pair))
				return -1;
			ret->value = bpf_ntohl(pair[0]);
			ret->echo_reply = bpf_ntohl(pair[1]);
			ret->present = 1;
			return 0;
		}
		at += option[1];
	}
	if (at == end)
		return 0;
	/* A last byte of padding. */
	return at + 1 == end && !bpf_skb_load_bytes(skb, at, option, 1) && option[0] <= TCPOPT_NOP
		       ? 0
		       : -1;
}

/* When the batch that brought this packet entered the machine, if the kernel stamped it, else now: in
 * a batch each packet waits here for the ones before it. */
static __always_inline __u64 arrival_ns(struct __sk_buff *skb, __u64 now)
{
	__s64 offset = realtime_offset_ns;
	__u64 stamp = skb->tstamp;
	__s64 age;

	if (!offset || !stamp)
		return now;
	age = (__s64)(now - (stamp - offset));
	if (age >= 0 && age < RECEIVE_STAMP_MAX_AGE_NS)
		return now - age;
	note(HANDSHAKE_STALE_STAMP);
	return now;
}

/* A TSecr that the kernel refuses (RFC 7323, 5.3): from before the first SYN, or from the future. 0 it
 * takes for none. TSvals are milliseconds. */
static __always_inline int is_foreign(const struct handshake *hs, __u32 echo_reply, __u64 now)
{
	__u32 latest = hs->tsval + (__u32)((now - hs->last_syn_ns) / NSEC_PER_MSEC) + 1;

	return echo_reply && hs->tsval &&
	       ((__s32)(echo_reply - latest) > 0 || (__s32)(echo_reply - hs->first_tsval) < 0);
}

static __always_inline void count(__u16 *counter)
{
	if (*counter < 65535)
		++*counter;
}

SEC("cgroup_skb/egress")
int handshake_egress(struct __sk_buff *skb)
{
	struct handshake *hs = handshake_of(skb);
	struct timestamps ts = {};
	struct tcp_header tcp;
	__u32 sequence;
	int offset, first;
	__u64 now;

	if (!hs)
		return PASS;
	offset = read_tcp(skb, &tcp);
	if (offset < 0)
		return PASS;
	if ((tcp.flags & (HANDSHAKE_TCP_SYN | HANDSHAKE_TCP_ACK | HANDSHAKE_TCP_RST |
				 TCP_FLAGS_FIN)) != HANDSHAKE_TCP_SYN)
		return PASS;
	if (read_timestamps(skb, offset, tcp.data_offset, &ts))
		note(HANDSHAKE_BAD_OPTIONS);
	sequence = bpf_ntohl(tcp.sequence);
	first = !hs->syns || sequence != hs->isn;
	/* Last: what comes before it, the record's way into the cache too, is no part of a latency. */
	now = bpf_ktime_get_ns();

	if (first) {
		hs->isn = sequence;
		hs->first_syn_ns = now;
		hs->first_tsval = ts.present ? ts.value : 0;
		hs->answer_ns = 0;
		hs->answer_tsecr = 0;
		hs->receive_age_ns = 0;
		hs->duplicates = hs->wrong_acks = hs->foreign_ts = 0;
		hs->syns = 1;
		hs->provoked = 0;
		hs->answer_flags = hs->answer_certain = 0;
	} else if (hs->syns < 255) {
		hs->syns++;
		hs->provoked += now - hs->last_syn_ns < HANDSHAKE_PROVOKED_NS;
	}
	hs->tsval = ts.present ? ts.value : 0;
	hs->last_syn_ns = now;
	return PASS;
}

SEC("cgroup_skb/ingress")
int handshake_ingress(struct __sk_buff *skb)
{
	__u64 now = bpf_ktime_get_ns(), seen;
	struct handshake *hs = handshake_of(skb);
	struct timestamps ts = {};
	struct tcp_header tcp;
	__u8 syn_ack = HANDSHAKE_TCP_SYN | HANDSHAKE_TCP_ACK;
	int offset;

	if (!hs)
		return PASS;
	offset = read_tcp(skb, &tcp);
	if (offset < 0)
		return PASS;
	if (!(tcp.flags & HANDSHAKE_TCP_RST) && (tcp.flags & syn_ack) != syn_ack)
		return PASS;
	/* What the kernel refuses in SYN_SENT (RFC 9293, 3.10.7.3) is no answer: a RST without ACK, a
	 * wrong acknowledgement, a TSecr that cannot be. */
	if (!(tcp.flags & HANDSHAKE_TCP_ACK) || bpf_ntohl(tcp.acknowledgement) != hs->isn + 1) {
		count(&hs->wrong_acks);
		return PASS;
	}
	if (hs->answer_ns) {
		count(&hs->duplicates);
		return PASS;
	}
	if (read_timestamps(skb, offset, tcp.data_offset, &ts))
		note(HANDSHAKE_BAD_OPTIONS);
	if (ts.present && is_foreign(hs, ts.echo_reply, now)) {
		count(&hs->foreign_ts);
		return PASS;
	}
	seen = now;
	now = arrival_ns(skb, now);
	hs->answer_tsecr = ts.echo_reply;
	hs->answer_flags = tcp.flags;
	hs->answer_certain =
		hs->syns == 1 || (ts.present && hs->tsval && ts.echo_reply == hs->tsval);
	/* The two clocks may disagree by a hair on a path of no length at all. */
	if (now < hs->last_syn_ns && hs->answer_certain)
		now = hs->last_syn_ns;
	hs->receive_age_ns = seen - now;
	hs->answer_ns = now;
	return PASS;
}
