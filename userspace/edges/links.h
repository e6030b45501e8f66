/* SPDX-License-Identifier: MIT */
/* Two network namespaces and the link between them: one for who connects, one for the peers, which are
 * simulated addresses. Of `mosprobe capacity` and of the simulated network of the tests. Everything here
 * changes only the namespace that the calling thread is in. */
#ifndef MOSPROBE_LINKS_H
#define MOSPROBE_LINKS_H

#include <signal.h>
#include <sys/types.h>

#include "vocabulary/message.h"

#define LINK_INTERFACE "netsim0" /* at both ends */

/* What may be simulated: RFC 2544 C.2.2 (benchmarks) and RFC 3849 (documentation). */
#define SIMULATED_V4 "198.18.0.0/15"
#define SIMULATED_V6 "2001:db8::/32"

/* The link between the two namespaces, taken out of them. */
#define LINK_V4 "198.19.255.252/30"
#define LINK_V4_COMMAND "198.19.255.253"
#define LINK_V4_GATEWAY "198.19.255.254"
#define LINK_V6 "2001:db8:ffff:ffff::/64"
#define LINK_V6_COMMAND "2001:db8:ffff:ffff::1"
#define LINK_V6_GATEWAY "2001:db8:ffff:ffff::2"

/* MAC addresses: the command's end of the link, and the gateway that it believes in. No interface
 * has the second (RFC 7042 2.1.2, for documentation), so the peers' own kernel takes every packet for
 * somebody else's and never answers one. */
#define MAC_COMMAND "02:00:00:00:53:01"
#define MAC_GATEWAY "00:00:5e:00:53:02"

/* Moves the calling thread into a network namespace of its own, which has no name and so ends with the
 * last process in it and the last descriptor of it. These return 0 or a negative errno with a message. */
int links_enter_namespace(struct message *msg);
/* A descriptor of the network namespace that a process is in (0: the caller), closed on exec; or a negative errno. */
int links_open_namespace(pid_t process);

/* In the peers' namespace: makes the link, its other end in the namespace of who connects, and brings
 * this end up, without any address. mask: the signals that `ip` is to block. */
int links_set_up_peers(int other_namespace, const sigset_t *mask, struct message *msg);
/* Then in the other: addresses, and routes by way of the gateway, who is known and so never asked for. */
int links_set_up_command(const sigset_t *mask, struct message *msg);

#endif
