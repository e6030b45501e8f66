/* SPDX-License-Identifier: MIT */
#include <math.h>

#include "pure/result.h"

const char *alert_kind_name(enum alert_kind kind)
{
	static const char *const names[KIND_COUNT] = {
		[KIND_MOS] = "mos",
		[KIND_VANTAGE] = "vantage",
		[KIND_GROUP] = "group",
		[KIND_TEST] = "test",
	};

	return names[kind];
}

struct result result_of_many(
	uint64_t at_ms, enum state state, uint32_t targets, uint32_t failed, enum cause cause)
{
	return (struct result) {
		.at_ms = at_ms,
		.state = (uint8_t)state,
		.cause = (uint8_t)cause,
		.n = targets,
		.answered = targets - failed,
		.failed = failed,
		.fail_pct = targets ? 100.0 * failed / targets : (double)NAN,
		.outcome = CYCLE_OUTCOME_COUNT,
		.stamp_source = STAMP_SOURCE_COUNT,
		.latency_ms = NAN,
		.jitter_ms = NAN,
		.stddev_ms = NAN,
		.latency_rise_ms = NAN,
		.loss_pct = NAN,
		.low_min_24h = RESULT_NO_COUNT,
		.alerts_24h = RESULT_NO_COUNT,
		.r = NAN,
		.mos_cycle = NAN,
		.mos = NAN,
	};
}
