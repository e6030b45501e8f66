/* SPDX-License-Identifier: MIT */
/* When what is read, and how much: never more than some 260 commands every refresh, and a bounded step of a walk. */
#include <errno.h>
#include <stdio.h>
#include <string.h>

#include "composition/top.h"
#include "vocabulary/nsec.h"

#define TIMEOUT_MS 1000
/* While Redis is away each look waits for as long as TIMEOUT_MS. */
#define AGAIN_NS (2 * NSEC_PER_SEC)
#define SOONEST_NS (100 * NSEC_PER_MSEC)
#define STEP_NS (50 * NSEC_PER_MSEC)
/* A step past results moves a quarter of a megabyte. */
#define STEP_RESULTS_NS (100 * NSEC_PER_MSEC)
/* While the first targets are found. */
#define WALKING_NS (500 * NSEC_PER_MSEC)
/* A walk that has come to its end begins again then. */
#define REST_NS (30 * NSEC_PER_SEC)

bool top_is_paged(const struct top *top)
{
	return top->order == FLEET_BY_MOS && !*top->filter;
}

bool top_is_covered(const struct top *top)
{
	uint64_t end = top->offset + top->room;

	if (top->mode != TOP_LIST || !top_is_paged(top) || *top->trouble.text)
		return true;
	return top->offset >= top->base &&
	       (end < top->total ? end : top->total) <= top->base + top->count;
}

static uint64_t least(uint64_t a, uint64_t b)
{
	return a < b ? a : b;
}

/* The chosen one stays chosen where it is still among the rows, and is seen. */
static void follow(struct top *top)
{
	for (unsigned i = 0; i < top->count; i++)
		if (!strcmp(top->rows[i].target, top->chosen))
			top->position = top->base + i;
	top_move(top, 0);
}

void top_move(struct top *top, int64_t by)
{
	int64_t last = top->total ? (int64_t)top->total - 1 : 0;
	int64_t position = (int64_t)top->position + by;
	uint64_t offset = top->offset, first_last;

	top->position = (uint64_t)(position < 0 ? 0 : position > last ? last : position);
	first_last = top->total > top->room ? top->total - top->room : 0;
	offset = least(least(offset, top->position), first_last);
	if (top->position >= offset + top->room)
		offset = top->position - top->room + 1;
	if (offset != top->offset && top_is_paged(top))
		top_read_soon(top);
	top->offset = offset;
	top->chosen[0] = '\0';
	if (top->position >= top->base && top->position - top->base < top->count)
		strcpy(top->chosen, top->rows[top->position - top->base].target);
}

static unsigned take_found(const struct top *top, struct fleet_row *rows)
{
	const struct fleet_found *found = top->walked ? &top->found : &top->coming;

	for (unsigned i = 0; i < found->count; i++)
		strcpy(rows[i].target, found->list[i].target);
	return found->count;
}

/* Those without a hash are gone. */
static unsigned drop_gone(struct fleet_row *rows, unsigned count)
{
	unsigned kept = 0;

	for (unsigned i = 0; i < count; i++)
		if (rows[i].row.measured)
			rows[kept++] = rows[i];
	return kept;
}

/* The rows anew; what there was stays until all of it is here. */
static int read_rows(struct top *top, const struct fleet *fleet, struct message *msg)
{
	static struct fleet_row rows[FLEET_FOUND]; /* large */
	bool paged = top_is_paged(top);
	unsigned count = paged && top->room < FLEET_FOUND ? top->room : FLEET_FOUND;
	uint64_t base = paged ? top->offset : 0;
	int error = 0;

	memset(rows, 0, sizeof rows);
	if (*top->filter)
		count = take_found(top, rows);
	else
		error = view_worst(top->view, TIMEOUT_MS, base, rows, &count, msg);
	if (!error)
		error = view_rows(top->view, TIMEOUT_MS, rows, count, msg);
	if (error)
		return error;
	if (!paged) {
		count = drop_gone(rows, count);
		fleet_sort(rows, count, top->order);
	}
	memcpy(top->rows, rows, sizeof rows);
	top->count = count;
	top->base = base;
	top->total = paged ? fleet->scored : count;
	return 0;
}

static int read_list(struct top *top, struct message *msg)
{
	struct fleet fleet;
	int error = view_fleet(top->view, TIMEOUT_MS, &fleet, msg);

	if (!error)
		error = read_rows(top, &fleet, msg);
	if (error)
		return error;
	top->fleet = fleet;
	follow(top);
	return 0;
}

/* In few words, for there is one line. */
static void take_trouble(struct top *top, int error, const char *text, uint64_t now_ns)
{
	const char *url = top->config->redis_url, *what = "Redis is away";
	size_t length = strlen(url);
	char old[48] = "";

	if (!strncmp(text, url, length) && text[length] == ':')
		text += length + 1 + strspn(text + length + 1, " ");
	if (error == -EACCES)
		what = "Redis refuses";
	if (top->read_ns)
		snprintf(old, sizeof old, ", this is %llu s old",
			(unsigned long long)((now_ns - top->read_ns) / NSEC_PER_SEC));
	message_set(&top->trouble, error, "%s%s: %s", what, old, text);
}

static void read_now(struct top *top, uint64_t now_ns)
{
	struct message msg = { "" };
	int error = top->mode == TOP_CARD
			    ? view_card(top->view, TIMEOUT_MS, top->card.target, &top->card, &msg)
			    : read_list(top, &msg);
	bool walking = *top->filter && !top->walked && top->mode != TOP_CARD;

	top->asked_ns = nsec_mono();
	if (error) {
		take_trouble(top, error, msg.text, now_ns);
		top->due_ns = top->asked_ns + AGAIN_NS;
		return;
	}
	top->trouble.text[0] = '\0';
	top->read_ns = top->asked_ns;
	top->due_ns = now_ns + (walking ? least(top->every_ns, WALKING_NS) : top->every_ns);
}

static void match(void *context, const char *target, double mos, const char *text)
{
	struct top *top = context;

	if (strlen(target) < TARGET_KEY_SIZE && fleet_matches(top->filter, text))
		fleet_found_add(&top->coming, target, mos);
}

static void start_walk(struct top *top)
{
	top->walk = (struct view_walk) { .interval_ms = top->fleet.heartbeat.interval_ms };
	top->coming.count = 0;
	top->coming.more = false;
}

static void step_now(struct top *top, uint64_t now_ns)
{
	struct message msg;

	if (top->walk.stage == VIEW_DONE)
		start_walk(top);
	if (view_step(top->view, TIMEOUT_MS, &top->walk, match, top, &msg)) {
		top->step_due_ns = now_ns + AGAIN_NS;
		return;
	}
	top->step_due_ns = now_ns + (top->walk.stage == VIEW_RESULTS ? STEP_RESULTS_NS : STEP_NS);
	if (top->walk.stage != VIEW_DONE)
		return;
	top->found = top->coming;
	top->walked = true;
	top->step_due_ns = now_ns + REST_NS;
	top_read_soon(top);
}

static bool steps(const struct top *top)
{
	return *top->filter && top->mode != TOP_CARD && !*top->trouble.text;
}

bool top_read(struct top *top, uint64_t now_ns)
{
	bool read = false;

	if (now_ns >= top->due_ns) {
		read_now(top, now_ns);
		read = true;
	}
	if (steps(top) && now_ns >= top->step_due_ns)
		step_now(top, now_ns);
	return read;
}

void top_read_soon(struct top *top)
{
	uint64_t soonest_ns = top->asked_ns + (*top->trouble.text ? AGAIN_NS : SOONEST_NS);

	top->due_ns = least(top->due_ns, soonest_ns);
}

int top_wait_ms(const struct top *top, uint64_t now_ns)
{
	uint64_t due_ns = steps(top) ? least(top->due_ns, top->step_due_ns) : top->due_ns;

	return due_ns > now_ns ? (int)((due_ns - now_ns) / NSEC_PER_MSEC) + 1 : 0;
}

void top_set_filter(struct top *top, const char *filter)
{
	snprintf(top->filter, sizeof top->filter, "%s", filter);
	top->walked = false;
	top->step_due_ns = 0;
	top->position = top->offset = 0;
	top->count = 0;
	top->total = 0;
	start_walk(top);
	top_read_soon(top);
}

void top_open_card(struct top *top)
{
	/* It may have been moved to, and not been read. */
	if (!*top->chosen)
		read_now(top, nsec_mono());
	if (!*top->chosen)
		return;
	memset(&top->card, 0, sizeof top->card);
	strcpy(top->card.target, top->chosen);
	top->scroll = 0;
	top->mode = TOP_CARD;
	top->due_ns = 0;
}
