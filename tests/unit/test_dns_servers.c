/* SPDX-License-Identifier: MIT */
#include <errno.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

#include "pure/dns_servers.h"

static void good_lists(void **state)
{
	static const char *const cases[][2] = {
		{ "192.0.2.1", "192.0.2.1:53" },
		{ "192.0.2.1:5353", "192.0.2.1:5353" },
		{ "2001:db8::1", "[2001:db8::1]:53" },
		{ "[2001:db8::1]", "[2001:db8::1]:53" },
		{ "[::1]:65535", "[::1]:65535" },
		{ " 192.0.2.1 ,\t[::1]:1,, 192.0.2.3:0053 ", "192.0.2.1:53,[::1]:1,192.0.2.3:53" },
	};

	for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
		char list[DNS_SERVERS_TEXT_SIZE];
		struct message msg = { "untouched" };

		assert_int_equal(dns_servers_check(cases[i][0], list, &msg), 0);
		assert_string_equal(list, cases[i][1]);
		assert_string_equal(msg.text, "untouched");
	}
}

static void bad_items_are_named(void **state)
{
	static const char *const items[] = { "dns.example.com", "192.0.2",
		"192.0.2.1:", "192.0.2.1:0", "192.0.2.1:65536", "192.0.2.1:53x", "192.0.2.1:-1",
		"192.0.2.1:+53", "[::1", "[::1]:", "[::1]53", "[::1]:99999999999999999999",
		"::1:", "[]", ":53",
		"1111:2222:3333:4444:5555:6666:7777:8888:9999:aaaa:bbbb:cccc:dddd:eeee" };

	for (size_t i = 0; i < sizeof items / sizeof *items; i++) {
		char text[200] = "192.0.2.1, ", list[DNS_SERVERS_TEXT_SIZE];
		struct message msg = { "" };

		strcat(text, items[i]);
		assert_int_equal(dns_servers_check(text, list, &msg), -EINVAL);
		assert_non_null(strstr(msg.text, items[i]));
	}
}

static void none_and_too_many(void **state)
{
	char text[2000] = "", list[DNS_SERVERS_TEXT_SIZE];
	struct message msg = { "" };

	assert_int_equal(dns_servers_check("", list, &msg), -EINVAL);
	assert_int_equal(dns_servers_check(" , ", list, &msg), -EINVAL);
	assert_int_equal(dns_servers_check(" , ", list, NULL), -EINVAL);
	for (int i = 0; i < 100; i++)
		strcat(text, "192.0.2.100,");
	assert_int_equal(dns_servers_check(text, list, &msg), -EINVAL);
	assert_non_null(strstr(msg.text, "too many"));
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(good_lists),
		cmocka_unit_test(bad_items_are_named),
		cmocka_unit_test(none_and_too_many),
	};

	cmocka_set_message_output(CM_OUTPUT_TAP);
	return cmocka_run_group_tests(tests, NULL, NULL);
}
