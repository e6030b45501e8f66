/* SPDX-License-Identifier: MIT */
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "composition/arguments.h"
#include "composition/card_json.h"
#include "composition/load.h"
#include "composition/verbs.h"
#include "edges/publish_view.h"
#include "edges/screen.h"
#include "pure/text.h"

#define TIMEOUT_MS 5000
#define WIDTH 80
/* Names that are looked at for one that was meant: some 50,000. */
#define STEPS_MOST 50

static const char usage[] =
	"usage: mosprobe card NAME[:PORT] [-c FILE] [--redis URL] [--id ID] [--json]\n"
	"\n"
	"Prints what Redis knows of one target: its state and since when, its MOS and what took how\n"
	"much of it, the last 24 hours, and its transitions. Only reads. Ends with status 1 when the\n"
	"prober knows no such target.\n";

static const struct argument accepted[] = {
	{ "redis", "redis", "url", NULL },
	{ "id", "prober", "id", NULL },
	{ NULL, NULL, NULL, NULL },
};

struct meant {
	struct nearest nearest;
	char best[TARGET_KEY_SIZE];
};

static void offer(void *context, const char *target, double mos, const char *text)
{
	struct meant *meant = context;

	nearest_offer(&meant->nearest, target);
	/* What it was told of lives no longer than this call. */
	if (meant->nearest.best == target)
		snprintf(meant->best, sizeof meant->best, "%s", target);
	meant->nearest.best = meant->best;
}

/* Who it may have been, when that is not far off. */
static void suggest(struct view *view, const char *key, struct message *msg)
{
	struct meant meant = { .nearest = { .wanted = key } };
	struct view_walk walk = { .stage = VIEW_WORST };
	struct message unsaid;
	size_t length = strlen(msg->text);

	for (unsigned i = 0; i < STEPS_MOST && walk.stage < VIEW_RESULTS; i++)
		if (view_step(view, TIMEOUT_MS, &walk, offer, &meant, &unsaid))
			return;
	if (meant.nearest.best && meant.nearest.distance <= 1 + strlen(key) / 8)
		snprintf(msg->text + length, sizeof msg->text - length, "; did you mean %s?",
			meant.best);
}

/* Why nothing is known. */
static int unknown(struct view *view, const char *id, const char *key, struct message *msg)
{
	struct message unsaid;
	struct fleet fleet;

	message_set(msg, 0, "prober %s knows no target %s", id, key);
	if (!view_fleet(view, TIMEOUT_MS, &fleet, &unsaid) && !fleet.running && !fleet.scored)
		message_set(msg, 0, "nothing is known of a prober %s%s%s%s", id,
			*fleet.seen ? "; this Redis has seen " : "", fleet.seen,
			*fleet.seen ? " (--id)" : "");
	else
		suggest(view, key, msg);
	return -ENOENT;
}

static int print_card(const struct card *card, bool json)
{
	static struct card_page page; /* large */

	if (json)
		return card_json(card, stdout);
	card_page(&page, card, WIDTH, !screen_utf8());
	for (unsigned i = 0; i < page.count; i++)
		puts(page.lines[i]);
	return ferror(stdout) ? -EIO : 0;
}

static int show(const struct config *config, const char *password, const char *key, bool json,
	struct message *msg)
{
	static struct card card; /* large */
	struct view *view = NULL;
	int error = view_create(&view, config, password, msg);

	if (!error)
		error = view_card(view, TIMEOUT_MS, key, &card, msg);
	if (!error && !*card.fields[CARD_STATE])
		error = unknown(view, config->id, key, msg);
	else if (!error && (print_card(&card, json) || fflush(stdout)))
		error = message_set(msg, -EIO, "cannot write to standard output");
	view_destroy(view);
	return error;
}

int cmd_card(int argc, char **argv)
{
	struct config *config = NULL;
	struct arguments arguments;
	char key[TARGET_KEY_SIZE], *password = NULL;
	struct message msg = { "" };
	int status = 2;

	if (arguments_read(&arguments, argc, argv, accepted, true, true))
		return 2;
	if (arguments.help) {
		fputs(usage, stdout);
		return 0;
	}
	if (!arguments.name) {
		fputs("mosprobe card: a name is missing; see mosprobe card --help\n", stderr);
		return 2;
	}
	if (!load_config(&config, arguments.config_file, arguments.options, arguments.option_count,
		    &msg) &&
		!load_password(&password, config, &msg) &&
		!load_key(key, arguments.name, config, &msg))
		status = show(config, password, key, arguments.json, &msg) ? 1 : 0;
	if (status)
		fprintf(stderr, "mosprobe: %s\n", msg.text);
	free(password);
	config_destroy(config);
	return status;
}
