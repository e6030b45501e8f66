/* SPDX-License-Identifier: MIT */
#include <string.h>

#include "../check.h"
#include "pure/dns_cache.h"
#include "vocabulary/nsec.h"

#define SECOND NSEC_PER_SEC

static const char *const names[] = { "a.example", "b.example", "c.example" };
static const struct dns_policy policy = { 30 * SECOND, 3600 * SECOND, 86400 * SECOND };

static struct dns_cache *cache_at(uint64_t now_ns)
{
	struct dns_cache *cache;

	assert_int_equal(dns_cache_create(&cache, &policy, names, 3, 3, now_ns, 0), 0);
	return cache;
}

static struct dns_reply found(uint8_t last, uint32_t ttl_s)
{
	return (struct dns_reply) { DNS_REPLY_FOUND, ttl_s,
		{ .family = 4, .bytes = { 198, 18, 0, last } } };
}

/* Looks up all that is due. */
static void look_up(struct dns_cache *cache, uint64_t now_ns, enum dns_reply_kind kind)
{
	uint32_t host;

	while (dns_cache_due(cache, now_ns, &host)) {
		struct dns_reply replies[DNS_FAMILIES] = { found((uint8_t)(host + 1), 60) };

		if (kind != DNS_REPLY_FOUND)
			replies[DNS_V4] = replies[DNS_V6] = (struct dns_reply) { .kind = kind };
		dns_cache_store(cache, host, replies, now_ns);
	}
}

static void addresses_go_over(void **state)
{
	struct dns_cache *before = cache_at(1000 * SECOND), *after = cache_at(50 * SECOND);
	struct dns_saved saved;
	struct dns_known known;

	assert_false(dns_cache_save(before, 0, 1000 * SECOND, &saved));
	look_up(before, 1000 * SECOND, DNS_REPLY_FOUND);
	assert_true(dns_cache_save(before, 1, 1010 * SECOND, &saved));
	assert_int_equal(saved.left_s[DNS_V4], 50);
	assert_true(dns_cache_restore(after, 1, 50 * SECOND, &saved));
	known = dns_cache_known(after, 1);
	assert_false(known.looked);
	assert_int_equal(known.address[DNS_V4].bytes[3], 2);
	assert_int_equal(known.address[DNS_V6].family, 0);
	assert_true(dns_cache_news(after, &known));
	assert_int_equal(known.host, 1);
	/* It is looked up as the others are; when that fails, the address goes on for stale_max. */
	look_up(after, 60 * SECOND, DNS_REPLY_FAILED);
	assert_int_equal(dns_cache_known(after, 1).address[DNS_V4].family, 4);
	assert_int_equal(dns_cache_known(after, 0).address[DNS_V4].family, 0);
	look_up(after, (100 + 86400 + 200) * SECOND, DNS_REPLY_FAILED);
	assert_int_equal(dns_cache_known(after, 1).address[DNS_V4].family, 0);
	dns_cache_destroy(before);
	dns_cache_destroy(after);
}

static void what_is_too_old_does_not(void **state)
{
	struct dns_cache *cache = cache_at(200000 * SECOND);
	struct dns_saved saved = { .address = { { .family = 4, .bytes = { 198, 18, 0, 9 } } } };

	saved.left_s[DNS_V4] = -86401;
	assert_false(dns_cache_restore(cache, 0, 200000 * SECOND, &saved));
	assert_int_equal(dns_cache_known(cache, 0).address[DNS_V4].family, 0);
	saved.left_s[DNS_V4] = -86399;
	assert_true(dns_cache_restore(cache, 0, 200000 * SECOND, &saved));
	/* A file with a time in the future: no longer than any answer may live. */
	saved.left_s[DNS_V4] = INT64_MAX / 2;
	assert_true(dns_cache_restore(cache, 1, 200000 * SECOND, &saved));
	assert_true(dns_cache_save(cache, 1, 200000 * SECOND, &saved));
	assert_int_equal(saved.left_s[DNS_V4], 3600);
	dns_cache_remove(cache, 1);
	assert_false(dns_cache_save(cache, 1, 200000 * SECOND, &saved));
	dns_cache_destroy(cache);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(addresses_go_over),
		cmocka_unit_test(what_is_too_old_does_not),
	};

	cmocka_set_message_output(CM_OUTPUT_TAP);
	return cmocka_run_group_tests(tests, NULL, NULL);
}
