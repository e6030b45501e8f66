/* SPDX-License-Identifier: MIT */
/* The cgroup2 that this process's sockets belong to: where the kernel half is attached. A socket
 * belongs to the cgroup that its process was in when it was made. */
#ifndef MOSPROBE_CGROUP_H
#define MOSPROBE_CGROUP_H

#include <stdbool.h>

#include "vocabulary/message.h"

struct cgroup;

/* Finds the cgroup2 mount (in a hybrid hierarchy it is the `unified` one) and this process's place in
 * it. A process in the root cgroup makes a leaf of its own, "mosprobe-PID", and moves there, so that
 * the kernel half sees nobody else's packets; leaves that dead probers left are removed first. Any
 * other process stays where it is. To be called before threads and sockets are made. Returns 0, or a
 * negative errno with a message: -ENOENT when no cgroup2 is mounted. */
int cgroup_enter(struct cgroup **ret, struct message *msg);
/* Back to where the process was; removes its leaf, or without the right to leaves it, empty, for the next
 * one to remove. NULL is fine. */
void cgroup_leave(struct cgroup *cgroup);

/* Removes the leaves of probers that are dead, where there are any. */
void cgroup_tidy(void);

/* A descriptor of the folder, owned by cgroup, for bpf links. */
int cgroup_fd(const struct cgroup *cgroup);
/* Its path, for people. */
const char *cgroup_path(const struct cgroup *cgroup);
/* Whether the leaf is this process's own. */
bool cgroup_is_own(const struct cgroup *cgroup);

#endif
