/* SPDX-License-Identifier: MIT */
/* The parts of `mosprobe capacity`: what was found, and how it is told. */
#ifndef MOSPROBE_CAPACITY_REPORT_H
#define MOSPROBE_CAPACITY_REPORT_H

#include <signal.h>

#include "composition/arguments.h"
#include "composition/capacity_room.h"
#include "pure/capacity.h"
#include "pure/config.h"

#define CAPACITY_STEPS_MOST 24
#define CAPACITY_LINES_MOST 8

/* How it is gone about. */
struct capacity_pace {
	double short_interval_s; /* of a step, at most: fewer targets, visited more often, for the same rate */
	double window_s; /* of a step */
	unsigned steps;	 /* of the search, at most */
	double seconds;	 /* for all of it */
	bool check; /* at the end all targets at their own interval, until results come at their rate */
};

struct capacity_lines {
	struct message list[CAPACITY_LINES_MOST];
	unsigned count;
};
/* Adds one; those that are too many are left out. */
void capacity_say(struct capacity_lines *lines, const char *format, ...)
	__attribute__((format(printf, 2, 3)));

struct capacity_report {
	const struct arguments *arguments;
	const struct config *config;
	const struct capacity_pace *pace;
	const volatile sig_atomic_t *stop_asked;
	struct capacity_room room;
	struct capacity_task task;
	struct capacity_step steps[CAPACITY_STEPS_MOST];
	enum capacity_bound found[CAPACITY_STEPS_MOST];
	unsigned step_count;
	bool checked;		    /* the last step is of all targets, at their own interval */
	double pass;		    /* the largest number that passed, 0 = none */
	enum capacity_bound failed; /* above it */
	struct capacity_plan plan;
	struct capacity_lines notes, advice;
	char stamps[16], engine[16];
	unsigned ports; /* for each destination */
	double began_s, seconds;
};

/* Measures: the search, and the check. Returns 0, or a negative errno with a message. */
int capacity_search_run(struct capacity_report *report, struct message *msg);

/* The largest step that passed, NULL when none did. */
const struct capacity_step *capacity_best(const struct capacity_report *report);

/* What is to be known of how it was measured, and what to change. */
void capacity_explain(struct capacity_report *report);
/* What a bound is, in words. */
const char *capacity_bound_text(enum capacity_bound bound);

/* To standard output. */
void capacity_page(const struct capacity_report *report);
/* Returns 0, -ENOMEM or -EIO. */
int capacity_json(const struct capacity_report *report);

#define CAPACITY_NUMBER_SIZE 40
/* "1,234,567"; with a digit behind the point below 10, when there is one. Returns buffer. */
const char *capacity_number(double number, char buffer[CAPACITY_NUMBER_SIZE]);

#endif
