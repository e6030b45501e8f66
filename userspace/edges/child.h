/* SPDX-License-Identifier: MIT */
/* Processes that this one starts and ends. */
#ifndef MOSPROBE_CHILD_H
#define MOSPROBE_CHILD_H

#include <stdint.h>
#include <sys/types.h>

/* Starts a process that calls body and ends with what it returns. It has a session of its own (the terminal's Ctrl-C is
 * the caller's), nothing on standard input and output, and standard error in the file log; death_signal is sent to it
 * when the caller's thread ends, however it does. Returns its pid or a negative errno. */
pid_t child_start(int (*body)(void *context), void *context, const char *log, int death_signal);
/* Has it ended? Then its status is in *ret_status, 128 + the signal that ended it, and it is no more. */
int child_ended(pid_t pid, int *ret_status);
/* Sends SIGTERM, waits, and then kills it. */
void child_end(pid_t pid, uint64_t timeout_ns);

#endif
