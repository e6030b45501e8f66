/* SPDX-License-Identifier: MIT */
/* What `mosprobe probe` prints: every sample and the score, explained, or the same as JSON lines. */
#ifndef MOSPROBE_PROBE_REPORT_H
#define MOSPROBE_PROBE_REPORT_H

#include <stdbool.h>

#include "pure/config.h"
#include "pure/result.h"
#include "vocabulary/address.h"
#include "vocabulary/sample.h"

struct probe_report {
	const struct config *config;
	const struct target *target;
	bool json;
	unsigned latencies;		 /* samples that have one */
	bool denied, ambiguous, refused; /* something to explain at the end */
	struct result result;		 /* the newest */
	bool has_result;
};

/* config and target must outlive the report. */
void probe_report_begin(struct probe_report *report, const struct config *config,
	const struct target *target, enum stamp_source source, bool json);
void probe_report_sample(
	struct probe_report *report, const struct sample *sample, const struct address *address);
void probe_report_result(struct probe_report *report, const struct result *result);
/* Prints the explanation. True when the target has a score, and it is not under the warning level. */
bool probe_report_end(struct probe_report *report);

#endif
