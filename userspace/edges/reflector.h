/* SPDX-License-Identifier: MIT */
/* Peers in the kernel (bpf/reflect.bpf.c): every SYN to a simulated address is answered at once, on a link of
 * edges/links.h. For load: it takes a microsecond or two of a CPU, and no process has to wake. Owns libbpf, as
 * capture.h does. */
#ifndef MOSPROBE_REFLECTOR_H
#define MOSPROBE_REFLECTOR_H

#include <stdbool.h>
#include <stdint.h>

#include "reflect.h"
#include "vocabulary/message.h"

struct reflector;

#define REFLECTOR_CPU_OF_SENDER (-1)

/* Attaches them to the link, whose ends are in two network namespaces (descriptors, which must stay open): that of
 * the peers, in which the caller is, and that of who connects, whose end must not be up yet. Answers are made on a
 * CPU of their own, or on REFLECTOR_CPU_OF_SENDER: then they arrive before the call that sent the SYN returns.
 * verbose: libbpf says on standard error what it does. Returns 0, or a negative errno with a message. */
int reflector_create(struct reflector **ret_reflector, int peers_namespace, int other_namespace,
	int cpu, bool verbose, struct message *msg);
void reflector_destroy(struct reflector *reflector); /* NULL is fine */

/* Since the beginning. */
struct reflector_counts {
	uint64_t packets[REFLECT_COUNT];
	uint64_t first_syn_ns, last_syn_ns; /* CLOCK_MONOTONIC, of those answered */
	/* Packets that the link lost, by where; each wraps at 2^32. */
	uint32_t
		lost_ring; /* towards the peers: there is room for 256, and their CPU did not come */
	uint32_t lost_queue; /* behind that, before the CPU that answers */
	uint32_t lost_back;  /* answers */
	/* As the end of who connects counts them, without what Ethernet adds; they wrap at 2^32. */
	uint32_t sent_packets, sent_bytes, received_packets, received_bytes;
	uint64_t programs_ns; /* what making the answers took, where reflector_time() is on */
};

/* As it is now: what is under way looks like lost. They leave the calling thread in the namespace of who connects.
 * Return 0 or a negative errno. */
int reflector_read(const struct reflector *reflector, struct reflector_counts *ret);
/* The same, once nothing is under way any more; waits up to 0.2 s for that. */
int reflector_settle(const struct reflector *reflector, struct reflector_counts *ret);

/* Has the kernel time its BPF programs, all of them, from now on: some 50 ns each time. False without the right to. */
bool reflector_time(struct reflector *reflector);
/* The process that answers on a CPU of its own, and takes the answer up to the socket: a thread of the kernel; 0 when
 * there is none, or it is not to be seen from here. */
int reflector_process(const struct reflector *reflector);

#endif
