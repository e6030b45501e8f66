/* SPDX-License-Identifier: MIT */
/* What the files of the view share. */
#ifndef MOSPROBE_PUBLISH_VIEW_OWN_H
#define MOSPROBE_PUBLISH_VIEW_OWN_H

#include "edges/publish_dialogue.h"
#include "edges/publish_view.h"

#define VIEW_WORDS 64

struct view {
	const struct config *config;
	const char *password;
	struct dialogue dialogue;
	bool open;
	/* the questions under way */
	size_t asked, taken;
	bool (*take)(void *context, size_t i, const struct answer *answer);
	void *context;
	struct message refused;
	char path[2 * TARGET_KEY_SIZE + 512]; /* a key of one target */
};

/* Connects when that is needed; what is asked from here on is one conversation. */
int view_begin(struct view *view, unsigned timeout_ms, struct message *msg);
/* The key of a target. Lives until the next call. */
const char *view_path(struct view *view, enum key key, const char *target);
/* Appends a command; words end with NULL, VIEW_WORDS at most. Returns 0 or -ENOMEM. */
int view_ask(struct view *view, const char *const *words);
#define VIEW_ASK(view, ...) view_ask(view, (const char *const[]) { __VA_ARGS__, NULL })
/* Sends it all. take() is given each answer, the i-th of this conversation, and returns whether it can do with it: where
 * that is an error and it cannot, the error becomes the message. Returns 0, or a negative errno with a message that
 * names the url; the connection is closed then. */
int view_converse(struct view *view,
	bool (*take)(void *context, size_t i, const struct answer *answer), void *context,
	struct message *msg);
/* Ends a conversation that could not be asked for. Returns error. */
int view_fail(struct view *view, int error, struct message *msg);

#endif
