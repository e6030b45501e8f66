/* SPDX-License-Identifier: MIT */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "composition/arguments.h"
#include "composition/load.h"
#include "composition/top.h"
#include "composition/verbs.h"
#include "vocabulary/nsec.h"

static const char usage[] =
	"usage: mosprobe top [-c FILE] [--redis URL] [--id ID]\n"
	"\n"
	"Shows a running prober, from Redis: how many targets are how bad, and the worst of them; a\n"
	"filter by name or label, and the card of each. ? tells the keys. Only reads.\n";

static const struct argument accepted[] = {
	{ "redis", "redis", "url", NULL },
	{ "id", "prober", "id", NULL },
	{ NULL, NULL, NULL, NULL },
};

static const uint64_t paces_s[] = { 1, 2, 5, 10, 30, 60 };
#define PACES (sizeof paces_s / sizeof *paces_s)
#define PACE_FIRST 1

static void set_pace(struct top *top, int by)
{
	int pace = PACE_FIRST;

	for (size_t i = 0; i < PACES; i++)
		if (paces_s[i] * NSEC_PER_SEC == top->every_ns)
			pace = (int)i;
	pace += by;
	if (pace >= 0 && pace < (int)PACES)
		top->every_ns = paces_s[pace] * NSEC_PER_SEC;
	top_read_soon(top);
}

static void set_order(struct top *top, unsigned by)
{
	bool paged = top_is_paged(top);

	top->order = (enum fleet_order)((top->order + by) % FLEET_ORDERS);
	top->position = top->offset = 0;
	top->chosen[0] = '\0';
	/* What is there already is sorted at once. */
	if (!paged && !top_is_paged(top))
		fleet_sort(top->rows, top->count, top->order);
	top_move(top, 0);
	top_read_soon(top);
}

static void back_to_list(struct top *top)
{
	top->mode = TOP_LIST;
	top->scroll = 0;
	top_read_soon(top);
}

/* Where keys move to; 0 = it is none of these. */
static int64_t way_of(int key, unsigned page)
{
	switch (key) {
	case SCREEN_KEY_MOVE_UP:
	case 'k':
		return -1;
	case SCREEN_KEY_MOVE_DOWN:
	case 'j':
		return 1;
	case SCREEN_KEY_PAGE_UP:
		return -(int64_t)page;
	case SCREEN_KEY_PAGE_DOWN:
	case ' ':
		return page;
	case SCREEN_KEY_FIRST:
	case 'g':
		return INT32_MIN;
	case SCREEN_KEY_LAST:
	case 'G':
		return INT32_MAX;
	default:
		return 0;
	}
}

/* Returns false when that is the end. */
static bool take_list_key(struct top *top, int key)
{
	switch (key) {
	case 'q':
		return false;
	case SCREEN_KEY_ENTERED:
		top_open_card(top);
		break;
	case SCREEN_KEY_ESCAPE:
		if (*top->filter)
			top_set_filter(top, "");
		break;
	case '/':
		top->mode = TOP_FILTER;
		strcpy(top->typed, top->filter);
		break;
	case 's':
		set_order(top, 1);
		break;
	case 'S':
		set_order(top, FLEET_ORDERS - 1);
		break;
	case '+':
		set_pace(top, 1);
		break;
	case '-':
		set_pace(top, -1);
		break;
	case 'r':
		top_read_soon(top);
		break;
	case '?':
	case 'h':
		top->mode = TOP_HELP;
		top->scroll = 0;
		break;
	default:
		top_move(top, way_of(key, top->room));
	}
	return true;
}

static void erase_last(char *text)
{
	size_t length = strlen(text);

	/* All bytes of a character. */
	while (length && (text[length - 1] & 0xc0) == 0x80)
		length--;
	text[length ? length - 1 : 0] = '\0';
}

static void take_filter_key(struct top *top, int key)
{
	size_t length = strlen(top->typed);

	if (key == SCREEN_KEY_ENTERED) {
		top->mode = TOP_LIST;
		top_set_filter(top, top->typed);
	} else if (key == SCREEN_KEY_ESCAPE) {
		top->mode = TOP_LIST;
	} else if (key == SCREEN_KEY_ERASE) {
		erase_last(top->typed);
	} else if (key == ('U' & 0x1f)) {
		top->typed[0] = '\0';
	} else if (key >= ' ' && key < 256 && key != '"' && length + 1 < sizeof top->typed) {
		top->typed[length] = (char)key;
		top->typed[length + 1] = '\0';
	}
}

/* Of a card, or the help. */
static void take_page_key(struct top *top, int key)
{
	int64_t scroll = (int64_t)top->scroll + way_of(key, top->room);

	if (key == 'q' || key == SCREEN_KEY_ESCAPE || key == '?' || key == SCREEN_KEY_ENTERED)
		back_to_list(top);
	else
		top->scroll = (unsigned)(scroll < 0	       ? 0
					 : scroll > CARD_LINES ? CARD_LINES
							       : scroll);
}

static bool take_key(struct top *top, int key)
{
	if (key == SCREEN_KEY_GONE)
		return false;
	if (key == SCREEN_KEY_NONE || key == SCREEN_KEY_REDRAW)
		return true;
	if (top->mode == TOP_LIST)
		return take_list_key(top, key);
	if (top->mode == TOP_FILTER)
		take_filter_key(top, key);
	else
		take_page_key(top, key);
	return true;
}

static void watch(struct top *top)
{
	int key = SCREEN_KEY_NONE;

	top->room = 1;
	top->every_ns = paces_s[PACE_FIRST] * NSEC_PER_SEC;
	do {
		/* How much is read depends on the size, and a slow Redis must not hide what was typed. */
		top_fit(top);
		if (top_is_covered(top))
			top_draw(top);
		if (top_read(top, nsec_mono()))
			top_draw(top);
		key = screen_key(top_wait_ms(top, nsec_mono()));
	} while (take_key(top, key));
}

static int show(const struct config *config, const char *password, struct message *msg)
{
	static struct top top; /* large */
	int error = view_create(&top.view, config, password, msg);

	if (error)
		return error;
	top.config = config;
	error = screen_open(msg);
	if (!error) {
		top.utf8 = screen_utf8();
		watch(&top);
		screen_close();
	}
	view_destroy(top.view);
	return error;
}

int cmd_top(int argc, char **argv)
{
	struct config *config = NULL;
	struct arguments arguments;
	char *password = NULL;
	struct message msg = { "" };
	int status = 2;

	if (arguments_read(&arguments, argc, argv, accepted, false, false))
		return 2;
	if (arguments.help) {
		fputs(usage, stdout);
		return 0;
	}
	if (!load_config(&config, arguments.config_file, arguments.options, arguments.option_count,
		    &msg) &&
		!load_password(&password, config, &msg))
		status = show(config, password, &msg) ? 1 : 0;
	if (status)
		fprintf(stderr, "mosprobe: %s\n", msg.text);
	free(password);
	config_destroy(config);
	return status;
}
