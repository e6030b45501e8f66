/* SPDX-License-Identifier: MIT */
/* What groups.c and groups_saved.c share. */
#ifndef MOSPROBE_GROUPS_OWN_H
#define MOSPROBE_GROUPS_OWN_H

#include "pure/groups.h"

#define NO_GROUP UINT32_MAX
/* policy.within_ns is looked at in so many slices: it is exact to a tenth. */
#define SLICES 10
struct member {
	uint32_t group;	    /* NO_GROUP = none */
	uint32_t bad_slice; /* when it became bad */
	uint8_t standing;   /* enum standing */
	uint8_t cause;	    /* enum cause, while bad */
};

struct group {
	char *value;
	uint64_t opened_ns, closed_ns;
	uint32_t members; /* not absent */
	uint32_t bad, bad_most;
	uint32_t causes[CAUSE_COUNT]; /* of those that are bad */
	uint32_t slice;		      /* the newest of recent[] */
	uint32_t since_slice;	      /* what became bad before has had its event */
	uint32_t recent[SLICES];      /* bad ones by when they became so; by slice % SLICES */
	uint32_t seq;
	bool open, queued;
};

struct groups {
	struct group_policy policy;
	uint64_t slice_ns;
	struct member *members; /* by target */
	struct group *groups;
	uint32_t count, room;
	uint32_t *
		table; /* by hash of the value: index + 1; its size a power of two, twice the room */
	uint32_t *queue; /* to be looked at */
	uint32_t queued;
};

/* The group of this value, made when there is none; NO_GROUP when memory is out. */
uint32_t groups_find(struct groups *groups, const char *value);

#endif
