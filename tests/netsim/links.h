/* SPDX-License-Identifier: MIT */
/* The two network namespaces and the link between them. Everything here changes only the namespace
 * that the calling process is in, and says on standard error why it failed. */
#ifndef NETSIM_LINKS_H
#define NETSIM_LINKS_H

#include <signal.h>
#include <sys/types.h>

#define LINK_INTERFACE "netsim0" /* at both ends */

/* Moves the calling process into a network namespace of its own, which has no name and so ends with
 * the last process in it. These return 0 or a negative errno. */
int links_enter_namespace(void);

/* In the responder's namespace: makes the link, its other end in the namespace of process command,
 * and brings this end up, without any address. mask: the signals that `ip` is to block. */
int links_set_up_responder(pid_t command, const sigset_t *mask);
/* Then in the command's: addresses, and routes by way of the gateway, who is known and so never
 * asked for. */
int links_set_up_command(const sigset_t *mask);

#endif
