/* SPDX-License-Identifier: MIT */
#include "vocabulary/verdict.h"

#include <string.h>

enum band band_of(double mos)
{
	if (mos >= 4.45)
		return BAND_EXCELLENT;
	if (mos >= 4.0)
		return BAND_GOOD;
	if (mos >= 3.6)
		return BAND_FAIR;
	return mos >= 3.0 ? BAND_POOR : BAND_BAD;
}

const char *band_name(enum band band)
{
	static const char *const names[BAND_COUNT] = { "", "bad", "poor", "fair", "good",
		"excellent" };

	return names[band];
}

const char *state_name(enum state state)
{
	static const char *const names[STATE_COUNT] = { "unverified", "settling", "ok", "warning",
		"critical" };

	return names[state];
}

const char *cause_name(enum cause cause)
{
	static const char *const names[CAUSE_COUNT] = { "", "outage", "refused", "unreachable",
		"dns", "loss", "jitter", "delay" };

	return names[cause];
}

const char *cycle_outcome_name(enum cycle_outcome outcome)
{
	static const char *const names[CYCLE_OUTCOME_COUNT] = { "ok", "partial", "failed",
		"missing" };

	return names[outcome];
}

enum state state_find(const char *name)
{
	for (enum state i = 0; i < STATE_COUNT; i++)
		if (!strcmp(state_name(i), name))
			return i;
	return STATE_COUNT;
}

enum cause cause_find(const char *name)
{
	for (enum cause i = 0; i < CAUSE_COUNT; i++)
		if (!strcmp(cause_name(i), name))
			return i;
	return CAUSE_NONE;
}

enum cycle_outcome cycle_outcome_find(const char *name)
{
	for (enum cycle_outcome i = 0; i < CYCLE_OUTCOME_COUNT; i++)
		if (!strcmp(cycle_outcome_name(i), name))
			return i;
	return CYCLE_OUTCOME_COUNT;
}
