/* SPDX-License-Identifier: MIT */
/* Metrics as text, in Prometheus' exposition format 0.0.4: families, each with HELP and TYPE, and their values. */
#ifndef MOSPROBE_EXPOSITION_H
#define MOSPROBE_EXPOSITION_H

#include <stdbool.h>
#include <stddef.h>

#include "vocabulary/buckets.h"

#define EXPOSITION_CONTENT_TYPE "text/plain; version=0.0.4; charset=utf-8"

/* Start with { .text, .size }; the rest is its own. */
struct exposition {
	char *text;
	size_t size, used;
	bool cut;	  /* there was no room for all of it: what stands there is of no use */
	const char *name; /* of the family at hand */
};

/* Begins a family. name must live until the next one; type: "counter", "gauge", "histogram" or "summary"; help: one
 * line without a backslash. */
void exposition_family(
	struct exposition *exposition, const char *name, const char *type, const char *help);
/* A value of the family. */
void exposition_value(struct exposition *exposition, double value);
/* The same with labels: pairs of name and text, NULL at their end. */
void exposition_labelled(struct exposition *exposition, const char *const *labels, double value);
/* The family is a histogram: its cumulative buckets, sum and count. */
void exposition_histogram(struct exposition *exposition, const struct bucket_bounds *bounds,
	const struct buckets *buckets);
/* The family is a summary without quantiles. */
void exposition_summary(struct exposition *exposition, double sum, double count);

/* The other way: the value of a series ("name", "name{label=\"text\"}"), as it stands in the text of an exposition. NAN
 * when there is none. */
double exposition_read(const char *text, const char *series);

#endif
