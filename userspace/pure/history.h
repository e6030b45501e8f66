/* SPDX-License-Identifier: MIT */
/* 24 hours of a target in records of five minutes, 16 bytes each, for whoever draws them: 288 records in a ring, that of the
 * five minutes that began at wall clock T (seconds) at place T / 300 % 288. All numbers are unsigned and little-endian:
 *
 *	0  u16  T / 300, its low 16 bits: whose record it is; what stands there may be of the day before
 *	2  u16  least MOS of a cycle, in 1/1000; 65535 = none was scored
 *	4  u16  mean MOS of the cycles, in 1/1000
 *	6  u16  mean latency, in 1/10 ms; 65534 = so much or more
 *	8  u16  mean jitter, in 1/10 ms
 *	10 u16  mean loss, in 1/100 %
 *	12 u16  mean share of failed samples, in 1/100 %
 *	14 u8   minutes in which a cycle's MOS was under the warning level
 *	15 u8   cycles, up to 255; 0 = there is no record
 *
 * 65535 stands for what does not exist. Latency, jitter, loss and failed samples are the windows' (measured over six
 * cycles, say), averaged. Pure. */
#ifndef MOSPROBE_HISTORY_H
#define MOSPROBE_HISTORY_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "pure/result.h"

#define HISTORY_RECORD_MS 300000
#define HISTORY_RECORDS 288
#define HISTORY_RECORD_SIZE 16
#define HISTORY_SIZE ((size_t)HISTORY_RECORDS * HISTORY_RECORD_SIZE)

/* A sum and of how many. */
struct history_mean {
	float sum;
	uint8_t count;
};

/* What runs; all zero is a fine start. */
struct history_sums {
	uint32_t number; /* of the record: T / 300 */
	uint8_t cycles;
	float low_min, mos_least;
	struct history_mean mos, latency_ms, jitter_ms, loss_pct, fail_pct;
};

/* Takes a result in. When it begins another five minutes, ret_record is the record of those before, and
 * *ret_number their number; true then. A result of an earlier record than that which runs is left out. */
bool history_fold(struct history_sums *sums, const struct result *result, uint64_t interval_ns,
	uint8_t ret_record[HISTORY_RECORD_SIZE], uint32_t *ret_number);

/* A record as it is read; NAN = does not exist. */
struct history_values {
	double mos_least, mos, latency_ms, jitter_ms, loss_pct, fail_pct;
	unsigned low_min, cycles;
};
/* That of this number out of a whole ring; size: of what there is of it. False when there is none. */
bool history_read(const uint8_t *ring, uint64_t size, uint32_t number, struct history_values *ret);

#endif
