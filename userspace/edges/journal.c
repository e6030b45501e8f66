/* SPDX-License-Identifier: MIT */
#include "edges/journal_own.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "vocabulary/log.h"
#include "vocabulary/nsec.h"

#define HOLD_NS NSEC_PER_HOUR
#define EMPTY_FROM_BYTES (64u << 10) /* below, nothing is gained */

int journal_open(struct journal **ret, const char *dir, const struct config *config,
	const struct roster *roster, struct message *ret_note, struct message *msg)
{
	struct journal *journal = calloc(1, sizeof *journal);
	int error;

	ret_note->text[0] = '\0';
	if (!journal)
		return message_set(msg, -ENOMEM, "out of memory");
	journal->fd = -1;
	journal->config = config;
	journal->roster = roster;
	journal->taken = journal->taken_soon = JOURNAL_FIRST;
	journal->dir = strdup(dir);
	error = journal->dir ? journal_read(journal, ret_note, msg)
			     : message_set(msg, -ENOMEM, "out of memory");
	if (error) {
		journal_close(journal);
		return error;
	}
	if (!journal->count)
		journal->kept = JOURNAL_FIRST;
	*ret = journal;
	return 0;
}

static bool is_needed(const struct journal *journal)
{
	return journal->undone || atomic_load(&journal->kept) < atomic_load(&journal->taken) ||
	       nsec_mono() < atomic_load(&journal->hold_until_ns);
}

void journal_close(struct journal *journal)
{
	if (!journal)
		return;
	if (journal->fd >= 0) {
		journal_flush(journal);
		if (!is_needed(journal))
			journal_empty(journal);
		close(journal->fd);
	}
	for (size_t i = 0; i < journal->count; i++)
		free(journal->entries[i].left);
	free(journal->entries);
	free(journal->buffer);
	free(journal->newest);
	free(journal->dir);
	free(journal);
}

struct logged *journal_add(struct journal *journal, uint64_t order)
{
	struct logged *entry;

	if (journal->count == journal->room) {
		size_t room = journal->room ? 2 * journal->room : 64;
		struct logged *entries = realloc(journal->entries, room * sizeof *entries);

		if (!entries)
			return NULL;
		journal->entries = entries;
		journal->room = room;
	}
	entry = &journal->entries[journal->count++];
	*entry = (struct logged) { .order = order };
	journal->undone++;
	return entry;
}

struct logged *journal_find(struct journal *journal, uint64_t order)
{
	size_t first = 0, end = journal->count;

	while (first < end) {
		size_t middle = first + (end - first) / 2;

		if (journal->entries[middle].order < order)
			first = middle + 1;
		else
			end = middle;
	}
	return first < journal->count && journal->entries[first].order == order
		       ? &journal->entries[first]
		       : NULL;
}

/* Those of a former process stay in memory: the publisher may hold what they point at. */
void journal_forget(struct journal *journal)
{
	size_t kept = 0;

	for (size_t i = 0; i < journal->count; i++)
		if (journal->entries[i].left)
			journal->entries[kept++] = journal->entries[i];
	journal->count = kept;
}

bool journal_next_left(const struct journal *journal, size_t *at, struct journal_left *ret)
{
	while (*at < journal->count) {
		const struct logged *entry = &journal->entries[(*at)++];

		if (entry->done || !entry->left)
			continue;
		*ret = (struct journal_left) {
			.order = entry->order,
			.id_ms = entry->id_ms,
			.id_seq = entry->id_seq,
			.transition = entry->left,
		};
		return true;
	}
	return false;
}

const struct transition *journal_next_taken(const struct journal *journal, size_t *at)
{
	return *at < journal->count ? journal->entries[(*at)++].left : NULL;
}

const struct transition *journal_newest(const struct journal *journal, uint32_t target)
{
	uint32_t at = journal->newest ? journal->newest[target] : 0;

	return at ? journal->entries[at - 1].left : NULL;
}

uint64_t journal_order(const struct journal *journal)
{
	return journal->count ? journal->entries[journal->count - 1].order : 0;
}

static void complain(struct journal *journal, int error)
{
	log_event(LOG_ERROR, "transitions_unkept",
		"a transition may be lost or sent twice, should this process be killed",
		"error=%s state_dir=%s file=%s", strerror(-error), journal->dir, "transitions.log");
}

static void put(struct journal *journal, struct line line, const struct transition *transition)
{
	int error = journal_put(journal, line, transition);

	if (error)
		complain(journal, error);
	else
		journal->urgent |= line.kind != LINE_DONE;
}

void journal_take(struct journal *journal, uint64_t order, const struct transition *transition)
{
	struct logged *entry = journal_add(journal, order);

	journal->taken_soon++;
	if (!entry) {
		complain(journal, -ENOMEM);
		return;
	}
	put(journal, (struct line) { .kind = LINE_TAKEN, .order = order }, transition);
}

void journal_sent(struct journal *journal, uint64_t order, uint64_t id_ms, uint64_t id_seq)
{
	struct logged *entry = journal_find(journal, order);

	/* Sent again, under the id that is on disk already. */
	if (!entry || (entry->id_ms == id_ms && entry->id_seq == id_seq))
		return;
	entry->id_ms = id_ms;
	entry->id_seq = id_seq;
	put(journal,
		(struct line) {
			.kind = LINE_SENT, .order = order, .id_ms = id_ms, .id_seq = id_seq },
		NULL);
}

void journal_done(struct journal *journal, uint64_t order)
{
	struct logged *entry = journal_find(journal, order);

	if (!entry || entry->done)
		return;
	entry->done = true;
	journal->undone--;
	put(journal, (struct line) { .kind = LINE_DONE, .order = order }, NULL);
}

void journal_flush(struct journal *journal)
{
	int error = journal->length ? journal_write(journal) : 0;

	atomic_store(&journal->taken, journal->taken_soon);
	if (!error && journal->size > EMPTY_FROM_BYTES && !is_needed(journal))
		error = journal_empty(journal);
	if (error)
		complain(journal, error);
}

uint64_t journal_taken(const struct journal *journal)
{
	return atomic_load(&journal->taken);
}

void journal_kept(struct journal *journal, uint64_t taken)
{
	if (taken > atomic_load(&journal->kept))
		atomic_store(&journal->kept, taken);
}

void journal_hold(struct journal *journal)
{
	atomic_store(&journal->hold_until_ns, nsec_mono() + HOLD_NS);
}
