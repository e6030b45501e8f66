/* SPDX-License-Identifier: MIT */
/* The kernel half, loaded and attached: stamps of every handshake of the sockets that were given a
 * slot. Owns libbpf. */
#ifndef MOSPROBE_CAPTURE_H
#define MOSPROBE_CAPTURE_H

#include <stdint.h>

#include "handshake.h"
#include "vocabulary/message.h"

struct capture;

/* Loads the programs, attaches them to the cgroup (a descriptor, not kept) and maps the records of
 * `slots` slots. Needs CAP_BPF and CAP_NET_ADMIN (or root). Attachments go with the process. Returns 0,
 * or a negative errno with a message that says what failed. */
int capture_open(struct capture **ret, int cgroup_fd, uint32_t slots, struct message *msg);
void capture_close(struct capture *capture); /* NULL is fine */

/* Gives a socket its slot, once for its life. Returns 0 or a negative errno. */
int capture_add_socket(struct capture *capture, uint32_t slot, int fd);

/* The slot's record as the kernel half has it now. */
void capture_read(const struct capture *capture, uint32_t slot, struct handshake *ret);
/* Departure of the newest connection's first SYN: what to compare with before and after a connect. */
uint64_t capture_first_syn_ns(const struct capture *capture, uint32_t slot);

/* What the kernel half could not do since capture_open(), by enum handshake_trouble. */
void capture_troubles(const struct capture *capture, uint64_t ret[HANDSHAKE_TROUBLES]);

/* Tells the kernel half the distance of the two clocks; to be called every turn, since the wall clock
 * may be stepped. */
void capture_set_clock(struct capture *capture, uint64_t real_ns, uint64_t mono_ns);

#endif
