/* SPDX-License-Identifier: MIT */
#include "pure/state_record.h"

#include <string.h>

#define XXH_INLINE_ALL
#include <xxhash.h>

struct stored {
	uint64_t checksum; /* XXH3 of all that follows, the window too */
	uint32_t sequence;
	uint16_t version, window_size;
	uint64_t cycle, changed_ms;
	uint32_t seq, address_hash;
	uint32_t warning_cycles, critical_cycles, recovery_cycles;
	uint8_t level, suppressed, unused[2];
	struct day_memory day;
	char key[TARGET_KEY_SIZE];
};
_Static_assert(offsetof(struct stored, day) == 56 && sizeof(struct stored) % 8 == 0, "no padding");

size_t state_record_size(size_t window_size)
{
	return (sizeof(struct stored) + window_size + 7) & ~(size_t)7;
}

void state_record_write(
	void *ret_record, size_t window_size, const struct state_parts *parts, const void *window)
{
	struct stored *stored = ret_record;

	memset(ret_record, 0, state_record_size(window_size));
	stored->version = STATE_RECORD_VERSION;
	stored->window_size = (uint16_t)window_size;
	stored->cycle = parts->cycle;
	stored->changed_ms = parts->alert.changed_ms;
	stored->seq = parts->alert.seq;
	stored->address_hash = parts->address_hash;
	stored->warning_cycles = parts->alert.warning_cycles;
	stored->critical_cycles = parts->alert.critical_cycles;
	stored->recovery_cycles = parts->alert.recovery_cycles;
	stored->level = parts->alert.level;
	stored->suppressed = parts->alert.suppressed;
	stored->day = parts->day;
	memcpy(stored->key, parts->key, strlen(parts->key));
	if (window)
		memcpy(stored + 1, window, window_size);
}

static uint64_t checksum_of(const void *record, size_t window_size)
{
	size_t skipped = sizeof(uint64_t);

	return XXH3_64bits(
		(const char *)record + skipped, state_record_size(window_size) - skipped);
}

void state_record_seal(void *record, size_t window_size, uint32_t sequence)
{
	struct stored *stored = record;

	stored->sequence = sequence;
	stored->checksum = checksum_of(record, window_size);
}

/* What a checksum does not tell: whether this build could have written it. */
static bool makes_sense(const struct stored *stored, size_t window_size)
{
	return stored->version == STATE_RECORD_VERSION && stored->window_size == window_size &&
	       !stored->key[sizeof stored->key - 1] && stored->level < STATE_COUNT &&
	       (!stored->level || stored->level >= STATE_OK) &&
	       stored->warning_cycles <= ALERT_CYCLES_MAX &&
	       stored->critical_cycles <= ALERT_CYCLES_MAX &&
	       stored->recovery_cycles <= ALERT_CYCLES_MAX && stored->day.step_count < DAY_STEPS &&
	       stored->day.span_count <= DAY_STEPS;
}

bool state_record_read(const void *record, size_t window_size, struct state_parts *ret,
	const void **ret_window, uint32_t *ret_sequence)
{
	const struct stored *stored = record;

	if (stored->checksum != checksum_of(record, window_size) ||
		!makes_sense(stored, window_size))
		return false;
	*ret = (struct state_parts) {
		.cycle = stored->cycle,
		.alert = {
			.changed_ms = stored->changed_ms,
			.seq = stored->seq,
			.suppressed = stored->suppressed,
			.warning_cycles = stored->warning_cycles,
			.critical_cycles = stored->critical_cycles,
			.recovery_cycles = stored->recovery_cycles,
			.level = stored->level,
		},
		.day = stored->day,
		.address_hash = stored->address_hash,
	};
	memcpy(ret->key, stored->key, sizeof ret->key);
	*ret_window = stored + 1;
	*ret_sequence = stored->sequence;
	return true;
}
