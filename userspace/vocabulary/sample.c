/* SPDX-License-Identifier: MIT */
#include "vocabulary/sample.h"

#include <string.h>

const char *outcome_name(enum outcome outcome)
{
	static const char *const names[OUTCOME_COUNT] = {
		[OUTCOME_OK] = "ok",
		[OUTCOME_REFUSED] = "refused",
		[OUTCOME_TIMEOUT] = "timeout",
		[OUTCOME_UNREACHABLE] = "unreachable",
		[OUTCOME_DNS_FAIL] = "dns_fail",
		[OUTCOME_DNS_UNKNOWN] = "dns_unknown",
		[OUTCOME_LOCAL_ERROR] = "local_error",
		[OUTCOME_SKIPPED] = "skipped",
	};

	return names[outcome];
}

enum outcome outcome_find(const char *name)
{
	for (enum outcome i = 0; i < OUTCOME_COUNT; i++)
		if (!strcmp(outcome_name(i), name))
			return i;
	return OUTCOME_OK;
}

const char *local_error_name(enum local_error kind)
{
	static const char *const names[LOCAL_ERROR_COUNT] = {
		[LOCAL_NO_PORT] = "no_port",
		[LOCAL_NO_DESCRIPTOR] = "no_descriptor",
		[LOCAL_NO_BUFFER] = "no_buffer",
		[LOCAL_NO_ROUTE] = "no_route",
		[LOCAL_SYN_NOT_SENT] = "syn_not_sent",
		[LOCAL_NO_STAMP] = "no_stamp",
		[LOCAL_OTHER] = "other",
	};

	return names[kind];
}

const char *skip_reason_name(enum skip_reason reason)
{
	static const char *const names[SKIP_REASON_COUNT] = {
		[SKIP_LATE] = "late",
		[SKIP_NO_SLOT] = "no_slot",
		[SKIP_NO_ADDRESS] = "no_address",
		[SKIP_DENIED] = "denied",
		[SKIP_FAMILY] = "family",
		[SKIP_ADDRESS_RATE] = "address_rate",
		[SKIP_GUARD] = "guard",
		[SKIP_ASLEEP] = "asleep",
	};

	return names[reason];
}

const char *stamp_source_name(enum stamp_source source)
{
	static const char *const names[STAMP_SOURCE_COUNT] = {
		[STAMP_BPF] = "bpf",
		[STAMP_TCP_INFO] = "tcp_info",
		[STAMP_CLOCK] = "clock",
	};

	return names[source];
}

enum sample_class outcome_class(enum outcome outcome, int refused_answers)
{
	switch (outcome) {
	case OUTCOME_OK:
		return CLASS_ANSWERED;
	case OUTCOME_REFUSED:
		return refused_answers ? CLASS_ANSWERED : CLASS_FAILED;
	case OUTCOME_TIMEOUT:
	case OUTCOME_UNREACHABLE:
	case OUTCOME_DNS_FAIL:
		return CLASS_FAILED;
	default:
		return CLASS_MISSING;
	}
}
