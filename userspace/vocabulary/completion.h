/* SPDX-License-Identifier: MIT */
/* What both ways of connecting, edges/ring and edges/poller, say of a connect that has ended. */
#ifndef MOSPROBE_COMPLETION_H
#define MOSPROBE_COMPLETION_H

#include <stdint.h>

struct completion {
	uint32_t slot;
	int32_t result; /* 0, or a negative errno: of connect(2), or -ECANCELED when it was cancelled */
};

#endif
