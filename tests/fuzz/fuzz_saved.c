/* SPDX-License-Identifier: MIT */
/* prober.events and names.state: lines, with a checksum at their end that is made to fit. The first line says which:
 * "mosprobe events 1", "mosprobe names 1". What was read is written, and must be read again as it is. */
#include <inttypes.h>

#define XXH_INLINE_ALL
#include <xxhash.h>

#include "edges/resolver_saved.h"
#include "fuzz.h"
#include "pure/prober_record.h"
#include "vocabulary/log.h"
#include "vocabulary/nsec.h"

#define NOW_NS (5000 * NSEC_PER_SEC)
#define ROOM 8

static char label[] = "isp";
static const struct group_policy policy = {
	.label = label, .share_pct = 50, .min = 2, .within_ns = 5 * NSEC_PER_MIN
};
static const char *const names[] = { "a", "b.example.com", "pbx-3.example.com" };
#define NAMES (sizeof names / sizeof *names)

int LLVMFuzzerInitialize(int *argc, char ***argv)
{
	(void)argc;
	(void)argv;
	log_set_level(LOG_ERROR);
	return 0;
}

/* Members of the groups become bad, and good again. */
static void go_on(struct groups *groups)
{
	struct group_saved saved;
	struct group_change change;

	for (uint32_t i = 0; i < ROOM && groups_save(groups, i / 2, &saved); i++)
		CHECK(!groups_place(groups, i, saved.value));
	for (unsigned bad = 0; bad < 2; bad++) {
		for (uint32_t i = 0; i < ROOM; i++)
			groups_see(groups, i, bad ? STANDING_GOOD : STANDING_BAD, CAUSE_LOSS, 0,
				NOW_NS + bad);
		for (unsigned i = 0; i < 4 * ROOM && groups_step(groups, NOW_NS + bad, &change);
			i++)
			CHECK(change.bad <= change.members);
	}
}

static struct groups *read_events(const char *text, size_t length, struct prober_events *ret)
{
	struct groups *groups = groups_create(&policy, ROOM);

	CHECK(groups);
	if (prober_record_read(text, length, "p", ret, groups, NOW_NS))
		return groups;
	groups_destroy(groups);
	return NULL;
}

static void fuzz_events(const char *text, size_t size)
{
	struct prober_events events, again;
	char *whole = malloc(size + 64), *written;
	struct groups *groups, *other;
	size_t length;

	CHECK(whole);
	memcpy(whole, text, size);
	length = size + (size_t)sprintf(whole + size, "checksum %016" PRIx64 "\n",
				(uint64_t)XXH3_64bits(text, size));
	groups = read_events(whole, length, &events);
	free(whole);
	if (!groups)
		return;
	written = prober_record_text("p", &events, groups);
	CHECK(written);
	other = read_events(written, strlen(written), &again);
	CHECK(other);
	CHECK(again.vantage_seq == events.vantage_seq && again.impaired == events.impaired);
	CHECK(again.resolver_seq == events.resolver_seq);
	CHECK(again.resolver_fails == events.resolver_fails);
	CHECK(groups_count_open(other) == groups_count_open(groups));
	free(written);
	go_on(groups);
	groups_destroy(other);
	groups_destroy(groups);
}

static struct dns_cache *make_cache(void)
{
	static const struct dns_policy times = { 30 * NSEC_PER_SEC, 3600 * NSEC_PER_SEC,
		86400 * NSEC_PER_SEC };
	struct dns_cache *cache;

	CHECK(!dns_cache_create(&cache, &times, names, NAMES, NAMES, NOW_NS, 0));
	return cache;
}

static void fuzz_names(const char *text)
{
	struct dns_cache *cache = make_cache(), *again = make_cache();
	size_t size = strlen(text), had;
	char *whole = malloc(size + 64), *copy = strdup(text), *at = copy, *line;
	uint64_t sum = 0;

	CHECK(whole && copy);
	whole[0] = '\0';
	for (size = 0; (line = fuzz_line(&at));) {
		size_t from = size;

		size += (size_t)sprintf(whole + size, "%s\n", line);
		sum = XXH3_64bits_withSeed(whole + from, size - from, sum);
	}
	size += (size_t)sprintf(whole + size, "checksum %016" PRIx64 "\n", sum);
	fuzz_file("names.state", whole, size);
	had = resolver_saved_load(cache, names, NAMES, fuzz_folder(), NOW_NS);
	CHECK(!resolver_saved_write(cache, NAMES, fuzz_folder(), NOW_NS));
	CHECK(resolver_saved_load(again, names, NAMES, fuzz_folder(), NOW_NS) <= had);
	for (uint32_t i = 0; i < NAMES; i++) {
		struct dns_known one = dns_cache_known(cache, i), other = dns_cache_known(again, i);

		for (int f = 0; f < DNS_FAMILIES; f++)
			CHECK(address_equal(&one.address[f], &other.address[f]));
	}
	free(whole);
	free(copy);
	dns_cache_destroy(cache);
	dns_cache_destroy(again);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	char *text = fuzz_text(data, size);

	if (!strncmp(text, "mosprobe events", 15))
		fuzz_events(text, size);
	else
		fuzz_names(text);
	free(text);
	return 0;
}
