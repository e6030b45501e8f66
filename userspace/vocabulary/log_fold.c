/* SPDX-License-Identifier: MIT */
#include "vocabulary/log_fold.h"

#include <string.h>

static void tell(struct log_fold *fold, struct fold_line *line, uint64_t now_ns)
{
	struct log_text text;

	if (!line->repeated)
		return;
	text = line->text;
	log_text_add(&text, " repeated=%u within_s=%.0f", line->repeated,
		(double)(now_ns - line->began_ns) / NSEC_PER_SEC);
	line->repeated = 0;
	fold->write(fold->context, line->level, &text);
}

void fold_expire(struct log_fold *fold, uint64_t now_ns)
{
	for (size_t i = 0; i < FOLD_COUNT; i++) {
		struct fold_line *line = &fold->lines[i];

		if (!line->began_ns || now_ns - line->began_ns < FOLD_WITHIN_NS)
			continue;
		if (!line->repeated) {
			line->began_ns = 0;
			continue;
		}
		tell(fold, line, now_ns);
		line->began_ns = now_ns;
	}
}

void fold_flush(struct log_fold *fold, uint64_t now_ns)
{
	for (size_t i = 0; i < FOLD_COUNT; i++) {
		if (fold->lines[i].began_ns)
			tell(fold, &fold->lines[i], now_ns);
		fold->lines[i].began_ns = 0;
	}
}

static bool same_room(const char *event, const char *other)
{
	size_t length = strcspn(event, "_");

	return strcspn(other, "_") == length && !strncmp(event, other, length);
}

static struct fold_line *find(struct log_fold *fold, const struct log_text *text)
{
	for (size_t i = 0; i < FOLD_COUNT; i++)
		if (fold->lines[i].began_ns && fold->lines[i].text.same == text->same)
			return &fold->lines[i];
	return NULL;
}

/* A free one, or that which began first. */
static struct fold_line *make_room(struct log_fold *fold, uint64_t now_ns)
{
	struct fold_line *oldest = &fold->lines[0];

	for (size_t i = 1; i < FOLD_COUNT && oldest->began_ns; i++)
		if (fold->lines[i].began_ns < oldest->began_ns)
			oldest = &fold->lines[i];
	if (oldest->began_ns)
		tell(fold, oldest, now_ns);
	return oldest;
}

void fold_take(struct log_fold *fold, unsigned level, const struct log_text *text, uint64_t now_ns)
{
	struct fold_line *line;

	fold_expire(fold, now_ns);
	line = find(fold, text);
	if (line) {
		line->text = *text;
		line->repeated++;
		return;
	}
	for (size_t i = 0; i < FOLD_COUNT; i++)
		if (fold->lines[i].began_ns && same_room(fold->lines[i].text.event, text->event))
			tell(fold, &fold->lines[i], now_ns);
	line = make_room(fold, now_ns);
	line->began_ns = now_ns;
	line->repeated = 0;
	line->level = level;
	line->text = *text;
	fold->write(fold->context, level, text);
}

uint64_t fold_due_ns(const struct log_fold *fold)
{
	uint64_t due_ns = UINT64_MAX;

	for (size_t i = 0; i < FOLD_COUNT; i++) {
		uint64_t began_ns = fold->lines[i].began_ns;

		if (began_ns && fold->lines[i].repeated && began_ns + FOLD_WITHIN_NS < due_ns)
			due_ns = began_ns + FOLD_WITHIN_NS;
	}
	return due_ns;
}
