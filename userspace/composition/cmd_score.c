/* SPDX-License-Identifier: MIT */
#include "composition/verbs.h"

#include <errno.h>
#include <getopt.h>
#include <math.h>
#include <stdio.h>
#include <string.h>

#include "composition/load.h"
#include "composition/score_csv.h"
#include "composition/score_query.h"
#include "edges/json.h"
#include "pure/codec.h"
#include "pure/config.h"
#include "vocabulary/verdict.h"

enum { EXIT_DONE, EXIT_FAILED, EXIT_USAGE };

/* Behind the fields of a query, each of which is an option. */
enum { OPTION_CSV = QUERY_FIELDS, OPTION_JSON, OPTION_CONFIG, OPTION_HELP, OPTIONS };

static const struct option options[] = {
	[QUERY_RTT_MS] = { "rtt-ms", required_argument, NULL, QUERY_RTT_MS },
	[QUERY_ONE_WAY_MS] = { "one-way-ms", required_argument, NULL, QUERY_ONE_WAY_MS },
	[QUERY_JITTER_MS] = { "jitter-ms", required_argument, NULL, QUERY_JITTER_MS },
	[QUERY_LOSS_PCT] = { "loss-pct", required_argument, NULL, QUERY_LOSS_PCT },
	[QUERY_FAIL_PCT] = { "fail-pct", required_argument, NULL, QUERY_FAIL_PCT },
	[QUERY_BURST_R] = { "burst-r", required_argument, NULL, QUERY_BURST_R },
	[QUERY_IE] = { "ie", required_argument, NULL, QUERY_IE },
	[QUERY_BPL] = { "bpl", required_argument, NULL, QUERY_BPL },
	[QUERY_CODEC] = { "codec", required_argument, NULL, QUERY_CODEC },
	[OPTION_CSV] = { "csv", no_argument, NULL, OPTION_CSV },
	[OPTION_JSON] = { "json", no_argument, NULL, OPTION_JSON },
	[OPTION_CONFIG] = { "config", required_argument, NULL, OPTION_CONFIG },
	[OPTION_HELP] = { "help", no_argument, NULL, OPTION_HELP },
	[OPTIONS] = { NULL, 0, NULL, 0 },
};

struct request {
	struct query query;
	const char *config_file; /* NULL = the defaults */
	bool csv, json, help;
};

static const char usage[] =
	"usage: mosprobe score --rtt-ms MS [--jitter-ms MS] [--loss-pct PCT] [--fail-pct PCT]\n"
	"                      [--codec NAME] [--ie IE] [--bpl BPL] [-c FILE] [--json]\n"
	"       mosprobe score --one-way-ms MS [--loss-pct PCT] [--burst-r RATIO]\n"
	"                      [--ie IE] [--bpl BPL] [--json]\n"
	"       mosprobe score --csv [-c FILE] < IN > OUT\n"
	"\n"
	"Says which MOS (ITU-T G.107, narrowband) a call over such a path would have, and what\n"
	"takes how much of it. Nothing is probed.\n"
	"\n"
	"  --rtt-ms MS      round trip; with playout buffer and frame it becomes the one-way delay\n"
	"  --jitter-ms MS   mean difference of consecutive round trips (0)\n"
	"  --loss-pct PCT   packets lost on the way (0)\n"
	"  --fail-pct PCT   connection attempts without an answer, MOS 1 each (0)\n"
	"  --codec NAME     %s\n"
	"  --ie, --bpl      values of your own for a codec (ITU-T G.113)\n"
	"  --one-way-ms MS  plain G.107 at Ta = T = MS, Tr = 2 Ta: no playout buffer, no frame\n"
	"  --burst-r RATIO  burst ratio of the loss (1)\n"
	"  -c FILE          path model and codec from [score] of this configuration\n"
	"  --json           one line of JSON\n"
	"  --csv            the first line names the columns: the options above with _ for -;\n"
	"                   each line comes back with r and mos appended\n"
	"\n"
	"Exit status: 2 for wrong options, 1 for a wrong line of CSV or output that cannot be\n"
	"written.\n";

static void print_usage(void)
{
	char codecs[256] = "";
	const struct codec *codec;

	for (unsigned i = 0; (codec = codec_at(i)); i++) {
		size_t used = strlen(codecs);

		snprintf(codecs + used, sizeof codecs - used, "%s%s", i ? ", " : "", codec->name);
	}
	printf(usage, codecs);
}

/* Returns 0, or -EINVAL with a message: "" when getopt has told what is wrong. */
static int read_options(int argc, char **argv, struct request *request, struct message *msg)
{
	static char name[] = "mosprobe score";
	struct message why;
	int c;

	argv[0] = name; /* what getopt begins its messages with */
	optind = 0;	/* glibc starts anew: whoever called may have used getopt already */
	while ((c = getopt_long(argc, argv, "c:", options, NULL)) != -1) {
		if (c == '?')
			return message_set(msg, -EINVAL, "%s", "");
		if (c == OPTION_HELP)
			request->help = true;
		else if (c == 'c' || c == OPTION_CONFIG)
			request->config_file = optarg;
		else if (c == OPTION_CSV)
			request->csv = true;
		else if (c == OPTION_JSON)
			request->json = true;
		else if (query_set(&request->query, c, optarg, strlen(optarg), &why))
			return message_set(
				msg, -EINVAL, "--%s %s: %s", options[c].name, optarg, why.text);
	}
	if (optind < argc)
		return message_set(msg, -EINVAL, "%s: no such argument", argv[optind]);
	return 0;
}

static int check_request(const struct request *request, struct message *msg)
{
	if (!request->csv)
		return query_check(&request->query, msg);
	if (request->json)
		return message_set(msg, -EINVAL, "--csv and --json do not go together");
	for (int field = 0; field < QUERY_FIELDS; field++)
		if (request->query.given[field])
			return message_set(msg, -EINVAL,
				"--%s and --csv do not go together: make it a column",
				options[field].name);
	return 0;
}

struct number {
	const char *name;
	double value; /* NAN: does not exist */
};

/* Appends numbers up to the one without a name. */
static void add_numbers(struct json *json, const struct number *numbers)
{
	for (; numbers->name; numbers++)
		json_add_number(json, numbers->name, numbers->value);
}

static void add_path(struct json *json, const struct query *query, const struct query_answer *answer)
{
	const struct path_score *path = &answer->path;
	const struct number input[] = {
		{ "rtt_ms", query->number[QUERY_RTT_MS] },
		{ "jitter_ms", query->number[QUERY_JITTER_MS] },
		{ "loss_pct", query->number[QUERY_LOSS_PCT] },
		{ "fail_pct", query->number[QUERY_FAIL_PCT] },
		{ NULL, 0 },
	};
	const struct number output[] = {
		{ "ie", answer->codec.ie },
		{ "bpl", answer->codec.bpl },
		{ "ta_ms", path->ta_ms },
		{ "ppl_pct", path->ppl_pct },
		{ "r", answer->r },
		{ "mos", answer->mos },
		{ "r_base", path->r_base },
		{ "r_delay", path->r_delay },
		{ "r_jitter", path->r_jitter },
		{ "r_loss", path->r_loss },
		{ "r_codec", path->r_codec },
		{ "r_failed", answer->r_failed },
		{ NULL, 0 },
	};

	add_numbers(json, input);
	json_add_text(json, "codec", answer->codec.name);
	add_numbers(json, output);
}

static void add_one_way(struct json *json, const struct query_answer *answer)
{
	const struct emodel_params *params = &answer->params;
	const struct emodel_result *result = &answer->result;
	const struct number numbers[] = {
		{ "one_way_ms", params->ta_ms },
		{ "loss_pct", params->ppl_pct },
		{ "burst_r", params->burst_r },
		{ "ie", params->ie },
		{ "bpl", params->bpl },
		{ "ro", result->ro },
		{ "is", result->is },
		{ "idte", result->idte },
		{ "idle", result->idle },
		{ "idd", result->idd },
		{ "ie_eff", result->ie_eff },
		{ "r", answer->r },
		{ "mos", answer->mos },
		{ NULL, 0 },
	};

	add_numbers(json, numbers);
}

static int print_json(const struct query *query, const struct query_answer *answer)
{
	struct json *json = json_new();

	if (query->given[QUERY_RTT_MS])
		add_path(json, query, answer);
	else
		add_one_way(json, answer);
	json_add_text(json, "band", band_name(band_of(answer->mos)));
	return json_end(json, stdout, 15);
}

static void print_part(const char *name, double points)
{
	printf("  %-8s %8.2f  ", name, points);
}

static void explain_path(const struct query *query, const struct query_answer *answer,
	const struct path_model *model)
{
	const struct path_score *path = &answer->path;
	const struct codec *codec = &answer->codec;

	if (isnan(answer->r)) {
		printf("Every sample failed: there is no path to explain.\n");
		print_part("failed", answer->r_failed);
		printf("the best R with %s, less the R of MOS 1\n", codec->name);
		return;
	}
	printf("R is %.2f, the best of G.107 narrowband, less\n", emodel_r_best());
	print_part("base", path->r_base);
	printf("the least playout buffer, %g ms, and the frame, %g ms\n", model->playout_min_ms,
		model->frame_ms);
	print_part("delay", path->r_delay);
	printf("half the round trip, %g ms; Ta is %.4g ms in all\n",
		query->number[QUERY_RTT_MS] / 2, path->ta_ms);
	print_part("jitter", path->r_jitter);
	printf("%.4g ms more playout buffer; %.2f %% of packets too late for the deepest\n",
		path->playout_ms - model->playout_min_ms, path->late_pct);
	print_part("loss", path->r_loss);
	printf("%g %% lost; Ppl is %.4g %% with the late ones\n", query->number[QUERY_LOSS_PCT],
		path->ppl_pct);
	print_part("codec", path->r_codec);
	printf("%s: Ie %g, Bpl %g, lookahead %g ms\n", codec->name, codec->ie, codec->bpl,
		codec->lookahead_ms);
	if (answer->r_failed > 0) {
		printf("MOS falls from %.2f, as if R lost a further\n", path->s);
		print_part("failed", answer->r_failed);
		printf("%g %% of samples without an answer, MOS 1 each\n",
			query->number[QUERY_FAIL_PCT]);
	}
}

static void explain_one_way(const struct query_answer *answer)
{
	const struct emodel_params *params = &answer->params;
	const struct emodel_result *result = &answer->result;

	printf("R is Ro %.2f, noise and loudness, less\n", result->ro);
	print_part("Is", result->is);
	printf("too loud, sidetone, quantising\n");
	print_part("Idte", result->idte);
	printf("talker echo: T = %g ms\n", params->t_ms);
	print_part("Idle", result->idle);
	printf("listener echo: Tr = %g ms\n", params->tr_ms);
	print_part("Idd", result->idd);
	printf("absolute delay: Ta = %g ms\n", params->ta_ms);
	print_part("Ie,eff", result->ie_eff);
	printf("Ie %g, Bpl %g, Ppl %g %%, BurstR %g\n", params->ie, params->bpl, params->ppl_pct,
		params->burst_r);
	if (params->burst_r > 2 && params->ppl_pct >= 2)
		printf("A BurstR above 2 is meant for a Ppl below 2 %% only: a guess.\n");
}

static void print_text(const struct query *query, const struct query_answer *answer,
	const struct path_model *model)
{
	const char *band = band_name(band_of(answer->mos));

	if (isnan(answer->r))
		printf("R none   MOS %.2f   %s\n\n", answer->mos, band);
	else
		printf("R %.2f   MOS %.2f   %s\n\n", answer->r, answer->mos, band);
	if (query->given[QUERY_RTT_MS])
		explain_path(query, answer, model);
	else
		explain_one_way(answer);
}

static int fail(int status, const char *reason)
{
	if (*reason)
		fprintf(stderr, "mosprobe score: %s\n", reason);
	return status;
}

static int finish_output(void)
{
	if (fflush(stdout) || ferror(stdout))
		return fail(EXIT_FAILED, "cannot write to standard output");
	return EXIT_DONE;
}

static int answer_request(const struct request *request, const struct config *config)
{
	const struct codec *codec = &config->defaults.codec;
	struct query_answer answer;
	struct message msg;

	if (request->csv) {
		if (score_csv(stdin, stdout, &config->model, codec, &msg))
			return fail(EXIT_FAILED, msg.text);
		return EXIT_DONE;
	}
	if (query_answer(&answer, &request->query, &config->model, codec, &msg))
		return fail(EXIT_USAGE, msg.text);
	if (!request->json)
		print_text(&request->query, &answer, &config->model);
	else if (print_json(&request->query, &answer) == -ENOMEM)
		return fail(EXIT_FAILED, "no memory");
	return finish_output();
}

/* The path model and the codec of [score]: without a file the defaults, whatever this machine's own
 * configuration is. Returns 0 or an exit status. */
static int read_config(struct config **ret, const char *file)
{
	struct config *config;
	struct message msg;

	if (file)
		return load_config(ret, file, NULL, 0, &msg) ? fail(EXIT_USAGE, msg.text) : 0;
	config = config_create("score");
	if (!config)
		return fail(EXIT_FAILED, "no memory");
	if (config_finish(config, "score", &msg)) {
		config_destroy(config);
		return fail(EXIT_FAILED, msg.text);
	}
	*ret = config;
	return 0;
}

int cmd_score(int argc, char **argv)
{
	struct request request = { .help = false };
	struct config *config;
	struct message msg;
	int status;

	if (read_options(argc, argv, &request, &msg))
		return fail(EXIT_USAGE, msg.text);
	if (request.help) {
		print_usage();
		return finish_output();
	}
	if (check_request(&request, &msg))
		return fail(EXIT_USAGE, msg.text);
	status = read_config(&config, request.config_file);
	if (status)
		return status;
	status = answer_request(&request, config);
	config_destroy(config);
	return status;
}
