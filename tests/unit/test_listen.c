/* SPDX-License-Identifier: MIT */
#include <string.h>

#include "../check.h"
#include "pure/config.h"
#include "pure/listen.h"

static void places(void **state)
{
	static const struct {
		const char *text, *address;
		uint16_t port;
		bool local;
	} good[] = {
		{ "9317", "127.0.0.1", 9317, true },
		{ "1", "127.0.0.1", 1, true },
		{ "65535", "127.0.0.1", 65535, true },
		{ "127.0.0.2:80", "127.0.0.2", 80, true },
		{ "192.0.2.7:9317", "192.0.2.7", 9317, false },
		{ "0.0.0.0:9317", "0.0.0.0", 9317, false },
		{ "[::1]:9317", "::1", 9317, true },
		{ "[::]:9317", "::", 9317, false },
		{ "[2001:db8::7]:9317", "2001:db8::7", 9317, false },
		{ "[::ffff:127.0.0.1]:80", "127.0.0.1", 80, true },
	};

	for (size_t i = 0; i < sizeof good / sizeof *good; i++) {
		struct listen_place place;
		char text[ADDRESS_TEXT_SIZE];

		if (!listen_parse(&place, good[i].text))
			fail_msg("%s is refused", good[i].text);
		assert_string_equal(address_text(&place.address, text), good[i].address);
		assert_int_equal(place.port, good[i].port);
		assert_int_equal(listen_is_local(&place), good[i].local);
	}
}

static void what_is_no_place(void **state)
{
	static const char *const wrong[] = { "", "0", "65536", "-1", "+1", "a", ":", ":9317",
		"127.0.0.1", "127.0.0.1:", "127.0.0.1:0", "127.0.0.1:99999", "localhost:9317",
		"::1", "::1:9317", "2001:db8::7:9317", "[::1]", "[::1]:", "[]:9317", "[:9317",
		"[127.0.0.1]:9317", "9317 ", "1.2.3:80", "http://127.0.0.1:9317",
		"[1111:2222:3333:4444:5555:6666:7777:8888:9999:aaaa:bbbb:cccc]:80" };
	struct listen_place place = { .port = 7 };

	for (size_t i = 0; i < sizeof wrong / sizeof *wrong; i++)
		if (listen_parse(&place, wrong[i]))
			fail_msg("%s is taken", wrong[i]);
	assert_int_equal(place.port, 7);
}

static void in_the_configuration(void **state)
{
	static const char text[] = "[metrics]\nlisten = [::1]:9317\n",
			  none[] = "[metrics]\nlisten =\n",
			  bad[] = "[metrics]\nlisten = localhost:9317\n";
	struct config *config = config_create("x");
	struct message msg;

	assert_null(config->metrics_listen);
	assert_int_equal(config_read(config, text, strlen(text), "conf", &msg), 0);
	assert_string_equal(config->metrics_listen, "[::1]:9317");
	assert_int_equal(config_read(config, none, strlen(none), "conf", &msg), 0);
	assert_null(config->metrics_listen);
	assert_int_not_equal(config_read(config, bad, strlen(bad), "conf", &msg), 0);
	assert_string_equal(msg.text,
		"conf:2: [metrics] listen = localhost:9317: must be PORT (at 127.0.0.1), "
		"ADDRESS:PORT, [IPv6]:PORT, or empty");
	config_destroy(config);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(places),
		cmocka_unit_test(what_is_no_place),
		cmocka_unit_test(in_the_configuration),
	};

	cmocka_set_message_output(CM_OUTPUT_TAP);
	return cmocka_run_group_tests(tests, NULL, NULL);
}
