/* SPDX-License-Identifier: MIT */
/* The small ones: histogram, address, arena, and the words of sample and verdict. */
#include <arpa/inet.h>
#include <errno.h>
#include <netinet/in.h>
#include <stdalign.h>
#include <string.h>

#include "../check.h"
#include "vocabulary/address.h"
#include "vocabulary/arena.h"
#include "vocabulary/histogram.h"
#include "vocabulary/sample.h"
#include "vocabulary/verdict.h"

static int compare_u64(const void *a, const void *b)
{
	uint64_t x = *(const uint64_t *)a, y = *(const uint64_t *)b;

	return (x > y) - (x < y);
}

/* Of any size, each power of two as likely as the next. */
static uint64_t random_value(void)
{
	return random_u64() >> random_below(64);
}

static void quantiles_are_exact_to_a_sixteenth(void **state)
{
	static const double shares[] = { 0.001, 0.25, 0.5, 0.75, 0.984375, 1 };
	enum { VALUES = 1024 };
	uint64_t values[VALUES];

	for (unsigned round = 0; round < 50; round++) {
		struct histogram histogram = { 0 };

		for (unsigned i = 0; i < VALUES; i++) {
			values[i] = round ? random_value() : i % 16;
			histogram_add(&histogram, values[i]);
		}
		qsort(values, VALUES, sizeof *values, compare_u64);
		assert_true(histogram.count == VALUES && histogram.max == values[VALUES - 1]);
		for (unsigned i = 0; i < sizeof shares / sizeof *shares; i++) {
			uint64_t exact = values[(unsigned)ceil(shares[i] * VALUES) - 1];
			uint64_t found = histogram_quantile(&histogram, shares[i]);

			assert_true(found >= exact && found <= histogram.max);
			assert_true(found - exact <= exact / 16);
		}
	}
}

static void every_value_has_its_bucket(void **state)
{
	struct histogram histogram = { 0 };

	assert_int_equal(histogram_quantile(&histogram, 0.99), 0);
	for (unsigned bit = 0; bit < 64; bit++)
		for (uint64_t add = 0; add < 3; add++)
			histogram_add(&histogram, (1ull << bit) - 1 + add);
	histogram_add(&histogram, UINT64_MAX);
	assert_int_equal(histogram.buckets[HISTOGRAM_BUCKETS - 1], 1);
	assert_true(histogram_quantile(&histogram, 1) == UINT64_MAX);
	assert_true(histogram_quantile(&histogram, 0) == 0);
	for (unsigned i = 0, sum = 0; i < HISTOGRAM_BUCKETS; i++) {
		sum += (unsigned)histogram.buckets[i];
		if (i + 1 == HISTOGRAM_BUCKETS)
			assert_int_equal(sum, histogram.count);
	}
}

static struct address address(const char *text)
{
	struct address parsed;

	if (address_parse(&parsed, text))
		fail_msg("%s is refused", text);
	return parsed;
}

static void addresses_read_and_print_back(void **state)
{
	static const char *const pairs[][2] = {
		{ "198.18.0.1", "198.18.0.1" },
		{ "0.0.0.0", "0.0.0.0" },
		{ "255.255.255.255", "255.255.255.255" },
		{ "2001:DB8:0::7", "2001:db8::7" },
		{ "::", "::" },
		{ "::ffff:198.18.0.1", "198.18.0.1" },
		{ "::198.18.0.1", "::198.18.0.1" },
	};
	static const char *const refused[] = { "", "1.2.3", "1.2.3.4.5", "1.2.3.256", " 1.2.3.4",
		"1.2.3.4 ", "[::1]", "::1%lo", "1::2::3", "12345::", "name", "1.2.3.4/8" };
	struct address untouched = address("198.18.0.9"), before = untouched;
	char text[ADDRESS_TEXT_SIZE];

	for (size_t i = 0; i < sizeof pairs / sizeof *pairs; i++) {
		struct address a = address(pairs[i][0]);

		assert_string_equal(address_text(&a, text), pairs[i][1]);
		assert_int_equal(a.family, strchr(pairs[i][1], ':') ? 6 : 4);
	}
	for (size_t i = 0; i < sizeof refused / sizeof *refused; i++)
		assert_int_equal(address_parse(&untouched, refused[i]), -EINVAL);
	assert_memory_equal(&untouched, &before, sizeof before);
	assert_string_equal(address_text(&(struct address) { .family = 0 }, text), "");
}

static void addresses_are_equal_by_value(void **state)
{
	struct address a = address("198.18.0.1"), b = address("::ffff:c612:1");
	struct address c = address("198.18.0.2"), d = address("c612:1::");

	assert_true(address_equal(&a, &b));
	assert_false(address_equal(&a, &c));
	assert_false(address_equal(&a, &d));
}

static void addresses_as_the_kernel_has_them(void **state)
{
	struct address a = address("198.18.0.1"), b = address("2001:db8::7"),
		       none = { .family = 0 };
	struct sockaddr_storage storage;
	const struct sockaddr_in *in = (const struct sockaddr_in *)&storage;
	const struct sockaddr_in6 *in6 = (const struct sockaddr_in6 *)&storage;

	assert_int_equal(address_to_sockaddr(&a, 5060, &storage), sizeof *in);
	assert_int_equal(in->sin_family, AF_INET);
	assert_int_equal(ntohs(in->sin_port), 5060);
	assert_int_equal(ntohl(in->sin_addr.s_addr), 0xc6120001);
	assert_int_equal(address_to_sockaddr(&b, 5061, &storage), sizeof *in6);
	assert_int_equal(in6->sin6_family, AF_INET6);
	assert_int_equal(ntohs(in6->sin6_port), 5061);
	assert_int_equal(in6->sin6_scope_id, 0);
	assert_memory_equal(&in6->sin6_addr, b.bytes, 16);
	assert_int_equal(address_to_sockaddr(&none, 5060, &storage), 0);
}

static bool bit_of(const struct address *a, unsigned bit)
{
	return a->bytes[bit / 8] >> (7 - bit % 8) & 1;
}

/* Bit by bit, for every length of prefix. */
static void blocks_hold_what_shares_their_prefix(void **state)
{
	for (unsigned i = 0; i < 20000; i++) {
		struct address_block block = { .base.family = random_below(2) ? 4 : 6 };
		unsigned most = block.base.family == 4 ? 32 : 128, same = 0;
		struct address other;

		for (unsigned b = 0; b < most / 8; b++)
			block.base.bytes[b] = (uint8_t)random_u64();
		other = block.base;
		if (random_below(8))
			other.bytes[random_below(most / 8)] ^= (uint8_t)(1 << random_below(8));
		block.bits = (uint8_t)random_below(most + 1);
		while (same < most && bit_of(&other, same) == bit_of(&block.base, same))
			same++;
		assert_true(address_block_has(&block, &other) == (same >= block.bits));
		other.family = block.base.family == 4 ? 6 : 4;
		assert_false(address_block_has(&block, &other));
	}
}

static void blocks_are_read(void **state)
{
	static const struct {
		const char *text, *in, *out;
	} blocks[] = {
		{ "10.0.0.0/8", "10.255.255.255", "11.0.0.0" },
		{ "10.1.2.3/8", "10.0.0.1", "9.255.255.255" },
		{ "0.0.0.0/0", "203.0.113.9", "::1" },
		{ "192.0.2.7", "192.0.2.7", "192.0.2.6" },
		{ "192.0.2.7/32", "192.0.2.7", "192.0.2.6" },
		{ "169.254.0.0/15", "169.255.1.1", "169.253.1.1" },
		{ "fe80::/10", "febf::1", "fec0::1" },
		{ "::/0", "2001:db8::1", "192.0.2.7" },
		{ "2001:db8::7/128", "2001:db8::7", "2001:db8::6" },
		{ "::ffff:10.0.0.0/104", "10.9.9.9", "11.0.0.0" },
		{ "::ffff:0:0/96", "203.0.113.9", "::1" },
		{ "::ffff:192.0.2.7", "192.0.2.7", "192.0.2.6" },
	};
	static const char *const refused[] = { "", "/8", "10.0.0.0/", "10.0.0.0/33", "10.0.0.0/-1",
		"10.0.0.0/+8", "10.0.0.0/ 8", "10.0.0.0/8x", "10.0.0.0/8/8", "::/129",
		"::ffff:10.0.0.0/8", "10.0.0.0/99999999999999999999",
		"1111:2222:3333:4444:5555:6666:7777:8888:9999:aaaa/8" };
	struct address_block block, before = { .bits = 17 };

	for (size_t i = 0; i < sizeof blocks / sizeof *blocks; i++) {
		struct address in = address(blocks[i].in), out = address(blocks[i].out);

		if (address_block_parse(&block, blocks[i].text))
			fail_msg("%s is refused", blocks[i].text);
		if (!address_block_has(&block, &in) || address_block_has(&block, &out))
			fail_msg("%s does not hold what it should", blocks[i].text);
	}
	block = before;
	for (size_t i = 0; i < sizeof refused / sizeof *refused; i++)
		if (address_block_parse(&block, refused[i]) != -EINVAL)
			fail_msg("\"%s\" is taken", refused[i]);
	assert_int_equal(block.bits, 17);
}

static void arenas_keep_what_they_gave(void **state)
{
	enum { PIECES = 20000 };
	struct {
		unsigned char *at;
		size_t size;
	} *pieces = calloc(PIECES, sizeof *pieces);
	struct arena *arena = NULL;

	for (unsigned i = 0; i < PIECES; i++) {
		size_t size = random_below(i % 1000 ? 100 : 200000);

		if (random_below(2)) {
			pieces[i].at = arena_take(&arena, size);
			assert_int_equal((uintptr_t)pieces[i].at % alignof(max_align_t), 0);
			for (size_t b = 0; b < size; b++)
				assert_int_equal(pieces[i].at[b], 0);
		} else {
			char *text = malloc(size + 1);

			memset(text, 'x', size + 1);
			pieces[i].at = (unsigned char *)arena_text(&arena, text, size);
			assert_memory_equal(pieces[i].at, text, size);
			assert_int_equal(pieces[i].at[size], 0);
			free(text);
		}
		assert_non_null(pieces[i].at);
		memset(pieces[i].at, (int)(i & 0xff), size);
		pieces[i].size = size;
	}
	for (unsigned i = 0; i < PIECES; i++)
		for (size_t b = 0; b < pieces[i].size; b++)
			if (pieces[i].at[b] != (i & 0xff))
				fail_msg("piece %u was written over", i);
	arena_free(&arena);
	assert_null(arena);
	arena_free(&arena);
	free(pieces);
}

/* Under the address sanitizer too, what is too much is refused and does not end the test. */
const char *__asan_default_options(void);
const char *__asan_default_options(void)
{
	return "allocator_may_return_null=1";
}

static void an_arena_without_memory(void **state)
{
	struct arena *arena = NULL;

	assert_null(arena_take(&arena, (size_t)-1));
	assert_null(arena_take(&arena, (size_t)-1 - 64));
	assert_null(arena);
	assert_non_null(arena_take(&arena, 10));
	assert_null(arena_take(&arena, (size_t)-1));
	assert_non_null(arena_take(&arena, 10));
	arena_free(&arena);
}

static void classes_of_outcomes(void **state)
{
	static const struct {
		enum outcome outcome;
		const char *name;
		enum sample_class class, with_refused_answers;
	} outcomes[] = {
		{ OUTCOME_OK, "ok", CLASS_ANSWERED, CLASS_ANSWERED },
		{ OUTCOME_REFUSED, "refused", CLASS_FAILED, CLASS_ANSWERED },
		{ OUTCOME_TIMEOUT, "timeout", CLASS_FAILED, CLASS_FAILED },
		{ OUTCOME_UNREACHABLE, "unreachable", CLASS_FAILED, CLASS_FAILED },
		{ OUTCOME_DNS_FAIL, "dns_fail", CLASS_FAILED, CLASS_FAILED },
		{ OUTCOME_DNS_UNKNOWN, "dns_unknown", CLASS_MISSING, CLASS_MISSING },
		{ OUTCOME_LOCAL_ERROR, "local_error", CLASS_MISSING, CLASS_MISSING },
		{ OUTCOME_SKIPPED, "skipped", CLASS_MISSING, CLASS_MISSING },
	};

	assert_int_equal(sizeof outcomes / sizeof *outcomes, OUTCOME_COUNT);
	for (size_t i = 0; i < OUTCOME_COUNT; i++) {
		assert_int_equal(outcomes[i].outcome, i);
		assert_string_equal(outcome_name(i), outcomes[i].name);
		assert_int_equal(outcome_class(i, 0), outcomes[i].class);
		assert_int_equal(outcome_class(i, 1), outcomes[i].with_refused_answers);
	}
}

/* Every name is there, and none twice. */
static void assert_names(const char *(*name)(int), int count)
{
	for (int i = 0; i < count; i++) {
		assert_non_null(name(i));
		for (int j = 0; j < i; j++)
			assert_string_not_equal(name(i), name(j));
	}
}

#define NAMED(function, type)                                                                      \
	static const char *function##_of(int i)                                                    \
	{                                                                                          \
		return function((type)i);                                                          \
	}
NAMED(local_error_name, enum local_error)
NAMED(skip_reason_name, enum skip_reason)
NAMED(stamp_source_name, enum stamp_source)
NAMED(band_name, enum band)
NAMED(state_name, enum state)
NAMED(cause_name, enum cause)
NAMED(cycle_outcome_name, enum cycle_outcome)

static void everything_has_a_name(void **state)
{
	assert_names(local_error_name_of, LOCAL_ERROR_COUNT);
	assert_names(skip_reason_name_of, SKIP_REASON_COUNT);
	assert_names(stamp_source_name_of, STAMP_SOURCE_COUNT);
	assert_names(band_name_of, BAND_COUNT);
	assert_names(state_name_of, STATE_COUNT);
	assert_names(cause_name_of, CAUSE_COUNT);
	assert_names(cycle_outcome_name_of, CYCLE_OUTCOME_COUNT);
	assert_string_equal(band_name(BAND_NONE), "");
	assert_string_equal(cause_name(CAUSE_NONE), "");
	assert_string_equal(state_name(STATE_UNVERIFIED), "unverified");
	assert_string_equal(cause_name(CAUSE_OUTAGE), "outage");
	assert_string_equal(cycle_outcome_name(CYCLE_PARTIAL), "partial");
	assert_string_equal(stamp_source_name(STAMP_TCP_INFO), "tcp_info");
}

static void names_are_found(void **state)
{
	for (int i = 0; i < OUTCOME_COUNT; i++)
		assert_int_equal(outcome_find(outcome_name(i)), i);
	for (int i = 0; i < STATE_COUNT; i++)
		assert_int_equal(state_find(state_name(i)), i);
	for (int i = 0; i < CAUSE_COUNT; i++)
		assert_int_equal(cause_find(cause_name(i)), i);
	for (int i = 0; i < CYCLE_OUTCOME_COUNT; i++)
		assert_int_equal(cycle_outcome_find(cycle_outcome_name(i)), i);
	assert_int_equal(outcome_find("OK "), OUTCOME_OK);
	assert_int_equal(state_find(""), STATE_COUNT);
	assert_int_equal(cause_find("weather"), CAUSE_NONE);
	assert_int_equal(cycle_outcome_find("okay"), CYCLE_OUTCOME_COUNT);
}

static void bands_begin_at_their_level(void **state)
{
	static const double levels[] = { 3.0, 3.6, 4.0, 4.45 };
	static const enum band bands[] = { BAND_BAD, BAND_POOR, BAND_FAIR, BAND_GOOD,
		BAND_EXCELLENT };

	for (unsigned i = 0; i < 4; i++) {
		assert_int_equal(band_of(nextafter(levels[i], 0)), bands[i]);
		assert_int_equal(band_of(levels[i]), bands[i + 1]);
	}
	assert_string_equal(band_name(band_of(1)), "bad");
	assert_string_equal(band_name(band_of(4.5)), "excellent");
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(quantiles_are_exact_to_a_sixteenth),
		cmocka_unit_test(every_value_has_its_bucket),
		cmocka_unit_test(addresses_read_and_print_back),
		cmocka_unit_test(addresses_are_equal_by_value),
		cmocka_unit_test(addresses_as_the_kernel_has_them),
		cmocka_unit_test(blocks_hold_what_shares_their_prefix),
		cmocka_unit_test(blocks_are_read),
		cmocka_unit_test(arenas_keep_what_they_gave),
		cmocka_unit_test(an_arena_without_memory),
		cmocka_unit_test(classes_of_outcomes),
		cmocka_unit_test(everything_has_a_name),
		cmocka_unit_test(names_are_found),
		cmocka_unit_test(bands_begin_at_their_level),
	};

	random_seed();
	cmocka_set_message_output(CM_OUTPUT_TAP);
	return cmocka_run_group_tests(tests, NULL, NULL);
}
