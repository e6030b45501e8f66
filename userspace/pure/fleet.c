/* SPDX-License-Identifier: MIT */
#include "pure/fleet.h"

#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>

#include "pure/parse.h"
#include "pure/sparkline.h"

#define COUNT(array) (sizeof(array) / sizeof *(array))
#define OF(member) offsetof(struct heartbeat, member)

static const struct {
	const char *name;
	size_t offset; /* of a uint64_t */
} heartbeat_counts[] = {
	{ "at_ms", OF(at_ms) },
	{ "started_ms", OF(started_ms) },
	{ "interval_ms", OF(interval_ms) },
	{ "targets", OF(targets) },
	{ "targets_unverified", OF(states[STATE_UNVERIFIED]) },
	{ "targets_settling", OF(states[STATE_SETTLING]) },
	{ "targets_ok", OF(states[STATE_OK]) },
	{ "targets_warning", OF(states[STATE_WARNING]) },
	{ "targets_critical", OF(states[STATE_CRITICAL]) },
	{ "targets_muted", OF(muted) },
	{ "samples", OF(samples) },
	{ "late_starts", OF(late_starts) },
	{ "impaired", OF(impaired) },
};

const char *fleet_field(unsigned i)
{
	return i < COUNT(heartbeat_counts) ? heartbeat_counts[i].name : NULL;
}

void fleet_take(struct fleet *fleet, unsigned i, const char *text)
{
	uint64_t value = 0;

	if (i >= COUNT(heartbeat_counts))
		return;
	parse_count(&value, text);
	*(uint64_t *)((char *)&fleet->heartbeat + heartbeat_counts[i].offset) = value;
	fleet->heartbeat.late_p99_ms = NAN;
	/* The first field is in every heartbeat. */
	if (i == 0)
		fleet->running = value > 0;
}

static void tenths(char ret[FLEET_SCORE_SIZE], const char *before, unsigned count)
{
	snprintf(ret, FLEET_SCORE_SIZE, "%s%u.%u", before, count / 10 % 10, count % 10);
}

void fleet_bin(unsigned bin, char ret_low[FLEET_SCORE_SIZE], char ret_high[FLEET_SCORE_SIZE])
{
	tenths(ret_low, "", 10 + bin);
	tenths(ret_high, "(", 11 + bin);
	if (bin == 0)
		strcpy(ret_low, "-inf");
	if (bin >= FLEET_BINS - 1)
		strcpy(ret_high, "+inf");
}

void fleet_bands(char ret[TABLE_LINE_SIZE], const struct fleet *fleet)
{
	uint64_t counts[BAND_COUNT] = { 0 };
	size_t used = 0;

	for (unsigned bin = 0; bin < FLEET_BINS; bin++) {
		/* The middle of a bin is of the band of all of it; where it is not, Redis was asked. */
		double middle = 1.05 + bin / 10.0;

		counts[bin == FLEET_BINS - 1 ? BAND_GOOD : band_of(middle)] += fleet->bins[bin];
	}
	counts[BAND_EXCELLENT] = fleet->excellent;
	counts[BAND_GOOD] -=
		fleet->excellent < counts[BAND_GOOD] ? fleet->excellent : counts[BAND_GOOD];
	ret[0] = '\0';
	for (enum band band = BAND_BAD; band < BAND_COUNT; band++)
		used += (size_t)snprintf(ret + used, TABLE_LINE_SIZE - used, "%s%llu %s",
			used ? ", " : "", (unsigned long long)counts[band], band_name(band));
}

void fleet_histogram(char ret[TABLE_LINE_SIZE], const struct fleet *fleet, bool ascii)
{
	double heights[FLEET_BINS], most = 0;
	char bars[SPARKLINE_SIZE];

	for (unsigned bin = 0; bin < FLEET_BINS; bin++) {
		heights[bin] = fleet->bins[bin] ? log1p((double)fleet->bins[bin]) : (double)NAN;
		most = fmax(most, heights[bin]);
	}
	sparkline(bars, heights, FLEET_BINS, 0, most, ascii);
	snprintf(ret, TABLE_LINE_SIZE, "1.0 %s 4.5", bars);
}

enum row_field {
	ROW_STATE,
	ROW_MOS,
	ROW_BAND,
	ROW_LATENCY,
	ROW_JITTER,
	ROW_LOSS,
	ROW_FAIL,
	ROW_CAUSE,
	ROW_ERROR,
	ROW_FIELDS
};

const char *fleet_row_field(unsigned i)
{
	static const char *const names[ROW_FIELDS] = { "state", "mos", "band", "latency_ms",
		"jitter_ms", "loss_pct", "fail_pct", "cause", "error" };

	return i < ROW_FIELDS ? names[i] : NULL;
}

static enum band find_band(const char *name)
{
	for (enum band band = 0; band < BAND_COUNT; band++)
		if (!strcmp(band_name(band), name))
			return band;
	return BAND_NONE;
}

static float number_of(const char *text)
{
	double value;

	return parse_number(&value, text) ? NAN : (float)value;
}

void fleet_row_take(struct fleet_row *row, unsigned i, const char *text)
{
	enum state state;

	switch ((enum row_field)i) {
	case ROW_STATE:
		state = state_find(text);
		row->row.measured = state != STATE_COUNT;
		row->row.state = (uint8_t)(row->row.measured ? state : STATE_UNVERIFIED);
		break;
	case ROW_MOS:
		row->row.mos = number_of(text);
		break;
	case ROW_BAND:
		row->row.band = (uint8_t)find_band(text);
		break;
	case ROW_LATENCY:
		row->row.latency_ms = number_of(text);
		break;
	case ROW_JITTER:
		row->row.jitter_ms = number_of(text);
		break;
	case ROW_LOSS:
		row->row.loss_pct = number_of(text);
		break;
	case ROW_FAIL:
		row->row.fail_pct = number_of(text);
		break;
	case ROW_CAUSE:
		row->row.cause = (uint8_t)cause_find(text);
		break;
	case ROW_ERROR:
		row->row.error = (uint8_t)outcome_find(text);
		break;
	case ROW_FIELDS:
		break;
	}
}

const char *fleet_order_name(enum fleet_order order)
{
	static const char *const names[FLEET_ORDERS] = { "mos", "latency", "jitter", "loss",
		"state", "name" };

	return names[order];
}

/* Lower first; NAN last. */
static int compare_numbers(double a, double b)
{
	if (isnan(a) || isnan(b))
		return isnan(a) - isnan(b);
	return (a > b) - (a < b);
}

static int compare_names(const void *a, const void *b)
{
	return strcmp(((const struct fleet_row *)a)->target, ((const struct fleet_row *)b)->target);
}

static int by_mos(const void *a, const void *b)
{
	const struct fleet_row *x = a, *y = b;
	int order = compare_numbers(x->row.mos, y->row.mos);

	return order ? order : compare_names(a, b);
}

#define BY_HIGHEST(name, member)                                                                   \
	static int name(const void *a, const void *b)                                              \
	{                                                                                          \
		const struct fleet_row *x = a, *y = b;                                             \
		int order = compare_numbers(-x->row.member, -y->row.member);                       \
                                                                                                   \
		return order ? order : compare_names(a, b);                                        \
	}
BY_HIGHEST(by_latency, latency_ms)
BY_HIGHEST(by_jitter, jitter_ms)
BY_HIGHEST(by_loss, loss_pct)

static int by_state(const void *a, const void *b)
{
	const struct fleet_row *x = a, *y = b;

	return x->row.state != y->row.state ? y->row.state - x->row.state : by_mos(a, b);
}

void fleet_sort(struct fleet_row *rows, unsigned count, enum fleet_order order)
{
	static int (*const compare[FLEET_ORDERS])(const void *, const void *) = { by_mos,
		by_latency, by_jitter, by_loss, by_state, compare_names };

	qsort(rows, count, sizeof *rows, compare[order]);
}

bool fleet_matches(const char *filter, const char *text)
{
	char word[TARGET_KEY_SIZE];

	for (filter += strspn(filter, " "); *filter; filter += strspn(filter, " ")) {
		size_t length = strcspn(filter, " ");

		if (length >= sizeof word)
			return false;
		memcpy(word, filter, length);
		word[length] = '\0';
		if (!strcasestr(text, word))
			return false;
		filter += length;
	}
	return true;
}

void fleet_found_add(struct fleet_found *found, const char *target, double mos)
{
	struct fleet_found_target *list = found->list;
	unsigned at = found->count;

	for (unsigned i = 0; i < found->count; i++)
		if (!strcmp(list[i].target, target))
			return;
	while (at && compare_numbers(mos, list[at - 1].mos) < 0)
		at--;
	if (found->count == FLEET_FOUND) {
		found->more = true;
		if (at == FLEET_FOUND)
			return;
		found->count--;
	}
	memmove(list + at + 1, list + at, (found->count - at) * sizeof *list);
	snprintf(list[at].target, sizeof list[at].target, "%s", target);
	list[at].mos = mos;
	found->count++;
}
