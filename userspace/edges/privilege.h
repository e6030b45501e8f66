/* SPDX-License-Identifier: MIT */
/* The rights of this process: what it was started with, and how it gives them up. Before there are
 * threads, for each thread has rights of its own. */
#ifndef MOSPROBE_PRIVILEGE_H
#define MOSPROBE_PRIVILEGE_H

#include <stdbool.h>
#include <sys/types.h>

#include "vocabulary/message.h"

/* A user to become. */
struct privilege_user {
	const char *name; /* the caller's */
	uid_t uid;
	gid_t gid;
};

/* Returns 0, or -ENOENT with a message: there is no such user. */
int privilege_find(struct privilege_user *ret, const char *name, struct message *msg);

/* Makes a folder for its user, when it is not there yet and we may. */
void privilege_give_folder(const char *folder, const struct privilege_user *user);

/* Gives this thread a nice value, where it may; threads that it starts later begin with 0. */
void privilege_set_nice(int nice);

/* Becomes that user with its groups (NULL: stays who it is), and gives up every capability, for good and
 * for whatever it might execute (no_new_privs). Returns 0, or a negative errno with a message; -EPERM when
 * it may not become that user. */
int privilege_drop(const struct privilege_user *user, struct message *msg);

/* Whether this process has any capability. */
bool privilege_any(void);

#endif
