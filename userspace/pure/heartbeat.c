/* SPDX-License-Identifier: MIT */
#include "pure/result.h"

#include <stdio.h>

/* "PREFIX_NAME", with the same lifetime as the fields. */
static void add_counter(struct fields *fields, const char *prefix, const char *name, uint64_t value)
{
	size_t left = FIELDS_TEXT_SIZE - fields->used;
	char *text = fields->memory + fields->used;
	int length = snprintf(text, left, "%s_%s", prefix, name);

	if (length < 0 || (size_t)length >= left)
		return;
	fields->used += (size_t)length + 1;
	fields_add_integer(fields, text, value);
}

const char *handshake_trouble_name(enum handshake_trouble trouble)
{
	static const char *const names[HANDSHAKE_TROUBLES] = {
		[HANDSHAKE_NO_SOCKET] = "no_socket",
		[HANDSHAKE_NO_RECORD] = "no_record",
		[HANDSHAKE_NO_HEADER] = "no_header",
		[HANDSHAKE_NOT_TCP] = "not_tcp",
		[HANDSHAKE_BAD_OPTIONS] = "bad_options",
		[HANDSHAKE_STALE_STAMP] = "stale_stamp",
	};

	return names[trouble];
}

void heartbeat_fields(struct fields *ret, const struct heartbeat *heartbeat, const char *prober_id)
{
	ret->count = 0;
	ret->used = 0;
	fields_add_integer(ret, "v", RESULT_VERSION);
	fields_add_text(ret, "prober", prober_id);
	fields_add_integer(ret, "at_ms", heartbeat->at_ms);
	fields_add_integer(ret, "started_ms", heartbeat->started_ms);
	fields_add_integer(ret, "interval_ms", heartbeat->interval_ms);
	fields_add_integer(ret, "targets", heartbeat->targets);
	for (int i = 0; i < STATE_COUNT; i++)
		add_counter(ret, "targets", state_name(i), heartbeat->states[i]);
	fields_add_integer(ret, "targets_muted", heartbeat->muted);
	fields_add_integer(ret, "samples", heartbeat->samples);
	fields_add_integer(ret, "cycles", heartbeat->cycles);
	for (int i = 0; i < OUTCOME_COUNT; i++)
		add_counter(ret, "samples", outcome_name(i), heartbeat->outcomes[i]);
	fields_add_integer(ret, "samples_ambiguous", heartbeat->ambiguous);
	fields_add_integer(ret, "syns_provoked", heartbeat->provoked);
	fields_add_integer(ret, "answers_duplicate", heartbeat->duplicates);
	fields_add_integer(ret, "answers_wrong_ack", heartbeat->wrong_acks);
	fields_add_integer(ret, "answers_foreign_ts", heartbeat->foreign_ts);
	for (int i = 0; i < LOCAL_ERROR_COUNT; i++)
		add_counter(ret, "local_error", local_error_name(i), heartbeat->local_errors[i]);
	for (int i = 0; i < SKIP_REASON_COUNT; i++)
		add_counter(ret, "skipped", skip_reason_name(i), heartbeat->skips[i]);
	fields_add_integer(ret, "impaired", heartbeat->impaired);
	fields_add_integer(ret, "guard_trips", heartbeat->guard_trips);
	fields_add_integer(ret, "groups_open", heartbeat->groups_open);
	fields_add_integer(ret, "guard_rejected", heartbeat->guard_rejected);
	fields_add_integer(ret, "clock_steps", heartbeat->clock_steps);
	fields_add_integer(ret, "sleeps", heartbeat->sleeps);
	fields_add_integer(ret, "late_starts", heartbeat->late_starts);
	fields_add_fixed(ret, "late_p99_ms", heartbeat->late_p99_ms, 3);
	fields_add_fixed(ret, "late_max_ms", heartbeat->late_max_ms, 3);
	fields_add_integer(ret, "dns_lookups", heartbeat->dns_lookups);
	fields_add_integer(ret, "dns_found", heartbeat->dns_found);
	fields_add_integer(ret, "dns_not_found", heartbeat->dns_not_found);
	fields_add_integer(ret, "dns_failed", heartbeat->dns_failed);
	fields_add_integer(ret, "dns_pending", heartbeat->dns_pending);
	fields_add_integer(ret, "address_changes", heartbeat->address_changes);
	fields_add_integer(ret, "family_changes", heartbeat->family_changes);
	fields_add_integer(ret, "address_waits", heartbeat->address_waits);
	fields_add_fixed(ret, "address_wait_max_ms", heartbeat->address_wait_max_ms, 3);
	fields_add_integer(ret, "slot_waits", heartbeat->slot_waits);
	fields_add_integer(ret, "in_flight", heartbeat->in_flight);
	fields_add_integer(ret, "slots", heartbeat->slots);
	fields_add_integer(ret, "cpu_ms", heartbeat->cpu_ns / 1000000);
	fields_add_integer(ret, "queue_refused", heartbeat->queue_refused);
	for (int i = 0; i < HANDSHAKE_TROUBLES; i++)
		add_counter(ret, "bpf", handshake_trouble_name(i), heartbeat->troubles[i]);
}
