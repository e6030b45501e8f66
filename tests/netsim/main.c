/* SPDX-License-Identifier: MIT */
/* netsim: a network whose truth is known, for tests and demonstrations. */
#include <errno.h>
#include <getopt.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "listing.h"
#include "run.h"
#include "scenario.h"

#define STATUS_USAGE 2

static const char usage[] =
	"netsim run SCENARIO [--cpu N] [--busy] [--verbose] -- COMMAND [ARGUMENT...]\n"
	"        runs COMMAND in a simulated network, ends with its exit status (root only)\n"
	"        --cpu N     where the responder runs (default: the last CPU)\n"
	"        --busy      it never sleeps: answers are more punctual, and it takes a whole CPU\n"
	"        --verbose   at the end, what was answered and how punctually\n"
	"netsim targets SCENARIO    prints the targets file of its names\n"
	"netsim hosts SCENARIO      prints their addresses: ADDRESS NAME\n"
	"netsim check SCENARIO      reads it and prints a summary\n";

/* The whole file, NUL-terminated; the caller frees it. NULL with errno. */
static char *read_file(const char *path)
{
	FILE *file = fopen(path, "re");
	char *text = NULL;
	size_t size = 0;

	if (!file)
		return NULL;
	/* Up to a NUL, which no text has, or the end. */
	if (getdelim(&text, &size, '\0', file) < 0 && (ferror(file) || !text)) {
		free(text);
		text = NULL;
	}
	fclose(file);
	return text;
}

static struct scenario *load(const char *path)
{
	char message[SCENARIO_MESSAGE_SIZE];
	struct scenario *scenario = NULL;
	char *text = read_file(path);
	int error;

	if (!text) {
		fprintf(stderr, "netsim: %s: %s\n", path, strerror(errno));
		return NULL;
	}
	error = scenario_parse(&scenario, text, path, message);
	free(text);
	if (error == -EINVAL)
		fprintf(stderr, "%s\n", message);
	else if (error)
		fprintf(stderr, "netsim: %s: %s\n", path, strerror(-error));
	return scenario;
}

/* argc and argv end before the `--`. Returns the scenario's path, NULL when it is wrong. */
static const char *run_options(struct run *options, int argc, char **argv)
{
	static const struct option longs[] = { { "cpu", required_argument, NULL, 'c' },
		{ "busy", no_argument, NULL, 'b' }, { "verbose", no_argument, NULL, 'v' },
		{ NULL, 0, NULL, 0 } };
	char *end;
	long cpu;
	int letter;

	while ((letter = getopt_long(argc, argv, "", longs, NULL)) != -1) {
		switch (letter) {
		case 'c':
			cpu = strtol(optarg, &end, 10);
			if (!*optarg || *end || cpu < 0 || cpu >= 1024) {
				fprintf(stderr, "netsim: --cpu %s: must be the number of a CPU\n",
					optarg);
				return NULL;
			}
			options->cpu = (int)cpu;
			break;
		case 'b':
			options->busy = true;
			break;
		case 'v':
			options->verbose = true;
			break;
		default:
			return NULL;
		}
	}
	if (optind != argc - 1) {
		fprintf(stderr, "netsim: run takes one SCENARIO before the --\n");
		return NULL;
	}
	return argv[optind];
}

static int verb_run(int argc, char **argv)
{
	struct run options = { .cpu = -1 };
	struct scenario *scenario;
	const char *path;
	int dashes = 0, status;

	while (dashes < argc && strcmp(argv[dashes], "--") != 0)
		dashes++;
	if (dashes + 1 >= argc) {
		fprintf(stderr, "netsim: run needs -- COMMAND\n");
		return STATUS_USAGE;
	}
	options.command = argv + dashes + 1;
	path = run_options(&options, dashes, argv);
	scenario = path ? load(path) : NULL;
	if (!scenario)
		return STATUS_USAGE;
	options.scenario = scenario;
	status = run(&options);
	scenario_destroy(scenario);
	return status;
}

static int verb_list(const char *verb, const char *path)
{
	struct scenario *scenario = load(path);

	if (!scenario)
		return STATUS_USAGE;
	if (!strcmp(verb, "targets"))
		listing_targets(scenario);
	else if (!strcmp(verb, "hosts"))
		listing_hosts(scenario);
	else
		listing_check(scenario, path);
	scenario_destroy(scenario);
	if (fflush(stdout) || ferror(stdout)) {
		fprintf(stderr, "netsim: cannot write: %s\n", strerror(errno));
		return 1;
	}
	return 0;
}

int main(int argc, char **argv)
{
	const char *verb = argc > 1 ? argv[1] : "";

	if (!strcmp(verb, "--help") || !strcmp(verb, "help")) {
		fputs(usage, stdout);
		return 0;
	}
	if (!strcmp(verb, "run"))
		return verb_run(argc - 1, argv + 1);
	if (argc == 3 &&
		(!strcmp(verb, "targets") || !strcmp(verb, "hosts") || !strcmp(verb, "check")))
		return verb_list(verb, argv[2]);
	fputs(usage, stderr);
	return STATUS_USAGE;
}
