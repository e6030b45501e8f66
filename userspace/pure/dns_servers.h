/* SPDX-License-Identifier: MIT */
/* The name servers of `[dns] servers`. */
#ifndef MOSPROBE_DNS_SERVERS_H
#define MOSPROBE_DNS_SERVERS_H

#include "vocabulary/message.h"

#define DNS_SERVERS_TEXT_SIZE 512

/* Reads "IP", "IP:PORT" or "[IPv6]:PORT", several with commas or blanks between, and writes them as
 * "IP:PORT,[IPv6]:PORT,...": c-ares itself would take any digits for a port. Returns 0, or -EINVAL
 * with a message that names the item. */
int dns_servers_check(const char *text, char ret[DNS_SERVERS_TEXT_SIZE], struct message *msg);

#endif
