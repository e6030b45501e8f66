/* SPDX-License-Identifier: MIT */
/* Stands before a name server, and makes it slow, dead or wrong as a scenario has it. */
#ifndef NETSIM_RELAY_H
#define NETSIM_RELAY_H

#include <netinet/in.h>
#include <stdnoreturn.h>

#include "scenario.h"
#include "start.h"

struct relay {
	const struct scenario *scenario;
	const struct start *start;
	int udp_fd, tcp_fd; /* bound; tcp_fd listens */
	struct sockaddr_in server;
};

/* Until it is killed. */
noreturn void relay_run(const struct relay *relay);

/* The question's name in lower case, without a dot at the end; where the question ends, or 0 when
 * there is none to be read. */
size_t relay_question(const uint8_t *message, size_t length, char ret_name[SCENARIO_NAME_SIZE]);
/* The line that decides about a name at now_ns since the start; NULL: none does. */
const struct dns_line *relay_find(
	const struct scenario *scenario, const char *name, uint64_t now_ns);

#endif
