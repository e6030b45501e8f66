/* SPDX-License-Identifier: MIT */
#include <signal.h>
#include <stdio.h>
#include <string.h>

#include "composition/verbs.h"
#include "vocabulary/log.h"

static const struct verb {
	const char *name;
	int (*run)(int argc, char **argv);
	const char *purpose;
} verbs[] = {
	{ "run", cmd_run, "probe all targets, publish their MOS and alerts" },
	{ "probe", cmd_probe, "probe one name now, sample by sample, explained" },
	{ "check", cmd_check, "look at configuration, targets and this machine" },
	{ "capacity", cmd_capacity, "how many targets this machine carries, measured" },
	{ "top", cmd_top, "a live view of a running prober, from Redis" },
	{ "card", cmd_card, "all that is known of one target, from Redis" },
	{ "replay", cmd_replay, "the transitions that another policy would have made of results" },
	{ "test-alert", cmd_test_alert, "send an alert that did not happen the whole way" },
	{ "score", cmd_score, "compute the E-Model for given numbers" },
};

#define VERB_COUNT (sizeof verbs / sizeof verbs[0])

static void print_help(FILE *stream)
{
	fputs("mosprobe: inferred MOS of phone systems, from TCP handshakes stamped in the kernel\n"
	      "\n"
	      "usage: mosprobe VERB [OPTION...]\n"
	      "\n",
		stream);
	for (size_t i = 0; i < VERB_COUNT; i++)
		fprintf(stream, "  %-10s %s\n", verbs[i].name, verbs[i].purpose);
	fputs("\n"
	      "  --version, --help\n"
	      "\n"
	      "Every verb has its own --help.\n",
		stream);
}

int main(int argc, char **argv)
{
	/* A closed pipe or connection is an error of write(2), not the end of the process. */
	signal(SIGPIPE, SIG_IGN);
	if (argc < 2) {
		print_help(stderr);
		return 2;
	}
	if (!strcmp(argv[1], "--version")) {
		puts("mosprobe " MOSPROBE_VERSION);
		return 0;
	}
	if (!strcmp(argv[1], "--help") || !strcmp(argv[1], "help")) {
		print_help(stdout);
		return 0;
	}
	for (size_t i = 0; i < VERB_COUNT; i++)
		if (!strcmp(argv[1], verbs[i].name)) {
			int status = verbs[i].run(argc - 1, argv + 1);

			log_stop();
			return status;
		}
	fprintf(stderr, "mosprobe: unknown verb '%s'; mosprobe --help lists them\n", argv[1]);
	return 2;
}
