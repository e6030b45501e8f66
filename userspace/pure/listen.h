/* SPDX-License-Identifier: MIT */
/* Where a server of ours listens, as people write it. */
#ifndef MOSPROBE_LISTEN_H
#define MOSPROBE_LISTEN_H

#include <stdbool.h>
#include <stdint.h>

#include "vocabulary/address.h"

struct listen_place {
	struct address address;
	uint16_t port; /* 1..65535 */
};

/* Reads "PORT", which is one of 127.0.0.1, "ADDRESS:PORT" or "[IPv6]:PORT". False when it is none. */
bool listen_parse(struct listen_place *ret, const char *text);
/* Whether other machines cannot reach it: its address is a loopback one. */
bool listen_is_local(const struct listen_place *place);

#endif
