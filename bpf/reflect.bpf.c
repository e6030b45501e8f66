// SPDX-License-Identifier: MIT OR GPL-2.0-only
/* Peers in the kernel, for load: each SYN to a simulated address becomes its SYN-ACK at once, on the
 * responder's end of the link. Nothing is remembered of it; whatever else comes is counted and dropped.
 *
 * A link has one queue, so each program sees one packet at a time, and only one program writes each
 * variable: nothing here is atomic. */
#include <stdbool.h>
#include <linux/bpf.h>
#include <linux/if_ether.h>
#include <linux/in.h>
#include <linux/ip.h>
#include <linux/ipv6.h>
#include <linux/tcp.h>
#include <bpf/bpf_endian.h>
#include <bpf/bpf_helpers.h>
#include "reflect.h"

char LICENSE[] SEC("license") = "Dual MIT/GPL";

#define NS_PER_MS 1000000
#define OPTION_END 0
#define OPTION_NOP 1
#define OPTION_MSS 2
#define OPTION_TIMESTAMPS 8
#define OPTIONS_MAX 40
#define IPV4_FRAGMENT 0x3fff /* more fragments, or not the first */
#define HOP_LIMIT 64

/* Read by user space at the end. */
__u64 counts[REFLECT_COUNT];
__u64 first_syn_ns, last_syn_ns; /* of those answered */

/* The CPU that is to answer, when it is not the one that sends, and its program: reflect_there. */
const volatile __u32 cpu = 0;
struct {
	__uint(type, BPF_MAP_TYPE_CPUMAP);
	__uint(max_entries, 1); /* set before load, above cpu */
	__type(key, __u32);
	__type(value, struct bpf_cpumap_val);
} cpus SEC(".maps");

/* From a peer that knows nothing of SACK and of window scaling. Timestamps that the SYN did not have are
 * NOPs, so the length is always the same. */
struct synack {
	struct tcphdr tcp;
	__u8 mss_kind, mss_length;
	__be16 mss;
	__u8 nops[2];
	__u8 timestamps_kind, timestamps_length;
	__be32 tsval, tsecr;
};
_Static_assert(sizeof(struct synack) == 36, "no padding");

/* 198.18.0.0/15 but for the link's own 198.19.255.252/30. */
static __always_inline bool is_simulated_v4(__be32 address)
{
	__u32 number = bpf_ntohl(address);

	return number >> 17 == 0xc612 >> 1 && number >> 2 != 0xc613fffc >> 2;
}

/* 2001:db8::/32 but for the link's own 2001:db8:ffff:ffff::/64. */
static __always_inline bool is_simulated_v6(const struct in6_addr *address)
{
	return address->in6_u.u6_addr32[0] == bpf_htonl(0x20010db8) &&
	       address->in6_u.u6_addr32[1] != 0xffffffff;
}

/* The bytes behind the IP header, when they are TCP, straight behind it and whole, else 0. */

static __always_inline __u32 tcp_bytes_v4(const struct iphdr *ip)
{
	if (ip->ihl * 4 != sizeof *ip || ip->protocol != IPPROTO_TCP ||
		ip->frag_off & bpf_htons(IPV4_FRAGMENT))
		return 0;
	return bpf_ntohs(ip->tot_len) - sizeof *ip;
}

static __always_inline __u32 tcp_bytes_v6(const struct ipv6hdr *ip)
{
	return ip->nexthdr == IPPROTO_TCP ? bpf_ntohs(ip->payload_len) : 0;
}

static __always_inline __u32 ip_bytes(bool v6)
{
	return v6 ? sizeof(struct ipv6hdr) : sizeof(struct iphdr);
}

static __always_inline enum reflect sort_ip(const void *ip, const void *end, bool v6)
{
	const struct tcphdr *tcp = ip + ip_bytes(v6);
	const struct ipv6hdr *ip6 = ip;
	const struct iphdr *ip4 = ip;
	__u32 length;

	if ((const void *)(tcp + 1) > end)
		return REFLECT_OTHER;
	length = v6 ? tcp_bytes_v6(ip6) : tcp_bytes_v4(ip4);
	if (!length)
		return REFLECT_OTHER;
	if (tcp->rst)
		return REFLECT_RST;
	if (tcp->fin)
		return REFLECT_FIN;
	if (!tcp->syn || tcp->ack)
		return REFLECT_TCP;
	/* Data in a SYN is not taken: the answer would have to say so. */
	if (tcp->doff * 4 < sizeof *tcp || tcp->doff * 4 != length)
		return REFLECT_SYN_OTHER;
	if (v6 ? !is_simulated_v6(&ip6->daddr) : !is_simulated_v4(ip4->daddr))
		return REFLECT_SYN_OTHER;
	return REFLECT_SYN;
}

/* Whether the packet is to be answered; if not, it is counted. */
static __always_inline bool sort(const struct xdp_md *ctx)
{
	const void *data = (const void *)(long)ctx->data, *end = (const void *)(long)ctx->data_end;
	const struct ethhdr *ethernet = data;
	enum reflect kind = REFLECT_OTHER;

	if ((const void *)(ethernet + 1) > end)
		kind = REFLECT_OTHER;
	else if (ethernet->h_proto == bpf_htons(ETH_P_IP))
		kind = sort_ip(ethernet + 1, end, false);
	else if (ethernet->h_proto == bpf_htons(ETH_P_IPV6))
		kind = sort_ip(ethernet + 1, end, true);
	if (kind != REFLECT_SYN)
		counts[kind]++;
	return kind == REFLECT_SYN;
}

/* RFC 7323, section 3: a SYN's timestamps option, wherever it stands among the others. */
static __always_inline bool read_tsval(const struct tcphdr *syn, const void *end, __be32 *ret_tsval)
{
	__u32 at = sizeof *syn;

	for (int i = 0; i < OPTIONS_MAX; i++) {
		const __u8 *option = (const __u8 *)syn + at;

		if (at > sizeof *syn + OPTIONS_MAX - 2 || (const void *)(option + 2) > end ||
			option[0] == OPTION_END)
			return false;
		if (option[0] == OPTION_TIMESTAMPS && (const void *)(option + 10) <= end) {
			__builtin_memcpy(ret_tsval, option + 2, sizeof *ret_tsval);
			return true;
		}
		at += option[0] == OPTION_NOP ? 1 : option[1];
	}
	return false;
}

/* RFC 1071. The sum of words that have more words behind them, in any order; then folded. */
static __always_inline __u32 sum(const void *words, __u32 bytes, __u32 before)
{
	return (__u32)bpf_csum_diff(NULL, 0, (__be32 *)words, bytes, before);
}

static __always_inline __sum16 fold(__u32 sum)
{
	sum = (sum & 0xffff) + (sum >> 16);
	sum = (sum & 0xffff) + (sum >> 16);
	return (__sum16)~sum;
}

/* addresses: both, as they stand in the IP header one behind the other. */
static __always_inline void build(const struct tcphdr *syn, const void *end, const void *addresses,
	bool v6, struct synack *ret)
{
	__u32 sequence = bpf_ntohl(syn->seq), pseudo;
	__u64 now_ns = bpf_ktime_get_ns();
	__be32 tsval;

	*ret = (struct synack) {
		.tcp = {
			.source = syn->dest,
			.dest = syn->source,
			/* A SYN that is repeated gets the same, as from a peer that remembers. */
			.seq = bpf_htonl((sequence ^ syn->source) * 2654435761u),
			.ack_seq = bpf_htonl(sequence + 1),
			.doff = sizeof *ret / 4,
			.syn = 1,
			.ack = 1,
			.window = bpf_htons(65160),
		},
		.mss_kind = OPTION_MSS,
		.mss_length = 4,
		.mss = v6 ? bpf_htons(1440) : bpf_htons(1460),
		.nops = { OPTION_NOP, OPTION_NOP },
		.timestamps_kind = OPTION_NOP,
		.timestamps_length = OPTION_NOP,
		.tsval = bpf_htonl(0x01010101), /* NOPs */
		.tsecr = bpf_htonl(0x01010101),
	};
	if (read_tsval(syn, end, &tsval)) {
		ret->timestamps_kind = OPTION_TIMESTAMPS;
		ret->timestamps_length = 10;
		ret->tsval = bpf_htonl((__u32)(now_ns / NS_PER_MS));
		ret->tsecr = tsval;
	}
	pseudo = sum(addresses, v6 ? 32 : 8, bpf_htons(IPPROTO_TCP + sizeof *ret));
	ret->tcp.check = fold(sum(ret, sizeof *ret, pseudo));
	if (!first_syn_ns)
		first_syn_ns = now_ns;
	last_syn_ns = now_ns;
}

/* The headers around what is sent back, out of those of what came. */

static __always_inline void turn_ethernet(struct ethhdr *ethernet)
{
	__u8 to[ETH_ALEN];

	__builtin_memcpy(to, ethernet->h_source, ETH_ALEN);
	__builtin_memcpy(ethernet->h_source, ethernet->h_dest, ETH_ALEN);
	__builtin_memcpy(ethernet->h_dest, to, ETH_ALEN);
}

static __always_inline void turn_v4(struct iphdr *ip)
{
	__be32 to = ip->saddr;

	ip->saddr = ip->daddr;
	ip->daddr = to;
	ip->tot_len = bpf_htons(sizeof *ip + sizeof(struct synack));
	ip->ttl = HOP_LIMIT;
	ip->check = 0;
	ip->check = fold(sum(ip, sizeof *ip, 0));
}

static __always_inline void turn_v6(struct ipv6hdr *ip)
{
	struct in6_addr to = ip->saddr;

	ip->saddr = ip->daddr;
	ip->daddr = to;
	ip->payload_len = bpf_htons(sizeof(struct synack));
	ip->hop_limit = HOP_LIMIT;
}

union ip_header {
	struct iphdr v4;
	struct ipv6hdr v6;
};

/* Makes the answer out of a SYN; false when the kernel did not give it the room. */
static __always_inline bool answer_ip(struct xdp_md *ctx, bool v6)
{
	const __u32 ip_size = ip_bytes(v6);
	void *data = (void *)(long)ctx->data, *end = (void *)(long)ctx->data_end;
	struct tcphdr *tcp = data + sizeof(struct ethhdr) + ip_size;
	struct ethhdr ethernet;
	union ip_header ip;
	struct synack synack;

	if ((void *)(tcp + 1) > end)
		return false;
	__builtin_memcpy(&ethernet, data, sizeof ethernet);
	__builtin_memcpy(&ip, data + sizeof ethernet, ip_size);
	build(tcp, end, v6 ? (void *)&ip.v6.saddr : &ip.v4.saddr, v6, &synack);
	turn_ethernet(&ethernet);
	if (v6)
		turn_v6(&ip.v6);
	else
		turn_v4(&ip.v4);

	/* At the front there is always room, at the end there may be none. */
	if (bpf_xdp_adjust_head(ctx, tcp->doff * 4 - (int)sizeof synack))
		return false;
	data = (void *)(long)ctx->data;
	end = (void *)(long)ctx->data_end;
	if (data + sizeof ethernet + ip_size + sizeof synack > end)
		return false;
	__builtin_memcpy(data, &ethernet, sizeof ethernet);
	__builtin_memcpy(data + sizeof ethernet, &ip, ip_size);
	__builtin_memcpy(data + sizeof ethernet + ip_size, &synack, sizeof synack);
	counts[REFLECT_SYN]++;
	return true;
}

/* The same of either family. */
static __always_inline bool answer(struct xdp_md *ctx)
{
	void *data = (void *)(long)ctx->data, *end = (void *)(long)ctx->data_end;
	const struct ethhdr *ethernet = data;

	if ((const void *)(ethernet + 1) > end)
		return false;
	return ethernet->h_proto == bpf_htons(ETH_P_IPV6) ? answer_ip(ctx, true)
							  : answer_ip(ctx, false);
}

/* The responder's end, when the CPU that sends a SYN makes the answer. */
SEC("xdp")
int reflect_here(struct xdp_md *ctx)
{
	return sort(ctx) && answer(ctx) ? XDP_TX : XDP_DROP;
}

/* The same when another CPU is to: SYNs go to it, through a queue as long as user space makes it, and
 * the link's own ring, of 256, is emptied here at once. With threaded NAPI there, which would do without
 * the queue, that ring lost up to 2 % of the packets of a sender that did not pause. */
SEC("xdp")
int reflect_elsewhere(struct xdp_md *ctx)
{
	return sort(ctx) ? bpf_redirect_map(&cpus, cpu, XDP_DROP) : XDP_DROP;
}

/* There. */
SEC("xdp/cpumap")
int reflect_there(struct xdp_md *ctx)
{
	return answer(ctx) ? bpf_redirect(ctx->ingress_ifindex, 0) : XDP_DROP;
}

/* The command's end: a link passes on what XDP sends only to an end that has a program too. */
SEC("xdp")
int reflect_pass(struct xdp_md *ctx)
{
	return XDP_PASS;
}
