/* SPDX-License-Identifier: MIT */
/* A process, so that another one can tell whether it still runs: by host, boot, PID namespace, number and start. */
#ifndef MOSPROBE_PUBLISH_HOLDER_H
#define MOSPROBE_PUBLISH_HOLDER_H

#include <stdbool.h>

#define HOLDER_SIZE 256

struct holder {
	char text[HOLDER_SIZE]; /* "HOST PID START BOOT NAMESPACE"; "" = nobody */
};

/* This process. What cannot be found out is "-". */
struct holder holder_self(void);
bool holder_is(const struct holder *holder, const char *text);
/* It ran here, and does so no more. False when that cannot be told. */
bool holder_is_gone(const struct holder *holder, const struct holder *self);
/* "process 4711 on host pbx1" */
void holder_words(const struct holder *holder, char ret[HOLDER_SIZE]);

#endif
