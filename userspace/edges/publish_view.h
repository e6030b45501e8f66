/* SPDX-License-Identifier: MIT */
/* What Redis knows of a prober and its targets, for people who look: reads only, and never much at once, so that it costs
 * neither Redis nor the prober's writing anything that is felt. Waits for the answers. */
#ifndef MOSPROBE_PUBLISH_VIEW_H
#define MOSPROBE_PUBLISH_VIEW_H

#include "pure/card.h"
#include "pure/config.h"
#include "pure/fleet.h"
#include "vocabulary/message.h"

struct view;

/* Connects nothing yet. config and password (NULL = none) must outlive it. Returns 0 or a negative errno with a message. */
int view_create(
	struct view **ret, const struct config *config, const char *password, struct message *msg);
void view_destroy(struct view *view); /* NULL is fine */

/* Each of these connects when that is needed, and waits for at most timeout_ms in all. Returns 0, or a negative errno with
 * a message; the next one then connects anew. */

/* The heartbeat and the counts: some 50 commands, each of which Redis answers in O(log targets). */
int view_fleet(struct view *view, unsigned timeout_ms, struct fleet *ret, struct message *msg);
/* The targets from place first on, worst first, by name alone; as many as there are, up to *count. */
int view_worst(struct view *view, unsigned timeout_ms, uint64_t first, struct fleet_row *ret,
	unsigned *count, struct message *msg);
/* What the rows' targets are now: one command each. */
int view_rows(struct view *view, unsigned timeout_ms, struct fleet_row *rows, unsigned count,
	struct message *msg);
/* All of one target, NAME:PORT, whose state is "" when it is not known. ret: zeroed, or of the same target before: its
 * transitions are looked for again only when there is a new one. They are looked for among the 1,000 entries of all
 * targets before its newest. */
int view_card(struct view *view, unsigned timeout_ms, const char *target, struct card *ret,
	struct message *msg);

/* A walk past all targets in small steps: by name, and then once more by the newest results, which have labels. */
struct view_walk {
	enum view_stage { VIEW_WORST, VIEW_UNVERIFIED, VIEW_MUTED, VIEW_RESULTS, VIEW_DONE } stage;
	char cursor[48];    /* "" = begins */
	uint64_t looked;    /* targets, in this stage */
	uint64_t newest_ms; /* VIEW_RESULTS: of the first that was looked at */
	uint64_t
		interval_ms; /* set by the caller, for VIEW_RESULTS: how far back a target's newest is; 0 = a minute */
};
/* Told of each target, some of them more than once. mos: NAN = unknown. text: its name, and in VIEW_RESULTS its labels
 * as " key=value", its state and its cause as " state=ok cause=loss". */
typedef void view_found(void *context, const char *target, double mos, const char *text);
/* One step: some 1,000 names, or 200 results. */
int view_step(struct view *view, unsigned timeout_ms, struct view_walk *walk, view_found *found,
	void *context, struct message *msg);

#endif
