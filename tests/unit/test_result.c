/* SPDX-License-Identifier: MIT */
/* The fields of streams and hashes: all of them, in the order of the contract, in one format. */
#include <math.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include <cmocka.h>

#include "pure/result.h"

static const char result_order[] =
	"v prober target host port addr at_ms cycle n answered failed sent lost latency_ms "
	"jitter_ms stddev_ms latency_rise_ms loss_pct fail_pct r mos_cycle mos band state cause "
	"r_base r_delay r_jitter r_loss r_codec r_failed outcome error stamp_source impaired";
static const char alert_order[] =
	"v event_id kind event_action severity state previous_state dedup_key incident_key prober "
	"target host port addr at_ms since_ms held_ms seq reason threshold mos latency_ms "
	"jitter_ms loss_pct fail_pct n cause outcome error low_min_24h alerts_24h suppressed_by "
	"summary";

static const struct settings settings = { .mute_until_ms = 0 };
static const char labels[] = "tenant\0Acme GmbH\0site\0fra\0";
static const struct target target = {
	.name = "pbx1.example.com",
	.settings = &settings,
	.labels = labels,
	.port = 5060,
};
static struct fields fields;

static struct result a_result(void)
{
	struct result result = {
		.target = &target,
		.at_ms = 1764000000123,
		.cycle = 29400000,
		.n = 30,
		.answered = 29,
		.failed = 1,
		.sent = 31,
		.lost = 2,
		.latency_ms = 40.0625,
		.jitter_ms = 38.1,
		.stddev_ms = 0.0004,
		.latency_rise_ms = NAN,
		.low_min_24h = 240,
		.alerts_24h = 0,
		.loss_pct = 100 * 2 / 31.0,
		.fail_pct = 100 / 30.0,
		.r = 63.25,
		.mos_cycle = 3.1,
		.mos = 3.21,
		.r_base = 1.23456,
		.r_delay = -0.00001,
		.r_jitter = 20,
		.r_loss = 8,
		.r_codec = 0,
		.r_failed = 0,
		.band = BAND_POOR,
		.state = STATE_WARNING,
		.cause = CAUSE_JITTER,
		.outcome = CYCLE_PARTIAL,
		.error = OUTCOME_TIMEOUT,
		.stamp_source = STAMP_BPF,
		.open = 1,
		.state_since_ms = 1764000000123,
		.seq = 7,
	};

	assert_int_equal(address_parse(&result.addr, "198.18.0.1"), 0);
	return result;
}

static struct transition a_transition(void)
{
	return (struct transition) {
		.result = a_result(),
		.since_ms = 1763999640123,
		.held_ms = 360000,
		.seq = 7,
		.action = ACTION_TRIGGER,
		.severity = STATE_WARNING,
		.previous = STATE_OK,
		.threshold = 3.5,
	};
}

static const char *value_of(const char *name)
{
	for (unsigned i = 0; i < fields.count; i++)
		if (!strcmp(fields.list[i].name, name))
			return fields.list[i].text;
	fail_msg("no field %s", name);
	return NULL;
}

#define assert_field(name, expected) assert_string_equal(value_of(name), expected)

/* Every field's length is that of its text, and the names are these, in this order. */
static void assert_order(const char *order)
{
	char names[4096] = "";

	for (unsigned i = 0; i < fields.count; i++) {
		assert_int_equal(fields.list[i].length, strlen(fields.list[i].text));
		if (i)
			strcat(names, " ");
		strcat(names, fields.list[i].name);
	}
	assert_string_equal(names, order);
}

static void results_have_all_fields_in_order(void **state)
{
	struct result result = a_result();
	char order[4096];

	result_fields(&fields, &result, "vantage1");
	snprintf(order, sizeof order, "%s label.tenant label.site", result_order);
	assert_order(order);
	assert_field("v", "1");
	assert_field("prober", "vantage1");
	assert_field("target", "pbx1.example.com:5060");
	assert_field("host", "pbx1.example.com");
	assert_field("port", "5060");
	assert_field("addr", "198.18.0.1");
	assert_field("at_ms", "1764000000123");
	assert_field("n", "30");
	assert_field("latency_ms", "40.062"); /* half to even */
	assert_field("stddev_ms", "0.000");
	assert_field("latency_rise_ms", "");
	assert_field("loss_pct", "6.452");
	assert_field("fail_pct", "3.333");
	assert_field("r", "63.2500");
	assert_field("mos", "3.2100");
	assert_field("r_base", "1.2346");
	assert_field("r_delay", "0.0000"); /* no negative zero */
	assert_field("band", "poor");
	assert_field("state", "warning");
	assert_field("cause", "jitter");
	assert_field("outcome", "partial");
	assert_field("error", "timeout");
	assert_field("stamp_source", "bpf");
	assert_field("impaired", "0");
	assert_field("label.tenant", "Acme GmbH");
	assert_field("label.site", "fra");
}

static void what_does_not_exist_is_empty(void **state)
{
	static const struct target bare = {
		.name = "2001:db8::7", .settings = &settings, .port = 5061, .literal = 6
	};
	static const char *const empty[] = { "addr", "latency_ms", "jitter_ms", "r", "mos", "band",
		"cause", "error", "stamp_source", "latency_rise_ms" };
	struct result result = {
		.target = &bare,
		.latency_ms = NAN,
		.jitter_ms = NAN,
		.stddev_ms = NAN,
		.latency_rise_ms = NAN,
		.low_min_24h = RESULT_NO_COUNT,
		.alerts_24h = RESULT_NO_COUNT,
		.r = NAN,
		.mos = NAN,
		.mos_cycle = -NAN,
		.stamp_source = STAMP_SOURCE_COUNT,
	};

	result_fields(&fields, &result, "p");
	assert_order(result_order);
	for (size_t i = 0; i < sizeof empty / sizeof empty[0]; i++)
		assert_field(empty[i], "");
	assert_field("mos_cycle", "");
	assert_field("target", "[2001:db8::7]:5061");
	assert_field("state", "unverified");
	assert_field("n", "0");
	assert_field("lost", "0");

	target_hash_fields(&fields, &result, "p", "1-0", "");
	assert_field("since_ms", "");
	assert_field("seq", "");
	assert_field("event_id", "");
	assert_int_equal(strlen(value_of("dedup_key")), 32);
	assert_field("low_min_24h", "");
	assert_field("alerts_24h", "");
	assert_field("alert_id", "");
}

static void alerts_have_all_fields_in_order(void **state)
{
	struct transition transition = a_transition();
	char order[4096];

	transition_fields(&fields, &transition, "vantage1");
	snprintf(order, sizeof order, "%s label.tenant label.site", alert_order);
	assert_order(order);
	assert_field("kind", "mos");
	assert_field("event_action", "trigger");
	assert_field("severity", "warning");
	assert_field("state", "warning");
	assert_field("previous_state", "ok");
	assert_field("since_ms", "1763999640123");
	assert_field("held_ms", "360000");
	assert_field("seq", "7");
	assert_field("threshold", "3.5000");
	assert_field("reason", "MOS 3.21 below 3.50 for 6 min; most of it lost to jitter");
	assert_field("low_min_24h", "240");
	assert_field("alerts_24h", "0");
	assert_field("suppressed_by", "");
	assert_field("summary",
		"WARNING pbx1.example.com:5060: MOS 3.21 below 3.50 for 6 min; most of it lost to "
		"jitter (latency 40.1 ms, jitter 38.1 ms, loss 6.5 %, failed 3.3 %, 30 samples, "
		"seen from vantage1)");
}

static void reasons(void **state)
{
	struct transition transition = a_transition();
	char text[REASON_SIZE];

	transition.held_ms = 90000;
	transition.result.cause = CAUSE_NONE;
	reason_text(text, &transition);
	assert_string_equal(text, "MOS 3.21 below 3.50 for 90 s");

	transition.result.mos = 3.49996;
	transition.held_ms = 140000;
	reason_text(text, &transition);
	assert_string_equal(text, "MOS 3.5000 below 3.5000 for 2 min 20 s");
	transition.result.mos = 3.4972;
	reason_text(text, &transition);
	assert_string_equal(text, "MOS 3.4972 below 3.5000 for 2 min 20 s");

	transition.action = ACTION_RESOLVE;
	transition.result.cause = CAUSE_LOSS;
	transition.result.mos = 4.2;
	transition.threshold = 3.7;
	transition.held_ms = 600000;
	reason_text(text, &transition);
	assert_string_equal(text, "MOS 4.20 above 3.70 for 10 min");

	transition.reason = REASON_MUTED;
	transition_fields(&fields, &transition, "p");
	assert_field("reason", "muted");
	assert_field("threshold", "");
	assert_field("event_action", "resolve");
	for (int cause = 0; cause < CAUSE_COUNT; cause++) {
		transition.reason = REASON_LEVEL;
		transition.action = ACTION_TRIGGER;
		transition.result.cause = (uint8_t)cause;
		reason_text(text, &transition);
		assert_int_equal(strstr(text, "most of it lost to") != NULL, cause != CAUSE_NONE);
	}
}

/* The guard's: of the prober itself, with what exists of it. */
static struct transition a_vantage_transition(void)
{
	return (struct transition) {
		.result = { .at_ms = 1764000000123,
			.n = 280,
			.answered = 50,
			.failed = 230,
			.fail_pct = 82.142857,
			.latency_ms = NAN,
			.jitter_ms = NAN,
			.loss_pct = NAN,
			.mos = NAN,
			.state = STATE_CRITICAL,
			.outcome = CYCLE_OUTCOME_COUNT },
		.kind = KIND_VANTAGE,
		.reason = REASON_SILENCE,
		.action = ACTION_TRIGGER,
		.severity = STATE_CRITICAL,
		.previous = STATE_OK,
		.since_ms = 1763999990123,
		.held_ms = 10000,
		.seq = 1,
		.threshold = 50,
		.measured = NAN,
		.usual = NAN,
	};
}

static void events_of_the_vantage_point(void **state)
{
	static const char *const nothing[] = { "target", "host", "port", "addr", "mos",
		"latency_ms", "jitter_ms", "loss_pct", "cause", "outcome", "error",
		"suppressed_by" };
	struct transition transition = a_vantage_transition();
	char text[REASON_SIZE], event_id[RESULT_KEY_SIZE], dedup_key[RESULT_KEY_SIZE];

	transition_fields(&fields, &transition, "vantage1");
	assert_order(alert_order);
	for (size_t i = 0; i < sizeof nothing / sizeof nothing[0]; i++)
		assert_field(nothing[i], "");
	assert_field("kind", "vantage");
	assert_field("event_action", "trigger");
	assert_field("severity", "critical");
	assert_field("state", "critical");
	assert_field("previous_state", "ok");
	assert_field("n", "280");
	assert_field("fail_pct", "82.143");
	assert_field("threshold", "50.0000");
	assert_field("reason",
		"230 of 280 targets fell silent within 10 s; it is us, and alerts are held");
	assert_field("summary",
		"CRITICAL vantage point vantage1: 230 of 280 targets fell silent within 10 s; it is "
		"us, and alerts are held");
	event_id_text(event_id, "vantage1", "vantage1", "vantage", 1);
	dedup_key_text(dedup_key, "vantage1", "vantage1", "vantage");
	assert_field("event_id", event_id);
	assert_field("dedup_key", dedup_key);

	transition.action = ACTION_RESOLVE;
	transition.result.answered = 270;
	transition.held_ms = 24000;
	transition.seq = 2;
	transition_fields(&fields, &transition, "vantage1");
	assert_field("dedup_key", dedup_key);
	assert_string_not_equal(value_of("event_id"), event_id);
	assert_field("reason", "270 of 280 targets answer again after 24 s");
	transition.reason = REASON_LET_GO;
	transition.held_ms = 1800000;
	reason_text(text, &transition);
	assert_string_equal(text, "impaired still after 30 min; judged again, for it may be true");
	transition = a_vantage_transition();
	transition.reason = REASON_LOSS;
	transition.measured = 8.26;
	transition.usual = 0.4;
	reason_text(text, &transition);
	assert_string_equal(
		text, "8.3 % of all SYNs are lost, usually 0.4 %; it is us, and alerts are held");
	transition.action = ACTION_RESOLVE;
	transition.measured = 0.5;
	transition.held_ms = 120000;
	reason_text(text, &transition);
	assert_string_equal(text, "0.5 % of all SYNs are lost, usually 0.4 % after 2 min");
	transition.reason = REASON_DELAY;
	transition.action = ACTION_TRIGGER;
	transition.measured = 88;
	transition.usual = -0.2;
	reason_text(text, &transition);
	assert_string_equal(text,
		"latencies of all targets are off by 88.0 ms, usually by -0.2 ms; "
		"it is us, and alerts are held");
	transition.reason = REASON_LOCAL_ERRORS;
	transition.measured = 40;
	transition.usual = 0;
	reason_text(text, &transition);
	assert_string_equal(
		text, "40.0 % of all samples fail at our own side; it is us, and alerts are held");
}

static void events_of_a_group(void **state)
{
	struct transition transition = {
		.result = result_of_many(1764000000123, STATE_CRITICAL, 3000, 1510, CAUSE_OUTAGE),
		.kind = KIND_GROUP,
		.group = { "isp", "Acme GmbH" },
		.action = ACTION_TRIGGER,
		.severity = STATE_CRITICAL,
		.previous = STATE_OK,
		.held_ms = 90000,
		.seq = 3,
		.threshold = 50,
	};
	char order[4096], event_id[RESULT_KEY_SIZE], dedup_key[RESULT_KEY_SIZE];
	char incident_key[RESULT_KEY_SIZE];

	transition_fields(&fields, &transition, "vantage1");
	snprintf(order, sizeof order, "%s label.isp", alert_order);
	assert_order(order);
	event_id_text(event_id, "vantage1", "isp=Acme GmbH", "group", 3);
	dedup_key_text(dedup_key, "vantage1", "isp=Acme GmbH", "group");
	incident_key_text(incident_key, "isp=Acme GmbH", "group");
	assert_field("kind", "group");
	assert_field("event_id", event_id);
	assert_field("dedup_key", dedup_key);
	assert_field("incident_key", incident_key);
	assert_field("label.isp", "Acme GmbH");
	assert_field("target", "");
	assert_field("n", "3000");
	assert_field("fail_pct", "50.333");
	assert_field("cause", "outage");
	assert_field("suppressed_by", "");
	assert_field("summary",
		"CRITICAL group isp=Acme GmbH: 1510 of 3000 targets are bad, which began within "
		"90 s; most of it lost to time-outs");
	transition.action = ACTION_RESOLVE;
	transition.result.failed = 12;
	transition_fields(&fields, &transition, "vantage1");
	assert_field("reason", "12 of 3000 targets are bad after 90 s");

	/* One of its members. */
	transition = a_transition();
	transition.group = (struct transition_group) { "isp", "Acme GmbH" };
	transition_fields(&fields, &transition, "vantage1");
	assert_field("suppressed_by", dedup_key);
	transition.reason = REASON_ALONE;
	transition_fields(&fields, &transition, "vantage1");
	assert_field("reason",
		"MOS 3.21 below 3.50 for 6 min, when its group's event is over; most "
		"of it lost to jitter");
}

static void summaries_are_bounded(void **state)
{
	struct transition transition = a_transition();
	char prober[2000], text[SUMMARY_SIZE];

	memset(prober, 'p', sizeof prober - 1);
	prober[sizeof prober - 1] = '\0';
	summary_text(text, &transition, "pbx1.example.com:5060", prober);
	assert_int_equal(strlen(text), 1024);
	transition.result.latency_ms = NAN;
	summary_text(text, &transition, "pbx1.example.com:5060", "p");
	assert_null(strstr(text, "latency"));
	assert_non_null(strstr(text, "jitter 38.1 ms"));
}

static void hashes_hold_what_the_key_does_not_tell(void **state)
{
	static const char *const outside[] = { "prober", "target", "host", "port", "label.tenant" };
	static const char *const inside[] = { "since_ms", "seq", "event_id", "dedup_key",
		"result_id", "low_min_24h", "alerts_24h" };
	struct result result = a_result();
	unsigned every_cycle;
	char names[4096];

	every_cycle = target_hash_fields(&fields, &result, "vantage1", "1764000000123-0", NULL);
	for (unsigned i = 0; i < fields.count; i++) {
		/* A longer value would turn the hash from a listpack into a table. */
		assert_true(fields.list[i].length <= 64);
		for (size_t j = 0; j < sizeof outside / sizeof outside[0]; j++)
			assert_string_not_equal(fields.list[i].name, outside[j]);
		assert_string_not_equal(fields.list[i].name, "alert_id");
	}
	for (size_t i = 0; i < sizeof inside / sizeof inside[0]; i++)
		value_of(inside[i]);
	snprintf(names, sizeof names, "%s", result_order);
	for (char *save, *name = strtok_r(names, " ", &save); name;
		name = strtok_r(NULL, " ", &save)) {
		unsigned i = 0;

		while (i < sizeof outside / sizeof outside[0] && strcmp(outside[i], name) != 0)
			i++;
		if (i == sizeof outside / sizeof outside[0])
			value_of(name);
	}
	assert_true(every_cycle > 0 && every_cycle < fields.count);
	assert_field("result_id", "1764000000123-0");
	assert_field("seq", "7");
	assert_field("since_ms", "1764000000123");
}

static void hashes_tell_what_changes_seldom(void **state)
{
	struct result result = a_result();
	unsigned every_cycle;
	uint64_t hash;

	every_cycle = target_hash_fields(&fields, &result, "p", "1-0", NULL);
	hash = fields_hash(&fields, every_cycle);
	result.at_ms += 60000;
	result.cycle++;
	result.latency_ms += 1;
	result.mos = 3.3;
	every_cycle = target_hash_fields(&fields, &result, "p", "2-0", NULL);
	assert_true(fields_hash(&fields, every_cycle) == hash);
	result.state = STATE_CRITICAL;
	every_cycle = target_hash_fields(&fields, &result, "p", "2-0", NULL);
	assert_true(fields_hash(&fields, every_cycle) != hash);
}

static void identities(void **state)
{
	char a[RESULT_KEY_SIZE], b[RESULT_KEY_SIZE];
	struct transition transition = a_transition();

	event_id_text(a, "p", "t:1", "mos", 1);
	assert_int_equal(strlen(a), 32);
	assert_int_equal(strspn(a, "0123456789abcdef"), 32);
	event_id_text(b, "p", "t:1", "mos", 1);
	assert_string_equal(a, b);
	event_id_text(b, "p", "t:1", "mos", 2);
	assert_string_not_equal(a, b);
	event_id_text(b, "p", "t:11", "mos", 1);
	assert_string_not_equal(a, b);
	/* The parts do not run into each other. */
	dedup_key_text(a, "ab", "c", "mos");
	dedup_key_text(b, "a", "bc", "mos");
	assert_string_not_equal(a, b);
	incident_key_text(a, "t:1", "mos");
	dedup_key_text(b, "t:1", "mos", "");
	assert_string_not_equal(a, b);
	/* The values themselves are part of the contract: consumers store them. */
	incident_key_text(a, "pbx1.example.com:5060", "mos");
	assert_string_equal(a, "1b8a285164a39f08c2a78c6c3329a4f8");
	/* The same from trigger to resolve, and the same whoever sees it. */
	transition_fields(&fields, &transition, "p");
	dedup_key_text(a, "p", "pbx1.example.com:5060", "mos");
	assert_field("dedup_key", a);
	snprintf(b, sizeof b, "%s", value_of("incident_key"));
	transition.action = ACTION_RESOLVE;
	transition.seq = 8;
	transition_fields(&fields, &transition, "p");
	assert_field("dedup_key", a);
	transition_fields(&fields, &transition, "another");
	assert_string_not_equal(value_of("dedup_key"), a);
	assert_field("incident_key", b);
}

/* Against printf, which rounds the exact decimal value: the last digit may differ by one. */
static void numbers_agree_with_printf(void **state)
{
	static const double fixed[] = { 0, -0.0, 0.5, -0.5, 0.00005, -0.00004, 1, 9.9999, 9.99995,
		4.5, 93.2062077, 100, 999999.9999, 123456789012.5, 9007199254740993.0, 1e18, 1e300,
		-1e300, 0x1p53, 900719925474.25 };
	unsigned seed = (unsigned)time(NULL);
	char text[FIXED_TEXT_SIZE], expected[FIXED_TEXT_SIZE];

	print_message("# seed %u\n", seed);
	srand(seed);
	for (int i = 0; i < 20000; i++) {
		double value =
			i < (int)(sizeof fixed / sizeof fixed[0])
				? fixed[i]
				: (rand() - RAND_MAX / 2.0) / RAND_MAX * pow(10, rand() % 12);
		unsigned decimals = (unsigned)rand() % 7;
		size_t length = fixed_text(text, value, decimals);
		double read = strtod(text, NULL);

		snprintf(expected, sizeof expected, "%.*f", (int)decimals, value);
		assert_int_equal(length, strlen(text));
		assert_string_not_equal(text, "");
		assert_true(text[0] != '-' || read < 0);
		if (strcmp(text, expected) != 0)
			assert_true(fabs(read - value) <=
				    0.5000001 * pow(10, -(double)decimals) + fabs(value) * 1e-15);
	}
	assert_int_equal(fixed_text(text, (double)NAN, 3), 0);
	assert_string_equal(text, "");
	assert_int_equal(fixed_text(text, (double)INFINITY, 3), 0);
	fixed_text(text, 1.0005, 3);
	assert_string_equal(text, "1.000");
	fixed_text(text, -12.25, 1);
	assert_string_equal(text, "-12.2");
	fixed_text(text, 1e18, 2);
	assert_string_equal(text, "1000000000000000000.00");
}

static void labels_beyond_the_room_are_dropped(void **state)
{
	static char many[FIELDS_MAX * 8 + 1], large[40000];
	struct target crowded = target;
	struct result result = a_result();
	size_t used = 0;

	for (int i = 0; i < FIELDS_MAX; i++)
		used += (size_t)sprintf(many + used, "k%03d%cv", i, '\0') + 1;
	crowded.labels = many;
	result.target = &crowded;
	result_fields(&fields, &result, "p");
	assert_int_equal(fields.count, FIELDS_MAX);
	assert_string_equal(fields.list[fields.count - 1].text, "v");

	memset(large, 'k', sizeof large - 3);
	large[20000] = '\0'; /* a key of 20,000 characters; its value is the rest */
	crowded.labels = large;
	result_fields(&fields, &result, "p");
	assert_order(result_order);
	fields_add(&fields, "late", 0, "%s", large);
	assert_order(result_order);
	fields_add(&fields, "spool_depth", 1, "%d", 12);
	assert_field("spool_depth", "12");
}

static void heartbeats(void **state)
{
	struct heartbeat heartbeat = {
		.at_ms = 1764000000123,
		.targets = 3,
		.states = { [STATE_OK] = 2, [STATE_CRITICAL] = 1 },
		.local_errors = { [LOCAL_NO_PORT] = 5 },
		.skips = { [SKIP_LATE] = 6, [SKIP_NO_SLOT] = 12 },
		.slot_waits = 13,
		.outcomes = { [OUTCOME_OK] = 99 },
		.ambiguous = 7,
		.provoked = 8,
		.duplicates = 9,
		.wrong_acks = 10,
		.foreign_ts = 11,
		.late_p99_ms = 1.5,
		.late_max_ms = NAN,
		.cpu_ns = 1234567890,
		.queue_refused = 4,
		.troubles = { [HANDSHAKE_NO_RECORD] = 14, [HANDSHAKE_STALE_STAMP] = 15 },
	};

	heartbeat_fields(&fields, &heartbeat, "p");
	assert_field("v", "1");
	assert_field("targets", "3");
	assert_field("targets_ok", "2");
	assert_field("targets_critical", "1");
	assert_field("targets_unverified", "0");
	assert_field("local_error_no_port", "5");
	assert_field("skipped_late", "6");
	assert_field("skipped_no_slot", "12");
	assert_field("slot_waits", "13");
	assert_field("samples_ok", "99");
	assert_field("samples_ambiguous", "7");
	assert_field("syns_provoked", "8");
	assert_field("answers_duplicate", "9");
	assert_field("answers_wrong_ack", "10");
	assert_field("answers_foreign_ts", "11");
	assert_field("late_p99_ms", "1.500");
	assert_field("late_max_ms", "");
	assert_field("cpu_ms", "1234");
	assert_field("queue_refused", "4");
	assert_field("bpf_no_socket", "0");
	assert_field("bpf_no_record", "14");
	assert_field("bpf_stale_stamp", "15");
	for (unsigned i = 0; i < fields.count; i++)
		for (unsigned j = 0; j < i; j++)
			assert_string_not_equal(fields.list[i].name, fields.list[j].name);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(results_have_all_fields_in_order),
		cmocka_unit_test(what_does_not_exist_is_empty),
		cmocka_unit_test(alerts_have_all_fields_in_order),
		cmocka_unit_test(reasons),
		cmocka_unit_test(events_of_the_vantage_point),
		cmocka_unit_test(events_of_a_group),
		cmocka_unit_test(summaries_are_bounded),
		cmocka_unit_test(hashes_hold_what_the_key_does_not_tell),
		cmocka_unit_test(hashes_tell_what_changes_seldom),
		cmocka_unit_test(identities),
		cmocka_unit_test(numbers_agree_with_printf),
		cmocka_unit_test(labels_beyond_the_room_are_dropped),
		cmocka_unit_test(heartbeats),
	};

	cmocka_set_message_output(CM_OUTPUT_TAP);
	return cmocka_run_group_tests(tests, NULL, NULL);
}
