/* SPDX-License-Identifier: MIT */
#include "pure/table.h"

#include <math.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>
#include <time.h>

struct line {
	char *text;
	size_t used;
};

static void add(struct line *line, const char *format, ...) __attribute__((format(printf, 2, 3)));

static void add(struct line *line, const char *format, ...)
{
	size_t room = TABLE_LINE_SIZE - line->used;
	va_list args;
	int length;

	va_start(args, format);
	length = vsnprintf(line->text + line->used, room, format, args);
	va_end(args);
	if (length > 0)
		line->used += (size_t)length < room ? (size_t)length : room - 1;
}

/* What does not fit goes as a whole, back to the comma or semicolon before it. */
static size_t cut(struct line *line, unsigned width)
{
	size_t end = width;

	if (line->used <= width)
		return line->used;
	while (end && line->text[end] != ',' && line->text[end] != ';')
		end--;
	line->used = end ? end : width;
	line->text[line->used] = '\0';
	return line->used;
}

size_t table_states(char ret[TABLE_LINE_SIZE], const struct heartbeat *heartbeat,
	const char *prober_id, unsigned width)
{
	struct line line = { .text = ret };
	const char *between = ":";

	add(&line, "mosprobe %s: %s%llu targets", prober_id,
		heartbeat->impaired ? "IMPAIRED, nothing is judged; " : "",
		(unsigned long long)heartbeat->targets);
	for (int s = STATE_COUNT; s-- > 0;) {
		/* From the worst to ok, then those that are not judged yet. */
		static const enum state order[STATE_COUNT] = { STATE_UNVERIFIED, STATE_SETTLING,
			STATE_OK, STATE_WARNING, STATE_CRITICAL };
		unsigned long long count = heartbeat->states[order[s]];

		if (count) {
			add(&line, "%s %llu %s", between, count, state_name(order[s]));
			between = ",";
		}
	}
	if (heartbeat->muted)
		add(&line, "; %llu muted", (unsigned long long)heartbeat->muted);
	return cut(&line, width);
}

size_t table_counters(char ret[TABLE_LINE_SIZE], const struct heartbeat *heartbeat,
	uint64_t alerts_open, unsigned width)
{
	struct line line = { .text = ret };
	uint64_t up_s = heartbeat->at_ms > heartbeat->started_ms
				? (heartbeat->at_ms - heartbeat->started_ms) / 1000
				: 0;

	add(&line, "%llu %s open, %llu samples, %llu late starts", (unsigned long long)alerts_open,
		alerts_open == 1 ? "alert" : "alerts", (unsigned long long)heartbeat->samples,
		(unsigned long long)heartbeat->late_starts);
	if (heartbeat->late_starts && isfinite(heartbeat->late_p99_ms))
		add(&line, " (p99 %.1f ms)", heartbeat->late_p99_ms);
	add(&line, ", up %llu:%02llu:%02llu", (unsigned long long)up_s / 3600,
		(unsigned long long)up_s / 60 % 60, (unsigned long long)up_s % 60);
	return cut(&line, width);
}

/* UTC in every place where a time is shown, as in the streams. */
static struct tm utc(uint64_t at_ms)
{
	time_t seconds = (time_t)(at_ms / 1000);
	struct tm tm = { .tm_mday = 1 };

	gmtime_r(&seconds, &tm);
	return tm;
}

void table_subject(char ret[TABLE_SUBJECT_SIZE], const struct transition *transition)
{
	char group[RESULT_GROUP_SIZE];

	group_text(group, &transition->group);
	snprintf(ret, TABLE_SUBJECT_SIZE, "(%s)",
		transition->kind == KIND_GROUP ? group : "vantage point");
}

size_t table_alert(
	char ret[TABLE_LINE_SIZE], const struct transition *transition, const char *target)
{
	struct line line = { .text = ret };
	struct tm tm = utc(transition->result.at_ms);
	char reason[REASON_SIZE];

	reason_text(reason, transition);
	add(&line, "%02d:%02d:%02dZ %-8s %s: %s", tm.tm_hour, tm.tm_min, tm.tm_sec,
		transition->action == ACTION_RESOLVE	 ? "resolved"
		: transition->severity == STATE_CRITICAL ? "CRITICAL"
							 : "WARNING",
		target, reason);
	return line.used;
}

#define PLAIN_FORMAT "%-20s %-6s %-10s %5s %-9s %10s %9s %6s %6s %-11s %-11s %s"

size_t table_plain_heading(char ret[TABLE_LINE_SIZE])
{
	struct line line = { .text = ret };

	add(&line, PLAIN_FORMAT, "#TIME", "TYPE", "STATE", "MOS", "BAND", "LATENCY_ms", "JITTER_ms",
		"LOSS_%", "FAIL_%", "CAUSE", "ERROR", "TARGET");
	return line.used;
}

static const char *or_dash(const char *text)
{
	return *text ? text : "-";
}

static const char *number(char text[FIXED_TEXT_SIZE], double value, unsigned decimals)
{
	fixed_text(text, value, decimals);
	return or_dash(text);
}

static void add_plain(
	struct line *line, const char *type, const struct result *result, const char *target)
{
	char numbers[5][FIXED_TEXT_SIZE], at[80];
	struct tm tm = utc(result->at_ms);

	snprintf(at, sizeof at, "%04d-%02d-%02dT%02d:%02d:%02dZ", tm.tm_year + 1900, tm.tm_mon + 1,
		tm.tm_mday, tm.tm_hour, tm.tm_min, tm.tm_sec);
	add(line, PLAIN_FORMAT, at, type, state_name((enum state)result->state),
		number(numbers[0], result->mos, 2), or_dash(band_name((enum band)result->band)),
		number(numbers[1], result->latency_ms, 1), number(numbers[2], result->jitter_ms, 1),
		number(numbers[3], result->loss_pct, 1), number(numbers[4], result->fail_pct, 1),
		or_dash(cause_name((enum cause)result->cause)),
		result->error == OUTCOME_OK ? "-" : outcome_name((enum outcome)result->error),
		target);
}

size_t table_plain_result(
	char ret[TABLE_LINE_SIZE], const struct result *result, const char *target)
{
	struct line line = { .text = ret };

	add_plain(&line, "result", result, target);
	return line.used;
}

size_t table_plain_alert(
	char ret[TABLE_LINE_SIZE], const struct transition *transition, const char *target)
{
	struct line line = { .text = ret };
	char reason[REASON_SIZE];

	reason_text(reason, transition);
	add_plain(&line, "alert", &transition->result, target);
	add(&line, " %s: %s%s", transition->action == ACTION_RESOLVE ? "resolve" : "trigger",
		reason,
		transition->kind == KIND_MOS && transition->group.value ? " (one of its group)"
									: "");
	return line.used;
}
