/* SPDX-License-Identifier: MIT */
/* One value into its place. */
#include <errno.h>
#include <math.h>
#include <stdio.h>
#include <string.h>

#include "pure/config_keys.h"
#include "pure/parse.h"
#include "pure/text.h"

/* What kind of value the key wants, for one who gave another. */
static const char *kind(const struct key *key)
{
	switch (key->type) {
	case KEY_COUNT:
		return !key->zero		    ? "not a whole number"
		       : !strcmp(key->zero, "none") ? "not none or a whole number"
						    : "not auto or a whole number";
	case KEY_PERCENT:
		return "not a number with its sign (%)";
	case KEY_DURATION:
	case KEY_DURATION_MS:
		return "not a number with its unit (ms, s, m or h)";
	case KEY_SIZE:
		return "not a number with its unit (KiB, MiB or GiB)";
	default:
		return "not a number";
	}
}

static int out_of_range(const struct key *key, int rc, struct message *why)
{
	if (rc == -EINVAL)
		return message_set(
			why, -EINVAL, "%s: must be from %s to %s", kind(key), key->min, key->max);
	return message_set(why, -EINVAL, "must be from %s to %s", key->min, key->max);
}

static int read_double(const struct key *key, const char *value, double *ret, struct message *why)
{
	int (*parse)(double *, const char *) =
		key->type == KEY_PERCENT ? parse_percent : parse_number;
	double x, min, max;
	int rc;

	if (!*value && key->may_be_empty) {
		*ret = NAN;
		return 0;
	}
	parse(&min, key->min);
	parse(&max, key->max);
	rc = parse(&x, value);
	if (rc || x < min || x > max)
		return out_of_range(key, rc, why);
	*ret = x;
	return 0;
}

static int read_integer(
	const struct key *key, const char *value, uint64_t *ret, struct message *why)
{
	int (*parse)(uint64_t *, const char *) = key->type == KEY_COUNT	 ? parse_count
						 : key->type == KEY_SIZE ? parse_size
									 : parse_duration;
	uint64_t x, min, max;
	int rc;

	if (key->zero && !strcmp(value, key->zero)) {
		*ret = 0;
		return 0;
	}
	parse(&min, key->min);
	parse(&max, key->max);
	rc = parse(&x, value);
	if (rc || x < min || x > max)
		return out_of_range(key, rc, why);
	*ret = x;
	return 0;
}

static int read_choice(const struct key *key, const char *value, uint64_t *ret, struct message *why)
{
	char allowed[192] = "";
	size_t used = 0;

	for (const struct key_choice *choice = key->choices; choice->name; choice++) {
		const char *comma = choice == key->choices ? "" : choice[1].name ? ", " : " or ";

		if (!strcmp(choice->name, value)) {
			*ret = choice->value;
			return 0;
		}
		used += (size_t)snprintf(
			allowed + used, sizeof allowed - used, "%s%s", comma, choice->name);
	}
	return message_set(why, -EINVAL, "must be %s", allowed);
}

static int read_mute(const char *value, uint64_t *ret_ms, struct message *why)
{
	static const char until[] = "until:";

	if (!strcmp(value, "no")) {
		*ret_ms = 0;
		return 0;
	}
	if (!strcmp(value, "yes")) {
		*ret_ms = UINT64_MAX;
		return 0;
	}
	if (!strncmp(value, until, sizeof until - 1) &&
		!parse_utc(ret_ms, value + sizeof until - 1))
		return 0;
	return message_set(
		why, -EINVAL, "must be yes, no or until:TIME, TIME in UTC as 2026-12-01T04:00Z");
}

static void store_integer(const struct key *key, void *place, uint64_t value)
{
	switch (key->size) {
	case 1:
		*(uint8_t *)place = (uint8_t)value;
		break;
	case 2:
		*(uint16_t *)place = (uint16_t)value;
		break;
	case 4:
		*(uint32_t *)place = (uint32_t)value;
		break;
	default:
		*(uint64_t *)place = value;
	}
}

static int read_codec(const struct key *key, char *place, const char *value, struct message *why)
{
	size_t length = strlen(value);

	if (!is_plain_name(value, key->size - 1))
		return message_set(why, -EINVAL, "must be the name of a codec, such as g711");
	memset(place, 0, key->size);
	memcpy(place, value, length + 1);
	return 0;
}

static int read_recovery(
	const struct key *key, struct settings_draft *draft, const char *value, struct message *why)
{
	double level;
	int rc = read_double(key, value, &level, why);

	if (rc)
		return rc;
	draft->recovery_given = !isnan(level);
	draft->recovery_inherited = false;
	draft->settings.alert.recovery = draft->recovery_given ? level : 0;
	return 0;
}

static int read_text(const struct key *key, char **place, struct arena **arena, const char *value,
	struct message *why)
{
	char *copy;
	int rc;

	if (!*value) {
		if (!key->may_be_empty)
			return message_set(why, -EINVAL, "must not be empty");
		*place = NULL;
		return 0;
	}
	copy = arena_text(arena, value, strlen(value));
	if (!copy)
		return message_set(why, -ENOMEM, "out of memory");
	rc = key->check ? key->check(copy, why) : 0;
	if (!rc)
		*place = copy;
	return rc;
}

int key_read(const struct key *key, void *base, struct arena **arena, const char *value, bool more,
	struct message *why)
{
	void *place = (char *)base + key->offset;
	uint64_t integer = 0;
	int rc;

	switch (key->type) {
	case KEY_NUMBER:
	case KEY_PERCENT:
		return read_double(key, value, place, why);
	case KEY_RECOVERY:
		return read_recovery(key, base, value, why);
	case KEY_CODEC:
		return read_codec(key, place, value, why);
	case KEY_TEXT:
		return read_text(key, place, arena, value, why);
	case KEY_FILES:
	case KEY_BLOCKS:
	case KEY_SOURCES:
		return key_read_list(key, base, arena, value, more, why);
	case KEY_CHOICE:
		rc = read_choice(key, value, &integer, why);
		break;
	case KEY_MUTE:
		rc = read_mute(value, &integer, why);
		break;
	default:
		rc = read_integer(key, value, &integer, why);
	}
	if (rc)
		return rc;
	if (key->type == KEY_DURATION_MS)
		*(double *)place = (double)integer / 1e6;
	else
		store_integer(key, place, integer);
	return 0;
}

const char *key_value_shown(const struct key *key, const char *value, char *buffer)
{
	const char *rest = key && key->check == check_redis_url ? strstr(value, "://") : NULL;

	/* What stands before '@' or behind '?' may hold a password. */
	if (rest && strpbrk(rest, "@?"))
		snprintf(buffer, SHOWN_SIZE, "%.*s...", (int)(rest + 3 - value), value);
	else
		shown(buffer, value, strlen(value));
	return buffer;
}
