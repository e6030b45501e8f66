/* SPDX-License-Identifier: MIT */
#include "pure/history.h"

#include <math.h>
#include <string.h>

#include "vocabulary/nsec.h"

#define NONE UINT16_MAX

static void add(struct history_mean *mean, double value)
{
	if (!isfinite(value) || mean->count == UINT8_MAX)
		return;
	mean->sum += (float)value;
	mean->count++;
}

static uint16_t scaled(double value, double scale)
{
	double number = round(value * scale);

	if (!isfinite(value))
		return NONE;
	return number < 0 ? 0 : number >= NONE ? NONE - 1 : (uint16_t)number;
}

static uint16_t mean_of(const struct history_mean *mean, double scale)
{
	return mean->count ? scaled(mean->sum / (float)mean->count, scale) : NONE;
}

static void put(uint8_t *at, uint16_t value)
{
	at[0] = (uint8_t)value;
	at[1] = (uint8_t)(value >> 8);
}

static void write_record(const struct history_sums *sums, uint8_t ret[HISTORY_RECORD_SIZE])
{
	put(ret, (uint16_t)sums->number);
	put(ret + 2, sums->mos.count ? scaled(sums->mos_least, 1000) : NONE);
	put(ret + 4, mean_of(&sums->mos, 1000));
	put(ret + 6, mean_of(&sums->latency_ms, 10));
	put(ret + 8, mean_of(&sums->jitter_ms, 10));
	put(ret + 10, mean_of(&sums->loss_pct, 100));
	put(ret + 12, mean_of(&sums->fail_pct, 100));
	ret[14] = (uint8_t)(lroundf(sums->low_min) > 5 ? 5 : lroundf(sums->low_min));
	ret[15] = sums->cycles;
}

bool history_fold(struct history_sums *sums, const struct result *result, uint64_t interval_ns,
	uint8_t ret_record[HISTORY_RECORD_SIZE], uint32_t *ret_number)
{
	uint32_t number = (uint32_t)(result->at_ms / HISTORY_RECORD_MS);
	bool ended = sums->cycles && number > sums->number;

	if (sums->cycles && number < sums->number)
		return false;
	if (ended) {
		write_record(sums, ret_record);
		*ret_number = sums->number;
	}
	if (number != sums->number)
		*sums = (struct history_sums) { .number = number };
	if (sums->cycles < UINT8_MAX)
		sums->cycles++;
	if (isfinite(result->mos_cycle)) {
		if (!sums->mos.count || result->mos_cycle < (double)sums->mos_least)
			sums->mos_least = (float)result->mos_cycle;
		if (result->mos_cycle < result->target->settings->alert.warning)
			sums->low_min += (float)((double)interval_ns / NSEC_PER_MIN);
	}
	add(&sums->mos, result->mos_cycle);
	add(&sums->latency_ms, result->latency_ms);
	add(&sums->jitter_ms, result->jitter_ms);
	add(&sums->loss_pct, result->loss_pct);
	add(&sums->fail_pct, result->fail_pct);
	return ended;
}

static double get(const uint8_t *at, double scale)
{
	uint16_t value = (uint16_t)(at[0] | at[1] << 8);

	return value == NONE ? (double)NAN : value / scale;
}

bool history_read(const uint8_t *ring, uint64_t size, uint32_t number, struct history_values *ret)
{
	uint64_t place = number % HISTORY_RECORDS * (uint64_t)HISTORY_RECORD_SIZE;
	const uint8_t *at = ring + place;

	if (size < place + HISTORY_RECORD_SIZE || !at[15] ||
		(uint16_t)(at[0] | at[1] << 8) != (uint16_t)number)
		return false;
	*ret = (struct history_values) {
		.mos_least = get(at + 2, 1000),
		.mos = get(at + 4, 1000),
		.latency_ms = get(at + 6, 10),
		.jitter_ms = get(at + 8, 10),
		.loss_pct = get(at + 10, 100),
		.fail_pct = get(at + 12, 100),
		.low_min = at[14],
		.cycles = at[15],
	};
	return true;
}
