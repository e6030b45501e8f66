/* SPDX-License-Identifier: MIT */
/* Reads what a process on this machine serves over HTTP (edges/http.h). */
#ifndef MOSPROBE_SCRAPE_H
#define MOSPROBE_SCRAPE_H

#include <stddef.h>
#include <stdint.h>

/* The whole answer to "GET path" at 127.0.0.1:port, NUL-terminated. Returns its length, or a negative errno: -EMSGSIZE
 * when it does not fit. It waits for 2 s at most each time. */
long scrape_http(char *ret, size_t size, uint16_t port, const char *path);
/* A TCP port of 127.0.0.1 that nobody has; 0 when there is none. */
uint16_t scrape_free_port(void);

#endif
