/* SPDX-License-Identifier: MIT */
#include "pure/result.h"

#include <stdio.h>
#include <string.h>

#define XXH_INLINE_ALL
#include <xxhash.h>

/* The parts stand one after the other, each with its NUL: no two lists of parts look the same. */
static void hash_text(char ret[RESULT_KEY_SIZE], const char *const parts[], unsigned count)
{
	static const char hex[] = "0123456789abcdef";
	XXH3_state_t state;
	XXH128_canonical_t canonical;

	XXH3_128bits_reset(&state);
	for (unsigned i = 0; i < count; i++)
		XXH3_128bits_update(&state, parts[i], strlen(parts[i]) + 1);
	XXH128_canonicalFromHash(&canonical, XXH3_128bits_digest(&state));
	for (size_t i = 0; i < sizeof canonical.digest; i++) {
		ret[2 * i] = hex[canonical.digest[i] >> 4];
		ret[2 * i + 1] = hex[canonical.digest[i] & 15];
	}
	ret[RESULT_KEY_SIZE - 1] = '\0';
}

void event_id_text(char ret[RESULT_KEY_SIZE], const char *prober_id, const char *target_key,
	const char *kind, uint32_t seq)
{
	char digits[FIXED_TEXT_SIZE];

	fixed_text(digits, seq, 0);
	hash_text(ret, (const char *const[]) { prober_id, target_key, kind, digits }, 4);
}

void dedup_key_text(
	char ret[RESULT_KEY_SIZE], const char *prober_id, const char *target_key, const char *kind)
{
	hash_text(ret, (const char *const[]) { prober_id, target_key, kind }, 3);
}

void incident_key_text(char ret[RESULT_KEY_SIZE], const char *target_key, const char *kind)
{
	hash_text(ret, (const char *const[]) { target_key, kind }, 2);
}

void group_text(char ret[RESULT_GROUP_SIZE], const struct transition_group *group)
{
	ret[0] = '\0';
	if (group->value)
		snprintf(ret, RESULT_GROUP_SIZE, "%s=%s", group->label, group->value);
}
