/* SPDX-License-Identifier: MIT */
/* netsim: a network whose truth is known, for tests and demonstrations. */
#include <errno.h>
#include <fcntl.h>
#include <getopt.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "listing.h"
#include "run.h"
#include "scenario.h"
#include "truth_file.h"
#include "values.h"
#include "zone.h"

#define STATUS_USAGE 2

static const char usage[] =
	"netsim run SCENARIO [--cpu N] [--busy] [--verbose] [--truth FILE] [--dns PORT]\n"
	"           [--xdp call|cpu] -- COMMAND [ARGUMENT...]\n"
	"        runs COMMAND in a simulated network, ends with its exit status (root only)\n"
	"        --cpu N       where the responder runs (default: the last CPU)\n"
	"        --busy        it never sleeps: answers are more punctual, and it takes a whole CPU\n"
	"        --verbose     at the end, what was answered and how punctually\n"
	"        --truth FILE  logs each SYN: when it came, what was decided, when its answer left\n"
	"        --dns PORT    a name server (nsd) with the scenario's names on 127.0.0.1:PORT\n"
	"        --xdp call    no responder: XDP in the kernel answers each SYN at once, on the CPU that\n"
	"                      sends it, inside the call: for load. Every address that may be simulated is\n"
	"                      there. Of SCENARIO only name=, port=, target=, ttl=, canary= and dns count;\n"
	"                      nothing is late, lost, refused or repeated, and a FIN is not answered\n"
	"        --xdp cpu     the same, on the CPU of --cpu\n"
	"netsim truth FILE          prints a log of truth, a line for each SYN\n"
	"netsim samples FILE [--timeout T]\n"
	"                           prints it by connection: what a prober could know of each that\n"
	"                           waits for an answer for T (3s; us, ms, s, m or h), or for ever\n"
	"netsim targets SCENARIO    prints the targets file of its names\n"
	"netsim canaries SCENARIO   prints those with canary=yes: NAME[:PORT]\n"
	"netsim hosts SCENARIO      prints their addresses: ADDRESS NAME\n"
	"netsim zone SCENARIO DOMAIN...   prints a zone file of the names in each DOMAIN\n"
	"netsim check SCENARIO      reads it and prints a summary\n"
	"netsim --help-scenario     the grammar of scenarios\n";

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

/* A number from least to most; -1 when it is none, which is then told. */
static long option_number(const char *name, const char *text, long least, long most)
{
	char *end;
	long number = strtol(text, &end, 10);

	if (*text && !*end && number >= least && number <= most)
		return number;
	fprintf(stderr, "netsim: %s %s: must be a number from %ld to %ld\n", name, text, least,
		most);
	return -1;
}

static bool run_option(struct run *options, int letter, const char **ret_truth)
{
	long number;

	switch (letter) {
	case 'c':
		number = option_number("--cpu", optarg, 0, 1023);
		options->cpu = (int)number;
		return number >= 0;
	case 'd':
		number = option_number("--dns", optarg, 1, 65535);
		options->dns_port = (uint16_t)number;
		return number >= 0;
	case 't':
		*ret_truth = optarg;
		return true;
	case 'x':
		options->xdp = !strcmp(optarg, "call")	? RUN_XDP_CALL
			       : !strcmp(optarg, "cpu") ? RUN_XDP_CPU
							: RUN_XDP_NONE;
		if (options->xdp != RUN_XDP_NONE)
			return true;
		fprintf(stderr, "netsim: --xdp %s: must be call or cpu\n", optarg);
		return false;
	case 'b':
		options->busy = true;
		return true;
	case 'v':
		options->verbose = true;
		return true;
	default:
		return false;
	}
}

/* Whether the options go together, which is told. */
static bool agree(const struct run *options, const char *truth)
{
	const char *alone = truth						? "--truth"
			    : options->busy					? "--busy"
			    : options->cpu >= 0 && options->xdp == RUN_XDP_CALL ? "--cpu"
										: NULL;

	if (options->xdp == RUN_XDP_NONE || !alone)
		return true;
	fprintf(stderr, "netsim: %s is of no use with --xdp%s\n", alone,
		options->xdp == RUN_XDP_CALL ? " call" : "");
	return false;
}

/* argc and argv end before the `--`. Returns the scenario's path, NULL when it is wrong;
 * *ret_truth is left alone without --truth. */
static const char *run_options(struct run *options, int argc, char **argv, const char **ret_truth)
{
	static const struct option longs[] = { { "cpu", required_argument, NULL, 'c' },
		{ "dns", required_argument, NULL, 'd' }, { "truth", required_argument, NULL, 't' },
		{ "busy", no_argument, NULL, 'b' }, { "verbose", no_argument, NULL, 'v' },
		{ "xdp", required_argument, NULL, 'x' }, { NULL, 0, NULL, 0 } };
	int letter;

	while ((letter = getopt_long(argc, argv, "", longs, NULL)) != -1)
		if (!run_option(options, letter, ret_truth))
			return NULL;
	if (optind != argc - 1) {
		fprintf(stderr, "netsim: run takes one SCENARIO before the --\n");
		return NULL;
	}
	return agree(options, *ret_truth) ? argv[optind] : NULL;
}

static int verb_run(int argc, char **argv)
{
	struct run options = { .cpu = -1, .truth_fd = -1 };
	struct scenario *scenario;
	const char *path, *truth = NULL;
	int dashes = 0, status = STATUS_USAGE;

	while (dashes < argc && strcmp(argv[dashes], "--") != 0)
		dashes++;
	if (dashes + 1 >= argc) {
		fprintf(stderr, "netsim: run needs -- COMMAND\n");
		return STATUS_USAGE;
	}
	options.command = argv + dashes + 1;
	path = run_options(&options, dashes, argv, &truth);
	scenario = path ? load(path) : NULL;
	if (!scenario)
		return STATUS_USAGE;
	options.scenario = scenario;
	if (truth)
		options.truth_fd = open(truth, O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0666);
	if (truth && options.truth_fd < 0)
		fprintf(stderr, "netsim: cannot write %s: %s\n", truth, strerror(errno));
	else
		status = run(&options);
	scenario_destroy(scenario);
	return status;
}

static int flushed(void)
{
	if (!fflush(stdout) && !ferror(stdout))
		return 0;
	fprintf(stderr, "netsim: cannot write: %s\n", strerror(errno));
	return 1;
}

/* What is printed of a scenario; rest: the arguments after it. */
static int verb_list(const char *verb, const char *path, char *const *rest)
{
	struct scenario *scenario = load(path);

	if (!scenario)
		return STATUS_USAGE;
	if (!strcmp(verb, "targets"))
		listing_targets(scenario);
	else if (!strcmp(verb, "canaries"))
		listing_canaries(scenario);
	else if (!strcmp(verb, "hosts"))
		listing_hosts(scenario);
	else if (!strcmp(verb, "check"))
		listing_check(scenario, path);
	else
		for (; *rest; rest++)
			zone_print(stdout, scenario, *rest);
	scenario_destroy(scenario);
	return flushed();
}

/* What is printed of a log of truth; timeout_ns: of `samples`. */
static int print_truth(const char *verb, const char *path, uint64_t timeout_ns)
{
	struct truth_file file;
	int error = truth_file_open(&file, path);

	if (error) {
		fprintf(stderr, "netsim: cannot read %s: %s\n", path,
			error == -EBADMSG ? "it is no log of truth" : strerror(-error));
		return error == -EBADMSG ? STATUS_USAGE : 1;
	}
	error = !strcmp(verb, "truth") ? truth_print(&file)
				       : truth_print_samples(&file, timeout_ns);
	truth_file_close(&file);
	if (error) {
		fprintf(stderr, "netsim: %s\n", strerror(-error));
		return 1;
	}
	return flushed();
}

static int verb_samples(int argc, char **argv)
{
	static const struct option longs[] = { { "timeout", required_argument, NULL, 't' },
		{ NULL, 0, NULL, 0 } };
	uint64_t timeout_ns = UINT64_MAX;
	int letter;

	while ((letter = getopt_long(argc, argv, "", longs, NULL)) != -1) {
		if (letter != 't')
			return STATUS_USAGE;
		if (!value_time(optarg, &timeout_ns)) {
			fprintf(stderr,
				"netsim: --timeout %s: must be a number with us, ms, s, m or h\n",
				optarg);
			return STATUS_USAGE;
		}
	}
	if (optind != argc - 1) {
		fprintf(stderr, "netsim: samples takes one FILE\n");
		return STATUS_USAGE;
	}
	return print_truth("samples", argv[optind], timeout_ns);
}

static bool is_one_of(const char *verb, const char *const *verbs)
{
	for (; *verbs; verbs++)
		if (!strcmp(verb, *verbs))
			return true;
	return false;
}

int main(int argc, char **argv)
{
	static const char *const lists[] = { "targets", "canaries", "hosts", "check", NULL };
	const char *verb = argc > 1 ? argv[1] : "";

	if (!strcmp(verb, "--help") || !strcmp(verb, "help")) {
		fputs(usage, stdout);
		return flushed();
	}
	if (!strcmp(verb, "--help-scenario")) {
		fputs(scenario_grammar, stdout);
		return flushed();
	}
	if (!strcmp(verb, "run"))
		return verb_run(argc - 1, argv + 1);
	if (!strcmp(verb, "samples"))
		return verb_samples(argc - 1, argv + 1);
	if ((argc == 3 && is_one_of(verb, lists)) || (argc > 3 && !strcmp(verb, "zone")))
		return verb_list(verb, argv[2], argv + 3);
	if (argc == 3 && !strcmp(verb, "truth"))
		return print_truth(verb, argv[2], 0);
	fputs(usage, stderr);
	return STATUS_USAGE;
}
