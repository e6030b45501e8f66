/* SPDX-License-Identifier: MIT */
/* One cause, one event: targets that carry the same value of a label (their ISP, site or hoster), of which
 * most became bad within minutes. A group event is then raised, and the alerts of its members point at it.
 *
 * Pure: times are CLOCK_MONOTONIC in nanoseconds, passed in, and do not go back. */
#ifndef MOSPROBE_GROUPS_H
#define MOSPROBE_GROUPS_H

#include <stdbool.h>
#include <stdint.h>

#include "vocabulary/settings.h"
#include "vocabulary/verdict.h"

/* How a target stands in its group. */
enum standing {
	STANDING_ABSENT, /* nothing is known of it, or it is muted: it is not counted */
	STANDING_GOOD,
	STANDING_BAD /* its mos is under its warning level */
};

/* One event of a group. */
struct group_change {
	const char *value; /* of the label; lives as long as the groups */
	bool open;	   /* it was raised; false: it is over */
	uint32_t members;  /* that are counted */
	uint32_t bad;	   /* of these */
	enum cause cause;  /* the commonest of those that are bad, CAUSE_NONE without */
	uint32_t seq;	   /* of this event in its group, from 1 */
	uint64_t
		held_ns; /* since the first of these became bad; of one that is over, since it was raised */
};

struct groups;

/* targets: how many there can be, by index from 0. NULL when memory is out. Without a label in the policy
 * there are no groups, and all calls are cheap. */
struct groups *groups_create(const struct group_policy *policy, uint32_t targets);
void groups_destroy(struct groups *groups); /* NULL is fine */

/* The target carries this value from now on (NULL: none, or it has left); copied. Nothing happens when it
 * did already. Returns 0 or -ENOMEM. */
int groups_place(struct groups *groups, uint32_t target, const char *value);

/* What is kept of the target will be needed: asks memory for it. */
void groups_prefetch(const struct groups *groups, uint32_t target);

/* How a target stands after its newest cycle. bad_ns: for how long it has been bad, this cycle included. */
void groups_see(struct groups *groups, uint32_t target, enum standing standing, enum cause cause,
	uint64_t bad_ns, uint64_t now_ns);

/* What outlives the process: of each group, from 0 on; false beyond the last. value lives as long as groups. */
struct group_saved {
	const char *value;
	uint32_t seq, bad_most;
	bool open;
};
bool groups_save(const struct groups *groups, uint32_t index, struct group_saved *ret);
/* Groups of which an event is open. */
uint32_t groups_count_open(const struct groups *groups);
/* After a restart: its event goes on, if it was open. How its members stand is seen afterwards. Returns 0 or -ENOMEM. */
int groups_restore(struct groups *groups, const struct group_saved *saved, uint64_t now_ns);

/* After a restart: an event of this number was made last, and is open or not. Nothing when a newer one is known. */
void groups_catch_up(
	struct groups *groups, const char *value, uint32_t seq, bool open, uint64_t now_ns);

/* Takes the next event that follows from what was seen; false when there is none. */
bool groups_step(struct groups *groups, uint64_t now_ns, struct group_change *ret);

/* The value of the target's group while its event is open, else NULL. */
const char *groups_open_value(const struct groups *groups, uint32_t target);

/* The value of the target's group, NULL without one. */
const char *groups_value(const struct groups *groups, uint32_t target);

/* How long ago the newest event of the target's group was over; UINT64_MAX: there was none, 0: it is not. */
uint64_t groups_over_ns(const struct groups *groups, uint32_t target, uint64_t now_ns);

/* Whether an alert of the target is to wait: it became bad within policy.within_ns, and so did at least half
 * as many of its group as make an event. */
bool groups_undecided(const struct groups *groups, uint32_t target, uint64_t now_ns);

#endif
