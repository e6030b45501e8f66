/* SPDX-License-Identifier: MIT */
/* What is known of one target, as bytes for a file: of a fixed size, with a version and a checksum. A record
 * that is torn, damaged or of another build is not read. In the byte order of the machine: the file's header
 * says which. */
#ifndef MOSPROBE_STATE_RECORD_H
#define MOSPROBE_STATE_RECORD_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "pure/alert.h"
#include "pure/day.h"
#include "pure/targets.h"

#define STATE_RECORD_VERSION 3

struct state_parts {
	uint64_t cycle; /* number of the newest cycle that is in it */
	struct alert_state alert;
	struct day_memory day;
	uint32_t address_hash;	   /* of the cycle's address, 0 = none */
	char key[TARGET_KEY_SIZE]; /* "" = the place is free */
};

/* Of a record with so many bytes of a window. */
size_t state_record_size(size_t window_size);

/* window: window_size bytes, NULL = all zero. To be sealed. */
void state_record_write(
	void *ret_record, size_t window_size, const struct state_parts *parts, const void *window);

/* The last touch before it is written: of two records of a target the one of the higher sequence holds. */
void state_record_seal(void *record, size_t window_size, uint32_t sequence);

/* False when it is none; all zero is none. *ret_window points into the record. */
bool state_record_read(const void *record, size_t window_size, struct state_parts *ret,
	const void **ret_window, uint32_t *ret_sequence);

#endif
