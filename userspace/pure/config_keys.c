/* SPDX-License-Identifier: MIT */
#include "pure/config_keys.h"

#include <errno.h>
#include <math.h>
#include <stdio.h>
#include <string.h>

#include "pure/parse.h"
#include "pure/text.h"

static const struct key_choice stamps_choices[] = {
	{ "auto", STAMPS_AUTO },
	{ "bpf", STAMPS_BPF },
	{ "tcp_info", STAMPS_TCP_INFO },
	{ "clock", STAMPS_CLOCK },
	{ NULL, 0 },
};
static const struct key_choice engine_choices[] = {
	{ "auto", ENGINE_AUTO },
	{ "io_uring", ENGINE_IO_URING },
	{ "epoll", ENGINE_EPOLL },
	{ NULL, 0 },
};
static const struct key_choice output_choices[] = {
	{ "table", OUTPUT_TABLE },
	{ "jsonl", OUTPUT_JSONL },
	{ "samples", OUTPUT_SAMPLES },
	{ "none", OUTPUT_NONE },
	{ NULL, 0 },
};
static const struct key_choice close_choices[] = {
	{ "half", CLOSE_HALF },
	{ "rst", CLOSE_RST },
	{ NULL, 0 },
};
static const struct key_choice family_choices[] = {
	{ "any", FAMILY_ANY },
	{ "4", FAMILY_4 },
	{ "6", FAMILY_6 },
	{ NULL, 0 },
};
static const struct key_choice refused_choices[] = {
	{ "fail", false },
	{ "answer", true },
	{ NULL, 0 },
};

#define PLACE(type, member) .offset = offsetof(type, member), .size = sizeof(((type *)0)->member)
#define CONFIG(member) PLACE(struct config, member)
#define DRAFT(member) .target = true, PLACE(struct settings_draft, member)

/* Each row: section, name, type, then what the type needs and the place, the rest 0. */
static const struct key keys[] = {
	{ "prober", "id", KEY_TEXT, .check = check_id, CONFIG(id) },
	{ "prober", "targets", KEY_FILES, .initial = "", CONFIG(target_files) },
	{ "prober", "port", KEY_COUNT, .initial = "5060", .min = "1", .max = "65535",
		DRAFT(settings.port) },
	{ "prober", "interval", KEY_DURATION, .initial = "60s", .min = "1s", .max = "1h",
		CONFIG(interval_ns) },
	{ "prober", "timeout", KEY_DURATION, .initial = "3s", .min = "100ms", .max = "60s",
		CONFIG(timeout_ns) },
	{ "prober", "samples", KEY_COUNT, .initial = "5", .min = "1", .max = "100",
		DRAFT(settings.samples) },
	{ "prober", "window", KEY_COUNT, .initial = "6", .min = "1", .max = "60", CONFIG(window) },
	{ "prober", "average", KEY_COUNT, .initial = "6", .min = "1", .max = "60",
		CONFIG(average) },
	{ "prober", "stamps", KEY_CHOICE, .initial = "auto", .choices = stamps_choices,
		CONFIG(stamps) },
	{ "prober", "engine", KEY_CHOICE, .initial = "auto", .choices = engine_choices,
		CONFIG(engine) },
	{ "prober", "close", KEY_CHOICE, .initial = "half", .choices = close_choices,
		DRAFT(settings.close) },
	{ "prober", "family", KEY_CHOICE, .initial = "any", .choices = family_choices,
		DRAFT(settings.family) },
	{ "prober", "max_in_flight", KEY_COUNT, .initial = "auto", .min = "1", .max = "1000000",
		.zero = "auto", CONFIG(max_in_flight) },
	{ "prober", "output", KEY_CHOICE, .initial = "table", .choices = output_choices,
		CONFIG(output) },
	{ "prober", "cycles", KEY_COUNT, .initial = "0", .min = "0", .max = "1000000000",
		CONFIG(cycles) },
	{ "prober", "deny", KEY_BLOCKS, CONFIG(deny),
		.initial = "127.0.0.0/8, 169.254.0.0/16, 224.0.0.0/4, 0.0.0.0/8, 255.255.255.255, "
			   "::1, ::, fe80::/10, ff00::/8" },

	{ "score", "codec", KEY_CODEC, .initial = "g711", DRAFT(codec_name) },
	{ "score", "ie", KEY_NUMBER, .initial = "", .min = "0", .max = "120", .may_be_empty = true,
		DRAFT(ie) },
	{ "score", "bpl", KEY_NUMBER, .initial = "", .min = "0.001", .max = "1000",
		.may_be_empty = true, DRAFT(bpl) },
	{ "score", "playout_factor", KEY_NUMBER, .initial = "2", .min = "0", .max = "10",
		CONFIG(model.playout_factor) },
	{ "score", "playout_min", KEY_DURATION_MS, .initial = "20ms", .min = "0ms", .max = "1s",
		CONFIG(model.playout_min_ms) },
	{ "score", "playout_max", KEY_DURATION_MS, .initial = "100ms", .min = "1ms", .max = "1s",
		CONFIG(model.playout_max_ms) },
	{ "score", "frame", KEY_DURATION_MS, .initial = "20ms", .min = "1ms", .max = "1s",
		CONFIG(model.frame_ms) },
	{ "score", "advantage", KEY_NUMBER, .initial = "0", .min = "0", .max = "20",
		CONFIG(model.advantage) },

	{ "alert", "warning", KEY_NUMBER, .initial = "3.5", .min = "1.0", .max = "4.5",
		DRAFT(settings.alert.warning) },
	{ "alert", "warning_for", KEY_DURATION, .initial = "6m", .min = "0s", .max = "24h",
		DRAFT(settings.alert.warning_for_ns) },
	{ "alert", "critical", KEY_NUMBER, .initial = "3.0", .min = "1.0", .max = "4.5",
		DRAFT(settings.alert.critical) },
	{ "alert", "critical_for", KEY_DURATION, .initial = "3m", .min = "0s", .max = "24h",
		DRAFT(settings.alert.critical_for_ns) },
	{ "alert", "recovery", KEY_RECOVERY, .initial = "", .min = "1.0", .max = "4.5",
		.may_be_empty = true, DRAFT(settings.alert.recovery) },
	{ "alert", "recovery_for", KEY_DURATION, .initial = "10m", .min = "0s", .max = "24h",
		DRAFT(settings.alert.recovery_for_ns) },

	{ NULL, "refused", KEY_CHOICE, .initial = "fail", .choices = refused_choices,
		DRAFT(settings.refused_answers) },
	{ NULL, "mute", KEY_MUTE, .initial = "no", DRAFT(settings.mute_until_ms) },

	{ "guard", "window", KEY_DURATION, .initial = "10s", .min = "0s", .max = "10m",
		CONFIG(guard.window_ns) },
	{ "guard", "share", KEY_PERCENT, .initial = "50%", .min = "1%", .max = "100%",
		CONFIG(guard.share_pct) },
	{ "guard", "min_targets", KEY_COUNT, .initial = "10", .min = "1", .max = "1000000",
		CONFIG(guard.min_targets) },
	{ "guard", "sample", KEY_COUNT, .initial = "200", .min = "1", .max = "1000000",
		CONFIG(guard.sample) },
	{ "guard", "max", KEY_DURATION, .initial = "30m", .min = "1s", .max = "24h",
		CONFIG(guard.max_ns) },

	{ "dns", "servers", KEY_TEXT, .initial = "", .may_be_empty = true, .check = check_servers,
		CONFIG(dns_servers) },
	{ "dns", "ttl_min", KEY_DURATION, .initial = "30s", .min = "1s", .max = "24h",
		CONFIG(dns_ttl_min_ns) },
	{ "dns", "ttl_max", KEY_DURATION, .initial = "1h", .min = "1s", .max = "168h",
		CONFIG(dns_ttl_max_ns) },
	{ "dns", "stale_max", KEY_DURATION, .initial = "24h", .min = "0s", .max = "720h",
		CONFIG(dns_stale_max_ns) },
	{ "dns", "timeout", KEY_DURATION, .initial = "2s", .min = "100ms", .max = "60s",
		CONFIG(dns_timeout_ns) },

	{ "redis", "url", KEY_TEXT, .initial = "redis://localhost:6379/0", .may_be_empty = true,
		.check = check_redis_url, CONFIG(redis_url) },
	{ "redis", "username", KEY_TEXT, .initial = "", .may_be_empty = true,
		CONFIG(redis_username) },
	{ "redis", "password_file", KEY_TEXT, .initial = "", .may_be_empty = true,
		CONFIG(redis_password_file) },
	{ "redis", "prefix", KEY_TEXT, .initial = "mosprobe", .check = check_prefix,
		CONFIG(redis_prefix) },
	{ "redis", "results_maxlen", KEY_COUNT, .initial = "1000000", .min = "1",
		.max = "1000000000", CONFIG(results_maxlen) },
	{ "redis", "alerts_maxlen", KEY_COUNT, .initial = "100000", .min = "1", .max = "1000000000",
		CONFIG(alerts_maxlen) },
	{ "redis", "spool_max", KEY_SIZE, .initial = "64MiB", .min = "4KiB", .max = "64GiB",
		CONFIG(spool_max_bytes) },
};

#define KEY_COUNT_ALL (sizeof keys / sizeof keys[0])
_Static_assert(KEY_COUNT_ALL <= KEY_MAX, "KEY_MAX is too small");

const struct key *key_at(unsigned i)
{
	return i < KEY_COUNT_ALL ? &keys[i] : NULL;
}

unsigned key_index(const struct key *key)
{
	return (unsigned)(key - keys);
}

const struct key *key_find(const char *section, const char *name)
{
	for (size_t i = 0; i < KEY_COUNT_ALL; i++)
		if (keys[i].section && !strcmp(keys[i].section, section) &&
			!strcmp(keys[i].name, name))
			return &keys[i];
	return NULL;
}

const struct key *key_find_target(const char *name)
{
	for (size_t i = 0; i < KEY_COUNT_ALL; i++)
		if (keys[i].target && !strcmp(keys[i].name, name))
			return &keys[i];
	return NULL;
}

bool key_is_list(const struct key *key)
{
	return key->type == KEY_FILES || key->type == KEY_BLOCKS;
}

/* What kind of value the key wants, for one who gave another. */
static const char *kind(const struct key *key)
{
	switch (key->type) {
	case KEY_COUNT:
		return key->zero ? "not auto or a whole number" : "not a whole number";
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
	char allowed[128] = "";
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
	if (key->choices == close_choices && !strcmp(value, "fin"))
		return message_set(
			why, -EINVAL, "this version does not have it yet: must be %s", allowed);
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
	memcpy(place, value, length);
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
