/* SPDX-License-Identifier: MIT */
/* What the files of `mosprobe top` share: what was read, what is looked at, and how it is drawn. */
#ifndef MOSPROBE_TOP_H
#define MOSPROBE_TOP_H

#include <stdbool.h>
#include <stdint.h>

#include "edges/publish_view.h"
#include "edges/screen.h"
#include "pure/card.h"
#include "pure/fleet.h"

#define TOP_FILTER_SIZE 128

enum top_mode { TOP_LIST, TOP_FILTER, TOP_CARD, TOP_HELP };

struct top {
	const struct config *config;
	struct view *view;
	bool utf8;
	enum top_mode mode;

	/* what was read */
	struct fleet fleet;
	struct message trouble; /* "" = Redis answers; else what is the matter, in short */
	uint64_t read_ns;	/* when it last did; 0 = never */
	uint64_t asked_ns;	/* when it was last asked */
	uint64_t due_ns, every_ns;

	/* The list. Without a filter, by mos, only what is seen of it is read, from place `offset` on; else the worst
	 * FLEET_FOUND of all, or of what the filter found, are read and sorted. */
	enum fleet_order order;
	struct fleet_row rows[FLEET_FOUND];
	unsigned count;		   /* rows */
	uint64_t base;		   /* place of rows[0] in the list */
	uint64_t total;		   /* places */
	uint64_t position, offset; /* of the chosen one, and of the first that is seen */
	char chosen[TARGET_KEY_SIZE];
	unsigned room;	 /* rows on the screen, at least 1 */
	unsigned widest; /* name so far */

	/* The filter, and the walk for it. */
	char filter[TOP_FILTER_SIZE], typed[TOP_FILTER_SIZE];
	struct view_walk walk;
	struct fleet_found found, coming; /* coming: of the walk under way */
	bool walked;			  /* once to its end: found is what is shown */
	uint64_t step_due_ns;

	struct card card;
	struct card_page page;
	unsigned scroll;
};

/* Places are read as they are seen, and not a part of them to be sorted. */
bool top_is_paged(const struct top *top);
/* Reads what is looked at, when that is due, and goes a step of the filter's walk; returns whether anything was read. */
bool top_read(struct top *top, uint64_t now_ns);
/* Soon, but not more than ten times a second. */
void top_read_soon(struct top *top);
/* How long nothing is due, ms. */
int top_wait_ms(const struct top *top, uint64_t now_ns);
/* Another filter, "" = none. */
void top_set_filter(struct top *top, const char *filter);
void top_move(struct top *top, int64_t by);
/* The card of the chosen target; nothing when there is none. */
void top_open_card(struct top *top);

/* Takes the size of the screen. */
void top_fit(struct top *top);
/* All that is to be seen has been read; else it comes at once. */
bool top_is_covered(const struct top *top);
void top_draw(struct top *top);

#endif
