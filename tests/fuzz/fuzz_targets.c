/* SPDX-License-Identifier: MIT */
/* A targets file. What was read must come out of its own names again, also after a reload. */
#include "fuzz.h"
#include "pure/mutes.h"
#include "pure/roster.h"
#include "pure/table.h"

static const char classes[] = "[class gold]\nsamples = 3\nwarning = 3.6\n[class sip]\nport = 5061\n"
			      "close = rst\n";

static struct config *config;

int LLVMFuzzerInitialize(int *argc, char ***argv)
{
	(void)argc;
	(void)argv;
	config = fuzz_config(classes);
	return 0;
}

/* The key that a target has in Redis names it again. */
static void check_target(const struct target_list *list, const struct target *target)
{
	char key[TARGET_KEY_SIZE], name[TARGET_NAME_MAX + 1];
	struct mutes *mutes = mutes_create(1);
	struct message msg;
	uint8_t literal;
	uint16_t port;

	CHECK(target_key(target, key) == strlen(key) && strlen(key) < sizeof key);
	CHECK(!target_parse_name(key, strlen(key), name, &port, &literal, &msg));
	CHECK(!strcmp(name, target->name) && port == target->port && literal == target->literal);
	CHECK(targets_find(list, name, port) == target);
	CHECK(mutes && mutes_add(mutes, key, "1e15", 1));
	CHECK(mutes_until_ms(mutes, target) == 1000000000000000);
	mutes_destroy(mutes);
	for (const char *label = target->labels; label && *label;) {
		const char *value = label + strlen(label) + 1;

		CHECK(target_label(target, label));
		label = value + strlen(value) + 1;
	}
}

static struct target_list *read_list(const char *text, size_t size)
{
	struct target_list *list = targets_create();
	struct message msg;

	CHECK(list);
	if (!targets_add(list, text, size, "fuzz.targets", config, &msg))
		return list;
	CHECK(*msg.text && strlen(msg.text) < sizeof msg.text);
	targets_destroy(list);
	return NULL;
}

/* Half of them go, and come again. */
static void reload(struct target_list *list)
{
	const struct shard shard = { 1, 2 };
	struct roster *first = NULL, *next = NULL;
	struct numbering *numbering = NULL;
	struct roster_change change = { 0 };
	struct message msg;

	CHECK(!roster_first(&first, list));
	CHECK(!numbering_create(&numbering, first, first->count + 1));
	CHECK(!targets_keep_shard(list, &shard));
	CHECK(!roster_next(&next, &change, first, true, numbering, list, &msg));
	CHECK(next->present == targets_count(list) && !change.added_count);
	CHECK(change.removed_count + next->present == first->present);
	roster_change_free(&change);
	roster_destroy(next);
	roster_destroy(first);
	numbering_destroy(numbering);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	char *text = fuzz_text(data, size);
	struct target_list *list = read_list(text, size);

	if (list) {
		for (size_t i = 0; i < targets_count(list); i++)
			check_target(list, targets_at(list, i));
		reload(list);
	}
	targets_destroy(list);
	free(text);
	return 0;
}
