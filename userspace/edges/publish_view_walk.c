/* SPDX-License-Identifier: MIT */
/* view_step(): the names by ZSCAN and SSCAN, whose steps Redis bounds, and the results backwards by pages. */
#include <errno.h>
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "edges/publish_view_own.h"

#define NAMES_TEXT "1000"
#define RESULTS 200
#define RESULTS_TEXT "200"
#define INTERVAL_MS 60000
#define TEXT_SIZE 4096

struct step {
	struct view_walk *walk;
	view_found *found;
	void *context;
};

static void next_stage(struct view_walk *walk)
{
	walk->stage++;
	walk->cursor[0] = '\0';
	walk->looked = 0;
}

static double mos_of(const char *text)
{
	char *end;
	double mos = strtod(text, &end);

	return *text && !*end ? mos : (double)NAN;
}

static bool take_names(void *context, size_t i, const struct answer *answer)
{
	struct step *step = context;
	struct view_walk *walk = step->walk;
	struct answer names = answer_inner(answer, 1);
	size_t each = walk->stage == VIEW_WORST ? 2 : 1;

	if (answer->error)
		return false;
	for (size_t k = 0; k + each <= names.elements; k += each) {
		const char *name = answer_element(&names, k);

		step->found(step->context, name,
			each == 2 ? mos_of(answer_element(&names, k + 1)) : (double)NAN, name);
	}
	walk->looked += names.elements / each;
	snprintf(walk->cursor, sizeof walk->cursor, "%s", answer_element(answer, 0));
	if (!strcmp(walk->cursor, "0") || !*walk->cursor)
		next_stage(walk);
	return true;
}

/* Name, labels, state and cause. */
static void text_of(char ret[TEXT_SIZE], const struct answer *fields)
{
	size_t used = (size_t)snprintf(ret, TEXT_SIZE, "%s", answer_text_of(fields, "target"));

	for (size_t k = 0; k + 1 < fields->elements && used < TEXT_SIZE; k += 2) {
		const char *name = answer_element(fields, k);

		if (!strncmp(name, "label.", 6))
			name += 6;
		else if (strcmp(name, "state") != 0 && strcmp(name, "cause") != 0)
			continue;
		used += (size_t)snprintf(ret + used, TEXT_SIZE - used, " %s=%s", name,
			answer_element(fields, k + 1));
	}
}

static bool take_results(void *context, size_t i, const struct answer *answer)
{
	struct step *step = context;
	struct view_walk *walk = step->walk;
	uint64_t interval_ms = walk->interval_ms ? walk->interval_ms : INTERVAL_MS;
	bool ended = answer->elements < RESULTS;
	char text[TEXT_SIZE];

	if (answer->error)
		return false;
	for (size_t k = 0; k < answer->elements; k++) {
		struct answer entry = answer_inner(answer, k), fields = answer_inner(&entry, 1);
		uint64_t at_ms = strtoull(answer_element(&entry, 0), NULL, 10);

		walk->newest_ms = walk->newest_ms ? walk->newest_ms : at_ms;
		/* Each target had its cycle by then; a little more, for cycles are no clockwork. */
		ended |= at_ms + interval_ms + interval_ms / 4 < walk->newest_ms;
		snprintf(walk->cursor, sizeof walk->cursor, "(%s", answer_element(&entry, 0));
		text_of(text, &fields);
		if (*text)
			step->found(step->context, answer_text_of(&fields, "target"),
				mos_of(answer_text_of(&fields, "mos")), text);
	}
	walk->looked += answer->elements;
	if (ended)
		next_stage(walk);
	return true;
}

int view_step(struct view *view, unsigned timeout_ms, struct view_walk *walk, view_found *found,
	void *context, struct message *msg)
{
	struct step step = { .walk = walk, .found = found, .context = context };
	bool names = walk->stage != VIEW_RESULTS;
	const char *from = *walk->cursor ? walk->cursor : names ? "0" : "+";
	char *const *keys = view->dialogue.keys.names;
	int error = walk->stage == VIEW_DONE ? 0 : view_begin(view, timeout_ms, msg);

	if (error || walk->stage == VIEW_DONE)
		return error;
	if (!names)
		error = VIEW_ASK(
			view, "XREVRANGE", keys[KEY_RESULTS], from, "-", "COUNT", RESULTS_TEXT);
	else if (walk->stage == VIEW_WORST)
		error = VIEW_ASK(view, "ZSCAN", keys[KEY_WORST], from, "COUNT", NAMES_TEXT);
	else
		error = VIEW_ASK(view, "SSCAN",
			keys[walk->stage == VIEW_MUTED ? KEY_MUTED : KEY_UNVERIFIED], from, "COUNT",
			NAMES_TEXT);
	return error ? view_fail(view, -ENOMEM, msg)
		     : view_converse(view, names ? take_names : take_results, &step, msg);
}
