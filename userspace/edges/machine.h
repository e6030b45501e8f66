/* SPDX-License-Identifier: MIT */
/* What this machine tells of itself, for `mosprobe check` and `mosprobe capacity`, and of processes. */
#ifndef MOSPROBE_MACHINE_H
#define MOSPROBE_MACHINE_H

#include <stdbool.h>
#include <stdint.h>
#include <sys/types.h>

#include "vocabulary/message.h"

/* Size of net.ipv4.ip_local_port_range; 0 when it cannot be read. */
uint32_t machine_ephemeral_ports(void);
/* net.ipv4.tcp_timestamps; true when it cannot be read. */
bool machine_tcp_timestamps(void);
/* Entries of connection tracking, now and at most; false where it is not in use. */
bool machine_conntrack(uint64_t *ret_entries, uint64_t *ret_most);
/* Is connection tracking at work here, and not only built into the kernel? Sends a datagram to loopback and looks. */
bool machine_tracks(void);
/* MemAvailable, in bytes; 0 when it cannot be read. */
uint64_t machine_memory_available(void);

struct machine_process {
	uint64_t cpu_ns; /* of all its threads */
	uint64_t resident_bytes;
};
struct machine_process machine_process(void);
/* CPU time of all threads of another process, also of one that is a thread of the kernel; 0 when it is gone. */
uint64_t machine_cpu_ns(int process);
/* Resident memory of another process; 0 when it is gone. */
uint64_t machine_resident_bytes(int process);

/* How many CPUs this process may use, and the last of them. */
unsigned machine_cpus(unsigned *ret_last);
/* For how long the main thread of a process was ready to run and something else had its CPU, in s. */
double machine_waited_s(int process);
/* Keeps the main thread of a process off a CPU. */
void machine_keep_off(int process, unsigned cpu);
/* Does the kernel count the work of interrupts apart (IRQ_TIME_ACCOUNTING), and so in no thread's CPU time? */
bool machine_counts_interrupts_apart(void);
/* That work, of all CPUs, since the start of the machine, in s. */
double machine_interrupts_s(void);
/* Time that the host of a virtual machine took from its CPUs, since the start of the machine, in s. */
double machine_stolen_s(void);

/* A folder that owner is to write to, or to be made in one that is there. ret_found says how it is, or what is wrong. */
enum machine_folder { MACHINE_FOLDER_GOOD, MACHINE_FOLDER_RISKY, MACHINE_FOLDER_BAD };
enum machine_folder machine_folder(const char *path, uid_t owner, struct message *ret_found);
/* Of one that is there (good when it is not): whether others than owner and root can change what is kept in it. */
enum machine_folder machine_folder_owner(const char *path, uid_t owner, struct message *ret_found);

#endif
