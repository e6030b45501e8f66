/* SPDX-License-Identifier: MIT */
#include "edges/journal_own.h"

#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#define XXH_INLINE_ALL
#include <xxhash.h>

#define FILE_NAME "transitions.log"
#define JOURNAL_VERSION 1
/* A key, and a label with its value: longer ones are cut, which none is. */
#define TEXTS_MAX 2048

struct header {
	char magic[24];
	uint32_t version, byte_order, transition_size, unused;
	char prober_id[72];
	uint64_t checksum; /* of what stands before */
};

/* A transition that was read, with what it points at. */
struct left {
	struct transition transition;
	struct target gone;
	char name[TARGET_NAME_MAX + 1];
	char texts[TEXTS_MAX + 2]; /* key, label, value; each ends, whatever the file says */
};

static struct header header_of(const struct journal *journal)
{
	struct header header = {
		.magic = "mosprobe transitions\n",
		.version = JOURNAL_VERSION,
		.byte_order = 0x01020304,
		.transition_size = sizeof(struct transition),
	};

	snprintf(header.prober_id, sizeof header.prober_id, "%s", journal->config->id);
	header.checksum = XXH3_64bits(&header, offsetof(struct header, checksum));
	return header;
}

static uint64_t checksum_of(const char *line, size_t size)
{
	return XXH3_64bits(line + sizeof(uint64_t), size - sizeof(uint64_t));
}

/* The three texts of a transition, one after the other. Returns how long they are, with every NUL. */
static size_t texts_of(char ret[TEXTS_MAX], const struct transition *transition)
{
	const struct transition_group *group = &transition->group;
	char key[TARGET_KEY_SIZE] = "";
	int length;

	if (transition->result.target)
		target_key(transition->result.target, key);
	memset(ret, 0, TEXTS_MAX);
	length = snprintf(ret, TEXTS_MAX - 2, "%s%c%s%c%s", key, 0,
		group->label ? group->label : "", 0, group->value ? group->value : "");
	return length < TEXTS_MAX - 2 ? (size_t)length + 1 : TEXTS_MAX;
}

static char *room_in_buffer(struct journal *journal, size_t size)
{
	if (journal->length + size > journal->buffer_room) {
		size_t room = 2 * (journal->length + size);
		char *buffer = realloc(journal->buffer, room);

		if (!buffer)
			return NULL;
		journal->buffer = buffer;
		journal->buffer_room = room;
	}
	return journal->buffer + journal->length;
}

int journal_put(struct journal *journal, struct line line, const struct transition *transition)
{
	char texts[TEXTS_MAX], *to;
	size_t length = transition ? texts_of(texts, transition) : 0;

	line.size = (uint32_t)(sizeof line + (transition ? sizeof *transition : 0) + length);
	to = room_in_buffer(journal, line.size);
	if (!to)
		return -ENOMEM;
	memcpy(to, &line, sizeof line);
	if (transition) {
		struct transition bare = *transition;

		bare.result.target = NULL;
		bare.group = (struct transition_group) { NULL, NULL };
		memcpy(to + sizeof line, &bare, sizeof bare);
		memcpy(to + sizeof line + sizeof bare, texts, length);
	}
	line.checksum = checksum_of(to, line.size);
	memcpy(to, &line.checksum, sizeof line.checksum);
	journal->length += line.size;
	return 0;
}

/* At the end that is known: what a failed write has left behind it is written over. */
int journal_write(struct journal *journal)
{
	size_t done = 0;

	while (done < journal->length) {
		ssize_t written = pwrite(journal->fd, journal->buffer + done,
			journal->length - done, (off_t)(journal->size + done));

		if (written < 0 && errno == EINTR)
			continue;
		if (written <= 0)
			return written < 0 ? -errno : -ENOSPC;
		done += (size_t)written;
	}
	if (journal->urgent && fdatasync(journal->fd))
		return -errno;
	journal->urgent = false;
	journal->size += journal->length;
	journal->length = 0;
	return 0;
}

int journal_empty(struct journal *journal)
{
	if (ftruncate(journal->fd, sizeof(struct header)))
		return -errno;
	journal->size = sizeof(struct header);
	journal_forget(journal);
	return 0;
}

/* What a checksum does not tell: whether this build could have written it. */
static bool makes_sense(const struct transition *transition)
{
	const struct result *result = &transition->result;

	return transition->kind < KIND_COUNT && transition->reason <= REASON_ALONE &&
	       transition->action <= ACTION_RESOLVE && transition->severity < STATE_COUNT &&
	       transition->previous < STATE_COUNT && result->state < STATE_COUNT &&
	       result->band < BAND_COUNT && result->cause < CAUSE_COUNT &&
	       result->outcome <= CYCLE_OUTCOME_COUNT && result->error < OUTCOME_COUNT &&
	       result->stamp_source <= STAMP_SOURCE_COUNT;
}

/* The transition of a line, with what it points at; NULL when it makes no sense, or memory is out. */
static struct transition *left_of(const struct journal *journal, const char *line, size_t size)
{
	size_t before = sizeof(struct line) + sizeof(struct transition), length = size - before;
	struct left *left = calloc(1, sizeof *left);
	struct transition *transition;
	struct message unused;
	const char *label;

	if (!left)
		return NULL;
	transition = &left->transition;
	memcpy(transition, line + sizeof(struct line), sizeof *transition);
	memcpy(left->texts, line + before, length < TEXTS_MAX ? length : TEXTS_MAX - 1);
	/* No pointer comes from a file. */
	transition->result.target = NULL;
	transition->group = (struct transition_group) { NULL, NULL };
	if (!makes_sense(transition))
		goto refuse;
	label = left->texts + strlen(left->texts) + 1;
	if (*label)
		transition->group = (struct transition_group) {
			.label = label,
			.value = label + strlen(label) + 1,
		};
	transition->result.target_index = UINT32_MAX;
	if (transition->kind == KIND_GROUP && !*label)
		goto refuse;
	if (!left->texts[0] && (transition->kind == KIND_MOS || transition->kind == KIND_TEST))
		goto refuse;
	if (!left->texts[0])
		return transition;
	if (target_parse_name(left->texts, strlen(left->texts), left->name, &left->gone.port,
		    &left->gone.literal, &unused))
		goto refuse;
	left->gone.name = left->name;
	left->gone.settings = &journal->config->defaults;
	transition->result.target = &left->gone;
	return transition;
refuse:
	free(left);
	return NULL;
}

/* One that was taken. */
static bool take_left(struct journal *journal, const char *text, const struct line *line)
{
	struct logged *entry;
	struct transition *left;

	if (line->size <= sizeof *line + sizeof(struct transition) ||
		line->order <= journal_order(journal))
		return false;
	left = left_of(journal, text, line->size);
	entry = left ? journal_add(journal, line->order) : NULL;
	if (entry)
		entry->left = left;
	else
		free(left);
	return entry;
}

/* Takes over what a line says. False when it makes no sense. */
static bool take_line(struct journal *journal, const char *text, const struct line *line)
{
	struct logged *entry = journal_find(journal, line->order);

	if (line->kind == LINE_TAKEN)
		return take_left(journal, text, line);
	if (!entry)
		return false;
	if (line->kind == LINE_SENT) {
		entry->id_ms = line->id_ms;
		entry->id_seq = line->id_seq;
	} else if (line->kind == LINE_DONE && !entry->done) {
		entry->done = true;
		journal->undone--;
	}
	return line->kind == LINE_SENT || line->kind == LINE_DONE;
}

/* Returns how much of the file is good. */
static size_t take_lines(struct journal *journal, const char *text, size_t size)
{
	size_t at = sizeof(struct header);
	struct line line;

	while (size - at >= sizeof line) {
		memcpy(&line, text + at, sizeof line);
		if (line.size < sizeof line || line.size > size - at ||
			line.checksum != checksum_of(text + at, line.size) ||
			!take_line(journal, text + at, &line))
			break;
		at += line.size;
	}
	return at;
}

/* Which number each of the left ones' targets has now, by a table of all targets' hashes. */
static int number_left(struct journal *journal)
{
	const struct roster *roster = journal->roster;
	uint32_t size = 16, *table;
	char key[TARGET_KEY_SIZE], other[TARGET_KEY_SIZE];

	while (size < 2 * roster->count)
		size *= 2;
	table = calloc(size, sizeof *table);
	journal->newest = calloc(roster->count ? roster->count : 1, sizeof *journal->newest);
	if (!table || !journal->newest) {
		free(table);
		return -ENOMEM;
	}
	for (uint32_t i = 0; i < roster->count; i++) {
		uint32_t at = (uint32_t)target_hash(roster->targets[i]) & (size - 1);

		while (table[at])
			at = (at + 1) & (size - 1);
		table[at] = i + 1;
	}
	for (size_t i = 0; i < journal->count; i++) {
		struct result *result = &journal->entries[i].left->result;
		uint32_t at;

		if (!result->target)
			continue;
		target_key(result->target, key);
		for (at = (uint32_t)target_hash(result->target) & (size - 1); table[at];
			at = (at + 1) & (size - 1)) {
			target_key(roster->targets[table[at] - 1], other);
			if (!strcmp(key, other))
				break;
		}
		if (!table[at])
			continue;
		result->target_index = table[at] - 1;
		result->target = roster->targets[result->target_index];
		/* In the order of their numbers, as they were made. */
		if (journal->entries[i].left->kind == KIND_MOS)
			journal->newest[result->target_index] = (uint32_t)i + 1;
	}
	free(table);
	return 0;
}

static int read_all(int fd, char **ret_text, size_t *ret_size)
{
	struct stat status;
	ssize_t got = 0;

	if (fstat(fd, &status))
		return -errno;
	*ret_text = malloc((size_t)status.st_size + 1);
	if (!*ret_text)
		return -ENOMEM;
	for (*ret_size = 0; *ret_size < (size_t)status.st_size; *ret_size += (size_t)got) {
		got = pread(fd, *ret_text + *ret_size, (size_t)status.st_size - *ret_size,
			(off_t)*ret_size);
		if (got <= 0)
			return got < 0 ? -errno : 0;
	}
	return 0;
}

static int start_file(struct journal *journal)
{
	struct header header = header_of(journal);

	if (ftruncate(journal->fd, 0) ||
		pwrite(journal->fd, &header, sizeof header, 0) != (ssize_t)sizeof header)
		return errno ? -errno : -EIO;
	journal->size = sizeof header;
	return 0;
}

/* Copies what cannot be used beside it. */
static void set_aside(struct journal *journal, const char *path, const char *text, size_t size,
	const char *why, struct message *note)
{
	char bad[PATH_MAX];
	int fd;

	snprintf(bad, sizeof bad, "%s.bad", path);
	fd = open(bad, O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0600);
	if (fd >= 0) {
		if (write(fd, text, size) != (ssize_t)size)
			errno = 0; /* it is a courtesy */
		close(fd);
	}
	message_set(note, 0, "state_dir %s: " FILE_NAME " %s; it was copied to " FILE_NAME ".bad",
		journal->dir, why);
}

static int take_file(struct journal *journal, const char *path, const char *text, size_t size,
	struct message *note)
{
	const struct header header = header_of(journal);

	if (!size)
		return start_file(journal);
	if (size < sizeof header || memcmp(text, &header, sizeof header) != 0) {
		set_aside(journal, path, text, size,
			"is not used, for it is no log of this prober and version", note);
		return start_file(journal);
	}
	journal->size = take_lines(journal, text, size);
	if (journal->size < size) {
		set_aside(journal, path, text, size, "is used up to where it is torn", note);
		if (ftruncate(journal->fd, (off_t)journal->size))
			return -errno;
	}
	return journal->count ? number_left(journal) : 0;
}

int journal_read(struct journal *journal, struct message *note, struct message *msg)
{
	char path[PATH_MAX], *text = NULL;
	size_t size = 0;
	int error;

	snprintf(path, sizeof path, "%s/" FILE_NAME, journal->dir);
	journal->fd = open(path, O_RDWR | O_CREAT | O_CLOEXEC, 0600);
	error = journal->fd < 0 ? -errno : read_all(journal->fd, &text, &size);
	if (!error)
		error = take_file(journal, path, text, size, note);
	free(text);
	return error ? message_set(msg, error, "%s: %s", path, strerror(-error)) : 0;
}
