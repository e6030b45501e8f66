/* SPDX-License-Identifier: MIT */
/* scripts/mosprobe.conf.example says that every key in it stands at its default: held against the one
 * table of keys. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>

#include <cmocka.h>

#include "pure/config_keys.h"

#define EXAMPLE "scripts/mosprobe.conf.example"

/* Not defaults by nature: a file name, and a level that follows another. */
static int is_free(const struct key *key)
{
	return !strcmp(key->name, "targets") || !strcmp(key->name, "recovery");
}

/* Calls see() for each "key = value" of a section that is no class. */
static unsigned read_example(
	void (*see)(const struct key *key, const char *value, int *seen), int *seen)
{
	FILE *file = fopen(EXAMPLE, "r");
	char text[512], section[64] = "", name[64], value[400];
	unsigned lines = 0;

	assert_non_null(file);
	while (fgets(text, sizeof text, file)) {
		const struct key *key;

		if (sscanf(text, "[%63[^]]]", section) == 1)
			continue;
		if (!strncmp(section, "class", 5) ||
			sscanf(text, "%63[a-z_] = %399[^\n]", name, value) != 2)
			continue;
		key = key_find(section, name);
		if (!key)
			fail_msg("[%s] %s is no key", section, name);
		see(key, value, seen);
		lines++;
	}
	fclose(file);
	return lines;
}

static void is_default(const struct key *key, const char *value, int *seen)
{
	if (!is_free(key) && strcmp(value, key->initial))
		fail_msg("%s = %s is not the default, %s", key->name, value, key->initial);
	seen[key_index(key)]++;
}

static void the_example_stands_at_the_defaults(void **state)
{
	int seen[KEY_MAX] = { 0 };
	const struct key *key;

	assert_in_range(read_example(is_default, seen), 30, KEY_MAX);
	for (unsigned i = 0; (key = key_at(i)); i++) {
		int wanted = key->section && key->initial && *key->initial &&
			     strcmp(key->name, "cycles");

		if (wanted && seen[i] != 1)
			fail_msg("[%s] %s stands %d times", key->section, key->name, seen[i]);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(the_example_stands_at_the_defaults),
	};

	cmocka_set_message_output(CM_OUTPUT_TAP);
	return cmocka_run_group_tests(tests, NULL, NULL);
}
