/* SPDX-License-Identifier: MIT */
/* What can go wrong with Redis, told by kind: whether another connection may help, what a person
 * can do. */
#ifndef MOSPROBE_PUBLISH_TROUBLE_H
#define MOSPROBE_PUBLISH_TROUBLE_H

#include <stdbool.h>
#include <stdint.h>

enum trouble {
	/* of the connection */
	TROUBLE_CONNECT,  /* nobody there */
	TROUBLE_SILENT,	  /* no answer in time */
	TROUBLE_LOST,	  /* closed or reset */
	TROUBLE_PROTOCOL, /* answers that are not Redis's */
	/* of an entry's id: Redis has a greater one already */
	TROUBLE_SMALLER_ID,
	/* what Redis answers, by the first word */
	TROUBLE_NO_SUCH_KEY,
	TROUBLE_LOADING,
	TROUBLE_READONLY,
	TROUBLE_OOM,
	TROUBLE_MISCONF,
	TROUBLE_NOAUTH,
	TROUBLE_WRONGPASS,
	TROUBLE_NO_PASSWORD, /* we have a password, Redis wants none */
	TROUBLE_NOPERM,
	TROUBLE_WRONGTYPE,
	TROUBLE_MOVED,
	TROUBLE_CLUSTERDOWN,
	TROUBLE_NOREPLICAS,
	TROUBLE_BUSY,
	TROUBLE_CLIENTS, /* too many connections */
	TROUBLE_DATABASE,
	TROUBLE_TOO_OLD,
	TROUBLE_OTHER,
	TROUBLE_COUNT
};

/* The kind of an error answer. */
enum trouble trouble_of(const char *answer);
/* May another connection help, to what the same name leads to by then? */
bool trouble_wants_reconnect(enum trouble trouble);
/* May another server of the same cluster be better? */
bool trouble_is_of_the_server(enum trouble trouble);
/* What to do about it; "" where there is nothing to say. */
const char *trouble_advice(enum trouble trouble);

/* Zeroed: nothing was told. */
struct troubles {
	bool untold_recovery; /* something was told that has not been taken back */
};

/* Logs it, as `redis_trouble` of its kind. what: a command, a key or ""; text: what was wrong. */
void troubles_tell(struct troubles *troubles, enum trouble trouble, const char *url,
	const char *what, const char *text);

#endif
