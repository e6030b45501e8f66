/* SPDX-License-Identifier: MIT */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <time.h>

#include <cmocka.h>

#include "pure/dns_cache.h"
#include "vocabulary/nsec.h"

#define S NSEC_PER_SEC
#define ROOM 64 /* for hosts that come later */

static const struct dns_policy policy = {
	.ttl_min_ns = 30 * S, .ttl_max_ns = 3600 * S, .stale_max_ns = 86400 * S
};

static const struct dns_reply absent = { .kind = DNS_REPLY_ABSENT };
static const struct dns_reply failed = { .kind = DNS_REPLY_FAILED };

static struct address addr(const char *text)
{
	struct address address;

	assert_int_equal(address_parse(&address, text), 0);
	return address;
}

static struct dns_reply found(const char *text, uint32_t ttl_s)
{
	return (struct dns_reply) { DNS_REPLY_FOUND, ttl_s, addr(text) };
}

static struct dns_cache *create(const char *const *names, size_t count, uint64_t within_ns)
{
	struct dns_cache *cache = NULL;

	assert_int_equal(
		dns_cache_create(&cache, &policy, names, count, count + ROOM, 0, within_ns), 0);
	return cache;
}

/* Looks the one host of cache up at now_ns, which must be when it is due or later, or out of turn. */
static void look(struct dns_cache *cache, struct dns_reply v4, struct dns_reply v6, uint64_t now_ns)
{
	struct dns_reply replies[DNS_FAMILIES] = { v4, v6 };
	uint32_t host = 99;

	dns_cache_hurry(cache, 0, now_ns);
	assert_true(dns_cache_due(cache, now_ns, &host));
	assert_int_equal(host, 0);
	dns_cache_store(cache, host, replies, now_ns);
}

static void assert_address(const struct dns_known *known, enum dns_family family, const char *text)
{
	char buffer[ADDRESS_TEXT_SIZE];

	assert_string_equal(address_text(&known->address[family], buffer), text);
}

static bool take_news(struct dns_cache *cache, struct dns_known *known)
{
	if (!dns_cache_news(cache, known))
		return false;
	dns_cache_told(cache);
	return true;
}

static const char *const one[] = { "pbx1.example.com" };

static void empty_cache(void **state)
{
	struct dns_cache *cache = create(NULL, 0, 10 * S);
	struct dns_known known;
	uint32_t host;

	assert_false(dns_cache_due(cache, UINT64_MAX, &host));
	assert_true(dns_cache_next_ns(cache) == UINT64_MAX);
	assert_false(dns_cache_news(cache, &known));
	dns_cache_destroy(cache);
	dns_cache_destroy(NULL);
}

static void first_lookups_are_spread(void **state)
{
	static char texts[1000][16];
	const char *names[1000];
	unsigned tenths[10] = { 0 };
	uint64_t last_ns = 0;
	struct dns_cache *cache;
	uint32_t host;

	for (int i = 0; i < 1000; i++) {
		snprintf(texts[i], sizeof texts[i], "pbx%d.test", i);
		names[i] = texts[i];
	}
	cache = create(names, 1000, 10 * S);
	for (int i = 0; i < 1000; i++) {
		uint64_t next_ns = dns_cache_next_ns(cache);

		assert_true(next_ns >= last_ns && next_ns < 10 * S);
		if (next_ns)
			assert_false(dns_cache_due(cache, next_ns - 1, &host));
		assert_true(dns_cache_due(cache, next_ns, &host));
		tenths[next_ns / S]++;
		last_ns = next_ns;
	}
	for (int i = 0; i < 10; i++)
		assert_in_range(tenths[i], 50, 150);
	assert_true(dns_cache_next_ns(cache) == UINT64_MAX);
	dns_cache_destroy(cache);

	cache = create(names, 1000, 0);
	for (int i = 0; i < 1000; i++)
		assert_true(dns_cache_due(cache, 0, &host));
	dns_cache_destroy(cache);
}

static void refresh_comes_before_the_ttl_ends(void **state)
{
	static const struct {
		uint32_t ttl_s, held_s;
	} cases[] = { { 0, 30 }, { 29, 30 }, { 30, 30 }, { 300, 300 }, { 3600, 3600 },
		{ 86400, 3600 }, { UINT32_MAX, 3600 } };

	for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
		struct dns_cache *cache = create(one, 1, 0);
		uint64_t held_ns = cases[i].held_s * S, first_ns;

		look(cache, found("192.0.2.1", cases[i].ttl_s), absent, 1000 * S);
		first_ns = dns_cache_next_ns(cache) - 1000 * S;
		assert_true(first_ns >= held_ns / 100 * 75 && first_ns <= held_ns / 100 * 95);
		look(cache, found("192.0.2.1", cases[i].ttl_s), absent, 1000 * S + first_ns);
		/* Stable: the name has the same share every time. */
		assert_true(dns_cache_next_ns(cache) == 1000 * S + 2 * first_ns);
		dns_cache_destroy(cache);
	}
}

static void names_drift_apart(void **state)
{
	static const char *const names[] = { "a.test", "b.test", "c.test", "d.test", "e.test" };
	uint64_t seen[5];

	for (int i = 0; i < 5; i++) {
		struct dns_cache *cache = create(&names[i], 1, 0);

		look(cache, found("192.0.2.1", 300), absent, 0);
		seen[i] = dns_cache_next_ns(cache);
		for (int k = 0; k < i; k++)
			assert_true(seen[k] != seen[i]);
		dns_cache_destroy(cache);
	}
}

static void shorter_ttl_of_two_families_counts(void **state)
{
	struct dns_cache *cache = create(one, 1, 0);

	look(cache, found("192.0.2.1", 3000), found("2001:db8::1", 60), 0);
	assert_true(dns_cache_next_ns(cache) <= 57 * S && dns_cache_next_ns(cache) >= 45 * S);
	dns_cache_destroy(cache);
}

static void stale_addresses_go_on(void **state)
{
	struct dns_cache *cache = create(one, 1, 0);
	struct dns_known known;

	look(cache, found("192.0.2.1", 100), absent, 0);
	assert_true(take_news(cache, &known));
	assert_true(known.looked && !known.stale && !known.failing);

	look(cache, failed, failed, 90 * S); /* the TTL has not run out: nobody need know */
	assert_false(take_news(cache, &known));
	known = dns_cache_known(cache, 0);
	assert_true(known.failing && !known.stale);

	look(cache, failed, failed, 100 * S);
	assert_true(take_news(cache, &known));
	assert_true(known.failing && known.stale);
	assert_address(&known, DNS_V4, "192.0.2.1");

	look(cache, failed, failed, 100 * S + policy.stale_max_ns - 1);
	assert_false(take_news(cache, &known));
	look(cache, failed, failed, 100 * S + policy.stale_max_ns);
	assert_true(take_news(cache, &known));
	assert_true(known.failing && !known.stale);
	assert_address(&known, DNS_V4, "");

	look(cache, found("192.0.2.1", 100), absent, 200000 * S);
	assert_true(take_news(cache, &known));
	assert_false(known.failing);
	assert_address(&known, DNS_V4, "192.0.2.1");
	dns_cache_destroy(cache);
}

static void failures_are_repeated_with_growing_pauses(void **state)
{
	struct dns_cache *cache = create(one, 1, 0);
	static const uint64_t pauses_s[] = { 5, 10, 20, 40, 80, 120, 120 };
	uint64_t now_ns = 0;
	struct dns_known known;

	for (int i = 0; i < 300; i++) {
		uint64_t pause_ns = pauses_s[i < 6 ? i : 6] * S, wait_ns;

		look(cache, failed, failed, now_ns);
		wait_ns = dns_cache_next_ns(cache) - now_ns;
		assert_true(wait_ns >= pause_ns / 100 * 75 && wait_ns <= pause_ns / 100 * 95);
		now_ns += wait_ns;
		/* Told once that it fails, not each time. */
		assert_int_equal(take_news(cache, &known), i == 0);
	}
	look(cache, absent, absent, now_ns);
	look(cache, failed, failed, now_ns + 100 * S);
	assert_true(dns_cache_next_ns(cache) < now_ns + 105 * S); /* from the start again */
	dns_cache_destroy(cache);
}

static void absence_counts_at_once(void **state)
{
	struct dns_cache *cache = create(one, 1, 0);
	struct dns_known known;
	uint64_t wait_ns;

	look(cache, found("192.0.2.1", 3600), found("2001:db8::1", 3600), 0);
	assert_true(take_news(cache, &known));
	look(cache, absent, absent, 100 * S);
	assert_true(take_news(cache, &known));
	assert_true(known.looked && !known.failing && !known.stale);
	assert_address(&known, DNS_V4, "");
	assert_address(&known, DNS_V6, "");
	wait_ns = dns_cache_next_ns(cache) - 100 * S;
	assert_true(wait_ns >= 22 * S && wait_ns <= 29 * S); /* of ttl_min */

	/* Absence of one family, failure of the other: nobody can tell. */
	look(cache, absent, failed, 200 * S);
	assert_true(take_news(cache, &known));
	assert_true(known.failing);
	dns_cache_destroy(cache);
}

static void families_stand_alone(void **state)
{
	struct dns_cache *cache = create(one, 1, 0);
	struct dns_reply not_asked = { .kind = DNS_REPLY_NOT_ASKED };
	struct dns_known known;

	look(cache, found("192.0.2.1", 3600), found("2001:db8::1", 3600), 0);
	assert_true(take_news(cache, &known));
	look(cache, found("192.0.2.2", 3600), failed, 100 * S);
	assert_true(take_news(cache, &known));
	assert_false(known.failing);
	assert_address(&known, DNS_V4, "192.0.2.2");
	assert_address(&known, DNS_V6, "2001:db8::1");
	assert_true(dns_cache_next_ns(cache) < 105 * S); /* the missing half is asked for soon */

	look(cache, found("192.0.2.2", 3600), absent, 200 * S);
	assert_true(take_news(cache, &known));
	assert_address(&known, DNS_V6, "");
	assert_true(dns_cache_next_ns(cache) > 2000 * S);

	/* The other family goes stale by its own clock. */
	look(cache, found("192.0.2.2", 3600), found("2001:db8::1", 100), 1000 * S);
	look(cache, found("192.0.2.2", 3600), failed, 1100 * S + policy.stale_max_ns);
	known = dns_cache_known(cache, 0);
	assert_address(&known, DNS_V4, "192.0.2.2");
	assert_address(&known, DNS_V6, "");
	dns_cache_destroy(cache);

	cache = create(one, 1, 0);
	look(cache, not_asked, found("2001:db8::1", 60), 0);
	assert_true(take_news(cache, &known));
	assert_address(&known, DNS_V4, "");
	assert_address(&known, DNS_V6, "2001:db8::1");
	dns_cache_destroy(cache);
}

static void only_changes_are_news(void **state)
{
	static const char *const names[] = { "a.test", "b.test", "c.test" };
	struct dns_cache *cache = create(names, 3, 0);
	struct dns_reply replies[DNS_FAMILIES] = { found("192.0.2.1", 60), absent };
	struct dns_known known;
	uint32_t order[3], host;

	for (int i = 0; i < 3; i++) {
		assert_true(dns_cache_due(cache, 0, &order[i]));
		dns_cache_store(cache, order[i], replies, 0);
	}
	/* Changed again before it was told: one entry, the newest state, the old place. */
	replies[DNS_V4] = found("192.0.2.9", 60);
	dns_cache_hurry(cache, order[0], S);
	assert_true(dns_cache_due(cache, S, &host));
	assert_int_equal(host, order[0]);
	dns_cache_store(cache, host, replies, S);
	for (int i = 0; i < 3; i++) {
		assert_true(take_news(cache, &known));
		assert_int_equal(known.host, order[i]);
		assert_address(&known, DNS_V4, i ? "192.0.2.1" : "192.0.2.9");
	}
	assert_false(take_news(cache, &known));

	/* The same answer is no news. */
	dns_cache_hurry(cache, order[0], 2 * S);
	assert_true(dns_cache_due(cache, 2 * S, &host));
	dns_cache_store(cache, host, replies, 2 * S);
	assert_false(take_news(cache, &known));
	dns_cache_destroy(cache);
}

static void hurry_leaves_what_is_under_way(void **state)
{
	static const char *const names[] = { "a.test", "b.test" };
	struct dns_cache *cache = create(names, 2, 0);
	uint32_t first, second, host;

	assert_true(dns_cache_due(cache, 0, &first));
	assert_true(dns_cache_due(cache, 0, &second));
	assert_int_not_equal(first, second);
	dns_cache_hurry(cache, first, 5 * S);
	assert_false(dns_cache_due(cache, 5 * S, &host));
	dns_cache_destroy(cache);
}

static struct address chosen(
	const char *name, const char *in_use, const char *const *texts, int count, bool reversed)
{
	struct address none = { .family = 0 }, used = in_use ? addr(in_use) : none;
	struct dns_choice choice;

	dns_choice_begin(&choice, name, &used);
	for (int i = 0; i < count; i++) {
		struct address address = addr(texts[reversed ? count - 1 - i : i]);

		dns_choice_add(&choice, &address);
	}
	return choice.best;
}

static void address_in_use_is_kept(void **state)
{
	static const char *const pool[] = { "192.0.2.1", "192.0.2.2", "192.0.2.3", "192.0.2.4" };
	unsigned taken[4] = { 0 };
	struct address a, b;

	for (int i = 0; i < 4; i++) {
		b = addr(pool[i]);
		a = chosen("pbx.test", pool[i], pool, 4, false);
		assert_true(address_equal(&a, &b));
	}
	a = chosen("pbx.test", "198.51.100.1", pool, 4, false);
	b = chosen("pbx.test", NULL, pool, 4, true);
	assert_true(address_equal(&a, &b));
	a = chosen("pbx.test", NULL, pool, 0, false);
	assert_int_equal(a.family, 0);

	for (int i = 0; i < 400; i++) {
		char name[32];

		snprintf(name, sizeof name, "pbx%d.example.com", i);
		a = chosen(name, NULL, pool, 4, i % 2);
		taken[a.bytes[3] - 1]++;
	}
	for (int i = 0; i < 4; i++)
		assert_in_range(taken[i], 60, 140);
}

/* The heap against a plain scan, with hosts under way in random numbers. */
static void order_holds_under_random_use(void **state)
{
	enum { HOSTS = 200, STEPS = 20000 };
	static char texts[HOSTS][16];
	const char *names[HOSTS];
	bool under_way[HOSTS] = { false };
	uint64_t now_ns = 0;
	unsigned seed = (unsigned)time(NULL), taken = 0;
	struct dns_cache *cache;

	print_message("# seed %u\n", seed);
	srand(seed);
	for (int i = 0; i < HOSTS; i++) {
		snprintf(texts[i], sizeof texts[i], "h%d.test", i);
		names[i] = texts[i];
	}
	cache = create(names, HOSTS, 60 * S);
	for (int step = 0; step < STEPS; step++) {
		uint32_t host = (uint32_t)rand() % HOSTS;
		uint64_t next_ns = dns_cache_next_ns(cache);

		now_ns += (uint64_t)rand() % (S / 4);
		if (rand() % 8 == 0) {
			dns_cache_hurry(cache, host, now_ns);
			if (!under_way[host])
				assert_true(dns_cache_next_ns(cache) <= now_ns);
		} else if (under_way[host]) {
			struct dns_reply replies[DNS_FAMILIES] = { failed, failed };

			if (rand() % 3)
				replies[0] = found("192.0.2.1", (uint32_t)rand() % 400);
			dns_cache_store(cache, host, replies, now_ns);
			under_way[host] = false;
		} else if (dns_cache_due(cache, now_ns, &host)) {
			assert_true(next_ns <= now_ns);
			assert_true(dns_cache_next_ns(cache) >= next_ns);
			assert_false(under_way[host]);
			under_way[host] = true;
			taken++;
		} else {
			assert_true(next_ns > now_ns);
		}
	}
	assert_true(taken > STEPS / 20);
	dns_cache_destroy(cache);
}

/* Hosts that come, go and come again, at any point of a look-up, against a table of who is there: each
 * of these is due once a look-up, and nobody else ever. */
static void hosts_come_and_go(void **state)
{
	static const char *const names[] = { "a.test", "b.test" };
	struct dns_cache *cache = create(names, 2, 0);
	const uint32_t hosts = 2 + ROOM;
	bool here[2 + ROOM] = { true, true }, asked[2 + ROOM] = { false };
	uint64_t now_ns = 0;

	srand(7);
	for (unsigned step = 0; step < 200000; step++) {
		uint32_t host = (uint32_t)rand() % hosts;
		struct dns_reply replies[DNS_FAMILIES] = { found("192.0.2.1", 60), absent };

		now_ns += (uint64_t)rand() % (S / 8);
		switch (rand() % 4) {
		case 0:
			if (here[host])
				dns_cache_remove(cache, host);
			else
				dns_cache_add(cache, host, "new.test", now_ns);
			here[host] = !here[host];
			if (here[host])
				assert_false(dns_cache_known(cache, host).looked);
			break;
		case 1:
			if (host < 2 || here[host])
				dns_cache_hurry(cache, host, now_ns);
			break;
		case 2:
			if (!dns_cache_due(cache, now_ns, &host))
				break;
			assert_true(here[host] && !asked[host]);
			asked[host] = true;
			break;
		default:
			if (!asked[host])
				break;
			asked[host] = false;
			dns_cache_store(cache, host, replies, now_ns);
			if (here[host])
				assert_true(dns_cache_known(cache, host).looked);
		}
	}
	/* All that are there come up again. */
	now_ns += 3600 * S;
	for (uint32_t host; dns_cache_due(cache, now_ns, &host);) {
		assert_true(here[host] && !asked[host]);
		asked[host] = true;
	}
	for (uint32_t host = 0; host < hosts; host++)
		assert_true(asked[host] || !here[host]);
	dns_cache_destroy(cache);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(empty_cache),
		cmocka_unit_test(first_lookups_are_spread),
		cmocka_unit_test(refresh_comes_before_the_ttl_ends),
		cmocka_unit_test(names_drift_apart),
		cmocka_unit_test(shorter_ttl_of_two_families_counts),
		cmocka_unit_test(stale_addresses_go_on),
		cmocka_unit_test(failures_are_repeated_with_growing_pauses),
		cmocka_unit_test(absence_counts_at_once),
		cmocka_unit_test(families_stand_alone),
		cmocka_unit_test(only_changes_are_news),
		cmocka_unit_test(hurry_leaves_what_is_under_way),
		cmocka_unit_test(address_in_use_is_kept),
		cmocka_unit_test(order_holds_under_random_use),
		cmocka_unit_test(hosts_come_and_go),
	};

	cmocka_set_message_output(CM_OUTPUT_TAP);
	return cmocka_run_group_tests(tests, NULL, NULL);
}
