/* SPDX-License-Identifier: MIT */
/* view_card(): the hash and the day, then the newest result for the labels, then the transitions. */
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "edges/publish_view_own.h"
#include "vocabulary/nsec.h"

#define PAGE 200
#define PAGE_TEXT "200"
#define PAGES_MOST 5

#define COPY(to, text) snprintf(to, sizeof(to), "%.*s", (int)sizeof(to) - 1, text)

static void copy_fields(struct card *card, const struct answer *answer)
{
	for (int i = 0; i < CARD_FIELD_COUNT; i++)
		COPY(card->fields[i], answer_element(answer, (size_t)i));
}

static void copy_history(struct card *card, const struct answer *answer)
{
	size_t length = answer_length(answer);

	card->history_size = length < HISTORY_SIZE ? length : HISTORY_SIZE;
	memcpy(card->history, answer->text, card->history_size);
}

static bool take_known(void *context, size_t i, const struct answer *answer)
{
	struct card *card = context;

	if (answer->error)
		return false;
	if (i == 0)
		copy_fields(card, answer);
	else if (i == 1)
		copy_history(card, answer);
	else if (i == 2)
		card->heartbeat_ms = strtoull(answer_element(answer, 0), NULL, 10);
	else
		card->muted = answer->number > 0;
	return true;
}

static int read_known(struct view *view, const char *target, struct card *card, struct message *msg)
{
	const char *words[VIEW_WORDS] = { "HMGET", view_path(view, KEY_TARGET, target) };
	char *const *keys = view->dialogue.keys.names;
	int error;

	for (int i = 0; i < CARD_FIELD_COUNT; i++)
		words[2 + i] = card_field_name((enum card_field)i);
	error = view_ask(view, words) ||
		VIEW_ASK(view, "GET", view_path(view, KEY_HISTORY, target)) ||
		VIEW_ASK(view, "HMGET", keys[KEY_PROBER], "at_ms") ||
		VIEW_ASK(view, "SISMEMBER", keys[KEY_MUTED], target);
	return error ? view_fail(view, -ENOMEM, msg) : view_converse(view, take_known, card, msg);
}

/* One entry, of which only the labels are new; it may have been trimmed. */
static bool take_labels(void *context, size_t i, const struct answer *answer)
{
	struct card *card = context;
	struct answer entry = answer_inner(answer, 0), fields = answer_inner(&entry, 1);
	size_t used = 0;

	memset(card->labels, 0, 2);
	for (size_t k = 0; k + 1 < fields.elements; k += 2)
		if (!strncmp(answer_element(&fields, k), "label.", 6))
			card_add_label(card, &used, answer_element(&fields, k) + 6,
				answer_element(&fields, k + 1));
	return !answer->error;
}

struct page {
	struct card *card;
	const char *target;
	char before[1 + STREAM_ID_SIZE]; /* "(ID": what is older has not been looked at */
	bool ended;
};

static void keep_transition(struct page *page, const struct answer *fields)
{
	struct card *card = page->card;
	struct card_transition *step = &card->transitions[card->transition_count++];

	memset(step, 0, sizeof *step);
	step->at_ms = strtoull(answer_text_of(fields, "at_ms"), NULL, 10);
	COPY(step->action, answer_text_of(fields, "event_action"));
	COPY(step->severity, answer_text_of(fields, "severity"));
	COPY(step->previous, answer_text_of(fields, "previous_state"));
	COPY(step->reason, answer_text_of(fields, "reason"));
	COPY(step->mos, answer_text_of(fields, "mos"));
	step->suppressed = *answer_text_of(fields, "suppressed_by");
	/* Of its first there is none before. */
	page->ended = !strcmp(answer_text_of(fields, "seq"), "1");
	card->transitions_cut = !page->ended && card->transition_count == CARD_TRANSITIONS;
	page->ended |= card->transitions_cut;
}

static bool take_page(void *context, size_t i, const struct answer *answer)
{
	struct page *page = context;

	for (size_t k = 0; k < answer->elements && !page->ended; k++) {
		struct answer entry = answer_inner(answer, k), fields = answer_inner(&entry, 1);

		page->before[0] = '(';
		COPY(page->before, "(");
		strncat(page->before, answer_element(&entry, 0), STREAM_ID_SIZE - 1);
		if (!strcmp(answer_text_of(&fields, "kind"), "mos") &&
			!strcmp(answer_text_of(&fields, "target"), page->target))
			keep_transition(page, &fields);
	}
	page->ended |= answer->elements < PAGE;
	return !answer->error;
}

static int read_transitions(
	struct view *view, const char *target, struct card *card, struct message *msg)
{
	struct page page = { .card = card, .target = target };
	int error = 0;

	COPY(page.before, card->fields[CARD_ALERT_ID]);
	card->transition_count = 0;
	card->transitions_cut = false;
	for (unsigned i = 0; i < PAGES_MOST && !error && *page.before && !page.ended; i++) {
		if (VIEW_ASK(view, "XREVRANGE", view->dialogue.keys.names[KEY_ALERTS], page.before,
			    "-", "COUNT", PAGE_TEXT))
			return view_fail(view, -ENOMEM, msg);
		error = view_converse(view, take_page, &page, msg);
	}
	card->transitions_cut |= *page.before && !page.ended;
	return error;
}

int view_card(struct view *view, unsigned timeout_ms, const char *target, struct card *ret,
	struct message *msg)
{
	char alert_id[CARD_FIELD_SIZE];
	const char *result_id = ret->fields[CARD_RESULT_ID];
	int error = view_begin(view, timeout_ms, msg);

	if (error)
		return error;
	COPY(alert_id, ret->fields[CARD_ALERT_ID]);
	/* It may be this very text. */
	if (target != ret->target)
		COPY(ret->target, target);
	ret->prober = view->config->id;
	ret->now_ms = nsec_real() / NSEC_PER_MSEC;
	error = read_known(view, target, ret, msg);
	if (!error && *result_id) {
		if (VIEW_ASK(view, "XRANGE", view->dialogue.keys.names[KEY_RESULTS], result_id,
			    result_id))
			return view_fail(view, -ENOMEM, msg);
		error = view_converse(view, take_labels, ret, msg);
	}
	if (!error && strcmp(alert_id, ret->fields[CARD_ALERT_ID]) != 0)
		error = read_transitions(view, target, ret, msg);
	return error;
}
