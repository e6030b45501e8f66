/* SPDX-License-Identifier: MIT */
#include <string.h>

#include "../check.h"
#include "pure/cycle.h"

#define CAPACITY 50u
#define SAMPLES 20u

static struct sample random_sample(uint32_t target, uint32_t index, unsigned which)
{
	return (struct sample) {
		.target = target,
		.cycle = index,
		.index = (uint16_t)which,
		.rtt_ns = (uint32_t)random_u64(),
		.start_ns = random_u64(),
		.outcome = (uint8_t)random_below(OUTCOME_COUNT),
		.source = (uint8_t)random_below(STAMP_SOURCE_COUNT),
		.sent = (uint8_t)random_u64(),
		.lost = (uint8_t)random_u64(),
		/* What a window does not need. */
		.due_ns = random_u64(),
		.reason = (uint8_t)random_u64(),
		.ambiguous = 1,
	};
}

/* Puts every sample of a cycle in random order; only the last one completes it. */
static void fill(struct cycles *cycles, uint32_t index, struct sample given[SAMPLES])
{
	const struct cycle *cycle = cycles_at(cycles, index);
	unsigned order[SAMPLES], planned = cycle->planned;

	for (unsigned i = 0; i < planned; i++) {
		unsigned at = (unsigned)random_below(i + 1);

		order[i] = order[at];
		order[at] = i;
	}
	for (unsigned i = 0; i < planned; i++) {
		struct sample *sample = &given[order[i]];

		assert_int_equal(cycle->samples[order[i]].outcome, OUTCOME_COUNT);
		*sample = random_sample(cycle->target, index, order[i]);
		assert_int_equal(cycle->done, i);
		assert_true(cycles_put(cycles, sample) == (i == planned - 1));
	}
}

static void samples_come_in_any_order(void **state)
{
	struct cycles *cycles = cycles_create(CAPACITY);

	for (unsigned round = 0; round < 500; round++) {
		unsigned planned = 1 + (unsigned)random_below(SAMPLES);
		uint64_t number = random_u64();
		uint32_t target = (uint32_t)random_u64();
		uint32_t index = cycles_open(cycles, target, number, planned);
		struct sample given[SAMPLES];
		const struct cycle *cycle;

		assert_int_not_equal(index, CYCLE_NONE);
		cycle = cycles_at(cycles, index);
		assert_true(cycle->number == number && cycle->target == target);
		assert_int_equal(cycle->planned, planned);
		fill(cycles, index, given);
		for (unsigned i = 0; i < planned; i++) {
			assert_int_equal(cycle->samples[i].rtt_ns, given[i].rtt_ns);
			assert_true(cycle->samples[i].start_ms ==
				    (uint32_t)(given[i].start_ns / 1000000));
			assert_int_equal(cycle->samples[i].outcome, given[i].outcome);
			assert_int_equal(cycle->samples[i].source, given[i].source);
			assert_int_equal(cycle->samples[i].sent, given[i].sent);
			assert_int_equal(cycle->samples[i].lost, given[i].lost);
		}
		/* Some stay open, so that every place of the pool is used. */
		if (round >= CAPACITY - 1)
			cycles_close(cycles, index);
	}
	cycles_destroy(cycles);
}

/* Cycles of all sizes, more than a chunk of memory holds; nobody writes over those that are open. */
static void a_pool_has_an_end_and_is_used_again(void **state)
{
	enum { MANY = 3000, STEPS = 60000 };
	struct cycles *cycles = cycles_create(MANY);
	static uint32_t indices[MANY];
	uint32_t count = 0;

	for (unsigned step = 0; step < STEPS; step++) {
		/* It fills up, and empties again. */
		if (random_below(100) < (step / 15000 % 2 ? 30 : 70)) {
			unsigned planned = 1 + (unsigned)random_below(CYCLE_SAMPLES_MAX);
			uint32_t index = cycles_open(cycles, step, step, planned);
			struct cycle *cycle;

			assert_true((index == CYCLE_NONE) == (count == MANY));
			if (index == CYCLE_NONE)
				continue;
			cycle = cycles_at(cycles, index);
			for (unsigned i = 0; i < planned; i++)
				cycle->samples[i].rtt_ns = step;
			indices[count++] = index;
		} else if (count) {
			uint32_t which = (uint32_t)random_below(count), index = indices[which];
			const struct cycle *cycle = cycles_at(cycles, index);

			assert_true(cycle->target == cycle->number);
			for (unsigned i = 0; i < cycle->planned; i++)
				assert_int_equal(cycle->samples[i].rtt_ns, cycle->target);
			cycles_close(cycles, index);
			indices[which] = indices[--count];
		}
	}
	cycles_destroy(cycles);
}

static void a_cycle_that_is_cut_short(void **state)
{
	struct cycles *cycles = cycles_create(1);
	uint32_t index = cycles_open(cycles, 1, 1, 5);
	struct sample first = random_sample(1, index, 0), second = random_sample(1, index, 1);

	assert_false(cycles_put(cycles, &first));
	assert_false(cycles_cut(cycles, index, 2));
	assert_true(cycles_put(cycles, &second));
	cycles_close(cycles, index);
	index = cycles_open(cycles, 1, 1, 5);
	assert_true(cycles_cut(cycles, index, 0));
	cycles_destroy(cycles);
}

static void small_pools(void **state)
{
	struct cycles *none = cycles_create(0), *one = cycles_create(1);

	assert_int_equal(cycles_open(none, 0, 0, 1), CYCLE_NONE);
	assert_int_equal(cycles_open(one, 7, 9, 1), 0);
	assert_int_equal(cycles_open(one, 7, 9, 1), CYCLE_NONE);
	cycles_close(one, 0);
	assert_int_equal(cycles_open(one, 7, 9, 1), 0);
	cycles_destroy(none);
	cycles_destroy(one);
	cycles_destroy(NULL);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(samples_come_in_any_order),
		cmocka_unit_test(a_pool_has_an_end_and_is_used_again),
		cmocka_unit_test(a_cycle_that_is_cut_short),
		cmocka_unit_test(small_pools),
	};

	random_seed();
	cmocka_set_message_output(CM_OUTPUT_TAP);
	return cmocka_run_group_tests(tests, NULL, NULL);
}
