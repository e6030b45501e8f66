/* SPDX-License-Identifier: MIT */
/* Peers in the kernel (reflect.bpf.c) instead of a responder: every SYN to a simulated address is
 * answered at once. For load: it takes a microsecond or two of a CPU, and no process has to wake. */
#ifndef NETSIM_REFLECTOR_H
#define NETSIM_REFLECTOR_H

#include <stdbool.h>
#include <sys/types.h>

struct reflector;

#define REFLECTOR_CPU_OF_SENDER (-1)

/* Attaches them to the link, whose ends are in the caller's network namespace and in that of process
 * command. The other end must not be up yet. Answers are made on a CPU of their own, or on
 * REFLECTOR_CPU_OF_SENDER: then they arrive before the call that sent the SYN returns. Returns 0 or a
 * negative errno, and says on standard error what failed. */
int reflector_create(struct reflector **ret_reflector, pid_t command, int cpu, bool verbose);
void reflector_destroy(struct reflector *reflector); /* NULL is fine */

/* At the end, to standard error: what was counted when verbose, and always what the link lost, which
 * is not in the scenario. */
void reflector_report(struct reflector *reflector);

#endif
