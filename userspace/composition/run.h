/* SPDX-License-Identifier: MIT */
/* What `mosprobe run` does, for a caller in this program: the options may stand for any key. */
#ifndef MOSPROBE_RUN_H
#define MOSPROBE_RUN_H

#include "composition/arguments.h"

/* Probes until told to stop by a signal; takes the process's signals for itself. Returns its exit status. */
int run_arguments(const struct arguments *arguments);

#endif
