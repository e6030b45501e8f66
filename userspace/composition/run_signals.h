/* SPDX-License-Identifier: MIT */
/* The signals of `mosprobe run`: SIGINT and SIGTERM end it, SIGHUP makes it read its files again. */
#ifndef MOSPROBE_RUN_SIGNALS_H
#define MOSPROBE_RUN_SIGNALS_H

#include <signal.h>

/* Set by SIGHUP, cleared by whoever has seen it. */
extern volatile sig_atomic_t run_reload_asked;
/* How often the end was asked for: at the first time what is in flight is waited for, at the second
 * nothing is. */
extern volatile sig_atomic_t run_stop_asked;

void run_catch_signals(void);
/* SIG_BLOCK or SIG_UNBLOCK. Threads inherit the mask: only the main thread ever sees a signal. */
void run_mask_signals(int how);

#endif
