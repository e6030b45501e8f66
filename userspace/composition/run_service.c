/* SPDX-License-Identifier: MIT */
#include "composition/run_service.h"

#include "vocabulary/nsec.h"

#define STATUS_EVERY_NS (10 * NSEC_PER_SEC)
/* Of the watchdog's time: one that is fed late is not fed too late. */
#define FEEDS_PER_WATCHDOG 4

void run_service_open(struct run_service *ret)
{
	*ret = (struct run_service) { .ready = false };
	notify_open(&ret->notify);
}

void run_service_close(struct run_service *service)
{
	notify_close(&service->notify);
}

static void feed(struct run_service *service, uint64_t now_ns)
{
	if (!service->notify.watchdog_ns || now_ns < service->feed_due_ns)
		return;
	notify_send(&service->notify, "WATCHDOG=1");
	service->feed_due_ns = now_ns + service->notify.watchdog_ns / FEEDS_PER_WATCHDOG;
}

static void become_ready(struct run_service *service)
{
	if (!service->ready)
		notify_send(&service->notify, "READY=1");
	service->ready = true;
}

void run_service_stands_by(struct run_service *service, const char *holder)
{
	uint64_t now_ns = nsec_mono();

	become_ready(service);
	feed(service, now_ns);
	if (now_ns < service->status_due_ns)
		return;
	notify_send(&service->notify, "STATUS=stands by: %s has the lease", holder);
	service->status_due_ns = now_ns + STATUS_EVERY_NS;
}

static void tell_status(struct run_service *service, const struct prober *prober, uint64_t now_ns)
{
	struct heartbeat beat;

	if (now_ns < service->status_due_ns)
		return;
	beat = prober_heartbeat(prober);
	notify_send(&service->notify,
		"STATUS=%lu targets: %lu ok, %lu warning, %lu critical, %lu settling, %lu unverified; "
		"%lu samples, %lu late starts%s",
		(unsigned long)beat.targets, (unsigned long)beat.states[STATE_OK],
		(unsigned long)beat.states[STATE_WARNING],
		(unsigned long)beat.states[STATE_CRITICAL],
		(unsigned long)beat.states[STATE_SETTLING],
		(unsigned long)beat.states[STATE_UNVERIFIED], (unsigned long)beat.samples,
		(unsigned long)beat.late_starts, beat.impaired ? "; the guard has tripped" : "");
	service->status_due_ns = now_ns + STATUS_EVERY_NS;
}

void run_service_turned(struct run_service *service, const struct prober *prober)
{
	uint64_t now_ns = prober_turned_ns(prober);

	if (service->notify.fd < 0)
		return;
	if (!service->ready)
		service->status_due_ns = 0; /* what the start said is over */
	become_ready(service);
	feed(service, now_ns);
	if (!service->stopping)
		tell_status(service, prober, now_ns);
}

void run_service_reloading(struct run_service *service, bool done)
{
	if (done == !service->reloading)
		return;
	service->reloading = !done;
	if (done)
		notify_send(&service->notify, "READY=1");
	else
		notify_send(&service->notify, "RELOADING=1\nMONOTONIC_USEC=%llu",
			(unsigned long long)(nsec_mono() / NSEC_PER_USEC));
}

void run_service_stopping(struct run_service *service)
{
	if (!service->stopping)
		notify_send(&service->notify, "STOPPING=1\nSTATUS=ends what is in flight");
	service->stopping = true;
}
