/* SPDX-License-Identifier: MIT */
#include <stdio.h>
#include <stdlib.h>

#include "composition/arguments.h"
#include "composition/load.h"
#include "composition/verbs.h"
#include "edges/publish.h"
#include "pure/targets.h"

#define WAIT_MS 20000

static const char usage[] =
	"usage: mosprobe test-alert NAME[:PORT] [-c FILE] [--redis URL] [--id ID]\n"
	"\n"
	"Asks the prober that runs for an alert of this target that did not happen, and its end: two\n"
	"entries of kind `test`, with a field test=1 and a dedup_key of their own, which go the way that\n"
	"all alerts go. Tells when they stand in the stream, and which consumer groups have read and\n"
	"acknowledged them. Ends with status 1 when one of it does not happen within 20 s, or when\n"
	"nobody reads.\n";

static const struct argument accepted[] = {
	{ "redis", "redis", "url", NULL },
	{ "id", "prober", "id", NULL },
	{ NULL, NULL, NULL, NULL },
};

static void say_entry(void *context, const char *action, const char *id)
{
	(void)context;
	printf("%-7s  in the stream as %s\n", action, id);
	fflush(stdout);
}

static void say_group(void *context, const char *group)
{
	(void)context;
	printf("read     and acknowledged by consumer group %s\n", group);
	fflush(stdout);
}

int cmd_test_alert(int argc, char **argv)
{
	const struct publish_test_listener listener = { .entry = say_entry, .group = say_group };
	struct config *config = NULL;
	struct arguments arguments;
	char key[TARGET_KEY_SIZE], *password = NULL;
	struct message msg = { "" };
	int status = 2;

	if (arguments_read(&arguments, argc, argv, accepted, true, false))
		return 2;
	if (arguments.help) {
		fputs(usage, stdout);
		return 0;
	}
	if (!arguments.name) {
		fputs("mosprobe test-alert: a name is missing; see mosprobe test-alert --help\n",
			stderr);
		return 2;
	}
	if (!load_config(&config, arguments.config_file, arguments.options, arguments.option_count,
		    &msg) &&
		!load_password(&password, config, &msg) &&
		!load_key(key, arguments.name, config, &msg))
		status = publish_test(config, password, key, WAIT_MS, &listener, &msg) ? 1 : 0;
	if (status)
		fprintf(stderr, "mosprobe: %s\n", msg.text);
	free(password);
	config_destroy(config);
	return status;
}
