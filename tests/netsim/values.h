/* SPDX-License-Identifier: MIT */
/* The values of a scenario's keys, from text. Pure. */
#ifndef NETSIM_VALUES_H
#define NETSIM_VALUES_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "scenario.h"

/* Each returns false, and leaves the results alone, when the text is not what it reads. */

/* A number with us, ms, s, m or h, up to maximum_ns; of the text only the first length bytes. */
bool value_duration(const char *text, size_t length, uint64_t maximum_ns, uint64_t *ret_ns);
/* A point of the run's own time, up to SCENARIO_TIME_MAX_NS. */
bool value_time(const char *text, uint64_t *ret_ns);
/* "3%" as 0.03, from 0% to 100%; of the text only the first length bytes. */
bool value_share(const char *text, size_t length, double *ret_share);

/* These return NULL, or what is allowed. */
const char *value_latency(const char *text, uint64_t *ret_min_ns, uint64_t *ret_max_ns);
const char *value_jitter(const char *text, enum jitter *ret_jitter, uint64_t *ret_ns);
const char *value_answer(const char *text, enum answer *ret_answer, uint64_t *ret_ns);
const char *value_burst(const char *text, struct burst *burst);

/* As it stands in a scenario: "bad-ack-first". */
const char *answer_name(enum answer answer);

#endif
