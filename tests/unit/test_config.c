/* SPDX-License-Identifier: MIT */
#include <errno.h>
#include <math.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "pure/config.h"
#include "pure/config_keys.h"
#include "pure/emodel.h"
#include "vocabulary/nsec.h"

#define FILE_NAME "mosprobe.conf"
#define COUNT(array) (sizeof(array) / sizeof(array)[0])

static void assert_near(double a, double b)
{
	assert_true(fabs(a - b) < 1e-9);
}

/* Reads and finishes; NULL with the message when that fails. */
static struct config *load(const char *text, size_t length, struct message *msg)
{
	struct config *config = config_create("prober-1");

	assert_non_null(config);
	msg->text[0] = '\0';
	if (config_read(config, text, length, FILE_NAME, msg) ||
		config_finish(config, FILE_NAME, msg)) {
		assert_string_not_equal(msg->text, "");
		config_destroy(config);
		return NULL;
	}
	return config;
}

static struct config *good(const char *text)
{
	struct message msg;
	struct config *config = load(text, strlen(text), &msg);

	if (!config)
		fail_msg("%s", msg.text);
	return config;
}

static void assert_refused(const char *text, const char *message)
{
	struct message msg;
	struct config *config = load(text, strlen(text), &msg);

	if (config)
		fail_msg("was not refused: %s", text);
	assert_string_equal(msg.text, message);
}

static void defaults(void **state)
{
	struct config *config = good("");
	const struct settings *settings = &config->defaults;

	assert_string_equal(config->id, "prober-1");
	assert_int_equal(config->target_file_count, 0);
	assert_true(config->interval_ns == 60 * NSEC_PER_SEC);
	assert_true(config->timeout_ns == 3 * NSEC_PER_SEC);
	assert_int_equal(config->window, 6);
	assert_int_equal(config->average, 6);
	assert_int_equal(config->stamps, STAMPS_AUTO);
	assert_int_equal(config->max_in_flight, 0);
	assert_int_equal(config->max_rate, 0);
	assert_int_equal(config->address_rate, 10);
	assert_int_equal(config->engine, ENGINE_AUTO);
	assert_int_equal(config->source[0].family, 0);
	assert_int_equal(config->source[1].family, 0);
	assert_int_equal(config->dscp, 0);
	assert_int_equal(config->output, OUTPUT_TABLE);
	assert_true(config->cycles == 0);
	assert_int_equal(config->deny_count, 9);
	assert_near(config->model.playout_factor, 2);
	assert_near(config->model.playout_min_ms, 20);
	assert_near(config->model.playout_max_ms, 100);
	assert_near(config->model.frame_ms, 20);
	assert_near(config->model.advantage, 0);
	assert_true(config->guard.window_ns == 10 * NSEC_PER_SEC);
	assert_near(config->guard.share_pct, 50);
	assert_int_equal(config->guard.min_targets, 10);
	assert_int_equal(config->guard.sample, 200);
	assert_true(config->guard.max_ns == 30 * NSEC_PER_MIN);
	assert_null(config->dns_servers);
	assert_true(config->dns_ttl_min_ns == 30 * NSEC_PER_SEC);
	assert_true(config->dns_ttl_max_ns == NSEC_PER_HOUR);
	assert_true(config->dns_stale_max_ns == 24 * NSEC_PER_HOUR);
	assert_true(config->dns_timeout_ns == 2 * NSEC_PER_SEC);
	assert_string_equal(config->redis_url, "redis://localhost:6379/0");
	assert_null(config->redis_username);
	assert_null(config->redis_password_file);
	assert_string_equal(config->redis_prefix, "mosprobe");
	assert_true(config->results_maxlen == 1000000);
	assert_true(config->alerts_maxlen == 100000);
	assert_true(config->spool_max_bytes == 64 << 20);
	assert_string_equal(settings->codec.name, "g711");
	assert_near(settings->codec.bpl, 25.1);
	assert_near(settings->alert.warning, 3.5);
	assert_near(settings->alert.critical, 3.0);
	assert_near(settings->alert.recovery, 3.7);
	assert_true(settings->alert.warning_for_ns == 6 * NSEC_PER_MIN);
	assert_true(settings->alert.critical_for_ns == 3 * NSEC_PER_MIN);
	assert_true(settings->alert.recovery_for_ns == 10 * NSEC_PER_MIN);
	assert_true(settings->mute_until_ms == 0);
	assert_int_equal(settings->samples, 5);
	assert_int_equal(settings->port, 5060);
	assert_int_equal(settings->close, CLOSE_HALF);
	assert_int_equal(settings->family, FAMILY_ANY);
	assert_false(settings->refused_answers);
	config_destroy(config);
	config_destroy(NULL);
}

static bool denied(const struct config *config, const char *text)
{
	struct address address;

	assert_int_equal(address_parse(&address, text), 0);
	for (size_t i = 0; i < config->deny_count; i++)
		if (address_block_has(&config->deny[i], &address))
			return true;
	return false;
}

static void denied_by_default(void **state)
{
	static const char *const inside[] = { "127.0.0.1", "127.255.255.255", "169.254.1.1",
		"224.0.0.1", "239.255.255.255", "0.0.0.0", "255.255.255.255", "::1",
		"::", "fe80::1", "febf::1", "ff02::1", "::ffff:127.0.0.1" };
	static const char *const outside[] = { "10.0.0.1", "198.18.0.1", "192.168.1.1",
		"2001:db8::1", "fec0::1", "::2", "255.255.255.254" };
	struct config *config = good("");

	for (size_t i = 0; i < COUNT(inside); i++)
		assert_true(denied(config, inside[i]));
	for (size_t i = 0; i < COUNT(outside); i++)
		assert_false(denied(config, outside[i]));
	config_destroy(config);
}

static void every_default_is_as_written(void **state)
{
	struct config *config = config_create("x");
	const struct key *key;
	struct message msg;
	unsigned i;

	for (i = 0; (key = key_at(i)); i++) {
		if (!key->section)
			continue;
		assert_ptr_equal(key_find(key->section, key->name), key);
		assert_int_equal(key_index(key), i);
		if (key->initial)
			assert_int_equal(config_set(config, key->section, key->name, key->initial,
						 "--option", &msg),
				0);
	}
	assert_true(i > 40 && i <= KEY_MAX);
	assert_int_equal(config_finish(config, FILE_NAME, &msg), 0);
	config_destroy(config);
}

/* What can be one step outside of a range is refused with the range in the message. */
static void every_range_is_kept(void **state)
{
	static const char *const below[] = { "0", "0.5", "0ms", "50ms", "0.0001", "1KiB", "0s" };
	static const char *const above[] = { "5", "101", "1001", "65536", "1000000001", "25h",
		"1000h", "65GiB", "65537GiB", "121s", "2h", "61", "1000001", "21", "11", "1.1s", "200",
		"101%" };
	const struct key *key;

	for (unsigned i = 0; (key = key_at(i)); i++) {
		struct config *config = config_create("x");
		char where[256], range[128];
		unsigned refused = 0;
		struct message msg;

		if (!key->section || !key->min) {
			config_destroy(config);
			continue;
		}
		snprintf(range, sizeof range, ": must be from %s to %s", key->min, key->max);
		assert_int_equal(
			config_set(config, key->section, key->name, key->min, "w", &msg), 0);
		assert_int_equal(
			config_set(config, key->section, key->name, key->max, "w", &msg), 0);
		for (size_t j = 0; j < COUNT(below) + COUNT(above); j++) {
			const char *value = j < COUNT(below) ? below[j] : above[j - COUNT(below)];

			snprintf(where, sizeof where, "w%s", range);
			if (config_set(config, key->section, key->name, value, "w", &msg) &&
				!strcmp(msg.text, where))
				refused++;
		}
		if (!refused)
			fail_msg("[%s] %s: nothing refused by range", key->section, key->name);
		assert_int_equal(
			config_set(config, key->section, key->name, "-1", "w", &msg), -EINVAL);
		assert_non_null(strstr(msg.text, range));
		assert_int_equal(
			config_set(config, key->section, key->name, "nan", "w", &msg), -EINVAL);
		config_destroy(config);
	}
}

static void everything_given(void **state)
{
	struct config *config = good(
		"\xef\xbb\xbf# a comment\r\n"
		"[prober]\r\n"
		"id = berlin-1 ; where it stands\r\n"
		"targets = a.txt, b.txt\n"
		"  /etc/mosprobe/c.txt ; more\n"
		"\n"
		"  # between\n"
		"\td.txt e.txt\n"
		"port=5061\ninterval : 1.5m\ntimeout = 500ms\nsamples = 10\n"
		"window = 3\naverage = 4\nstamps = tcp_info\nclose = rst\n"
		"engine = epoll\nmax_rate = 500\naddress_rate = none\nsource = 192.0.2.9, 2001:db8::9\ndscp = ef\n"
		"family = 6\nmax_in_flight = 4096\noutput = jsonl\ncycles = 7\n"
		"deny = 10.0.0.0/8\n 2001:db8::/32\n"
		"[score]\ncodec = G729A\nplayout_factor = 1.5\n"
		"playout_min = 10ms\nplayout_max = 0.2s\nframe = 30ms\n"
		"advantage = 5\n"
		"[alert]\nwarning = 3.3\nwarning_for = 5m\ncritical = 2.8\n"
		"critical_for = 90s\nrecovery = 3.6\nrecovery_for = 0.5h\n"
		"[guard]\nwindow = 20s\nshare = 62.5%\nmin_targets = 5\nsample = 50\n"
		"max = 1h\n"
		"[dns]\nservers = 192.0.2.1, 192.0.2.2:5353 "
		"[2001:db8::1]:53,2001:db8::2\n"
		"ttl_min = 10s\nttl_max = 2h\nstale_max = 48h\ntimeout = 1s\n"
		"[redis]\nurl = unix:///run/redis.sock?db=3\nusername = probe\n"
		"password_file = /etc/mosprobe/redis password\nprefix = mp\n"
		"results_maxlen = 10\nalerts_maxlen = 20\nspool_max = 1.5MiB");
	const struct alert_policy *alert = &config->defaults.alert;

	assert_string_equal(config->id, "berlin-1");
	assert_int_equal(config->target_file_count, 5);
	assert_string_equal(config->target_files[0], "a.txt");
	assert_string_equal(config->target_files[1], "b.txt");
	assert_string_equal(config->target_files[2], "/etc/mosprobe/c.txt");
	assert_string_equal(config->target_files[4], "e.txt");
	assert_int_equal(config->defaults.port, 5061);
	assert_true(config->interval_ns == 90 * NSEC_PER_SEC);
	assert_true(config->timeout_ns == 500 * NSEC_PER_MSEC);
	assert_int_equal(config->defaults.samples, 10);
	assert_int_equal(config->window, 3);
	assert_int_equal(config->average, 4);
	assert_int_equal(config->stamps, STAMPS_TCP_INFO);
	assert_int_equal(config->defaults.close, CLOSE_RST);
	assert_int_equal(config->engine, ENGINE_EPOLL);
	assert_int_equal(config->max_rate, 500);
	assert_int_equal(config->address_rate, 0);
	assert_int_equal(config->source[0].family, 4);
	assert_int_equal(config->source[1].family, 6);
	assert_int_equal(config->dscp, 46);
	assert_int_equal(config->defaults.family, FAMILY_6);
	assert_int_equal(config->max_in_flight, 4096);
	assert_int_equal(config->output, OUTPUT_JSONL);
	assert_true(config->cycles == 7);
	assert_int_equal(config->deny_count, 2);
	assert_true(denied(config, "10.1.2.3"));
	assert_true(denied(config, "2001:db8::5"));
	assert_false(denied(config, "127.0.0.1"));
	assert_string_equal(config->defaults.codec.name, "g729a");
	assert_near(config->defaults.codec.lookahead_ms, 5);
	assert_near(config->model.playout_factor, 1.5);
	assert_near(config->model.playout_min_ms, 10);
	assert_near(config->model.playout_max_ms, 200);
	assert_near(config->model.frame_ms, 30);
	assert_near(config->model.advantage, 5);
	assert_near(alert->warning, 3.3);
	assert_near(alert->critical, 2.8);
	assert_near(alert->recovery, 3.6);
	assert_true(alert->warning_for_ns == 300 * NSEC_PER_SEC);
	assert_true(alert->critical_for_ns == 90 * NSEC_PER_SEC);
	assert_true(alert->recovery_for_ns == 1800 * NSEC_PER_SEC);
	assert_true(config->guard.window_ns == 20 * NSEC_PER_SEC);
	assert_near(config->guard.share_pct, 62.5);
	assert_int_equal(config->guard.min_targets, 5);
	assert_int_equal(config->guard.sample, 50);
	assert_true(config->guard.max_ns == NSEC_PER_HOUR);
	assert_string_equal(
		config->dns_servers, "192.0.2.1,192.0.2.2:5353,[2001:db8::1]:53,2001:db8::2");
	assert_true(config->dns_ttl_min_ns == 10 * NSEC_PER_SEC);
	assert_string_equal(config->redis_url, "unix:///run/redis.sock?db=3");
	assert_string_equal(config->redis_username, "probe");
	assert_string_equal(config->redis_password_file, "/etc/mosprobe/redis password");
	assert_string_equal(config->redis_prefix, "mp");
	assert_true(config->results_maxlen == 10);
	assert_true(config->alerts_maxlen == 20);
	assert_true(config->spool_max_bytes == 3 << 19);
	config_destroy(config);
}

static void wrong_values(void **state)
{
	static const struct {
		const char *text, *message;
	} cases[] = {
		{ "[alert]\nwarning = 7.0\n",
			"mosprobe.conf:2: [alert] warning = 7.0: must be from 1.0 to 4.5" },
		{ "[alert]\nwarning = high\n", "mosprobe.conf:2: [alert] warning = high: not a "
					       "number: must be from 1.0 to 4.5" },
		{ "[alert]\nwarning = -3\n", "mosprobe.conf:2: [alert] warning = -3: not a number: "
					     "must be from 1.0 to 4.5" },
		{ "[alert]\nwarning = nan\n", "mosprobe.conf:2: [alert] warning = nan: not a "
					      "number: must be from 1.0 to 4.5" },
		{ "[alert]\nwarning = 3,5\n", "mosprobe.conf:2: [alert] warning = 3,5: not a "
					      "number: must be from 1.0 to 4.5" },
		{ "[alert]\nwarning =\n", "mosprobe.conf:2: [alert] warning = : not a number: must "
					  "be from 1.0 to 4.5" },
		{ "[prober]\ninterval = 60\n",
			"mosprobe.conf:2: [prober] interval = 60: not a number with its unit (ms, "
			"s, m or h): must be from 1s to 1h" },
		{ "[prober]\ninterval = 1d\n",
			"mosprobe.conf:2: [prober] interval = 1d: not a number with its unit (ms, "
			"s, m or h): must be from 1s to 1h" },
		{ "[prober]\ninterval = 2h\n",
			"mosprobe.conf:2: [prober] interval = 2h: must be from 1s to 1h" },
		{ "[redis]\nspool_max = 64MB\n",
			"mosprobe.conf:2: [redis] spool_max = 64MB: not a number with its unit "
			"(KiB, MiB or GiB): must be from 4KiB to 64GiB" },
		{ "[prober]\nsamples = 2.5\n",
			"mosprobe.conf:2: [prober] samples = 2.5: not a whole number: must be "
			"from 1 to 100" },
		{ "[prober]\nmax_in_flight = many\n",
			"mosprobe.conf:2: [prober] max_in_flight = many: not auto or a whole "
			"number: must be from 1 to 1000000" },
		{ "[prober]\nstamps = ebpf\n", "mosprobe.conf:2: [prober] stamps = ebpf: must be "
					       "auto, bpf, tcp_info or clock" },
		{ "[prober]\nsource = here\n",
			"mosprobe.conf:2: [prober] source = here: here is no address: must be an "
			"address of this machine, one of each family at most" },
		{ "[prober]\nsource = 192.0.2.1 192.0.2.2\n",
			"mosprobe.conf:2: [prober] source = 192.0.2.1 192.0.2.2: must be an "
			"address of this machine, one of each family at most" },
		{ "[prober]\ndscp = voice\n",
			"mosprobe.conf:2: [prober] dscp = voice: must be none, cs1, cs2, cs3, cs4, "
			"cs5, cs6, cs7, af11, af12, af13, af21, af22, af23, af31, af32, af33, "
			"af41, af42, af43, ef, voice-admit or le" },
		{ "[prober]\nid = a{b}\n", "mosprobe.conf:2: [prober] id = a{b}: must be 1 to 64 "
					   "letters, digits, _ - or ." },
		{ "[prober]\nid =\n", "mosprobe.conf:2: [prober] id = : must not be empty" },
		{ "[prober]\ninterval = \"60s\"\n", "mosprobe.conf:2: [prober] interval = "
						    "\"60s\": values stand without quotes" },
		{ "[prober]\ntargets = a.txt # mine\n",
			"mosprobe.conf:2: [prober] targets = a.txt # mine: a comment behind a "
			"value begins with ' ;'" },
		{ "[prober]\ndeny = 10.0.0.0/33\n",
			"mosprobe.conf:2: [prober] deny = 10.0.0.0/33: 10.0.0.0/33 is no block of "
			"addresses, such as 10.0.0.0/8: must be blocks, or none" },
		{ "[prober]\ndeny =\n", "mosprobe.conf:2: [prober] deny = : must be blocks of "
					"addresses, or none" },
		{ "[dns]\nservers = 192.0.2.1, dns.example\n",
			"mosprobe.conf:2: [dns] servers = 192.0.2.1, dns.example: dns.example is "
			"not IP, IP:PORT or [IPv6]:PORT" },
		{ "[dns]\nservers = [192.0.2.1]:53\n",
			"mosprobe.conf:2: [dns] servers = [192.0.2.1]:53: [192.0.2.1]:53 is not "
			"IP, IP:PORT or [IPv6]:PORT" },
		{ "[dns]\nservers = ,\n",
			"mosprobe.conf:2: [dns] servers = ,: must be IP[:PORT],... or empty" },
	};

	for (size_t i = 0; i < COUNT(cases); i++)
		assert_refused(cases[i].text, cases[i].message);
}

static void unknown_names(void **state)
{
	static const struct {
		const char *text, *message;
	} cases[] = {
		{ "[alerts]\n", "mosprobe.conf:1: [alerts]: unknown section, did you mean "
				"[alert]?" },
		{ "\n[probr]\nid = a\n", "mosprobe.conf:2: [probr]: unknown section, did you mean "
					 "[prober]?" },
		{ "[Prober]\n", "mosprobe.conf:1: [Prober]: unknown section, did you mean "
				"[prober]?" },
		{ "[]\n", "mosprobe.conf:1: []: unknown section, did you mean [dns]?" },
		{ "[prober]\nintervall = 60s\n", "mosprobe.conf:2: [prober] intervall = 60s: "
						 "unknown key, did you mean interval?" },
		{ "[prober]\nwarning = 3.3\n", "mosprobe.conf:2: [prober] warning = 3.3: unknown "
					       "key here, it belongs into [alert]" },
		{ "[score]\nrefused = answer\n",
			"mosprobe.conf:2: [score] refused = answer: "
			"unknown key here, it belongs to targets and classes" },
		{ "interval = 60s\n",
			"mosprobe.conf:1: interval = 60s: stands before the first [section]" },
		{ "[class a]\nwarnign = 3.3\n", "mosprobe.conf:2: [class a] warnign = 3.3: no key "
						"of targets, did you mean warning?" },
		{ "[class a]\nclass = b\n",
			"mosprobe.conf:2: [class a] class = b: a class has no class" },
		{ "[class a b]\n", "mosprobe.conf:1: [class a b]: a class is named by 1 to 32 "
				   "letters, digits, _ - or ." },
		{ "[class]\n", "mosprobe.conf:1: [class]: a class is named by 1 to 32 letters, "
			       "digits, _ - or ." },
	};

	for (size_t i = 0; i < COUNT(cases); i++)
		assert_refused(cases[i].text, cases[i].message);
}

static void canaries_are_names(void **state)
{
	struct config *config = config_create("x");
	struct message msg;

	assert_int_equal(config_set(config, "guard", "canary",
				 "sip.example.net, 192.0.2.1:5061 [2001:db8::1]:443", "here", &msg),
		0);
	assert_int_equal(config_set(config, "guard", "canary", "a:0", "here", &msg), -EINVAL);
	assert_string_equal(msg.text, "here: a:0 is not NAME, NAME:PORT or [IPv6]:PORT");
	assert_int_equal(config_set(config, "guard", "canary", "a/b", "here", &msg), -EINVAL);
	assert_int_equal(config_set(config, "guard", "canary", " , ", "here", &msg), -EINVAL);
	assert_int_equal(config_set(config, "guard", "canary", "a a a a a a a a a a a a a a a a a",
				 "here", &msg),
		-EINVAL);
	config_destroy(config);
}

static void a_group_is_a_label(void **state)
{
	struct config *config = config_create("x");
	struct message msg;

	assert_int_equal(config_set(config, "guard", "group", "isp", "guard.group", &msg), 0);
	assert_string_equal(config->groups.label, "isp");
	assert_int_equal(config_set(config, "guard", "group", "two words", "here", &msg), -EINVAL);
	assert_string_equal(
		msg.text, "here: must be the name of a label: 1 to 64 letters, digits, _ - or .");
	assert_int_equal(config_set(config, "guard", "group", "codec", "here", &msg), -EINVAL);
	assert_string_equal(
		msg.text, "here: must be the name of a label, and this is a key of targets");
	config_destroy(config);
}

static void broken_text(void **state)
{
	static const struct {
		const char *text, *message;
	} cases[] = {
		{ "[prober]\nid a\n", "mosprobe.conf:2: no \"key = value\"" },
		{ "[prober]\nid a\nwindow = 0\n", "mosprobe.conf:2: no \"key = value\"" },
		{ "[prober]\nwindow = 0\nid a\n",
			"mosprobe.conf:2: [prober] window = 0: must be from 1 to 60" },
		{ "[prober\n", "mosprobe.conf:1: [prober: the closing ] is missing" },
		{ "[prober] id = a\n",
			"mosprobe.conf:1: id = a: nothing may stand behind a [section]" },
		{ "[prober]\n [redis]\n",
			"mosprobe.conf:2: [redis]: a section begins at the start of its line" },
		{ "[prober]\nid = a\n\nid = b\n",
			"mosprobe.conf:4: [prober] id = b: given twice, first in line 2" },
		{ "[prober]\nid = a\n[redis]\n[prober]\nid = a\n",
			"mosprobe.conf:5: [prober] id = a: given twice, first in line 2" },
		{ "[prober]\ntargets = a\ntargets = b\n",
			"mosprobe.conf:3: [prober] targets = b: given twice, first in line 2" },
		{ "[class a]\nport = 1\n[class a]\nport = 2\n",
			"mosprobe.conf:4: [class a] port = 2: given twice, first in line 2" },
		{ "[prober]\nid = a\n  interval = 20s\n",
			"mosprobe.conf:3: [prober] id = interval = 20s: an indented line continues "
			"the one before, which only targets and deny may do" },
		{ "[class a]\nport = 1\n codec = g711\n",
			"mosprobe.conf:3: [class a] port = codec = g711: an indented line "
			"continues the one before, which only targets and deny may do" },
		{ "[prober]\nid = a\x1b[1m\n",
			"mosprobe.conf:2: a control character (0x1b): only tabs are allowed" },
	};
	static const char nul[] = "[prober]\nid = a\0b\n";
	char text[512];
	struct message msg;

	for (size_t i = 0; i < COUNT(cases); i++)
		assert_refused(cases[i].text, cases[i].message);
	assert_null(load(nul, sizeof nul - 1, &msg));
	assert_string_equal(msg.text, "mosprobe.conf:2: a NUL byte: this is no text");

	/* The longest line that is read whole, and one byte more. */
	snprintf(text, sizeof text, "[redis]\npassword_file = %0*d\n", 197 - 16, 7);
	config_destroy(good(text));
	snprintf(text, sizeof text, "[redis]\npassword_file = %0*d\n", 198 - 16, 7);
	assert_refused(text, "mosprobe.conf:2: a line of 198 bytes: at most 197 are allowed");
	/* No section's name is cut to a known one either. */
	snprintf(text, sizeof text, "[prober%*s]\n", 60, "x");
	assert_null(load(text, strlen(text), &msg));
	assert_non_null(strstr(msg.text, "unknown section"));
}

static void long_values_are_whole(void **state)
{
	char text[512], path[182];
	struct config *config;

	memset(path, 'x', sizeof path - 1);
	path[sizeof path - 1] = '\0';
	snprintf(text, sizeof text, "[redis]\npassword_file = %s", path);
	config = good(text);
	assert_string_equal(config->redis_password_file, path);
	config_destroy(config);
}

static void lists(void **state)
{
	struct config *config = good("[prober]\ndeny = none\n");
	struct message msg;

	assert_int_equal(config->deny_count, 0);
	config_destroy(config);
	config = good("[prober]\ntargets =\n\ta.txt\n\tb.txt\ndeny =\n 10.0.0.0/8\n");
	assert_int_equal(config->target_file_count, 2);
	assert_string_equal(config->target_files[1], "b.txt");
	assert_int_equal(config->deny_count, 1);
	/* An option replaces the list. */
	assert_int_equal(
		config_set(config, "prober", "targets", "c.txt", "--targets c.txt", &msg), 0);
	assert_int_equal(config->target_file_count, 1);
	assert_string_equal(config->target_files[0], "c.txt");
	config_destroy(config);
	assert_refused("[prober]\ndeny = 10.0.0.0/8\n none\n",
		"mosprobe.conf:3: [prober] deny = none: none is no block of addresses, such as "
		"10.0.0.0/8: must be blocks, or none");
}

static void urls(void **state)
{
	static const char *const accepted[] = { "redis://localhost", "redis://localhost:6379",
		"redis://localhost:6379/", "redis://192.0.2.1/15", "redis://[2001:db8::1]:6380/0",
		"redis://redis_1.example", "unix:///run/redis.sock",
		"unix:///run/redis.sock?db=2" };
	static const struct {
		const char *value, *shown, *why;
	} refused[] = {
		{ "rediss://localhost:6379", "rediss://localhost:6379",
			"TLS is not built in: run a TLS proxy (stunnel, for one) on this machine "
			"and give redis://127.0.0.1:PORT" },
		{ "redis://:hunter2@localhost", "redis://...",
			"an URL with a user or password in it is refused, since URLs are shown and "
			"logged: use username and password_file, or the environment" },
		{ "rediss://u:hunter2@localhost", "rediss://...",
			"an URL with a user or password in it is refused, since URLs are shown and "
			"logged: use username and password_file, or the environment" },
		{ "unix://u:hunter2@/run/r.sock", "unix://...",
			"an URL with a user or password in it is refused, since URLs are shown and "
			"logged: use username and password_file, or the environment" },
		{ "redis://h?password=hunter2", "redis://...",
			"an URL with a user or password in it is refused, since URLs are shown and "
			"logged: use username and password_file, or the environment" },
		{ "localhost:6379", "localhost:6379",
			"must be redis://HOST[:PORT][/DB] or unix:///PATH[?db=N]" },
		{ "http://localhost", "http://localhost",
			"must be redis://HOST[:PORT][/DB] or unix:///PATH[?db=N]" },
		{ "redis://", "redis://",
			"must be redis://HOST[:PORT][/DB] or unix:///PATH[?db=N]: HOST is no name "
			"or address" },
		{ "redis://h:0", "redis://h:0",
			"must be redis://HOST[:PORT][/DB] or unix:///PATH[?db=N]: PORT must be "
			"from 1 to 65535" },
		{ "redis://h:70000/1", "redis://h:70000/1",
			"must be redis://HOST[:PORT][/DB] or unix:///PATH[?db=N]: PORT must be "
			"from 1 to 65535" },
		{ "redis://h/one", "redis://h/one",
			"must be redis://HOST[:PORT][/DB] or unix:///PATH[?db=N]: DB is no number "
			"up to 65535" },
		{ "redis://[h]", "redis://[h]",
			"must be redis://HOST[:PORT][/DB] or unix:///PATH[?db=N]: HOST is no name "
			"or address" },
		{ "unix://run/redis.sock", "unix://run/redis.sock",
			"must be unix:///PATH[?db=N], PATH from the root: three slashes" },
		{ "unix:///r.sock?timeout=1", "unix://...",
			"must be unix:///PATH[?db=N], N up to 65535 and nothing else behind '?'" },
	};
	char text[512];
	struct config *config;
	struct message msg;

	for (size_t i = 0; i < COUNT(accepted); i++) {
		snprintf(text, sizeof text, "[redis]\nurl = %s\n", accepted[i]);
		config = good(text);
		assert_string_equal(config->redis_url, accepted[i]);
		config_destroy(config);
	}
	for (size_t i = 0; i < COUNT(refused); i++) {
		char message[512], where[256];

		snprintf(text, sizeof text, "[redis]\nurl = %s\n", refused[i].value);
		snprintf(message, sizeof message, "mosprobe.conf:2: [redis] url = %s: %s",
			refused[i].shown, refused[i].why);
		assert_refused(text, message);
		config = config_create("x");
		snprintf(where, sizeof where, "--redis %s", refused[i].value);
		snprintf(message, sizeof message, "--redis %s: %s", refused[i].shown,
			refused[i].why);
		assert_int_equal(
			config_set(config, "redis", "url", refused[i].value, where, &msg), -EINVAL);
		assert_string_equal(msg.text, message);
		assert_null(strstr(msg.text, "hunter2"));
		config_destroy(config);
	}
	config = good("[redis]\nurl =\n");
	assert_null(config->redis_url);
	config_destroy(config);
	snprintf(text, sizeof text, "[redis]\nurl = unix:///%0*d\n", 107, 7);
	assert_null(load(text, strlen(text), &msg));
	assert_non_null(strstr(msg.text, "PATH of a socket has at most 107 bytes, this has 108"));
}

static void across_keys(void **state)
{
	static const struct {
		const char *text, *message;
	} cases[] = {
		{ "[prober]\ninterval = 10s\ntimeout = 10s\n",
			"mosprobe.conf:3: [prober] timeout = 10s: must be below interval (10s)" },
		{ "[prober]\ninterval = 3s\n",
			"mosprobe.conf:2: [prober] interval = 3s: must be above timeout (3s)" },
		{ "[prober]\ntimeout = 60s\n",
			"mosprobe.conf:2: [prober] timeout = 60s: must be below interval (60s)" },
		{ "[score]\nplayout_min = 200ms\n",
			"mosprobe.conf:2: [score] playout_min = 200ms: must not be above "
			"playout_max (100ms)" },
		{ "[dns]\nttl_max = 10s\n",
			"mosprobe.conf:2: [dns] ttl_max = 10s: must not be below ttl_min (30s)" },
		{ "[prober]\ntimeout = 20s\n",
			"mosprobe.conf:2: [prober] timeout = 20s: must not be above [guard] window "
			"(10s)" },
		{ "[guard]\nwindow = 1s\n",
			"mosprobe.conf:2: [guard] window = 1s: must not be below [prober] timeout "
			"(3s)" },
		{ "[alert]\ncritical = 3.5\n",
			"mosprobe.conf:2: [alert] critical = 3.5: must be below warning (3.5)" },
		{ "[alert]\nwarning = 2.9\n",
			"mosprobe.conf: [alert] critical = 3: must be below warning (2.9)" },
		{ "[alert]\nrecovery = 3.4\n",
			"mosprobe.conf:2: [alert] recovery = 3.4: must not be below warning "
			"(3.5)" },
		{ "[alert]\nrecovery = 4.4\n",
			"mosprobe.conf:2: [alert] recovery = 4.4: must be at most 4.334, 0.05 "
			"below the best that codec g711 can reach" },
		{ "[alert]\nwarning = 4.2\n",
			"mosprobe.conf: [alert] recovery = 4.4: must be at most 4.334, 0.05 below "
			"the best that codec g711 can reach (without a value of its own it is 0.2 "
			"above warning)" },
		{ "[score]\ncodec = opus\n",
			"mosprobe.conf:2: [score] codec = opus: opus has no published narrowband "
			"Ie and Bpl (ITU-T G.113); give ie= and bpl= of your own to use it" },
		{ "[score]\ncodec = opus\nie = 5\n",
			"mosprobe.conf:2: [score] codec = opus: opus has no published narrowband "
			"Ie and Bpl (ITU-T G.113); give ie= and bpl= of your own to use it" },
		{ "[score]\ncodec = g726-32\n",
			"mosprobe.conf:2: [score] codec = g726-32: g726-32 has an Ie (7) and no "
			"published Bpl (ITU-T G.113), so loss cannot be scored; give bpl= of your "
			"own to use it" },
		{ "\n[class a]\n# mine\ncritical = 3.6\n",
			"mosprobe.conf:2: [class a] critical = 3.6: must be below warning (3.5)" },
		{ "[class a]\ncodec = g723.1\nrecovery = 3.9\n",
			"mosprobe.conf:1: [class a] recovery = 3.9: must be at most 3.848, 0.05 "
			"below the best that codec g723.1 can reach" },
	};

	for (size_t i = 0; i < COUNT(cases); i++)
		assert_refused(cases[i].text, cases[i].message);
	config_destroy(good("[score]\ncodec = g726-32\nbpl = 12\n"));
	config_destroy(good("[score]\nplayout_min = 100ms\n"));
}

static void a_host_name_that_is_no_id(void **state)
{
	struct config *config = config_create("(none)");
	struct message msg;

	assert_int_equal(config_finish(config, FILE_NAME, &msg), -EINVAL);
	assert_string_equal(msg.text, "mosprobe.conf: [prober] id = (none): must be 1 to 64 "
				      "letters, digits, _ - or .");
	config_destroy(config);
}

static void recovery_at_the_limit(void **state)
{
	struct config *config = good("");
	struct settings_draft draft = *config_class_find(config, NULL);
	double best = emodel_path_best(&config->model, &config->defaults.codec).s;

	draft.recovery_given = true;
	draft.settings.alert.recovery = best - 0.05;
	assert_int_equal(settings_finish(&draft, &config->model, NULL), 0);
	draft.settings.alert.recovery = nextafter(best - 0.05, 5);
	assert_int_equal(settings_finish(&draft, &config->model, NULL), -EINVAL);
	config_destroy(config);
}

static void classes(void **state)
{
	/* The class stands before what it starts from. */
	struct config *config = good("[class gold]\nwarning = 3.8\ncodec = g711-noplc\nmute = yes\n"
				     "[class empty]\n"
				     "[alert]\nwarning = 3.4\nwarning_for = 2m\n"
				     "[prober]\nport = 5070\n"
				     "[class  silver ] ; spaced\nrecovery = 4.0\nrefused = answer\n"
				     "[class gold]\nsamples = 7\n");
	const struct settings_draft *gold = config_class_find(config, "gold");
	const struct settings_draft *silver = config_class_find(config, "silver");
	const struct settings_draft *empty = config_class_find(config, "empty");

	assert_non_null(gold);
	assert_near(gold->settings.alert.warning, 3.8);
	assert_near(gold->settings.alert.recovery, 4.0);
	assert_false(gold->recovery_given);
	assert_true(gold->settings.alert.warning_for_ns == 2 * NSEC_PER_MIN);
	assert_true(gold->settings.mute_until_ms == UINT64_MAX);
	assert_int_equal(gold->settings.port, 5070);
	assert_int_equal(gold->settings.samples, 7);
	assert_string_equal(gold->settings.codec.name, "g711-noplc");
	assert_non_null(silver);
	assert_near(silver->settings.alert.warning, 3.4);
	assert_near(silver->settings.alert.recovery, 4.0);
	assert_true(silver->recovery_given);
	assert_true(silver->settings.refused_answers);
	assert_int_equal(silver->settings.samples, 5);
	assert_non_null(empty);
	assert_memory_equal(&empty->settings, &config->defaults, sizeof config->defaults);
	assert_null(config_class_find(config, "bronze"));
	assert_ptr_equal(config_class_find(config, ""), config_class_find(config, NULL));
	assert_near(config->defaults.alert.recovery, 3.6);
	config_destroy(config);
}

static void target_keys(void **state)
{
	static const struct {
		const char *key, *value, *message;
	} refused[] = {
		{ "port", "0", "port = 0: must be from 1 to 65535" },
		{ "mute", "until:tomorrow",
			"mute = until:tomorrow: must be yes, no or until:TIME, "
			"TIME in UTC as 2026-12-01T04:00Z" },
		{ "refused", "yes", "refused = yes: must be fail or answer" },
		{ "close", "gently", "close = gently: must be half, rst or fin" },
		{ "codec", "", "codec = : must be the name of a codec, such as g711" },
		{ "codec", "12345678901234567890123456789012",
			"codec = 12345678901234567890123456789012: must be the name of a codec, "
			"such as g711" },
		{ "bpl", "0", "bpl = 0: must be from 0.001 to 1000" },
	};
	struct config *config = good("");
	struct settings_draft draft = *config_class_find(config, NULL);
	struct message msg;

	for (size_t i = 0; i < COUNT(refused); i++) {
		assert_int_equal(
			settings_set(&draft, refused[i].key, refused[i].value, &msg), -EINVAL);
		assert_string_equal(msg.text, refused[i].message);
	}
	assert_int_equal(settings_set(&draft, "tenant", "x", &msg), 1);
	assert_int_equal(settings_set(&draft, "interval", "60s", &msg), 1);
	assert_int_equal(settings_set(&draft, "class", "x", &msg), 1);
	assert_int_equal(settings_set(&draft, "mute", "until:2026-12-01T04:00Z", &msg), 0);
	assert_true(draft.settings.mute_until_ms == 1796097600000);
	assert_int_equal(settings_set(&draft, "ie", "5", &msg), 0);
	assert_int_equal(settings_set(&draft, "ie", "", &msg), 0);
	assert_true(isnan(draft.ie));
	assert_int_equal(settings_set(&draft, "codec", "opus", &msg), 0);
	assert_int_equal(settings_finish(&draft, &config->model, &msg), -EINVAL);
	assert_int_equal(settings_set(&draft, "ie", "5", &msg), 0);
	assert_int_equal(settings_set(&draft, "bpl", "20", &msg), 0);
	assert_int_equal(settings_finish(&draft, &config->model, &msg), 0);
	assert_string_equal(draft.settings.codec.name, "custom");
	assert_near(draft.settings.codec.ie, 5);
	config_destroy(config);
}

static void options_go_over_files(void **state)
{
	static const char first[] = "[prober]\ninterval = 30s\nid = a\n[class x]\nport = 1\n";
	static const char second[] = "[prober]\ninterval = 40s\n[class x]\nport = 2\n";
	struct config *config = config_create("x");
	struct message msg;

	assert_int_equal(config_read(config, first, sizeof first - 1, "1.conf", &msg), 0);
	assert_int_equal(config_read(config, second, sizeof second - 1, "2.conf", &msg), 0);
	assert_true(config->interval_ns == 40 * NSEC_PER_SEC);
	assert_int_equal(
		config_set(config, "prober", "interval", "0s", "--interval 0s", &msg), -EINVAL);
	assert_string_equal(msg.text, "--interval 0s: must be from 1s to 1h");
	assert_int_equal(
		config_set(config, "prober", "intervall", "9s", "--intervall 9s", &msg), -EINVAL);
	assert_string_equal(msg.text, "--intervall 9s: unknown key, did you mean interval?");
	assert_int_equal(
		config_set(config, "prober", "interval", "20s", "--interval 20s", &msg), 0);
	assert_true(config->interval_ns == 20 * NSEC_PER_SEC);
	assert_int_equal(config_finish(config, "1.conf", &msg), 0);
	assert_string_equal(config->id, "a");
	assert_int_equal(config_class_find(config, "x")->settings.port, 2);
	config_destroy(config);

	config = config_create("x");
	assert_int_equal(config_set(config, "prober", "interval", "2s", "--interval 2s", &msg), 0);
	assert_int_equal(config_finish(config, "1.conf", &msg), -EINVAL);
	assert_string_equal(msg.text, "--interval 2s: must be above timeout (3s)");
	config_destroy(config);
}

/* Text that is nearly a configuration is read or refused, and never more. */
static void mutations(void **state)
{
	static const char seed_text[] =
		"[prober]\nid = a ; b\ntargets = a, b\n\tc\ninterval = 60s\ndeny = 10.0.0.0/8\n ::1/128\n"
		"[score]\ncodec = g711\nie =\nplayout_min = 20ms\n[alert]\nwarning = 3.5\n"
		"[class gold]\nrecovery = 4.0\nmute = until:2026-12-01T04:00Z\n"
		"[dns]\nservers = 192.0.2.1:53,[2001:db8::1]:53\n"
		"[redis]\nurl = redis://localhost:6379/0\nspool_max = 64MiB\n";
	static const char spice[] = "\n\r\t [];#=:,\"\\.0919eE-+@/?\xef\xbb\xbf\xff\x01szKa%";
	unsigned seed = 20260301, read = 0, refused = 0;

	print_message("# seed %u\n", seed);
	srand(seed);
	for (unsigned round = 0; round < 4000; round++) {
		size_t length = sizeof seed_text - 1, edits = 1 + (size_t)rand() % 4;
		char *text = malloc(length + 8); /* exact, so that ASan sees a byte too far */
		struct message msg;
		struct config *config;

		memcpy(text, seed_text, length);
		while (edits--) {
			size_t at = (size_t)rand() % length;

			switch (rand() % 4) {
			case 0:
				text[at] = spice[(size_t)rand() % sizeof spice];
				break;
			case 1:
				memmove(text + at, text + at + 1, length - at - 1);
				length -= length > 1;
				break;
			case 2:
				memmove(text + at + 1, text + at, length - at);
				text[at] = spice[(size_t)rand() % sizeof spice];
				length++;
				break;
			default:
				length = at + 1;
			}
		}
		text = realloc(text, length);
		config = load(text, length, &msg);
		config ? read++ : refused++;
		config_destroy(config);
		free(text);
	}
	assert_true(read > 100 && refused > 100);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(defaults),
		cmocka_unit_test(denied_by_default),
		cmocka_unit_test(every_default_is_as_written),
		cmocka_unit_test(every_range_is_kept),
		cmocka_unit_test(everything_given),
		cmocka_unit_test(wrong_values),
		cmocka_unit_test(unknown_names),
		cmocka_unit_test(a_group_is_a_label),
		cmocka_unit_test(canaries_are_names),
		cmocka_unit_test(broken_text),
		cmocka_unit_test(long_values_are_whole),
		cmocka_unit_test(lists),
		cmocka_unit_test(urls),
		cmocka_unit_test(across_keys),
		cmocka_unit_test(a_host_name_that_is_no_id),
		cmocka_unit_test(recovery_at_the_limit),
		cmocka_unit_test(classes),
		cmocka_unit_test(target_keys),
		cmocka_unit_test(options_go_over_files),
		cmocka_unit_test(mutations),
	};

	cmocka_set_message_output(CM_OUTPUT_TAP);
	return cmocka_run_group_tests(tests, NULL, NULL);
}
