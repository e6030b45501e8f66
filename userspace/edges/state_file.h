/* SPDX-License-Identifier: MIT */
/* The file of state.h: a header, and places of two records each. */
#ifndef MOSPROBE_STATE_FILE_H
#define MOSPROBE_STATE_FILE_H

#include <limits.h>

#include "edges/state.h"

struct state_file {
	int dir_fd, lock_fd, fd;
	size_t record_size, window_size;
	uint32_t places;     /* that there is room for */
	uint32_t *sequences; /* by place, of the newest record */
	/* As it was found; NULL = there was none that can be trusted. */
	const char *found;
	size_t found_size;
	size_t found_window_size;
	uint32_t found_places;
	bool same_interval;
	bool same; /* the same interval and window as now: it is written on */
};

/* Opens and locks the folder. Returns 0, or a negative errno with a message. */
int state_file_lock(struct state_file *file, const char *dir, struct message *msg);
/* Maps what is there, or sets it aside with a note. Returns 0, or a negative errno with a message. */
int state_file_read(struct state_file *file, const struct state_setup *setup, struct message *note,
	struct message *msg);
/* The newest record of a place that was found; false when it is free. */
bool state_file_record(const struct state_file *file, uint32_t place, struct state_parts *ret,
	const void **ret_window, uint32_t *ret_sequence);
/* What was found is not needed any more. */
void state_file_forget_found(struct state_file *file);
/* Makes the file to be written, unless what was found is written on. Returns 0, or a negative errno with a
 * message. */
int state_file_make(struct state_file *file, const struct state_setup *setup, struct message *msg);
/* From now on it is the one: what was found has been taken over. Returns 0 or a negative errno. */
int state_file_commit(struct state_file *file);
/* Seals a record and writes it into the older half of a place, for which room is made. Returns 0 or a negative
 * errno. */
int state_file_write(struct state_file *file, uint32_t place, void *record);
/* The whole of a small file of the folder, to be freed; NULL = there is none. */
char *state_file_text(const struct state_file *file, const char *name, size_t *ret_length);
/* Replaces it in one step. Returns 0 or a negative errno. */
int state_file_replace(const struct state_file *file, const char *name, const char *text);
void state_file_close(struct state_file *file);

#endif
