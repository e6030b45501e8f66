/* SPDX-License-Identifier: MIT */
#include "pure/card.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

/* The end of the year 9999. */
#define MOMENT_MOST_MS 253402300799999.0

static const struct {
	const char *name;
	bool number;
} fields[CARD_FIELD_COUNT] = {
	[CARD_ADDR] = { "addr", false },
	[CARD_AT_MS] = { "at_ms", true },
	[CARD_CYCLE] = { "cycle", true },
	[CARD_STATE] = { "state", false },
	[CARD_SINCE_MS] = { "since_ms", true },
	[CARD_MOS] = { "mos", true },
	[CARD_MOS_CYCLE] = { "mos_cycle", true },
	[CARD_BAND] = { "band", false },
	[CARD_CAUSE] = { "cause", false },
	[CARD_LATENCY] = { "latency_ms", true },
	[CARD_LATENCY_RISE] = { "latency_rise_ms", true },
	[CARD_JITTER] = { "jitter_ms", true },
	[CARD_STDDEV] = { "stddev_ms", true },
	[CARD_LOSS] = { "loss_pct", true },
	[CARD_FAIL] = { "fail_pct", true },
	[CARD_N] = { "n", true },
	[CARD_ANSWERED] = { "answered", true },
	[CARD_FAILED] = { "failed", true },
	[CARD_SENT] = { "sent", true },
	[CARD_LOST] = { "lost", true },
	[CARD_R] = { "r", true },
	[CARD_R_BASE] = { "r_base", true },
	[CARD_R_DELAY] = { "r_delay", true },
	[CARD_R_JITTER] = { "r_jitter", true },
	[CARD_R_LOSS] = { "r_loss", true },
	[CARD_R_CODEC] = { "r_codec", true },
	[CARD_R_FAILED] = { "r_failed", true },
	[CARD_OUTCOME] = { "outcome", false },
	[CARD_ERROR] = { "error", false },
	[CARD_STAMPS] = { "stamp_source", false },
	[CARD_IMPAIRED] = { "impaired", true },
	[CARD_LOW_MIN_24H] = { "low_min_24h", true },
	[CARD_ALERTS_24H] = { "alerts_24h", true },
	[CARD_SEQ] = { "seq", true },
	[CARD_RESULT_ID] = { "result_id", false },
	[CARD_ALERT_ID] = { "alert_id", false },
};

const char *card_field_name(enum card_field field)
{
	return fields[field].name;
}

bool card_field_is_number(enum card_field field)
{
	return fields[field].number;
}

double card_number(const struct card *card, enum card_field field)
{
	const char *text = card->fields[field];
	char *end;
	double value = strtod(text, &end);

	return !*text || *end || !isfinite(value) ? (double)NAN : value;
}

uint64_t card_moment_ms(const struct card *card, enum card_field field)
{
	double at_ms = card_number(card, field);

	return at_ms > 0 && at_ms <= MOMENT_MOST_MS ? (uint64_t)at_ms : 0;
}

void card_add_label(struct card *card, size_t *used, const char *key, const char *value)
{
	size_t key_size = strlen(key) + 1, value_size = strlen(value) + 1;

	/* One more NUL ends the list. */
	if (key_size == 1 || *used + key_size + value_size + 1 > sizeof card->labels)
		return;
	memcpy(card->labels + *used, key, key_size);
	memcpy(card->labels + *used + key_size, value, value_size);
	*used += key_size + value_size;
	card->labels[*used] = '\0';
}

static void start_range(struct card_range *range)
{
	*range = (struct card_range) { .least = NAN, .mean = NAN, .most = NAN };
}

/* least and most need not be the mean's: a record has both of the MOS. */
static void widen(struct card_range *range, unsigned *count, double least, double mean, double most)
{
	if (isnan(mean))
		return;
	range->least = fmin(range->least, least);
	range->most = fmax(range->most, most);
	/* The sum, until all are there. */
	range->mean = (*count ? range->mean : 0) + mean;
	(*count)++;
}

static void finish(struct card_range *range, unsigned count)
{
	if (count)
		range->mean /= count;
}

static void start_cells(struct card_trend *trend, unsigned cells)
{
	double *const lists[] = { trend->mos, trend->latency_ms, trend->jitter_ms, trend->loss_pct,
		trend->fail_pct, trend->low_min };
	struct card_range *const ranges[] = { &trend->mos_range, &trend->latency_range,
		&trend->jitter_range, &trend->loss_range, &trend->fail_range };

	trend->low_min_sum = trend->records = 0;
	for (size_t i = 0; i < sizeof lists / sizeof *lists; i++)
		for (unsigned cell = 0; cell < cells; cell++)
			lists[i][cell] = NAN;
	for (size_t i = 0; i < sizeof ranges / sizeof *ranges; i++)
		start_range(ranges[i]);
}

void card_trend(struct card_trend *ret, const struct card *card, unsigned cells)
{
	/* That of now is written when its five minutes are over; where it will stand is one of a day ago. */
	uint32_t first = (uint32_t)(card->now_ms / HISTORY_RECORD_MS) - HISTORY_RECORDS;
	unsigned counts[5] = { 0 };
	struct history_values values;

	start_cells(ret, cells);
	for (unsigned i = 0; i < HISTORY_RECORDS; i++) {
		unsigned cell = i * cells / HISTORY_RECORDS;

		if (!history_read(card->history, card->history_size, first + i, &values))
			continue;
		ret->records++;
		ret->low_min_sum += values.low_min;
		ret->mos[cell] = fmin(ret->mos[cell], values.mos_least);
		ret->latency_ms[cell] = fmax(ret->latency_ms[cell], values.latency_ms);
		ret->jitter_ms[cell] = fmax(ret->jitter_ms[cell], values.jitter_ms);
		ret->loss_pct[cell] = fmax(ret->loss_pct[cell], values.loss_pct);
		ret->fail_pct[cell] = fmax(ret->fail_pct[cell], values.fail_pct);
		ret->low_min[cell] =
			(isnan(ret->low_min[cell]) ? 0 : ret->low_min[cell]) + values.low_min;
		widen(&ret->mos_range, &counts[0], values.mos_least, values.mos, values.mos);
		widen(&ret->latency_range, &counts[1], values.latency_ms, values.latency_ms,
			values.latency_ms);
		widen(&ret->jitter_range, &counts[2], values.jitter_ms, values.jitter_ms,
			values.jitter_ms);
		widen(&ret->loss_range, &counts[3], values.loss_pct, values.loss_pct,
			values.loss_pct);
		widen(&ret->fail_range, &counts[4], values.fail_pct, values.fail_pct,
			values.fail_pct);
	}
	finish(&ret->mos_range, counts[0]);
	finish(&ret->latency_range, counts[1]);
	finish(&ret->jitter_range, counts[2]);
	finish(&ret->loss_range, counts[3]);
	finish(&ret->fail_range, counts[4]);
}
