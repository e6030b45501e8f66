/* SPDX-License-Identifier: MIT */
/* From what the kernel said of one connect to one sample: the completion, the stamps, TCP_INFO and the
 * error queue, joined by one table of errnos and the rule of when a latency is certain. */
#ifndef MOSPROBE_JOIN_H
#define MOSPROBE_JOIN_H

#include <stdbool.h>
#include <stdint.h>

#include "handshake.h"
#include "vocabulary/sample.h"

/* An answer this long after the newest SYN may be an answer to an older one, or to the peer's own
 * retransmission: every first retransmission time-out is 1 s (RFC 6298, 2.1). */
#define JOIN_CERTAIN_NS 900000000ull

struct join_input {
	int result;	   /* of the connect: 0 or a negative errno; -ECANCELED after a time-out */
	uint64_t start_ns; /* the moment of the call */
	uint64_t end_ns;   /* the moment its completion was seen */
	bool paused;	   /* the process stood still before end_ns: the completion may be old */
	uint64_t timeout_ns; /* prober.timeout: an answer after it is none */

	enum stamp_source source; /* what this prober stamps with */

	/* STAMP_BPF only */
	uint64_t first_syn_before_ns; /* the slot's first_syn_ns before the connect */
	struct handshake handshake;   /* the slot's record after it */

	/* TCP_INFO, for a success that join_needs_tcp_info(). */
	bool established;     /* tcpi_state says ESTABLISHED, and there is a tcpi_rtt */
	uint32_t tcp_rtt_us;  /* tcpi_rtt */
	uint32_t tcp_retrans; /* tcpi_total_retrans */
	/* TCP_INFO, for a failure without the kernel half. */
	bool tcp_sent; /* a SYN has left TCP: a route of ours did not refuse it */

	/* What the socket's error queue held (see socket_drain_errors()). */
	bool icmp_seen;
	uint8_t icmp_type, icmp_code;
};

/* Whether a success must be confirmed by TCP_INFO: always without the kernel half, and with it when it
 * has not stamped an answer. (A reused socket with a forgotten ICMP error reports success at once.) */
bool join_needs_tcp_info(const struct join_input *input);

/* Whether the handshake is complete, so that there is a connection to close. */
bool join_is_connected(const struct join_input *input);

/* Fills all of *sample but target, cycle, index and due_ns, which are the caller's. */
void join(const struct join_input *input, struct sample *sample);

#endif
