/* SPDX-License-Identifier: MIT */
#include "composition/run_lease.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "composition/run_signals.h"
#include "vocabulary/log.h"
#include "vocabulary/nsec.h"

#define REACH_NS (2 * NSEC_PER_SEC) /* to reach Redis */
#define RESTORE_MS 20000

static int refuse(const struct config *config, const char *holder, struct message *msg)
{
	return message_set(msg, -EBUSY,
		"redis %s: %s writes as prober %s already: give each an id of its own (prober.id), or "
		"start this one with --standby",
		config->redis_url, holder, config->id);
}

int run_take_lease(struct publish *publish, const struct config *config,
	struct run_service *service, struct message *msg)
{
	const struct timespec pause = { .tv_nsec = (long)(5 * NSEC_PER_MSEC) };
	uint64_t until_ns = nsec_mono() + REACH_NS;
	bool told = false;

	for (;;) {
		struct publish_lease lease = publish_lease(publish);

		if (run_stop_asked)
			return -EINTR;
		if (lease.state == PUBLISH_LEASE_HELD) {
			if (told)
				log_event(LOG_INFO, "lease_taken", "the lease is ours: it begins",
					"id=%s", config->id);
			return 0;
		}
		if (lease.state == PUBLISH_LEASE_ANOTHERS && !config->standby)
			return refuse(config, lease.holder, msg);
		if (lease.state >= PUBLISH_LEASE_AWAITED && !told) {
			told = true;
			log_event(LOG_INFO, "lease_awaited",
				"another has the lease: waiting for it", "holder=%s id=%s",
				lease.holder, config->id);
		}
		if (lease.state >= PUBLISH_LEASE_AWAITED)
			run_service_stands_by(service, lease.holder);
		if (lease.state == PUBLISH_LEASE_UNKNOWN && !config->standby &&
			nsec_mono() > until_ns)
			return 0;
		nanosleep(&pause, NULL);
	}
}

struct publish_known *run_known(struct publish *publish, const struct config *config,
	const char *password, const struct roster *roster)
{
	struct publish_known *known;
	struct message why;

	if (publish_lease(publish).state != PUBLISH_LEASE_HELD)
		return NULL;
	known = calloc(roster->count + 1, sizeof *known);
	if (!known || publish_restore(config, password, roster, RESTORE_MS, known, &why)) {
		log_event(LOG_WARN, "redis_unread", "what Redis knows of the targets is not used",
			"error=%s", known ? why.text : strerror(ENOMEM));
		free(known);
		return NULL;
	}
	return known;
}

bool run_lease_lost(struct publish *publish, const struct config *config)
{
	struct publish_lease lease;

	if (!publish_lease_lost(publish))
		return false;
	lease = publish_lease(publish);
	log_event(LOG_ERROR, "lease_lost",
		config->standby ? "another has taken over: this one stands by again"
				: "another has taken over: this one ends",
		"holder=%s id=%s url=%s", lease.holder, config->id, config->redis_url);
	return true;
}
