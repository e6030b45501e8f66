/* SPDX-License-Identifier: MIT */
#include "pure/config_keys.h"

#include <string.h>

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
static const struct key_choice sandbox_choices[] = {
	{ "no", SANDBOX_NO },
	{ "yes", SANDBOX_YES },
	{ "strict", SANDBOX_STRICT },
	{ NULL, 0 },
};
static const struct key_choice output_choices[] = {
	{ "table", OUTPUT_TABLE },
	{ "jsonl", OUTPUT_JSONL },
	{ "samples", OUTPUT_SAMPLES },
	{ "none", OUTPUT_NONE },
	{ NULL, 0 },
};
static const struct key_choice level_choices[] = {
	{ "error", LOG_ERROR },
	{ "warning", LOG_WARN },
	{ "info", LOG_INFO },
	{ "debug", LOG_DEBUG },
	{ NULL, 0 },
};
static const struct key_choice form_choices[] = {
	{ "auto", LOG_AUTO },
	{ "journal", LOG_JOURNAL },
	{ "plain", LOG_PLAIN },
	{ NULL, 0 },
};
static const struct key_choice close_choices[] = {
	{ "half", CLOSE_HALF },
	{ "rst", CLOSE_RST },
	{ "fin", CLOSE_FIN },
	{ NULL, 0 },
};
/* RFC 2474, 2597, 3246, 5865 and 8622, by the names of IANA's registry. */
static const struct key_choice dscp_choices[] = {
	{ "none", 0 },
	{ "cs1", 8 },
	{ "cs2", 16 },
	{ "cs3", 24 },
	{ "cs4", 32 },
	{ "cs5", 40 },
	{ "cs6", 48 },
	{ "cs7", 56 },
	{ "af11", 10 },
	{ "af12", 12 },
	{ "af13", 14 },
	{ "af21", 18 },
	{ "af22", 20 },
	{ "af23", 22 },
	{ "af31", 26 },
	{ "af32", 28 },
	{ "af33", 30 },
	{ "af41", 34 },
	{ "af42", 36 },
	{ "af43", 38 },
	{ "ef", 46 },
	{ "voice-admit", 44 },
	{ "le", 1 },
	{ NULL, 0 },
};
static const struct key_choice family_choices[] = {
	{ "any", FAMILY_ANY },
	{ "4", FAMILY_4 },
	{ "6", FAMILY_6 },
	{ NULL, 0 },
};
static const struct key_choice yes_choices[] = {
	{ "no", false },
	{ "yes", true },
	{ NULL, 0 },
};
static const struct key_choice history_choices[] = {
	{ "auto", 200000 },
	{ "24h", INT32_MAX },
	{ "off", 0 },
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
	{ "prober", "shard", KEY_TEXT, .initial = "", .may_be_empty = true, .check = check_shard,
		CONFIG(shard) },
	{ "prober", "user", KEY_TEXT, .initial = "", .may_be_empty = true, CONFIG(user) },
	{ "prober", "sandbox", KEY_CHOICE, .initial = "yes", .choices = sandbox_choices,
		CONFIG(sandbox) },
	{ "prober", "standby", KEY_CHOICE, .initial = "no", .choices = yes_choices,
		CONFIG(standby) },
	{ "prober", "watch", KEY_CHOICE, .initial = "no", .choices = yes_choices, CONFIG(watch) },
	{ "prober", "port", KEY_COUNT, .initial = "5060", .min = "1", .max = "65535",
		DRAFT(settings.port) },
	{ "prober", "interval", KEY_DURATION, .initial = "60s", .min = "1s", .max = "1h",
		CONFIG(interval_ns) },
	{ "prober", "timeout", KEY_DURATION, .initial = "3s", .min = "100ms", .max = "60s",
		CONFIG(timeout_ns) },
	{ "prober", "samples", KEY_COUNT, .initial = "5", .min = "1", .max = "100",
		DRAFT(settings.samples) },
	{ "prober", "closer_samples", KEY_COUNT, .initial = "20", .min = "1", .max = "100",
		CONFIG(closer_samples) },
	{ "prober", "closer_below", KEY_NUMBER, .initial = "4.0", .min = "1.0", .max = "4.5",
		CONFIG(closer_below) },
	{ "prober", "closer_share", KEY_PERCENT, .initial = "10%", .min = "0%", .max = "100%",
		CONFIG(closer_share_pct) },
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
	{ "prober", "source", KEY_SOURCES, .initial = "", CONFIG(source) },
	{ "prober", "dscp", KEY_CHOICE, .initial = "none", .choices = dscp_choices, CONFIG(dscp) },
	{ "prober", "max_in_flight", KEY_COUNT, .initial = "auto", .min = "1", .max = "1000000",
		.zero = "auto", CONFIG(max_in_flight) },
	{ "prober", "max_rate", KEY_COUNT, .initial = "none", .min = "1", .max = "1000000",
		.zero = "none", CONFIG(max_rate) },
	{ "prober", "address_rate", KEY_COUNT, .initial = "10", .min = "1", .max = "1000000",
		.zero = "none", CONFIG(address_rate) },
	{ "prober", "state_dir", KEY_TEXT, .initial = "", .may_be_empty = true, CONFIG(state_dir) },
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
	{ "guard", "loss_rise", KEY_NUMBER, .initial = "3", .min = "0.1", .max = "100",
		CONFIG(guard.loss_rise_pct) },
	{ "guard", "delay_rise", KEY_DURATION_MS, .initial = "50ms", .min = "1ms", .max = "10s",
		CONFIG(guard.delay_rise_ms) },
	{ "guard", "local_errors", KEY_PERCENT, .initial = "5%", .min = "0.1%", .max = "100%",
		CONFIG(guard.local_errors_pct) },
	{ "guard", "dns_share", KEY_PERCENT, .initial = "50%", .min = "1%", .max = "100%",
		CONFIG(guard.dns_share_pct) },
	{ "guard", "sample", KEY_COUNT, .initial = "200", .min = "1", .max = "1000000",
		CONFIG(guard.sample) },
	{ "guard", "canary", KEY_TEXT, .initial = "", .may_be_empty = true, .check = check_canaries,
		CONFIG(guard_canaries) },
	{ "guard", "group", KEY_TEXT, .initial = "", .may_be_empty = true, .check = check_label,
		CONFIG(groups.label) },
	{ "guard", "group_share", KEY_PERCENT, .initial = "50%", .min = "1%", .max = "100%",
		CONFIG(groups.share_pct) },
	{ "guard", "group_min", KEY_COUNT, .initial = "10", .min = "2", .max = "1000000",
		CONFIG(groups.min) },
	{ "guard", "group_within", KEY_DURATION, .initial = "5m", .min = "1s", .max = "24h",
		CONFIG(groups.within_ns) },
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
	{ "redis", "history", KEY_CHOICE, .initial = "auto", .choices = history_choices,
		CONFIG(history_targets_max) },
	{ "redis", "wait_replicas", KEY_COUNT, .initial = "0", .min = "0", .max = "5",
		CONFIG(wait_replicas) },
	{ "redis", "disk_spool_max", KEY_SIZE, .initial = "1GiB", .min = "64KiB", .max = "65536GiB",
		CONFIG(disk_spool_max_bytes) },

	{ "metrics", "listen", KEY_TEXT, .initial = "", .may_be_empty = true, .check = check_listen,
		CONFIG(metrics_listen) },

	{ "log", "level", KEY_CHOICE, .initial = "info", .choices = level_choices,
		CONFIG(log_level) },
	{ "log", "format", KEY_CHOICE, .initial = "auto", .choices = form_choices,
		CONFIG(log_form) },
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
	return key->type == KEY_FILES || key->type == KEY_BLOCKS || key->type == KEY_SOURCES;
}
