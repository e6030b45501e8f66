/* SPDX-License-Identifier: MIT */
/* What a target's last 24 hours were like, hour by hour: what the ladder does not see. A line that is bad for
 * five minutes of every thirty never alerts, and one that gets slower every hour scores well for long.
 *
 * Pure. Time is the cycles' numbers times the interval, so downtime is simply not there. 24 hours are the
 * hour that runs and the 23 before it. */
#ifndef MOSPROBE_DAY_H
#define MOSPROBE_DAY_H

#include <stdbool.h>
#include <stdint.h>

#define DAY_HOURS 24
#define DAY_STEPS 8

/* An hour, in three bytes. Its median latency in 13 bits, in steps of 16 us up to 65 ms and of 256 us from there
 * to 1.1 s, 0 = none, also while it runs; its low minutes in 7, and the alerts that opened in 4: 15 = so many
 * or more. */
struct day_hour {
	uint8_t bytes[3];
};

/* Of one target; all zero is a fine start. Plain data without padding, for it is kept on disk. Latencies in steps
 * of 16 us, up to 1.05 s; 0 = none. */
struct day_memory {
	uint32_t hour;	 /* that runs; its place is hour % DAY_HOURS */
	uint32_t minute; /* of the newest latency */
	uint16_t low_ms; /* of a low minute that is not full yet */
	uint8_t step_count : 4, span_count : 4;
	uint8_t hours_known;
	uint16_t steps[DAY_STEPS]; /* latencies, at most one a minute, until they fill a span */
	uint16_t spans[DAY_STEPS]; /* medians of these, newest last: those of the last hour */
	uint16_t latency_hour;	   /* median of spans[] */
	uint16_t latency_day;	   /* median of the hours' medians */
	uint16_t low_min, alerts;  /* sums over hours[] */
	struct day_hour hours[DAY_HOURS];
};

struct day_numbers {
	uint32_t low_min; /* minutes with a mos_cycle under the warning level */
	uint32_t alerts;  /* opened */
	/* Median latency of the last hour minus that of the last 24, from hourly medians (measurement.md,
	 * section 3): NAN until three hours are known. */
	double latency_rise_ms;
};

/* A cycle that was folded. latency_ms: NAN = none; low: its mos_cycle is under the warning level. */
void day_fold(struct day_memory *memory, uint64_t number, uint64_t interval_ns, double latency_ms,
	bool low);

/* An alert has opened in this cycle. */
void day_alert(struct day_memory *memory, uint64_t number, uint64_t interval_ns);

/* As of this cycle. */
struct day_numbers day_numbers(struct day_memory *memory, uint64_t number, uint64_t interval_ns);

#endif
