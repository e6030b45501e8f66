/* SPDX-License-Identifier: MIT */
#include "pure/day.h"

#include <math.h>
#include <string.h>

#include "vocabulary/nsec.h"

#define STEP_MS 0.016
#define HOUR_S 3600u
#define MINUTE_S 60u
#define MINUTE_MS 60000u
/* Of so many hours one cannot be told to be unlike the others. */
#define HOURS_LEAST 3
_Static_assert(sizeof(struct day_memory) == 152, "no padding");

/* Latencies come once a minute, or once an interval when that is longer. */
static unsigned every_s(uint64_t interval_ns)
{
	uint64_t interval_s = interval_ns / NSEC_PER_SEC;

	return interval_s < MINUTE_S ? MINUTE_S : (unsigned)interval_s;
}

static unsigned divided_up(unsigned a, unsigned b)
{
	unsigned parts = (a + b - 1) / b;

	return parts > DAY_STEPS ? DAY_STEPS : parts;
}

static uint16_t median(const uint16_t *values, unsigned count)
{
	uint16_t sorted[DAY_HOURS];

	for (unsigned i = 0; i < count; i++) {
		unsigned at = i;

		for (; at && sorted[at - 1] > values[i]; at--)
			sorted[at] = sorted[at - 1];
		sorted[at] = values[i];
	}
	return count ? (uint16_t)((sorted[(count - 1) / 2] + sorted[count / 2]) / 2) : 0;
}

/* Adds up what hours[] holds. */
static void sum(struct day_memory *memory)
{
	uint16_t latencies[DAY_HOURS];
	unsigned known = 0;

	memory->low_min = memory->alerts = 0;
	for (unsigned i = 0; i < DAY_HOURS; i++) {
		const struct day_hour *hour = &memory->hours[i];

		memory->low_min = (uint16_t)(memory->low_min + hour->low_min);
		memory->alerts = (uint16_t)(memory->alerts + hour->alerts);
		if (hour->latency)
			latencies[known++] = hour->latency;
	}
	memory->hours_known = (uint8_t)known;
	memory->latency_day = median(latencies, known);
}

static uint32_t minute_of(uint64_t number, uint64_t interval_ns)
{
	return (uint32_t)(number * (interval_ns / NSEC_PER_MSEC) / MINUTE_MS);
}

static struct day_hour *running(struct day_memory *memory)
{
	return &memory->hours[memory->hour % DAY_HOURS];
}

/* On to the hour of this cycle. A clock that was behind at a restart takes nothing back. */
static void advance(struct day_memory *memory, uint64_t number, uint64_t interval_ns)
{
	uint32_t hour = minute_of(number, interval_ns) / (HOUR_S / MINUTE_S);

	if (hour <= memory->hour)
		return;
	running(memory)->latency = memory->latency_hour;
	if (hour - memory->hour > DAY_HOURS)
		memory->hour = hour - DAY_HOURS;
	while (memory->hour != hour) {
		memory->hour++;
		*running(memory) = (struct day_hour) { 0 };
	}
	sum(memory);
}

/* What was measured more than an hour ago is not of the last hour. */
static void forget_hour(struct day_memory *memory)
{
	memory->step_count = memory->span_count = 0;
	memory->latency_hour = 0;
}

static void add_latency(
	struct day_memory *memory, uint64_t number, uint64_t interval_ns, double latency_ms)
{
	uint32_t minute = minute_of(number, interval_ns);
	unsigned steps = divided_up(HOUR_S, DAY_STEPS * every_s(interval_ns));
	unsigned spans = divided_up(HOUR_S, steps * every_s(interval_ns));
	double value = latency_ms / STEP_MS + 0.5;

	if (minute <= memory->minute && memory->minute)
		return;
	if (minute - memory->minute > HOUR_S / MINUTE_S)
		forget_hour(memory);
	memory->minute = minute;
	memory->steps[memory->step_count++] = value < 1		   ? 1
					      : value > UINT16_MAX ? UINT16_MAX
								   : (uint16_t)value;
	if (memory->step_count < steps)
		return;
	/* More than one too many after a restart with a shorter interval. */
	while (memory->span_count >= spans)
		memmove(memory->spans, memory->spans + 1,
			--memory->span_count * sizeof memory->spans[0]);
	memory->spans[memory->span_count++] = median(memory->steps, memory->step_count);
	memory->step_count = 0;
	memory->latency_hour = median(memory->spans, memory->span_count);
}

static void add_low(struct day_memory *memory, uint64_t interval_ns)
{
	struct day_hour *hour = running(memory);

	memory->low_ms += (uint32_t)(interval_ns / NSEC_PER_MSEC);
	for (; memory->low_ms >= MINUTE_MS; memory->low_ms -= MINUTE_MS) {
		if (hour->low_min == UINT8_MAX)
			continue;
		hour->low_min++;
		memory->low_min++;
	}
}

void day_fold(struct day_memory *memory, uint64_t number, uint64_t interval_ns, double latency_ms,
	bool low)
{
	advance(memory, number, interval_ns);
	if (!isnan(latency_ms))
		add_latency(memory, number, interval_ns, latency_ms);
	if (low)
		add_low(memory, interval_ns);
}

void day_alert(struct day_memory *memory, uint64_t number, uint64_t interval_ns)
{
	advance(memory, number, interval_ns);
	if (running(memory)->alerts == UINT8_MAX)
		return;
	running(memory)->alerts++;
	memory->alerts++;
}

struct day_numbers day_numbers(struct day_memory *memory, uint64_t number, uint64_t interval_ns)
{
	bool known;

	advance(memory, number, interval_ns);
	known = memory->latency_hour && memory->hours_known >= HOURS_LEAST &&
		minute_of(number, interval_ns) <= memory->minute + HOUR_S / MINUTE_S;
	return (struct day_numbers) {
		.low_min = memory->low_min,
		.alerts = memory->alerts,
		.latency_rise_ms = known ? (memory->latency_hour - memory->latency_day) * STEP_MS
					 : (double)NAN,
	};
}
