/* SPDX-License-Identifier: MIT */
/* What this machine tells of itself, for `mosprobe check`, and of this process. */
#ifndef MOSPROBE_MACHINE_H
#define MOSPROBE_MACHINE_H

#include <stdbool.h>
#include <stdint.h>

#include "vocabulary/message.h"

/* Size of net.ipv4.ip_local_port_range; 0 when it cannot be read. */
uint32_t machine_ephemeral_ports(void);
/* net.ipv4.tcp_timestamps; true when it cannot be read. */
bool machine_tcp_timestamps(void);
/* Entries of connection tracking, now and at most; false where it is not in use. */
bool machine_conntrack(uint64_t *ret_entries, uint64_t *ret_most);
/* MemAvailable, in bytes; 0 when it cannot be read. */
uint64_t machine_memory_available(void);

struct machine_process {
	uint64_t cpu_ns; /* of all its threads */
	uint64_t resident_bytes;
};
struct machine_process machine_process(void);

/* A folder that is to be written to, or made in one that is there. ret_found says how it is, or what is wrong. */
enum machine_folder { MACHINE_FOLDER_GOOD, MACHINE_FOLDER_RISKY, MACHINE_FOLDER_BAD };
enum machine_folder machine_folder(const char *path, struct message *ret_found);

#endif
