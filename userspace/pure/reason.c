/* SPDX-License-Identifier: MIT */
#include "pure/result.h"

#include <math.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>

/* How a cause is called after "most of it lost to". */
static const char *const cause_phrase[CAUSE_COUNT] = {
	[CAUSE_NONE] = "",
	[CAUSE_OUTAGE] = "time-outs",
	[CAUSE_REFUSED] = "refused connections",
	[CAUSE_UNREACHABLE] = "an unreachable host or network",
	[CAUSE_DNS] = "a name that does not resolve",
	[CAUSE_LOSS] = "packet loss",
	[CAUSE_JITTER] = "jitter",
	[CAUSE_DELAY] = "delay",
};

struct line {
	char *text;
	size_t size, used;
};

static void add(struct line *line, const char *format, ...) __attribute__((format(printf, 2, 3)));

static void add(struct line *line, const char *format, ...)
{
	size_t left = line->size - line->used;
	va_list args;
	int length;

	va_start(args, format);
	length = vsnprintf(line->text + line->used, left, format, args);
	va_end(args);
	if (length > 0)
		line->used += (size_t)length < left ? (size_t)length : left - 1;
}

static void add_duration(struct line *line, uint64_t ms)
{
	uint64_t s = (ms + 500) / 1000;

	if (s < 60 || (s < 120 && s % 60))
		add(line, "%llu s", (unsigned long long)s);
	else if (s % 60)
		add(line, "%llu min %llu s", (unsigned long long)(s / 60),
			(unsigned long long)(s % 60));
	else
		add(line, "%llu min", (unsigned long long)(s / 60));
}

/* "3.21 below 3.50"; with 4 decimals where 2 would make both look the same. */
static void add_crossing(struct line *line, double mos, const char *word, double threshold)
{
	char left[FIXED_TEXT_SIZE], right[FIXED_TEXT_SIZE];

	for (unsigned decimals = 2; decimals <= 4; decimals += 2) {
		fixed_text(left, mos, decimals);
		fixed_text(right, threshold, decimals);
		if (strcmp(left, right) != 0)
			break;
	}
	add(line, "MOS %s %s %s", left, word, right);
}

/* What all targets have in common, in numbers; false when the reason is none of these. */
static bool add_measure(struct line *line, const struct transition *transition)
{
	char measured[FIXED_TEXT_SIZE], usual[FIXED_TEXT_SIZE];

	if (!fixed_text(measured, transition->measured, 1) ||
		!fixed_text(usual, transition->usual, 1))
		return false;
	if (transition->reason == REASON_LOSS)
		add(line, "%s %% of all SYNs are lost, usually %s %%", measured, usual);
	else if (transition->reason == REASON_DELAY)
		add(line, "latencies of all targets are off by %s ms, usually by %s ms", measured,
			usual);
	else if (transition->reason == REASON_LOCAL_ERRORS)
		add(line, "%s %% of all samples fail at our own side", measured);
	else
		return false;
	return true;
}

static void add_guard_reason(struct line *line, const struct transition *transition)
{
	const struct result *result = &transition->result;
	bool trigger = transition->action == ACTION_TRIGGER;

	if (add_measure(line, transition)) {
		add(line, trigger ? "" : " after ");
		if (!trigger)
			add_duration(line, transition->held_ms);
		add(line, trigger ? "; it is us, and alerts are held" : "");
		return;
	}
	if (transition->reason == REASON_CANARIES) {
		add(line, trigger ? "no canary answers for " : "canaries answer again after ");
		add_duration(line, transition->held_ms);
		add(line, trigger ? "; it is us, and alerts are held" : "");
		return;
	}
	if (transition->reason == REASON_RESOLVER) {
		if (trigger) {
			add(line,
				"resolver: %u of the %u look-ups of the last minute failed; targets with "
				"an address go on",
				result->failed, result->n);
			return;
		}
		add(line, "resolver: works again after ");
		add_duration(line, transition->held_ms);
		return;
	}
	if (transition->reason == REASON_LET_GO)
		add(line, "impaired still after ");
	else if (trigger)
		add(line, "%u of %u targets fell silent within ", result->failed, result->n);
	else
		add(line, "%u of %u targets answer again after ", result->answered, result->n);
	add_duration(line, transition->held_ms);
	if (transition->reason == REASON_LET_GO)
		add(line, "; judged again, for it may be true");
	else if (transition->action == ACTION_TRIGGER)
		add(line, "; it is us, and alerts are held");
}

static void add_cause(struct line *line, const struct transition *transition)
{
	if (transition->action == ACTION_TRIGGER && transition->result.cause != CAUSE_NONE)
		add(line, "; most of it lost to %s", cause_phrase[transition->result.cause]);
}

static void add_group_reason(struct line *line, const struct transition *transition)
{
	const struct result *result = &transition->result;
	bool trigger = transition->action == ACTION_TRIGGER;

	add(line,
		trigger ? "%u of %u targets are bad, which began within "
			: "%u of %u targets are bad after ",
		result->failed, result->n);
	add_duration(line, transition->held_ms);
	add_cause(line, transition);
}

static void add_reason(struct line *line, const struct transition *transition)
{
	const struct result *result = &transition->result;

	if (transition->kind == KIND_VANTAGE) {
		add_guard_reason(line, transition);
		return;
	}
	if (transition->kind == KIND_GROUP) {
		add_group_reason(line, transition);
		return;
	}
	if (transition->kind == KIND_TEST) {
		add(line, "a test of the way that alerts take; nothing has happened");
		return;
	}
	if (transition->reason == REASON_MUTED) {
		add(line, "muted");
		return;
	}
	if (transition->reason == REASON_REMOVED) {
		add(line, "removed");
		return;
	}
	add_crossing(line, result->mos, transition->action == ACTION_TRIGGER ? "below" : "above",
		transition->threshold);
	add(line, " for ");
	add_duration(line, transition->held_ms);
	if (transition->reason == REASON_ALONE)
		add(line, ", when its group's event is over");
	add_cause(line, transition);
}

void reason_text(char ret[REASON_SIZE], const struct transition *transition)
{
	struct line line = { .text = ret, .size = REASON_SIZE };

	add_reason(&line, transition);
}

static void add_quantity(struct line *line, const char *name, double value, const char *unit)
{
	char text[FIXED_TEXT_SIZE];

	if (fixed_text(text, value, 1))
		add(line, "%s %s %s, ", name, text, unit);
}

void summary_text(char ret[SUMMARY_SIZE], const struct transition *transition,
	const char *target_key, const char *prober_id)
{
	struct line line = { .text = ret, .size = SUMMARY_SIZE };
	const struct result *result = &transition->result;
	char group[RESULT_GROUP_SIZE];

	group_text(group, &transition->group);
	add(&line, "%s %s%s: ",
		transition->action == ACTION_RESOLVE	 ? "resolved"
		: transition->severity == STATE_CRITICAL ? "CRITICAL"
							 : "WARNING",
		transition->kind == KIND_TEST	   ? "TEST "
		: transition->kind == KIND_VANTAGE ? "vantage point "
		: transition->kind == KIND_GROUP   ? "group "
						   : "",
		transition->kind == KIND_VANTAGE ? prober_id
		: transition->kind == KIND_GROUP ? group
						 : target_key);
	add_reason(&line, transition);
	if (transition->kind != KIND_MOS)
		return;
	if (transition->action == ACTION_RESOLVE)
		add(&line, ", was %s", state_name(transition->previous));
	add(&line, " (");
	add_quantity(&line, "latency", result->latency_ms, "ms");
	add_quantity(&line, "jitter", result->jitter_ms, "ms");
	add_quantity(&line, "loss", result->loss_pct, "%");
	add_quantity(&line, "failed", result->fail_pct, "%");
	add(&line, "%u samples, seen from %s)", result->n, prober_id);
}
