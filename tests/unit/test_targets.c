/* SPDX-License-Identifier: MIT */
#include <errno.h>
#include <malloc.h>
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

#include "pure/targets.h"

#define FILE_NAME "targets.txt"
#ifdef __SANITIZE_ADDRESS__
#define SANITIZED 1
#elif defined __has_feature
#define SANITIZED __has_feature(address_sanitizer)
#else
#define SANITIZED 0
#endif
#define COUNT(array) (sizeof(array) / sizeof(array)[0])

static const char classes_text[] = "[class gold]\nwarning = 3.8\nsamples = 10\nport = 5070\n"
				   "[class g729]\ncodec = g729a\n";
static struct config *config;

static int setup(void **state)
{
	struct message msg;

	config = config_create("prober-1");
	return !config ||
	       config_read(config, classes_text, sizeof classes_text - 1, "mosprobe.conf", &msg) ||
	       config_finish(config, "mosprobe.conf", &msg);
}

static int teardown(void **state)
{
	config_destroy(config);
	return 0;
}

static void assert_near(double a, double b)
{
	assert_true(fabs(a - b) < 1e-9);
}

static struct target_list *load(const char *text, size_t length)
{
	struct target_list *list = targets_create();
	struct message msg;

	assert_non_null(list);
	if (targets_add(list, text, length, FILE_NAME, config, &msg))
		fail_msg("%s", msg.text);
	return list;
}

static void assert_refused_bytes(const char *text, size_t length, const char *message)
{
	struct target_list *list = targets_create();
	struct message msg = { "" };

	assert_int_equal(targets_add(list, text, length, FILE_NAME, config, &msg), -EINVAL);
	assert_string_equal(msg.text, message);
	targets_destroy(list);
}

static void assert_refused(const char *text, const char *message)
{
	assert_refused_bytes(text, strlen(text), message);
}

/* The value of a label, NULL when the target has none of that name. */
static const char *label(const struct target *target, const char *key)
{
	for (const char *at = target->labels; at && *at;) {
		const char *value = at + strlen(at) + 1;

		if (!strcmp(at, key))
			return value;
		at = value + strlen(value) + 1;
	}
	return NULL;
}

static void nothing_in_it(void **state)
{
	static const char *const texts[] = { "", "\n", "# only\n\n   # comments\r\n\t\n",
		"\xef\xbb\xbf", "\xef\xbb\xbf\r\n" };

	for (size_t i = 0; i < COUNT(texts); i++) {
		struct target_list *list = load(texts[i], strlen(texts[i]));

		assert_int_equal(targets_count(list), 0);
		assert_null(targets_find(list, "pbx1.example.com", 5060));
		targets_destroy(list);
	}
	targets_destroy(NULL);
}

static void the_documented_example(void **state)
{
	static const char text[] =
		"\xef\xbb\xbf# name[:port]                key=value ...\r\n"
		"pbx1.example.com\r\n"
		"PBX2.Example.com.:5061        warning=3.3 tenant=\"Acme \\\"GmbH\\\" \\\\ #1\"\r\n"
		"\t[2001:DB8:0::7]:5060           codec=g729a critical=3.2 site=fra class=gold # x\r\n"
		"pbx3.example.com             mute=until:2026-12-01T04:00Z\tempty= a=b#c\n"
		"2001:db8::8\n"
		"192.0.2.1:65535 port.x=1\n"
		"::ffff:192.0.2.2 refused=answer family=4 close=rst\n"
		"pbx1.example.com port=5062 class=gold";
	struct target_list *list = load(text, sizeof text - 1);
	const struct target *target = targets_at(list, 0);
	char key[TARGET_KEY_SIZE];

	assert_int_equal(targets_count(list), 8);
	assert_string_equal(target->name, "pbx1.example.com");
	assert_int_equal(target->port, 5060);
	assert_int_equal(target->line, 2);
	assert_int_equal(target->literal, 0);
	assert_null(target->labels);
	assert_memory_equal(target->settings, &config->defaults, sizeof config->defaults);

	target = targets_at(list, 1);
	assert_string_equal(target->name, "pbx2.example.com");
	assert_int_equal(target->port, 5061);
	assert_near(target->settings->alert.warning, 3.3);
	assert_near(target->settings->alert.recovery, 3.5);
	assert_string_equal(label(target, "tenant"), "Acme \"GmbH\" \\ #1");
	assert_int_equal(target_key(target, key), 21);
	assert_string_equal(key, "pbx2.example.com:5061");

	target = targets_at(list, 2);
	assert_string_equal(target->name, "2001:db8::7");
	assert_int_equal(target->literal, 6);
	assert_string_equal(target->settings->codec.name, "g729a");
	assert_near(target->settings->alert.critical, 3.2);
	assert_near(target->settings->alert.warning, 3.8); /* of the class behind it */
	assert_int_equal(target->settings->samples, 10);
	assert_memory_equal(target->labels, "site\0fra\0", 10);
	assert_int_equal(target_key(target, key), strlen("[2001:db8::7]:5060"));
	assert_string_equal(key, "[2001:db8::7]:5060");

	target = targets_at(list, 3);
	assert_true(target->settings->mute_until_ms == 1796097600000);
	assert_string_equal(label(target, "empty"), "");
	assert_string_equal(label(target, "a"), "b#c");
	assert_int_equal(target->line, 5);

	assert_string_equal(targets_at(list, 4)->name, "2001:db8::8");
	assert_int_equal(targets_at(list, 4)->port, 5060);
	assert_int_equal(targets_at(list, 5)->literal, 4);
	assert_int_equal(targets_at(list, 5)->port, 65535);
	assert_string_equal(label(targets_at(list, 5), "port.x"), "1");

	target = targets_at(list, 6);
	assert_string_equal(target->name, "192.0.2.2");
	assert_int_equal(target->literal, 4);
	assert_true(target->settings->refused_answers);
	assert_int_equal(target->settings->family, FAMILY_4);
	assert_int_equal(target->settings->close, CLOSE_RST);
	assert_int_equal(targets_at(list, 7)->port, 5062);
	targets_destroy(list);
}

/* A recovery level goes with the warning level that it was given for, whatever the order on a line. */
static void recovery_follows_the_warning_level(void **state)
{
	static const char conf[] = "[alert]\nwarning = 3.4\nrecovery = 3.55\n"
				   "[class high]\nwarning = 3.9\n[class own]\nrecovery = 3.8\n";
	static const char text[] = "a.example\nb.example warning=3.8\nc.example class=high\n"
				   "d.example class=own\ne.example class=own warning=3.7\n"
				   "f.example recovery=4.2 warning=3.8\n";
	static const double recovery[] = { 3.55, 4.0, 4.1, 3.8, 3.9, 4.2 };
	struct config *own = config_create("test");
	struct target_list *list = targets_create();
	struct message msg = { "" };

	assert_int_equal(config_read(own, conf, strlen(conf), "c", &msg), 0);
	assert_int_equal(config_finish(own, "c", &msg), 0);
	assert_int_equal(targets_add(list, text, strlen(text), "t", own, &msg), 0);
	for (size_t i = 0; i < COUNT(recovery); i++)
		assert_near(targets_at(list, i)->settings->alert.recovery, recovery[i]);
	targets_destroy(list);
	config_destroy(own);
}

static void bad_lines(void **state)
{
	static const struct {
		const char *text, *message;
	} cases[] = {
		{ "a.example\nb.example\nA.Example.:5060\n",
			"targets.txt:3: a.example:5060: the same target stands in targets.txt:1" },
		{ "[2001:db8::7]\n2001:DB8:0:0::7 port=5060\n",
			"targets.txt:2: [2001:db8::7]:5060: the same target stands in "
			"targets.txt:1" },
		{ "a.example:0\n", "targets.txt:1: a.example:0: the port must be from 1 to 65535" },
		{ "a.example:65536\n",
			"targets.txt:1: a.example:65536: the port must be from 1 to 65535" },
		{ "a.example:abc\n",
			"targets.txt:1: a.example:abc: the port must be from 1 to 65535" },
		{ "a.example:-1\n", "targets.txt:1: a.example:-1: the port must be from 1 to "
				    "65535" },
		{ "a.example:00000005060\n",
			"targets.txt:1: a.example:00000005060: the port must be from 1 to 65535" },
		{ "a.example:\n",
			"targets.txt:1: a.example:: the port behind the colon is missing" },
		{ "[2001:db8::7]:\n",
			"targets.txt:1: [2001:db8::7]:: the port behind the colon is missing" },
		{ "[2001:db8::7]5060\n",
			"targets.txt:1: [2001:db8::7]5060: only :PORT may stand behind ]" },
		{ "[2001:db8::7\n", "targets.txt:1: [2001:db8::7: the closing ] is missing" },
		{ "[192.0.2.1]:5060\n", "targets.txt:1: [192.0.2.1]:5060: no IPv6 address stands "
					"between [ and ]" },
		{ "[::g]:5060\n",
			"targets.txt:1: [::g]:5060: no IPv6 address stands between [ and ]" },
		{ "2001:db8::7::\n", "targets.txt:1: 2001:db8::7::: no IPv6 address, and "
				     "NAME:PORT has one colon" },
		{ ":5060\n", "targets.txt:1: :5060: the name is missing" },
		{ ".\n", "targets.txt:1: .: the name is missing" },
		{ "a..example\n", "targets.txt:1: a..example: a part of the name is empty" },
		{ "a.example..\n", "targets.txt:1: a.example..: a part of the name is empty" },
		{ "-a.example\n",
			"targets.txt:1: -a.example: a part of the name begins or ends with -" },
		{ "a.example-\n",
			"targets.txt:1: a.example-: a part of the name begins or ends with -" },
		{ "a*.example\n",
			"targets.txt:1: a*.example: a name has letters, digits, - and _ only" },
		{ "sip:a.example\n",
			"targets.txt:1: sip:a.example: the port must be from 1 to 65535" },
		{ "b\xc3\xbc"
		  "ro.example\n",
			"targets.txt:1: b\xc3\xbc"
			"ro.example: only ASCII can stand in a name; give "
			"the xn-- form of it" },
		{ "10.0.0.256\n", "targets.txt:1: 10.0.0.256: no valid IPv4 address, and no name "
				  "ends in a number" },
		{ "10.0.0:5060\n", "targets.txt:1: 10.0.0:5060: no valid IPv4 address, and no "
				   "name ends in a number" },
		{ "010.0.0.1\n", "targets.txt:1: 010.0.0.1: no valid IPv4 address, and no name "
				 "ends in a number" },
		{ "port=5060\n", "targets.txt:1: port=5060: a line begins with NAME[:PORT]" },
		{ "a.example b.example\n", "targets.txt:1: b.example: expected key=value" },
		{ "a.example =x\n", "targets.txt:1: : a key is 1 to 64 letters, digits, _ - or ." },
		{ "a.example si/te=x\n",
			"targets.txt:1: si/te: a key is 1 to 64 letters, digits, _ - or ." },
		{ "a.example site=x site=y\n", "targets.txt:1: site: given twice" },
		{ "a.example port=1 port=1\n", "targets.txt:1: port: given twice" },
		{ "a.example:5061 port=5061\n",
			"targets.txt:1: port: given twice, with the name and as port=" },
		{ "a.example site=\"fra\nb.example\n",
			"targets.txt:1: site: the closing quote is missing on this line" },
		{ "a.example site=\"a\\n\"\n",
			"targets.txt:1: site: \\ stands before \" or \\ only" },
		{ "a.example site=\"a\"b\n", "targets.txt:1: site: text behind the closing "
					     "quote" },
		{ "a.example site=a\"b\"\n",
			"targets.txt:1: site: a quote inside the value: quote all of it" },
		{ "a.example site=\"a\tb\"\n", "targets.txt:1: site: a tab in the value" },
		{ "a.example site=a\rb\n", "targets.txt:1: a control character (0x0d): only tabs "
					   "are allowed" },
		{ "a.example site=\x7f\n", "targets.txt:1: a control character (0x7f): only tabs "
					   "are allowed" },
		{ "a.example site=\xff\n", "targets.txt:1: site: the value is not valid UTF-8" },
		{ "a.example warnign=3.3\n", "targets.txt:1: warnign: did you mean warning? A "
					     "label needs another name" },
		{ "a.example Codec=g711\n", "targets.txt:1: Codec: did you mean codec? A label "
					    "needs another name" },
		{ "a.example clas=gold\n", "targets.txt:1: clas: did you mean class? A label "
					   "needs another name" },
		{ "a.example IE=3\n", "targets.txt:1: IE: did you mean ie? A label needs another "
				      "name" },
		{ "a.example class=silver\n", "targets.txt:1: class = silver: the configuration "
					      "has no such [class ...]" },
		{ "a.example class=\n", "targets.txt:1: class: the name of the class is missing" },
		{ "a.example port=0\n", "targets.txt:1: port = 0: must be from 1 to 65535" },
		{ "a.example warning=7\n", "targets.txt:1: warning = 7: must be from 1.0 to 4.5" },
		{ "a.example warning_for=6\n",
			"targets.txt:1: warning_for = 6: not a number with its unit (ms, s, m or "
			"h): must be from 0s to 24h" },
		{ "a.example close=gently\n",
			"targets.txt:1: close = gently: must be half, rst or fin" },
		{ "a.example codec=g726-32\n",
			"targets.txt:1: codec = g726-32: g726-32 has an Ie (7) and no published "
			"Bpl (ITU-T G.113), so loss cannot be scored; give bpl= of your own to use "
			"it" },
		{ "a.example codec=opus\n",
			"targets.txt:1: codec = opus: opus has no published narrowband Ie and Bpl "
			"(ITU-T G.113); give ie= and bpl= of your own to use it" },
		{ "\na.example critical=3.5\n",
			"targets.txt:2: critical = 3.5: must be below warning (3.5)" },
		{ "a.example recovery=4.4\n",
			"targets.txt:1: recovery = 4.4: must be at most 4.334, 0.05 below the best "
			"that codec g711 can reach" },
		{ "a.example warning=3.9 class=g729\n",
			"targets.txt:1: recovery = 4.1: must be at most 4.006, 0.05 below the best "
			"that codec g729a can reach (without a value of its own it is 0.2 above "
			"warning)" },
		{ "a.example mute=until:2026-02-30T00:00Z\n",
			"targets.txt:1: mute = until:2026-02-30T00:00Z: must be yes, no or "
			"until:TIME, TIME in UTC as 2026-12-01T04:00Z" },
	};
	static const char nul[] = "a.example\nb.exa\0mple\n", label_nul[] = "a.example x=\0\n";

	for (size_t i = 0; i < COUNT(cases); i++)
		assert_refused(cases[i].text, cases[i].message);
	assert_refused_bytes(nul, sizeof nul - 1, "targets.txt:2: a NUL byte: this is no text");
	assert_refused_bytes(
		label_nul, sizeof label_nul - 1, "targets.txt:1: a NUL byte: this is no text");
}

static void a_label_may_be_called(void **state)
{
	static const char text[] = "a.example id=1 sort.by=x isp=y site=z tenant=t Host=h";
	struct target_list *list = load(text, sizeof text - 1);

	assert_string_equal(label(targets_at(list, 0), "id"), "1");
	assert_string_equal(label(targets_at(list, 0), "Host"), "h");
	targets_destroy(list);
}

static void long_names(void **state)
{
	char text[400], dots[80], message[500];
	struct target_list *list;

	memset(text, 'a', 300);
	strcpy(text + 300, "\n");
	memset(dots, 'a', 76);
	strcpy(dots + 76, "...");
	snprintf(message, sizeof message,
		"targets.txt:1: %s: a name has at most 253 characters, this has 300", dots);
	assert_refused(text, message);

	text[64] = '\0';
	snprintf(message, sizeof message,
		"targets.txt:1: %s: a part of the name has more than 63 characters", text);
	assert_refused(text, message);

	/* 63 + 1 + 63 + 1 + 63 + 1 + 61 = 253, and one more */
	memset(text, 'a', 253);
	text[63] = text[127] = text[191] = '.';
	strcpy(text + 253, ".:5060 warning=3.4\n");
	list = load(text, strlen(text));
	assert_int_equal(strlen(targets_at(list, 0)->name), 253);
	targets_destroy(list);
	text[253] = 'a';
	list = targets_create();
	assert_int_equal(targets_add(list, text, strlen(text), FILE_NAME, config, NULL), -EINVAL);
	targets_destroy(list);
}

static void limits_of_a_line(void **state)
{
	struct target_list *list;
	char *text = malloc(40000), *at;
	char key[80];

	/* 32 full labels and every key is the most; it must fit. */
	at = text + sprintf(text, "a.example port=1 class=gold warning=3.3");
	for (int i = 0; i < 32; i++) {
		snprintf(key, sizeof key, "%064d", i);
		at += sprintf(at, " %s=\"", key);
		for (int j = 0; j < 128; j++)
			at = stpcpy(at, j % 2 ? "\\\"\\\\" : "xy");
		at = stpcpy(at, "\"");
	}
	list = load(text, strlen(text));
	assert_int_equal(strlen(label(targets_at(list, 0), key)), 256);
	targets_destroy(list);
	strcpy(at, " more=1");
	assert_refused(text, "targets.txt:1: more: more than 32 labels");
	at = text + sprintf(text, "a.example");
	for (int i = 0; i < 65; i++)
		at += sprintf(at, " x%d=1", i);
	assert_refused(text, "targets.txt:1: more than 64 key=value on a line");
	at = text + sprintf(text, "a.example x=");
	memset(at, 'y', 257);
	at[257] = '\0';
	assert_refused(text, "targets.txt:1: x: the value has 257 bytes, at most 256 are allowed");
	memset(text, 'x', 65);
	strcpy(text + 65, "=1");
	memmove(text + 2, text, 68);
	memcpy(text, "a ", 2);
	at = malloc(200);
	snprintf(at, 200, "targets.txt:1: %.65s: a key is 1 to 64 letters, digits, _ - or .",
		text + 2);
	assert_refused(text, at);
	free(at);
	memset(text, '#', 16385);
	text[16385] = '\0';
	assert_refused(text, "targets.txt:1: a line of 16385 bytes: at most 16384 are allowed");
	text[16384] = '\n';
	list = load(text, 16385);
	assert_int_equal(targets_count(list), 0);
	targets_destroy(list);
	free(text);
}

static void duplicates_across_files(void **state)
{
	static const char first[] = "a.example\n\nb.example\n", second[] = "# x\nc.example\n";
	static const char third[] = "d.example\nB.example.\n";
	struct target_list *list = targets_create();
	struct message msg;

	assert_int_equal(targets_add(list, first, sizeof first - 1, "1.txt", config, &msg), 0);
	assert_int_equal(targets_add(list, "", 0, "empty.txt", config, &msg), 0);
	assert_int_equal(targets_add(list, second, sizeof second - 1, "2.txt", config, &msg), 0);
	assert_int_equal(targets_count(list), 3);
	assert_int_equal(
		targets_add(list, third, sizeof third - 1, "3.txt", config, &msg), -EINVAL);
	assert_string_equal(msg.text, "3.txt:2: b.example:5060: the same target stands in 1.txt:3");
	targets_destroy(list);

	list = targets_create();
	assert_int_equal(targets_add(list, first, sizeof first - 1, "1.txt", config, &msg), 0);
	assert_int_equal(targets_add(list, second, sizeof second - 1, "2.txt", config, &msg), 0);
	assert_int_equal(
		targets_add(list, second, sizeof second - 1, "3.txt", config, &msg), -EINVAL);
	assert_string_equal(msg.text, "3.txt:2: c.example:5060: the same target stands in 2.txt:2");
	targets_destroy(list);
}

static void settings_are_shared(void **state)
{
	static const char text[] = "a.example\nb.example warning=3.3\nc.example port=99\n"
				   "d.example warning=3.3 site=x\ne.example recovery=3.7\n"
				   "f.example class=gold\ng.example class=gold port=7\n"
				   "h.example codec=G711\n";
	struct target_list *list = load(text, sizeof text - 1);
	const struct settings *a = targets_at(list, 0)->settings;
	const struct settings *b = targets_at(list, 1)->settings;

	assert_ptr_not_equal(a, b);
	assert_ptr_equal(targets_at(list, 2)->settings, a);
	assert_ptr_equal(targets_at(list, 3)->settings, b);
	assert_ptr_equal(targets_at(list, 4)->settings, a);
	assert_ptr_not_equal(targets_at(list, 5)->settings, a);
	assert_ptr_equal(targets_at(list, 6)->settings, targets_at(list, 5)->settings);
	assert_int_equal(targets_at(list, 5)->port, 5070);
	assert_int_equal(targets_at(list, 6)->port, 7);
	assert_ptr_equal(targets_at(list, 7)->settings, a);
	targets_destroy(list);
}

/* Phases must be the same after a restart, an upgrade, and on any machine. */
static void hashes_never_change(void **state)
{
	struct target name = { .name = "pbx1.example.com", .port = 5060 };
	struct target address = { .name = "2001:db8::7", .port = 5060, .literal = 6 };

	assert_true(target_hash(&name) == 0x8177bc85521329adull);
	assert_true(target_hash(&address) == 0x602751a5e9fa154dull);
}

static void names_of_probe(void **state)
{
	char name[TARGET_NAME_MAX + 1] = "untouched";
	uint8_t literal = 9;
	uint16_t port = 9;
	struct message msg;

	assert_int_equal(target_parse_name("a\0b", 3, name, &port, &literal, &msg), -EINVAL);
	assert_string_equal(msg.text, "a?b: a name has letters, digits, - and _ only");
	assert_int_equal(target_parse_name("", 0, name, &port, &literal, &msg), -EINVAL);
	assert_string_equal(msg.text, ": the name is missing");
	assert_int_equal(
		target_parse_name("a.example:0", 11, name, &port, &literal, NULL), -EINVAL);
	assert_string_equal(name, "untouched");
	assert_int_equal(port, 9);
	assert_int_equal(literal, 9);
	assert_int_equal(target_parse_name("LOCALHOST", 9, name, &port, &literal, &msg), 0);
	assert_string_equal(name, "localhost");
	assert_int_equal(port, 0);
	assert_int_equal(literal, 0);
	assert_int_equal(target_parse_name("_sip._tcp.x", 11, name, &port, &literal, &msg), 0);
	/* only length bytes are its own */
	assert_int_equal(target_parse_name("192.0.2.1:50601", 14, name, &port, &literal, &msg), 0);
	assert_string_equal(name, "192.0.2.1");
	assert_int_equal(port, 5060);
	assert_int_equal(literal, 4);
}

static double seconds(void)
{
	struct timespec now;

	clock_gettime(CLOCK_PROCESS_CPUTIME_ID, &now);
	return (double)now.tv_sec + (double)now.tv_nsec / 1e9;
}

/* 100,000 lines in well under a second; sanitizers are given more. */
static void many(void **state)
{
	const double allowed = SANITIZED ? 20 : 1;
	const size_t lines = 100000;
	char *text = malloc(lines * 100), *end = text;
	struct target_list *list;
	double start;

	for (size_t i = 0; i < lines; i++)
		end += sprintf(end,
			"pbx%zu.site%zu.example.com:%zu warning=3.%zu tenant=\"no %zu\"\n", i,
			i % 97, 5060 + i % 8, 2 + i % 4, i % 1000);
	start = seconds();
	list = load(text, (size_t)(end - text));
	start = seconds() - start;
	print_message("# %zu lines in %.3f s\n", lines, start);
	assert_int_equal(targets_count(list), lines);
	assert_true(start < allowed);
	for (size_t i = 0; i < lines; i += 997) {
		char name[64];

		snprintf(name, sizeof name, "pbx%zu.site%zu.example.com", i, i % 97);
		assert_string_equal(targets_at(list, i)->name, name);
		assert_ptr_equal(
			targets_find(list, name, (uint16_t)(5060 + i % 8)), targets_at(list, i));
		assert_null(targets_find(list, name, (uint16_t)(5061 + i % 8)));
		assert_ptr_equal(targets_at(list, i)->settings, targets_at(list, i % 4)->settings);
		assert_int_equal(targets_at(list, i)->line, i + 1);
	}
	targets_destroy(list);
	free(text);
}

/* About 40 bytes and the name, when there is nothing else on a line. */
static void memory_of_a_target(void **state)
{
	const size_t lines = 200000;
	char *text = malloc(lines * 40), *end = text;
	struct mallinfo2 before, after;
	struct target_list *list;
	size_t names;
	double each;

	for (size_t i = 0; i < lines; i++)
		end += sprintf(end, "pbx%06zu.example.com\n", i);
	names = (size_t)(end - text) - lines;
	before = mallinfo2();
	list = load(text, (size_t)(end - text));
	after = mallinfo2();
	each = ((double)(after.uordblks + after.hblkhd) -
		       (double)(before.uordblks + before.hblkhd) - (double)names) /
	       (double)lines;
	print_message("# %.1f bytes and the name\n", each);
	assert_int_equal(targets_count(list), lines);
	/* a sanitizer's malloc tells nothing */
	assert_true(SANITIZED || (each > 20 && each < 48));
	targets_destroy(list);
	free(text);
}

/* Text that is nearly a list of targets is read or refused, and never more. */
static void mutations(void **state)
{
	static const char seed_text[] =
		"# name\npbx1.example.com\npbx2.example.com:5061 warning=3.3 tenant=\"Acme \\\"x\\\"\"\r\n"
		"[2001:db8::7]:5060 codec=g729a critical=3.2 class=gold site=fra\n192.0.2.1\n"
		"pbx3.example.com mute=until:2026-12-01T04:00Z ie=5 bpl=10\n2001:db8::8 # x\n";
	static const char spice[] = "\n\r\t []#=:,\"\\.0919aZ-_%\xc3\xbc\xff\x01\x7f";
	unsigned seed = 20260302, read = 0, refused = 0;

	print_message("# seed %u\n", seed);
	srand(seed);
	for (unsigned round = 0; round < 4000; round++) {
		size_t length = sizeof seed_text - 1, edits = 1 + (size_t)rand() % 4;
		struct target_list *list = targets_create();
		char *text = malloc(length + 8);
		struct message msg = { "" };
		int rc;

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
		text = realloc(text, length); /* exact, so that ASan sees a byte too far */
		rc = targets_add(list, text, length, FILE_NAME, config, &msg);
		assert_true(rc == 0 || rc == -EINVAL);
		assert_true(!rc == !*msg.text);
		for (size_t i = 0; !rc && i < targets_count(list); i++) {
			const struct target *target = targets_at(list, i);

			assert_true(target->port && *target->name && target->settings);
			assert_ptr_equal(targets_find(list, target->name, target->port), target);
		}
		rc ? refused++ : read++;
		targets_destroy(list);
		free(text);
	}
	assert_true(read > 100 && refused > 100);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(nothing_in_it),
		cmocka_unit_test(the_documented_example),
		cmocka_unit_test(recovery_follows_the_warning_level),
		cmocka_unit_test(bad_lines),
		cmocka_unit_test(a_label_may_be_called),
		cmocka_unit_test(long_names),
		cmocka_unit_test(limits_of_a_line),
		cmocka_unit_test(duplicates_across_files),
		cmocka_unit_test(settings_are_shared),
		cmocka_unit_test(hashes_never_change),
		cmocka_unit_test(names_of_probe),
		cmocka_unit_test(many),
		cmocka_unit_test(memory_of_a_target),
		cmocka_unit_test(mutations),
	};

	cmocka_set_message_output(CM_OUTPUT_TAP);
	return cmocka_run_group_tests(tests, setup, teardown);
}
