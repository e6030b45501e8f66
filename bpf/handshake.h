/* SPDX-License-Identifier: MIT OR GPL-2.0-only */
/* The contract between the kernel half (handshake.bpf.c) and user space: one record per socket slot,
 * in an array that user space has mapped. Only the kernel half writes it. A SYN with an initial
 * sequence number that the slot does not know begins a new connection and resets the record, so user
 * space never clears anything; first_syn_ns unchanged since the slot's last use means that no SYN left
 * this machine. Times are bpf_ktime_get_ns(), CLOCK_MONOTONIC, in nanoseconds. */
#ifndef MOSPROBE_HANDSHAKE_H
#define MOSPROBE_HANDSHAKE_H

#include <linux/types.h>

#define HANDSHAKE_TCP_SYN 0x02
#define HANDSHAKE_TCP_RST 0x04
#define HANDSHAKE_TCP_ACK 0x10

/* A SYN that follows the one before by less was provoked by a wrong answer (the kernel sends one 8 to
 * 13 ms after it); the retransmission timer never fires before 1 s. */
#define HANDSHAKE_PROVOKED_NS 500000000ull

struct handshake {
	__u64 first_syn_ns; /* departure of the first SYN of this connection */
	__u64 last_syn_ns;  /* departure of the newest */
	__u64 answer_ns;    /* arrival of the first acceptable SYN-ACK or RST; 0 = none */
	__u32 isn;	    /* our initial sequence number */
	__u32 tsval;	    /* TSval of the newest SYN; 0 = it carried no timestamps */
	__u32 first_tsval;  /* TSval of the first SYN of this connection */
	__u32 answer_tsecr; /* of the answer; 0 = none */
	__u8 syns;	    /* SYNs sent, at most 255 */
	__u8 provoked;	    /* of these, provoked by a wrong answer */
	__u8 answer_flags;  /* TCP flags of the answer */
	__u8 answer_certain; /* 1: the answer is certainly the newest SYN's, see facts in handshake.bpf.c */
	/* SYN-ACKs and RSTs that were not the answer, each at most 65535: */
	__u16 duplicates; /* acceptable, but the answer had come */
	__u16 wrong_acks; /* with a wrong acknowledgement, or a RST with none */
	__u16 foreign_ts; /* with a TSecr from before the first SYN, or from the future */
	__u16 unused;
	/* answer_ns is so much before the moment at which the program saw the answer: the age of the
	 * kernel's receive stamp, a wall-clock time. 0 = none was used. */
	__u32 receive_age_ns;
	__u32 unused_too[2];
};
_Static_assert(sizeof(struct handshake) == 64, "one cache line for one slot");

/* What the kernel half could not do: it counts how often, and each is 0 in ordinary times. */
enum handshake_trouble {
	HANDSHAKE_NO_SOCKET,   /* a packet without a full socket: whose it was is not known */
	HANDSHAKE_NO_RECORD,   /* a socket with a slot for which there is no record */
	HANDSHAKE_NO_HEADER,   /* an IP or TCP header that cannot be read */
	HANDSHAKE_NOT_TCP,     /* not TCP, or with IPv6 extension headers */
	HANDSHAKE_BAD_OPTIONS, /* malformed TCP options, or too many; what stood before was read */
	HANDSHAKE_STALE_STAMP, /* a receive stamp from the future, or too old: not used */
	HANDSHAKE_TROUBLES
};

#endif
