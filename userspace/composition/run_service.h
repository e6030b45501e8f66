/* SPDX-License-Identifier: MIT */
/* `mosprobe run` as a service: what the service manager is told. All of it is for the main thread. */
#ifndef MOSPROBE_RUN_SERVICE_H
#define MOSPROBE_RUN_SERVICE_H

#include <stdbool.h>
#include <stdint.h>

#include "composition/prober.h"
#include "edges/notify.h"

struct run_service {
	struct notify notify;
	bool ready, reloading, stopping;
	uint64_t feed_due_ns, status_due_ns;
};

void run_service_open(struct run_service *ret);
void run_service_close(struct run_service *service);

/* While another prober of this id writes: ready too, for there is nothing more to wait for. */
void run_service_stands_by(struct run_service *service, const char *holder);
/* After a turn. The first one makes the service ready; each is what the watchdog lives on. */
void run_service_turned(struct run_service *service, const struct prober *prober);
/* The files are to be read again; done: they were, or could not be. */
void run_service_reloading(struct run_service *service, bool done);
/* From now on it ends. */
void run_service_stopping(struct run_service *service);

#endif
