/* SPDX-License-Identifier: MIT */
/* The words in which mosprobe judges: bands, states, causes, as streams and people see them. */
#ifndef MOSPROBE_VERDICT_H
#define MOSPROBE_VERDICT_H

/* MOS in words. BAND_NONE while a target is unverified or settling, or has no mos. */
enum band { BAND_NONE, BAND_BAD, BAND_POOR, BAND_FAIR, BAND_GOOD, BAND_EXCELLENT, BAND_COUNT };

/* excellent >= 4.45 (out of narrowband's reach), good >= 4.0, fair >= 3.6, poor >= 3.0, bad. */
enum band band_of(double mos);
const char *band_name(enum band band); /* "" for BAND_NONE */

/* The first two come before the ladder; the others are its levels, in rising severity. */
enum state {
	STATE_UNVERIFIED, /* never answered */
	STATE_SETTLING,	  /* too few samples yet for a judgement */
	STATE_OK,
	STATE_WARNING,
	STATE_CRITICAL,
	STATE_COUNT
};
const char *state_name(enum state state);
enum state state_find(const char *name); /* STATE_COUNT: of no such name */

/* What took most of the score. CAUSE_NONE while the score is good. */
enum cause {
	CAUSE_NONE,
	CAUSE_OUTAGE, /* time-outs */
	CAUSE_REFUSED,
	CAUSE_UNREACHABLE,
	CAUSE_DNS,
	CAUSE_LOSS,
	CAUSE_JITTER,
	CAUSE_DELAY,
	CAUSE_COUNT
};
const char *cause_name(enum cause cause); /* "" for CAUSE_NONE */
enum cause cause_find(const char *name);  /* CAUSE_NONE: of no such name */

/* What one cycle of a target came to. */
enum cycle_outcome { CYCLE_OK, CYCLE_PARTIAL, CYCLE_FAILED, CYCLE_MISSING, CYCLE_OUTCOME_COUNT };
const char *cycle_outcome_name(enum cycle_outcome outcome);
/* CYCLE_OUTCOME_COUNT: of no such name. */
enum cycle_outcome cycle_outcome_find(const char *name);

#endif
