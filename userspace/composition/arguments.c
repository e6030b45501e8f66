/* SPDX-License-Identifier: MIT */
#include "composition/arguments.h"

#include <errno.h>
#include <stdio.h>
#include <string.h>

#include "vocabulary/message.h"

static int wrong(const char *verb, const char *what, const char *word)
{
	struct message msg;

	/* Whose passwords are masked. */
	message_set(&msg, 0, "%s '%s'; see mosprobe %s --help", what, word, verb);
	fprintf(stderr, "mosprobe %s: %s\n", verb, msg.text);
	return -EINVAL;
}

static const struct argument *find(const struct argument *accepted, const char *word, size_t length)
{
	for (; accepted->name; accepted++)
		if (strlen(accepted->name) == length && !strncmp(accepted->name, word, length))
			return accepted;
	return NULL;
}

/* "--name VALUE" or "--name=VALUE", from word i on; returns the index of the last word used, or a
 * negative errno. */
static int read_option(
	struct arguments *ret, int i, int argc, char **argv, const struct argument *accepted)
{
	const char *name = argv[i] + 2, *equals = strchr(name, '=');
	const struct argument *argument =
		find(accepted, name, equals ? (size_t)(equals - name) : strlen(name));

	if (!argument)
		return wrong(argv[0], "unknown option", argv[i]);
	if (argument->value && equals)
		return wrong(argv[0], "no value is wanted by", argv[i]);
	if (!argument->value && !equals && i + 1 == argc)
		return wrong(argv[0], "a value is missing after", argv[i]);
	if (ret->option_count == LOAD_OPTIONS_MAX)
		return wrong(argv[0], "too many options at", argv[i]);
	ret->options[ret->option_count++] = (struct load_option) {
		.name = argument->name,
		.section = argument->section,
		.key = argument->key,
		.value = argument->value ? argument->value
			 : equals	 ? equals + 1
					 : argv[++i],
	};
	return i;
}

int arguments_read(struct arguments *ret, int argc, char **argv, const struct argument *accepted,
	bool takes_name, bool takes_json)
{
	memset(ret, 0, sizeof *ret);
	for (int i = 1; i < argc; i++) {
		const char *word = argv[i];

		if (!strcmp(word, "--help") || !strcmp(word, "-h")) {
			ret->help = true;
		} else if (takes_json && !strcmp(word, "--json")) {
			ret->json = true;
		} else if (!strcmp(word, "-c") || !strcmp(word, "--config")) {
			if (++i == argc)
				return wrong(argv[0], "a file is missing after", word);
			ret->config_file = argv[i];
		} else if (!strncmp(word, "--", 2) && word[2]) {
			i = read_option(ret, i, argc, argv, accepted);
			if (i < 0)
				return i;
		} else if (takes_name && !ret->name && word[0] != '-') {
			ret->name = word;
		} else {
			return wrong(argv[0], "unexpected", word);
		}
	}
	return 0;
}
