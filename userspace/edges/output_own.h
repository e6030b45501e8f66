/* SPDX-License-Identifier: MIT */
/* What the parts of edges/output share: the sink that writes to standard output, and the two ways of
 * showing events on it. All of it belongs to the output's thread. */
#ifndef MOSPROBE_OUTPUT_OWN_H
#define MOSPROBE_OUTPUT_OWN_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "pure/config.h"
#include "pure/result.h"
#include "pure/roster.h"

struct sink;

/* Appends; written at the latest by sink_flush(). */
void sink_add(struct sink *sink, const char *bytes, size_t length);
/* Writes what there is, waiting for the reader; when the run ends, only for a bounded time. */
void sink_flush(struct sink *sink);

/* JSON lines: one object for a result or a transition. */
struct output_json;
struct output_json *output_json_create(const struct config *config); /* NULL: out of memory */
void output_json_destroy(struct output_json *json);
void output_json_event(struct output_json *json, const struct event *event, struct sink *sink);

/* Samples: a line of tab-separated values for each, under a heading that names them. */
void output_samples_heading(struct sink *sink);
void output_samples_event(const struct event *event, struct sink *sink);

/* The table: live on a terminal, lines elsewhere. */
struct output_table;
/* live: fd is a terminal that understands VT100. NULL: out of memory. */
struct output_table *output_table_create(
	const struct config *config, const struct roster *roster, uint32_t room, bool live, int fd);
void output_table_destroy(struct output_table *table);
void output_table_event(struct output_table *table, const struct event *event, struct sink *sink);
/* Draws when something has changed and the last drawing is a second ago, or when it is the last
 * one, which also gives the terminal back. Returns how many ms from now it wants to be called again,
 * -1: not before the next event. */
int output_table_draw(struct output_table *table, uint64_t now_ns, bool last, struct sink *sink);

#endif
