/* SPDX-License-Identifier: MIT */
#include "edges/state_own.h"

#include <errno.h>
#include <poll.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

#define XXH_INLINE_ALL
#include <xxhash.h>

#include "vocabulary/log.h"
#include "vocabulary/nsec.h"

#define EVENTS_NAME "prober.events"
#define SLEEP_MS 200
#define SYNC_EVERY_NS NSEC_PER_MIN
/* Two seconds of the default interval's cycles, within bounds. */
#define QUEUE_SHARE 32
#define QUEUE_LEAST 1024
#define QUEUE_MOST 65536

int state_out_of_memory(struct message *msg)
{
	return message_set(msg, -ENOMEM, "state: out of memory");
}

static int take_memory(struct state_store *state, struct message *msg)
{
	uint32_t room = state->setup.room ? state->setup.room : 1;
	size_t queue_size = room / QUEUE_SHARE;
	size_t item_size = sizeof(struct item) + state_record_size(state->setup.window_size);

	queue_size = queue_size < QUEUE_LEAST  ? QUEUE_LEAST
		     : queue_size > QUEUE_MOST ? QUEUE_MOST
					       : queue_size;
	state->place_of = malloc(room * sizeof *state->place_of);
	state->kept = calloc(1, item_size);
	state->item = calloc(1, item_size);
	if (!state->place_of || !state->kept || !state->item ||
		queue_create(&state->queue, item_size, queue_size))
		return state_out_of_memory(msg);
	for (uint32_t i = 0; i < room; i++)
		state->place_of[i] = STATE_NO_PLACE;
	return 0;
}

int state_open(struct state_store **ret, const struct state_setup *setup, struct message *ret_note,
	struct message *msg)
{
	struct state_store *state = calloc(1, sizeof *state);
	int error;

	ret_note->text[0] = '\0';
	if (!state)
		return state_out_of_memory(msg);
	state->setup = *setup;
	error = state_file_lock(&state->file, setup->dir, msg);
	if (!error)
		error = state_file_read(&state->file, setup, ret_note, msg);
	if (!error)
		error = state_file_make(&state->file, setup, msg);
	if (!error)
		error = take_memory(state, msg);
	if (!error)
		error = state_index_found(state, msg);
	if (error) {
		state_close(state);
		return error;
	}
	state->events = state_file_text(&state->file, EVENTS_NAME, &state->events_length);
	*ret = state;
	return 0;
}

static void complain(struct state_store *state, int error)
{
	atomic_fetch_add_explicit(&state->failed, 1, memory_order_relaxed);
	if (state->journal)
		journal_hold(state->journal);
	log_event(LOG_ERROR, "state_unkept", "what is known of targets is not kept",
		"error=%s state_dir=%s", strerror(-error), state->setup.dir);
}

static void give_back(struct state_store *state, uint32_t place)
{
	if (state->free_count == state->free_room) {
		uint32_t room = state->free_room ? 2 * state->free_room : 64;
		uint32_t *list = realloc(state->free_places, room * sizeof *list);

		if (!list)
			return; /* the place stays empty for as long as this process lives */
		state->free_places = list;
		state->free_room = room;
	}
	state->free_places[state->free_count++] = place;
}

/* A place that is free; the file grows when there is none. */
static uint32_t take_place(struct state_store *state)
{
	return state->free_count ? state->free_places[--state->free_count] : state->file.places;
}

static void write_events(struct state_store *state, char *text)
{
	int error = state_file_replace(&state->file, EVENTS_NAME, text);

	free(text);
	if (error)
		complain(state, error);
}

void state_write_item(struct state_store *state, struct item *item)
{
	uint32_t *place = &state->place_of[item->target], before = state->file.places;
	int error;

	if (*place == STATE_NO_PLACE) {
		if (item->forget)
			return;
		*place = take_place(state);
	}
	error = state_file_write(&state->file, *place, item->record);
	/* What it grew by is free, but for its first. */
	for (uint32_t i = state->file.places; i > before + 1; i--)
		give_back(state, i - 1);
	if (error) {
		if (*place >= before) {
			if (*place < state->file.places)
				give_back(state, *place);
			*place = STATE_NO_PLACE;
		}
		complain(state, error);
		return;
	}
	atomic_fetch_add_explicit(&state->written, 1, memory_order_relaxed);
	if (!item->forget)
		return;
	give_back(state, *place);
	*place = STATE_NO_PLACE;
}

/* Waits until what came before the record is in the journal: else a kill between the two would lose it. False when
 * it never will be. */
static bool is_journaled(const struct state_store *state, const struct item *item)
{
	while (state->journal && journal_taken(state->journal) < item->taken) {
		if (atomic_load(&state->stop))
			return false;
		nanosleep(&(struct timespec) { .tv_nsec = NSEC_PER_MSEC }, NULL);
	}
	return true;
}

static void *run(void *arg)
{
	struct state_store *state = arg;
	struct pollfd fd = { .fd = queue_fd(state->queue), .events = POLLIN };
	uint64_t synced_ns = nsec_mono(), now_ns;
	uint64_t taken = JOURNAL_FIRST; /* what a former process took is queued at the start */
	bool dirty = false, stop;

	do {
		stop = atomic_load(&state->stop);
		while (queue_pop(state->queue, state->item)) {
			if (!is_journaled(state, state->item)) {
				free(state->item->events);
				continue;
			}
			if (state->item->events)
				write_events(state, state->item->events);
			else
				state_write_item(state, state->item);
			taken = state->item->taken;
			dirty = true;
		}
		if (state->journal)
			journal_kept(state->journal, taken);
		now_ns = nsec_mono();
		if (dirty && (stop || now_ns - synced_ns > SYNC_EVERY_NS)) {
			if (fdatasync(state->file.fd))
				complain(state, -errno);
			synced_ns = now_ns;
			dirty = false;
		}
		if (!stop && queue_may_sleep(state->queue))
			poll(&fd, 1, SLEEP_MS);
		queue_awake(state->queue);
	} while (!stop);
	return NULL;
}

/* What was found and nobody adopted is cleared; what was, stands in the new file when that is another. */
static void settle(struct state_store *state)
{
	struct state_parts none = { .cycle = 0 };
	struct item *item = state->item;
	int error;

	for (uint32_t i = state->file.found_places; state->file.same && i-- > 0;) {
		struct state_parts parts;
		const void *window;
		uint32_t sequence;

		if (state->adopted[i])
			continue;
		give_back(state, i);
		if (!state_file_record(&state->file, i, &parts, &window, &sequence) ||
			!parts.key[0])
			continue;
		state_record_write(item->record, state->setup.window_size, &none, NULL);
		error = state_file_write(&state->file, i, item->record);
		if (error)
			complain(state, error);
	}
	error = state_file_commit(&state->file);
	if (error)
		complain(state, error);
	state_file_forget_found(&state->file);
	free(state->table);
	free(state->adopted);
	state->table = NULL;
	state->adopted = NULL;
	free(state->events);
	state->events = NULL;
}

void state_set_journal(struct state_store *state, struct journal *journal)
{
	state->journal = journal;
}

int state_start(struct state_store *state, struct message *msg)
{
	sigset_t all, before;
	int error;

	settle(state);
	sigfillset(&all);
	pthread_sigmask(SIG_SETMASK, &all, &before);
	error = pthread_create(&state->thread, NULL, run, state);
	pthread_sigmask(SIG_SETMASK, &before, NULL);
	if (error)
		return message_set(
			msg, -error, "state: cannot start a thread: %s", strerror(error));
	pthread_setname_np(state->thread, "state");
	state->runs = true;
	return 0;
}

static void keep(struct state_store *state, uint32_t target, bool forget,
	const struct state_parts *parts, const void *window, uint64_t taken)
{
	state->kept->target = target;
	state->kept->forget = forget;
	state->kept->events = NULL;
	state_record_write(state->kept->record, state->setup.window_size, parts, window);
	state->kept->taken = taken;
	if (!queue_push(state->queue, state->kept) && state->journal)
		journal_hold(state->journal);
}

void state_keep(struct state_store *state, uint32_t target, const struct state_parts *parts,
	const void *window, uint64_t taken)
{
	keep(state, target, false, parts, window, taken);
}

void state_forget(struct state_store *state, uint32_t target, uint64_t taken)
{
	keep(state, target, true, &(struct state_parts) { .cycle = 0 }, NULL, taken);
}

const char *state_events(const struct state_store *state, size_t *ret_length)
{
	*ret_length = state->events_length;
	return state->events;
}

bool state_keep_events(struct state_store *state, char *text, uint64_t taken)
{
	if (!text)
		return false;
	state->kept->events = text;
	state->kept->taken = taken;
	if (queue_push(state->queue, state->kept))
		return true;
	if (state->journal)
		journal_hold(state->journal);
	free(text);
	return false;
}

void state_wake(struct state_store *state)
{
	queue_wake(state->queue);
}

struct state_stats state_stats(const struct state_store *state)
{
	return (struct state_stats) {
		.written = atomic_load_explicit(&state->written, memory_order_relaxed),
		.failed = atomic_load_explicit(&state->failed, memory_order_relaxed),
		.refused = queue_refused(state->queue),
	};
}

void state_close(struct state_store *state)
{
	if (!state)
		return;
	if (state->runs) {
		atomic_store(&state->stop, true);
		queue_wake(state->queue);
		pthread_join(state->thread, NULL);
	}
	state_file_close(&state->file);
	queue_destroy(state->queue);
	free(state->table);
	free(state->adopted);
	free(state->place_of);
	free(state->free_places);
	free(state->events);
	free(state->kept);
	free(state->item);
	free(state);
}
