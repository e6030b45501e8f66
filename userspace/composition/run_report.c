/* SPDX-License-Identifier: MIT */
#include "composition/run_report.h"

#include <stdio.h>

#include "vocabulary/log.h"

static void warn_of_slots(const struct engine_plan *plan)
{
	uint64_t wanted = (uint64_t)plan->wanted_v4 + plan->wanted_v6;

	if (wanted > (uint64_t)plan->slots_v4 + plan->slots_v6)
		log_line(LOG_WARN,
			"%u sockets can be had; if every target were silent, %lu would be in use at "
			"once and starts would be late (raise the limit of open files, or "
			"max_in_flight)",
			plan->slots_v4 + plan->slots_v6, (unsigned long)wanted);
}

static void warn_of_ports(const struct engine_plan *plan)
{
	if (plan->ports && plan->ports < plan->most_at_one_address)
		log_line(LOG_WARN,
			"%u ephemeral ports (net.ipv4.ip_local_port_range), and %u connects may be "
			"under way to one address: more than the ports are local errors",
			plan->ports, plan->most_at_one_address);
}

void run_warn(const struct engine_plan *plan)
{
	warn_of_slots(plan);
	warn_of_ports(plan);
}

static const char *local_error_of(unsigned kind)
{
	return local_error_name((enum local_error)kind);
}

static const char *skip_reason_of(unsigned reason)
{
	return skip_reason_name((enum skip_reason)reason);
}

static const char *trouble_of(unsigned trouble)
{
	return handshake_trouble_name((enum handshake_trouble)trouble);
}

/* "local errors: 12 no_port, 1 no_route", when there were any. */
static void report_kinds(const char *what, const uint64_t *counts, unsigned kinds,
	const char *(*name_of)(unsigned kind))
{
	char text[512];
	size_t used = 0;

	for (unsigned i = 0; i < kinds; i++)
		if (counts[i])
			used += (size_t)snprintf(text + used, sizeof text - used, "%s%lu %s",
				used ? ", " : "", (unsigned long)counts[i], name_of(i));
	if (used)
		log_line(LOG_WARN, "%s: %s", what, text);
}

void run_report(
	const struct heartbeat *end, const struct queue *printed, const struct publish_stats *redis)
{
	uint64_t connects = end->samples - end->outcomes[OUTCOME_SKIPPED] -
			    end->outcomes[OUTCOME_DNS_FAIL] - end->outcomes[OUTCOME_DNS_UNKNOWN];

	log_line(LOG_INFO,
		"%lu targets, %lu cycles, %lu samples: %lu ok, %lu refused, %lu timeout, "
		"%lu unreachable, %lu dns, %lu local errors, %lu skipped",
		(unsigned long)end->targets, (unsigned long)end->cycles,
		(unsigned long)end->samples, (unsigned long)end->outcomes[OUTCOME_OK],
		(unsigned long)end->outcomes[OUTCOME_REFUSED],
		(unsigned long)end->outcomes[OUTCOME_TIMEOUT],
		(unsigned long)end->outcomes[OUTCOME_UNREACHABLE],
		(unsigned long)(end->outcomes[OUTCOME_DNS_FAIL] +
				end->outcomes[OUTCOME_DNS_UNKNOWN]),
		(unsigned long)end->outcomes[OUTCOME_LOCAL_ERROR],
		(unsigned long)end->outcomes[OUTCOME_SKIPPED]);
	report_kinds("local errors", end->local_errors, LOCAL_ERROR_COUNT, local_error_of);
	report_kinds("skipped", end->skips, SKIP_REASON_COUNT, skip_reason_of);
	report_kinds("packets that the kernel half could not read", end->troubles,
		HANDSHAKE_STALE_STAMP, trouble_of);
	log_line(LOG_INFO,
		"starts later than 20 ms: %lu (p99 %.3f ms, most %.3f ms); the prober's CPU time: "
		"%.1f us a probe",
		(unsigned long)end->late_starts, end->late_p99_ms, end->late_max_ms,
		connects ? (double)end->cpu_ns / 1000 / (double)connects : 0);
	if (end->dns_lookups)
		log_line(LOG_INFO,
			"DNS: %lu look-ups, %lu found, %lu do not exist, %lu failed; %lu names have moved",
			(unsigned long)end->dns_lookups, (unsigned long)end->dns_found,
			(unsigned long)end->dns_not_found, (unsigned long)end->dns_failed,
			(unsigned long)end->address_changes);
	if (end->address_waits || end->skips[SKIP_ADDRESS_RATE])
		log_line(LOG_INFO,
			"address_rate: %lu starts were put off (by %.0f ms at most), %lu samples "
			"skipped, since more names stand behind an address than it allows",
			(unsigned long)end->address_waits, end->address_wait_max_ms,
			(unsigned long)end->skips[SKIP_ADDRESS_RATE]);
	if (printed && queue_refused(printed))
		log_line(LOG_WARN,
			"standard output did not keep up: %lu results or alerts not printed",
			(unsigned long)queue_refused(printed));
	if (redis)
		log_line(LOG_INFO, "Redis: %lu entries written, %lu dropped, %lu left unwritten",
			(unsigned long)redis->written,
			(unsigned long)(redis->dropped + end->queue_refused),
			(unsigned long)redis->spooled);
}
