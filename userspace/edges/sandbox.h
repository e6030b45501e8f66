/* SPDX-License-Identifier: MIT */
/* The system calls that are left to this process (libseccomp): those that probing, looking up names, Redis,
 * files and HTTP take. What a filter cannot see, requests through io_uring, the ring itself refuses; see
 * edges/ring.h. */
#ifndef MOSPROBE_SANDBOX_H
#define MOSPROBE_SANDBOX_H

#include <stdbool.h>

#include "vocabulary/message.h"

/* Filters the calls of this thread and of all that it starts, for good; before there are others. Executing,
 * other processes, bpf(2), new rings, mounts, modules and rights end the process (SIGSYS). Any other call
 * that is not on the list is answered as by a kernel that has none (ENOSYS), so that libraries fall back; with
 * strict it ends the process too. Returns how many calls are allowed, or a negative errno with a message:
 * this kernel, or a container, has no filters. */
int sandbox_enter(bool strict, struct message *msg);

#endif
