/* SPDX-License-Identifier: MIT */
/* What Redis answers to those who ask it and wait: `check`, the restart without a memory, `card` and `top`. See replies.h.
 * The first byte says who asks. */
#include <poll.h>
#include <pthread.h>
#include <stdatomic.h>
#include <unistd.h>

#include "edges/publish.h"
#include "edges/publish_view.h"
#include "fuzz.h"
#include "pure/card.h"
#include "replies.h"

#define TIMEOUT_MS 1000

static struct replies redis;
static struct config *config;
static struct target_list *list;
static struct roster *roster;
static pthread_mutex_t mutex = PTHREAD_MUTEX_INITIALIZER;

/* The other side, for the whole life of the process. */
static void *serve(void *argument)
{
	for (;;) {
		struct pollfd fds[2] = { { .fd = redis.listener, .events = POLLIN },
			{ .fd = redis.peer, .events = POLLIN } };

		int ready = poll(fds, redis.peer >= 0 ? 2 : 1, 1);

		pthread_mutex_lock(&mutex);
		/* Who waits for more gets the next portion, or none. */
		replies_turn(&redis, !ready);
		pthread_mutex_unlock(&mutex);
	}
	return argument;
}

const char *__asan_default_options(void)
{
	return REPLIES_MEMORY;
}

int LLVMFuzzerInitialize(int *argc, char ***argv)
{
	char text[256];
	pthread_t thread;

	(void)argc;
	(void)argv;
	snprintf(text, sizeof text, "[redis]\nurl = %s\n", replies_listen(&redis, false));
	config = fuzz_config(text);
	list = fuzz_targets(config);
	CHECK(!roster_first(&roster, list));
	CHECK(!pthread_create(&thread, NULL, serve, NULL));
	pthread_detach(thread);
	return 0;
}

static void check(void)
{
	struct publish_quiet quiet;
	struct message found = { "" }, msg;

	if (!publish_check(config, NULL, TIMEOUT_MS, &found, &quiet, &msg))
		CHECK(*found.text && memchr(quiet.writer, '\0', sizeof quiet.writer));
}

static void restore(void)
{
	struct publish_known known[2] = { { 0 } };
	struct message msg;

	if (publish_restore(config, NULL, roster, TIMEOUT_MS, known, &msg))
		return;
	for (unsigned i = 0; i < 2; i++)
		CHECK(known[i].level < STATE_COUNT && *state_name(known[i].level));
}

static void show_card(struct view *view)
{
	struct card *card = calloc(1, sizeof *card);
	struct card_page *page = calloc(1, sizeof *page);
	struct message msg;

	CHECK(card && page);
	if (!view_card(view, TIMEOUT_MS, "a.example.com:5060", card, &msg)) {
		CHECK(card->transition_count <= CARD_TRANSITIONS);
		card_page(page, card, 80, false);
	}
	free(page);
	free(card);
}

static void show_fleet(struct view *view)
{
	struct fleet *fleet = calloc(1, sizeof *fleet);
	struct fleet_row *rows = calloc(4, sizeof *rows);
	char line[TABLE_LINE_SIZE];
	struct message msg;
	unsigned count = 4;

	CHECK(fleet && rows);
	if (!view_fleet(view, TIMEOUT_MS, fleet, &msg)) {
		fleet_bands(line, fleet);
		fleet_histogram(line, fleet, false);
		CHECK(memchr(fleet->seen, '\0', sizeof fleet->seen));
	}
	if (!view_worst(view, TIMEOUT_MS, 0, rows, &count, &msg)) {
		CHECK(count <= 4);
		view_rows(view, TIMEOUT_MS, rows, count, &msg);
		for (int order = 0; order < FLEET_ORDERS; order++)
			fleet_sort(rows, count, (enum fleet_order)order);
	}
	free(rows);
	free(fleet);
}

static void found(void *context, const char *target, double mos, const char *text)
{
	if (fleet_matches("isp=acme", text))
		fleet_found_add(context, target, mos);
}

static void walk(struct view *view, enum view_stage stage)
{
	struct view_walk way = { .stage = stage };
	struct fleet_found *list_of_found = calloc(1, sizeof *list_of_found);
	struct message msg;

	CHECK(list_of_found);
	for (unsigned i = 0; i < 4 && way.stage != VIEW_DONE; i++)
		if (view_step(view, TIMEOUT_MS, &way, found, list_of_found, &msg))
			break;
	CHECK(list_of_found->count <= FLEET_FOUND);
	free(list_of_found);
}

static void ask(char who)
{
	struct message msg;
	struct view *view;

	if (who == 'c' || who == 'r') {
		if (who == 'c')
			check();
		else
			restore();
		return;
	}
	CHECK(!view_create(&view, config, NULL, &msg));
	if (who == 'f')
		show_fleet(view);
	else if (who == 'w')
		walk(view, VIEW_WORST);
	else if (who == 'n')
		walk(view, VIEW_RESULTS);
	else
		show_card(view);
	view_destroy(view);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	char *text = fuzz_text(data, size);

	pthread_mutex_lock(&mutex);
	replies_load(&redis, size ? text + 1 : text);
	pthread_mutex_unlock(&mutex);
	ask(*text);
	pthread_mutex_lock(&mutex);
	replies_load(&redis, memset(text, 0, size));
	pthread_mutex_unlock(&mutex);
	free(text);
	return 0;
}
