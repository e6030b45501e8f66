/* SPDX-License-Identifier: MIT */
/* What --xdp says at its end. */
#ifndef NETSIM_REFLECTING_H
#define NETSIM_REFLECTING_H

#include <stdbool.h>

#include "edges/reflector.h"

/* To standard error: what was counted when verbose, and always what the link lost, which is not in the scenario. */
void reflecting_report(const struct reflector *reflector, bool verbose);

#endif
