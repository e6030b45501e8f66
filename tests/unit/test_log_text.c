/* SPDX-License-Identifier: MIT */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>

#include <cmocka.h>

#include "vocabulary/log_text.h"
#include "vocabulary/mask.h"

__attribute__((format(printf, 2, 3))) static struct log_text line(
	const char *event, const char *facts, ...)
{
	struct log_text text;
	va_list args;

	va_start(args, facts);
	log_text_make(&text, event, "a sentence", facts, args);
	va_end(args);
	assert_int_equal(text.length, strlen(text.text));
	return text;
}

#define HEAD "a sentence event=e"
#define assert_line(wanted, ...)                                                                   \
	do {                                                                                       \
		struct log_text found = line("e", __VA_ARGS__);                                    \
		assert_string_equal(found.text, HEAD " " wanted);                                  \
	} while (0)

static void numbers(void **state)
{
	assert_line("a=1 b=-2 c=3 d=4 e=5 f=1.50 g=2.000000",
		"a=%u b=%d c=%lu d=%llu e=%zu f=%.2f g=%f", 1u, -2, 3ul, 4ull, (size_t)5, 1.5, 2.0);
	assert_line("most=18446744073709551615 least=-2147483648", "most=%llu least=%d", ~0ull,
		INT32_MIN);
}

static void values(void **state)
{
	assert_line("a=plain-text_1:2/3 b=x", "a=%s b=%s", "plain-text_1:2/3", "x");
	assert_line("b=\"two words\" c=\"x=y\"", "b=%s c=%s", "two words", "x=y");
	assert_line("a=\"say \\\"so\\\"\" b=\"C:\\\\x\"", "a=%s b=%s", "say \"so\"", "C:\\x");
	/* What is not there is not said. */
	assert_line("b=1", "a=%s b=%u", "", 1u);
	assert_line("a=1", "a=%u b=%s", 1u, "");
}

static void nothing_forges_a_line(void **state)
{
	assert_line("name=\"x\\n<3>mosprobe: error: forged event=e\" n=1", "name=%s n=%u",
		"x\n<3>mosprobe: error: forged event=e", 1u);
	assert_line("name=\"\\r\\t\\u001b[2J\" n=1", "name=%s n=%u", "\r\t\x1b[2J", 1u);
	assert_line("name=\"x\\\" event=f\" n=1", "name=%s n=%u", "x\" event=f", 1u);
}

static void characters(void **state)
{
	assert_line("name=\"\\u001b[2J\\u007f\\u0085\"", "name=%s", "\x1b[2J\x7f\xc2\x85");
	assert_line(
		"name=\"M\xc3\xbcnchen \xe2\x82\xac\"", "name=%s", "M\xc3\xbcnchen \xe2\x82\xac");
	/* overlong, a surrogate, cut off, a byte that begins nothing */
	assert_line("name=\"\\xc0\\x80\\xed\\xa0\\x80\\xe2\\x82 \\xff\"", "name=%s",
		"\xc0\x80\xed\xa0\x80\xe2\x82 \xff");
}

static void what_is_too_long(void **state)
{
	struct log_text text;
	char value[3 * LOG_TEXT_SIZE];

	memset(value, 'v', sizeof value - 1);
	value[sizeof value - 1] = '\0';
	for (size_t length = LOG_TEXT_SIZE - 200; length < LOG_TEXT_SIZE + 100; length++) {
		value[0] = length % 2 ? ' ' : 'v'; /* with quotes, and without */
		for (size_t i = 1; i < length; i++)
			value[i] = length % 3 ? 'v' : '"';
		value[length] = '\0';
		text = line("e", "first=%u long=%s later=%s last=%u", 7u, value, "a b", 9u);
		assert_true(text.length < LOG_TEXT_SIZE - LOG_TEXT_SPARE);
		assert_ptr_equal(strstr(text.text, HEAD " first=7 long="), text.text);
		/* Quotes come in pairs, whatever was cut. */
		if (!strstr(text.text, " later=") && strstr(text.text, "long=\"")) {
			size_t slashes = 0;

			assert_int_equal(text.text[text.length - 1], '"');
			while (text.text[text.length - 2 - slashes] == '\\')
				slashes++;
			assert_int_equal(slashes % 2, 0);
		}
		log_text_add(&text, " repeated=%u within_s=%.0f", UINT32_MAX, 60.0);
		assert_non_null(strstr(text.text, " repeated=4294967295 within_s=60"));
	}
}

static void passwords(void **state)
{
	static const struct {
		const char *text, *masked;
	} all[] = {
		{ "redis://user:secret@h:1/0", "redis://***@h:1/0" },
		{ "redis://:secret@h", "redis://***@h" },
		{ "redis://token@h", "redis://***@h" },
		{ "redis://u:se/cr@et#x?y@h/1 and redis://a:b@c",
			"redis://***@h/1 and redis://***@c" },
		{ "redis://h:6379/0", "redis://h:6379/0" },
		{ "unix:///run/a@b", "unix:///run/a@b" },
		{ "redis://h1 x@y", "redis://h1 x@y" },
		{ "redis://@h", "redis://@h" },
		{ "://", "://" },
		{ "mail user:pass@host", "mail user:pass@host" },
	};
	char text[128];

	for (size_t i = 0; i < sizeof all / sizeof all[0]; i++) {
		strcpy(text, all[i].text);
		mask_passwords(text, sizeof text);
		assert_string_equal(text, all[i].masked);
	}
	/* Stars that are longer than what they stand for have no room. */
	for (size_t size = 12; size < 16; size++) {
		strcpy(text, "redis://a@h");
		mask_passwords(text, size);
		assert_true(strlen(text) < size);
		assert_memory_equal(text, "redis://***@h", strlen(text));
	}
	assert_line("url=redis://***@h error=\"at redis://***@h: no\"", "url=%s error=%s",
		"redis://u:p@h", "at redis://u:p@h: no");
}

static void which_are_the_same(void **state)
{
	assert_true(line("e", "a=%s b=%u", "x", 1u).same == line("e", "a=%s b=%u", "x", 2u).same);
	assert_true(line("e", "a=%s b=%s", "x", "y").same == line("e", "a=%s b=%s", "x", "z").same);
	assert_true(line("e", "a=%s b=%u", "x", 1u).same != line("e", "a=%s b=%u", "y", 1u).same);
	assert_true(line("e", "a=%s", "x").same != line("f", "a=%s", "x").same);
}

static void plain(void **state)
{
	struct log_text text;

	log_text_plain(&text, "state_dir /x: \"in use\"\nby = 1\x1b");
	assert_string_equal(text.text, "state_dir /x: \"in use\"\\nby = 1\\u001b");
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(numbers),
		cmocka_unit_test(values),
		cmocka_unit_test(nothing_forges_a_line),
		cmocka_unit_test(characters),
		cmocka_unit_test(what_is_too_long),
		cmocka_unit_test(passwords),
		cmocka_unit_test(which_are_the_same),
		cmocka_unit_test(plain),
	};

	cmocka_set_message_output(CM_OUTPUT_TAP);
	return cmocka_run_group_tests(tests, NULL, NULL);
}
