/* SPDX-License-Identifier: MIT */
#include "edges/publish_trouble.h"

#include <string.h>

#include "vocabulary/log.h"
#include "vocabulary/message.h"

struct kind {
	const char *name;  /* in the log */
	const char *start; /* of the answer; NULL = not an answer */
	bool reconnect;
	const char *advice;
};

static const struct kind kinds[TROUBLE_COUNT] = {
	[TROUBLE_CONNECT] = { "connect", NULL, true, "is redis-server running there?" },
	[TROUBLE_SILENT] = { "silent", NULL, true, "" },
	[TROUBLE_LOST] = { "lost", NULL, true, "" },
	[TROUBLE_PROTOCOL] = { "protocol", NULL, true, "is that a Redis?" },
	[TROUBLE_SMALLER_ID] = { "smaller_id", "ERR The ID specified in XADD is equal or smaller",
		false, "does another prober write with the same prober.id?" },
	[TROUBLE_NO_SUCH_KEY] = { "no_such_key", "ERR no such key", false, "" },
	[TROUBLE_LOADING] = { "loading", "LOADING", false, "Redis reads its data from disk" },
	[TROUBLE_READONLY] = { "readonly", "READONLY", true,
		"this is a replica: redis.url must name the "
		"primary" },
	[TROUBLE_OOM] = { "oom", "OOM", false,
		"raise Redis's maxmemory, or lower redis.results_maxlen" },
	[TROUBLE_MISCONF] = { "misconf", "MISCONF", false, "Redis cannot write to its disk" },
	[TROUBLE_NOAUTH] = { "noauth", "NOAUTH", true, "set redis.password_file" },
	[TROUBLE_WRONGPASS] = { "wrongpass", "WRONGPASS", true,
		"check redis.username and redis.password_file" },
	[TROUBLE_NO_PASSWORD] = { "no_password", "ERR AUTH <password> called without any password",
		true, "Redis asks for no password: drop redis.password_file or set requirepass" },
	[TROUBLE_NOPERM] = { "noperm", "NOPERM", false,
		"the ACL of this Redis user must allow this command and key" },
	[TROUBLE_WRONGTYPE] = { "wrongtype", "WRONGTYPE", false,
		"something else is stored there: remove that key, or set another redis.prefix" },
	[TROUBLE_MOVED] = { "moved", "MOVED", true,
		"a Redis Cluster whose node cannot be followed to: redis.url must name the one that "
		"holds the slot of this prober" },
	[TROUBLE_CLUSTERDOWN] = { "clusterdown", "CLUSTERDOWN", true,
		"the cluster has lost a primary, and has no other yet" },
	[TROUBLE_NOREPLICAS] = { "noreplicas", "NOREPLICAS", false,
		"see Redis's min-replicas-to-write" },
	[TROUBLE_BUSY] = { "busy", "BUSY", false, "a script blocks Redis" },
	[TROUBLE_CLIENTS] = { "clients", "ERR max number of clients", true,
		"raise Redis's maxclients" },
	[TROUBLE_DATABASE] = { "database", "ERR DB index", true,
		"the number at the end of redis.url must be below Redis's `databases`" },
	[TROUBLE_TOO_OLD] = { "too_old", "ERR unknown command", true,
		"Redis 5.0 or later is needed, without renamed commands" },
	[TROUBLE_OTHER] = { "other", "", false, "" },
};

enum trouble trouble_of(const char *answer)
{
	for (int i = 0; i < TROUBLE_OTHER; i++)
		if (kinds[i].start && !strncmp(answer, kinds[i].start, strlen(kinds[i].start)))
			return (enum trouble)i;
	/* How Redis before 6.0 says NO_PASSWORD and WRONGPASS. */
	if (!strncmp(answer, "ERR Client sent AUTH", 20))
		return TROUBLE_NO_PASSWORD;
	if (!strncmp(answer, "ERR invalid password", 20))
		return TROUBLE_WRONGPASS;
	return TROUBLE_OTHER;
}

bool trouble_wants_reconnect(enum trouble trouble)
{
	return kinds[trouble].reconnect;
}

bool trouble_is_of_the_server(enum trouble trouble)
{
	switch (trouble) {
	case TROUBLE_CONNECT:
	case TROUBLE_SILENT:
	case TROUBLE_LOST:
	case TROUBLE_PROTOCOL:
	case TROUBLE_READONLY:
	case TROUBLE_MOVED:
	case TROUBLE_CLUSTERDOWN:
		return true;
	default:
		return false;
	}
}

const char *trouble_advice(enum trouble trouble)
{
	return kinds[trouble].advice;
}

void troubles_tell(struct troubles *troubles, enum trouble trouble, const char *url,
	const char *what, const char *text)
{
	const struct kind *kind = &kinds[trouble];
	struct message error;

	troubles->untold_recovery = true;
	message_set(&error, 0, "%s%s%s", what, *what ? ": " : "", text);
	log_event(LOG_WARN, "redis_trouble",
		kind->start ? "Redis refuses what it is asked" : "Redis is not reached",
		"kind=%s url=%s error=%s advice=%s", kind->name, url, error.text, kind->advice);
}
