/* SPDX-License-Identifier: MIT */
#include "composition/run_signals.h"

#include <stddef.h>

volatile sig_atomic_t run_reload_asked;
volatile sig_atomic_t run_stop_asked;

static void on_signal(int signal)
{
	if (signal == SIGHUP)
		run_reload_asked = 1;
	else
		run_stop_asked = run_stop_asked + 1;
}

void run_mask_signals(int how)
{
	sigset_t set;

	sigemptyset(&set);
	sigaddset(&set, SIGINT);
	sigaddset(&set, SIGTERM);
	sigaddset(&set, SIGHUP);
	pthread_sigmask(how, &set, NULL);
}

void run_catch_signals(void)
{
	struct sigaction action = { .sa_handler = on_signal };

	sigaction(SIGINT, &action, NULL);
	sigaction(SIGTERM, &action, NULL);
	sigaction(SIGHUP, &action, NULL);
}
