/* SPDX-License-Identifier: MIT */
#include "../check.h"

#include <string.h>

#include "pure/rates.h"
#include "vocabulary/nsec.h"

#define START_NS (1000 * NSEC_PER_SEC)

static struct address address_of(uint32_t number)
{
	struct address address = { .family = number & 1 ? 6 : 4 };

	memcpy(address.bytes, &number, sizeof number);
	return address;
}

static void one_after_the_other(void **state)
{
	struct rates *rates = rates_create(10);
	struct address address = address_of(1), other = address_of(2);

	/* The second may come at once, and from then on each waits a tenth of a second more. */
	for (unsigned i = 0; i < 50; i++)
		assert_true(rates_take(rates, &address, START_NS, RATES_NEVER - 1) ==
			    (i ? i - 1 : 0) * 100 * NSEC_PER_MSEC);
	assert_true(rates_take(rates, &other, START_NS, 0) == 0);
	/* The line gets shorter with time. */
	assert_true(rates_take(rates, &address, START_NS + 3 * NSEC_PER_SEC, NSEC_PER_HOUR) ==
		    1900 * NSEC_PER_MSEC);
	rates_destroy(rates);
}

static void who_would_wait_too_long_takes_no_place(void **state)
{
	struct rates *rates = rates_create(10);
	struct address address = address_of(1);

	for (unsigned i = 0; i < 12; i++)
		assert_true(rates_take(rates, &address, START_NS, NSEC_PER_SEC) <= NSEC_PER_SEC);
	for (unsigned i = 0; i < 100; i++)
		assert_true(rates_take(rates, &address, START_NS, NSEC_PER_SEC) == RATES_NEVER);
	assert_true(rates_take(rates, &address, START_NS + 100 * NSEC_PER_MSEC, NSEC_PER_SEC) ==
		    NSEC_PER_SEC);
	rates_destroy(rates);
}

static void no_limit(void **state)
{
	struct rates *rates = rates_create(0);
	struct address address = address_of(1);

	for (unsigned i = 0; i < 1000; i++)
		assert_true(rates_take(rates, &address, START_NS, 0) == 0);
	assert_int_equal(rates_count(rates), 0);
	rates_destroy(rates);
	rates_destroy(NULL);
}

/* Many names behind few addresses: whatever comes when, no second has more than the rate and one. */
static void no_second_has_more(void **state)
{
	enum { ADDRESSES = 20, CONNECTS = 50000, RATE = 7 };
	static uint64_t at_ns[ADDRESSES][CONNECTS];
	unsigned counts[ADDRESSES] = { 0 };
	struct rates *rates = rates_create(RATE);
	uint64_t now_ns = START_NS;

	for (unsigned i = 0; i < CONNECTS; i++) {
		uint32_t which = (uint32_t)random_below(ADDRESSES);
		struct address address = address_of(which);
		uint64_t wait_ns;

		now_ns += random_below(12 * NSEC_PER_MSEC);
		wait_ns = rates_take(rates, &address, now_ns, 5 * NSEC_PER_SEC);
		if (wait_ns == RATES_NEVER)
			continue;
		assert_true(wait_ns <= 5 * NSEC_PER_SEC);
		at_ns[which][counts[which]++] = now_ns + wait_ns;
	}
	for (unsigned which = 0; which < ADDRESSES; which++) {
		unsigned last = 0, most = 0;

		for (unsigned first = 0; first < counts[which]; first++) {
			/* A line keeps its order. */
			assert_true(!first || at_ns[which][first] >= at_ns[which][first - 1]);
			while (last < counts[which] &&
				at_ns[which][last] < at_ns[which][first] + NSEC_PER_SEC)
				last++;
			if (last - first > most)
				most = last - first;
		}
		assert_in_range(most, RATE, RATE + 1);
		assert_true(counts[which] > 1500); /* of 300 s, 2,100 */
	}
	rates_destroy(rates);
}

/* Addresses come and go by the hundred thousand; what is remembered does not grow with them. */
static void empty_lines_are_forgotten(void **state)
{
	struct rates *rates = rates_create(10);
	uint64_t now_ns = START_NS;
	uint32_t most = 0;

	for (uint32_t i = 0; i < 300000; i++) {
		struct address address = address_of(i);

		now_ns += 100 * NSEC_PER_USEC;
		assert_true(rates_take(rates, &address, now_ns, 0) == 0);
		if (rates_count(rates) > most)
			most = rates_count(rates);
	}
	/* A tenth of a second has 1,000. */
	assert_in_range(most, 1000, 20000);
	rates_destroy(rates);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(one_after_the_other),
		cmocka_unit_test(who_would_wait_too_long_takes_no_place),
		cmocka_unit_test(no_limit),
		cmocka_unit_test(no_second_has_more),
		cmocka_unit_test(empty_lines_are_forgotten),
	};

	random_seed();
	cmocka_set_message_output(CM_OUTPUT_TAP);
	return cmocka_run_group_tests(tests, NULL, NULL);
}
