/* SPDX-License-Identifier: MIT */
/* What was found, and who takes it over. */
#include <stdlib.h>
#include <string.h>

#define XXH_INLINE_ALL
#include <xxhash.h>

#include "edges/state_own.h"

static uint32_t *found_place(const struct state_store *state, const char *key)
{
	uint32_t at = (uint32_t)XXH3_64bits(key, strlen(key)) & state->mask;
	struct state_parts parts;
	const void *window;
	uint32_t sequence;

	for (; state->table[at]; at = (at + 1) & state->mask)
		if (state_file_record(
			    &state->file, state->table[at] - 1, &parts, &window, &sequence) &&
			!strcmp(parts.key, key))
			break;
	return &state->table[at];
}

int state_index_found(struct state_store *state, struct message *msg)
{
	uint32_t places = state->file.found_places, size = 16;
	struct state_parts parts;
	const void *window;
	uint32_t sequence;

	while (size < 2 * places)
		size *= 2;
	state->mask = size - 1;
	state->table = calloc(size, sizeof *state->table);
	state->adopted = calloc(places ? places : 1, sizeof *state->adopted);
	if (!state->table || !state->adopted)
		return state_out_of_memory(msg);
	for (uint32_t i = 0; i < places; i++) {
		if (!state_file_record(&state->file, i, &parts, &window, &sequence))
			continue;
		if (state->file.same)
			state->file.sequences[i] = sequence;
		if (!parts.key[0])
			continue;
		*found_place(state, parts.key) = i + 1;
		/* Of another interval it is another number. */
		if (state->file.same_interval && parts.cycle > state->newest_cycle)
			state->newest_cycle = parts.cycle;
	}
	return 0;
}

bool state_adopt(struct state_store *state, const char *key, uint32_t target,
	struct state_parts *ret, const void **ret_window)
{
	uint32_t place = *found_place(state, key), sequence;

	if (!place || state->adopted[place - 1])
		return false;
	state->adopted[--place] = true;
	state_file_record(&state->file, place, ret, ret_window, &sequence);
	if (state->file.same) {
		state->place_of[target] = place;
		return true;
	}
	*ret_window = NULL;
	ret->alert.warning_cycles = ret->alert.critical_cycles = ret->alert.recovery_cycles = 0;
	state->item->target = target;
	state->item->forget = false;
	state->item->events = NULL;
	state_record_write(state->item->record, state->setup.window_size, ret, NULL);
	state_write_item(state, state->item);
	return true;
}

bool state_next_orphan(struct state_store *state, struct state_parts *ret, const void **ret_window)
{
	uint32_t sequence;

	while (state->orphan < state->file.found_places) {
		uint32_t place = state->orphan++;

		if (!state->adopted[place] &&
			state_file_record(&state->file, place, ret, ret_window, &sequence) &&
			ret->key[0]) {
			if (!state->file.same)
				*ret_window = NULL;
			return true;
		}
	}
	return false;
}

uint64_t state_newest_cycle(const struct state_store *state)
{
	return state->newest_cycle;
}
