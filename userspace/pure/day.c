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
_Static_assert(sizeof(struct day_memory) == 124, "no padding");

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

/* Where fine steps end, in these; a coarse one is so many of them. */
#define FINE 4096u
#define COARSE 16u
#define CODE_BITS 13
#define LOW_MOST 127u
#define ALERTS_MOST 15u

struct hour {
	uint32_t latency; /* in steps */
	uint32_t low_min, alerts;
};

static uint16_t code_of(uint32_t latency)
{
	uint32_t code = FINE + (latency - FINE + COARSE / 2) / COARSE;

	if (latency < FINE)
		return (uint16_t)latency;
	return (uint16_t)(code < 1u << CODE_BITS ? code : (1u << CODE_BITS) - 1);
}

static uint32_t latency_of(uint32_t code)
{
	return code < FINE ? code : FINE + (code - FINE) * COARSE;
}

static struct hour read_hour(const struct day_hour *kept)
{
	uint32_t bits =
		kept->bytes[0] | (uint32_t)kept->bytes[1] << 8 | (uint32_t)kept->bytes[2] << 16;

	return (struct hour) {
		.latency = latency_of(bits & ((1u << CODE_BITS) - 1)),
		.low_min = bits >> CODE_BITS & LOW_MOST,
		.alerts = bits >> (CODE_BITS + 7),
	};
}

static void write_hour(struct day_hour *kept, const struct hour *hour)
{
	uint32_t bits = code_of(hour->latency) | hour->low_min << CODE_BITS |
			hour->alerts << (CODE_BITS + 7);

	for (unsigned i = 0; i < sizeof kept->bytes; i++)
		kept->bytes[i] = (uint8_t)(bits >> 8 * i);
}

/* Adds up what hours[] holds. */
static void sum(struct day_memory *memory)
{
	uint16_t latencies[DAY_HOURS];
	unsigned known = 0;

	memory->low_min = memory->alerts = 0;
	for (unsigned i = 0; i < DAY_HOURS; i++) {
		struct hour hour = read_hour(&memory->hours[i]);

		memory->low_min = (uint16_t)(memory->low_min + hour.low_min);
		memory->alerts = (uint16_t)(memory->alerts + hour.alerts);
		if (hour.latency)
			latencies[known++] =
				hour.latency < UINT16_MAX ? (uint16_t)hour.latency : UINT16_MAX;
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
	struct hour ended;

	if (hour <= memory->hour)
		return;
	ended = read_hour(running(memory));
	ended.latency = memory->latency_hour;
	write_hour(running(memory), &ended);
	if (hour - memory->hour > DAY_HOURS)
		memory->hour = hour - DAY_HOURS;
	while (memory->hour != hour) {
		memory->hour++;
		*running(memory) = (struct day_hour) { { 0 } };
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
	struct hour hour = read_hour(running(memory));
	uint64_t low_ms = memory->low_ms + interval_ns / NSEC_PER_MSEC;

	for (; low_ms >= MINUTE_MS; low_ms -= MINUTE_MS) {
		if (hour.low_min == LOW_MOST)
			continue;
		hour.low_min++;
		memory->low_min++;
	}
	memory->low_ms = (uint16_t)low_ms;
	write_hour(running(memory), &hour);
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
	struct hour hour;

	advance(memory, number, interval_ns);
	hour = read_hour(running(memory));
	if (hour.alerts == ALERTS_MOST)
		return;
	hour.alerts++;
	memory->alerts++;
	write_hour(running(memory), &hour);
}

struct day_numbers day_numbers(struct day_memory *memory, uint64_t number, uint64_t interval_ns)
{
	double latency_hour;
	bool known;

	advance(memory, number, interval_ns);
	/* As exact as the hours before, or a line that does not change would seem to. */
	latency_hour = latency_of(code_of(memory->latency_hour));
	known = memory->latency_hour && memory->hours_known >= HOURS_LEAST &&
		minute_of(number, interval_ns) <= memory->minute + HOUR_S / MINUTE_S;
	return (struct day_numbers) {
		.low_min = memory->low_min,
		.alerts = memory->alerts,
		.latency_rise_ms = known ? (latency_hour - (double)memory->latency_day) * STEP_MS
					 : (double)NAN,
	};
}
