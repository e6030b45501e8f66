/* SPDX-License-Identifier: MIT */
/* The slots: TCP sockets that are made once, connected, taken back to CLOSE with connect(AF_UNSPEC),
 * and connected again. Two pools, since an IPv6 socket that once met a mapped address is spoilt for
 * IPv6. Slots are handed out last in, first out: a warm socket costs less. */
#ifndef MOSPROBE_SOCKETS_H
#define MOSPROBE_SOCKETS_H

#include <stdbool.h>
#include <stdint.h>

#include "vocabulary/address.h"
#include "vocabulary/message.h"
#include "vocabulary/settings.h"

#define SLOT_NONE UINT32_MAX

struct sockets;

struct sockets_setup {
	uint32_t count_v4, count_v6;
	struct address source[2]; /* to bind to, IPv4 and IPv6; family 0 = none */
	uint8_t dscp;		  /* 0..63 */
};

/* Makes count_v4 + count_v6 sockets: IPv4 slots are 0 .. count_v4 - 1, IPv6 slots follow. Returns 0, or
 * a negative errno with a message that names what ran out, or the source that is none of ours. */
int sockets_create(struct sockets **ret, const struct sockets_setup *setup, struct message *msg);
void sockets_destroy(struct sockets *sockets); /* NULL is fine */

uint32_t sockets_count(const struct sockets *sockets);
/* The descriptors by slot, for ring_open() and capture_add_socket(). */
const int *sockets_fds(const struct sockets *sockets);

/* A free slot of family 4 or 6, or SLOT_NONE. */
uint32_t sockets_take(struct sockets *sockets, unsigned family);
void sockets_give(struct sockets *sockets, uint32_t slot);
uint32_t sockets_in_use(const struct sockets *sockets);
/* Which slots are taken; ret: room for sockets_count(). Returns 0 or -ENOMEM. */
int sockets_used(const struct sockets *sockets, uint32_t *ret, uint32_t *ret_count);
/* Slots of a family that are there, and that are free. */
void sockets_stock(
	const struct sockets *sockets, unsigned family, uint32_t *ret_all, uint32_t *ret_free);

/* How this slot's next connection is to end. */
void sockets_set_close(struct sockets *sockets, uint32_t slot, enum close_mode mode);

/* Of CLOSE_FIN, after a connect that succeeded: sends the FIN. The slot is to be reset when the peer has
 * had the time to send its own; if it has not, that sends a RST. */
void sockets_shut_down(struct sockets *sockets, uint32_t slot);

/* After the connect's completion, never before it: back to CLOSE (a RST goes out when the peer had
 * answered). Every socket option and the slot's place in the kernel half stay. */
void sockets_reset(struct sockets *sockets, uint32_t slot);

/* Empties the error queue; without this one ICMP error makes every later connect of an IPv4 slot
 * report success at once. Returns true when an ICMP stood there, with its type and code. */
bool sockets_drain_errors(
	struct sockets *sockets, uint32_t slot, uint8_t *ret_type, uint8_t *ret_code);

/* Without the kernel half: has ICMPv6 errors put on the error queue as well, where ICMP ones stand
 * anyway, since errno alone cannot tell a refusal from an unreachable port. */
void sockets_ask_icmp6(struct sockets *sockets);

struct socket_tcp_info {
	bool established;     /* the handshake is complete, whatever the peer did since */
	bool sent;	      /* a segment has left TCP since sockets_reset() */
	uint32_t rtt_us;      /* tcpi_rtt */
	uint32_t retransmits; /* tcpi_total_retrans */
};
/* What the kernel itself says of a connected slot. Returns 0 or a negative errno. */
int sockets_tcp_info(const struct sockets *sockets, uint32_t slot, struct socket_tcp_info *ret);

/* How many descriptors this process may still open, with `reserve` kept for everything else. */
uint32_t sockets_limit(uint32_t reserve);

#endif
