/* SPDX-License-Identifier: MIT */
#include "composition/run_report.h"

#include "vocabulary/log.h"

static void warn_of_slots(const struct engine_plan *plan)
{
	uint64_t wanted = (uint64_t)plan->wanted_v4 + plan->wanted_v6;

	if (wanted > (uint64_t)plan->slots_v4 + plan->slots_v6)
		log_event(LOG_WARN, "slots_few",
			"if every target were silent, sockets would be too few and starts late",
			"slots=%u wanted=%lu advice=%s", plan->slots_v4 + plan->slots_v6,
			(unsigned long)wanted, "raise the limit of open files, or max_in_flight");
}

static void warn_of_ports(const struct engine_plan *plan)
{
	if (plan->ports && plan->ports < plan->most_at_one_address)
		log_event(LOG_WARN, "ports_few",
			"connects to one address may be more than there are ports: the others are local errors",
			"ports=%u connects=%u advice=%s", plan->ports, plan->most_at_one_address,
			"widen net.ipv4.ip_local_port_range");
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

/* A line for each kind that there was. */
static void report_kinds(const char *event, const char *sentence, const uint64_t *counts,
	unsigned kinds, const char *(*name_of)(unsigned kind))
{
	for (unsigned i = 0; i < kinds; i++)
		if (counts[i])
			log_event(LOG_WARN, event, sentence, "kind=%s count=%lu", name_of(i),
				(unsigned long)counts[i]);
}

static void report_samples(const struct heartbeat *end)
{
	log_event(LOG_INFO, "end_samples", "what was probed",
		"targets=%lu cycles=%lu samples=%lu ok=%lu refused=%lu timeout=%lu unreachable=%lu "
		"dns=%lu local_error=%lu skipped=%lu",
		(unsigned long)end->targets, (unsigned long)end->cycles,
		(unsigned long)end->samples, (unsigned long)end->outcomes[OUTCOME_OK],
		(unsigned long)end->outcomes[OUTCOME_REFUSED],
		(unsigned long)end->outcomes[OUTCOME_TIMEOUT],
		(unsigned long)end->outcomes[OUTCOME_UNREACHABLE],
		(unsigned long)(end->outcomes[OUTCOME_DNS_FAIL] +
				end->outcomes[OUTCOME_DNS_UNKNOWN]),
		(unsigned long)end->outcomes[OUTCOME_LOCAL_ERROR],
		(unsigned long)end->outcomes[OUTCOME_SKIPPED]);
	report_kinds("end_local_error", "samples were local errors", end->local_errors,
		LOCAL_ERROR_COUNT, local_error_of);
	report_kinds("end_skipped", "samples were skipped", end->skips, SKIP_REASON_COUNT,
		skip_reason_of);
	report_kinds("end_unread", "packets that the kernel half could not read", end->troubles,
		HANDSHAKE_STALE_STAMP, trouble_of);
}

static void report_starts(const struct heartbeat *end)
{
	uint64_t connects = end->samples - end->outcomes[OUTCOME_SKIPPED] -
			    end->outcomes[OUTCOME_DNS_FAIL] - end->outcomes[OUTCOME_DNS_UNKNOWN];

	log_event(LOG_INFO, "end_starts",
		"starts that were more than 20 ms late, and what a probe took",
		"late=%lu late_p99_ms=%.3f late_max_ms=%.3f cpu_us=%.1f",
		(unsigned long)end->late_starts, end->late_p99_ms, end->late_max_ms,
		connects ? (double)end->cpu_ns / 1000 / (double)connects : 0);
	if (end->address_waits || end->skips[SKIP_ADDRESS_RATE])
		log_event(LOG_INFO, "end_address_rate",
			"starts were put off: more names stand behind an address than address_rate allows",
			"starts=%lu most_ms=%.0f skipped=%lu", (unsigned long)end->address_waits,
			end->address_wait_max_ms, (unsigned long)end->skips[SKIP_ADDRESS_RATE]);
}

void run_report(
	const struct heartbeat *end, const struct queue *printed, const struct publish_stats *redis)
{
	report_samples(end);
	report_starts(end);
	if (end->dns_lookups)
		log_event(LOG_INFO, "end_names", "what was looked up",
			"lookups=%lu found=%lu not_found=%lu failed=%lu moved=%lu",
			(unsigned long)end->dns_lookups, (unsigned long)end->dns_found,
			(unsigned long)end->dns_not_found, (unsigned long)end->dns_failed,
			(unsigned long)end->address_changes);
	if (printed && queue_refused(printed))
		log_event(LOG_WARN, "end_unprinted",
			"results or alerts were not printed: standard output did not keep up",
			"lines=%lu", (unsigned long)queue_refused(printed));
	if (redis)
		log_event(LOG_INFO, "end_redis", "what Redis was told",
			"written=%lu dropped=%lu unwritten=%lu", (unsigned long)redis->written,
			(unsigned long)(redis->dropped + end->queue_refused),
			(unsigned long)redis->spooled);
}
