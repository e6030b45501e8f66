/* SPDX-License-Identifier: MIT */
/* The newest value, whole, from one thread to another. */
#include <pthread.h>
#include <stdatomic.h>
#include <string.h>

#include "../check.h"
#include "vocabulary/mailbox.h"

static void the_newest_counts(void **state)
{
	struct mailbox *mailbox = mailbox_create(sizeof(int));
	const int *found;

	assert_null(mailbox_newest(mailbox));
	for (int i = 1; i <= 10; i++) {
		for (int j = 0; j < i % 4; j++)
			mailbox_put(mailbox, &(int) { 100 * i + j });
		found = mailbox_newest(mailbox);
		if (i % 4)
			assert_int_equal(*found, 100 * i + i % 4 - 1);
		else /* nothing new: the one before stays */
			assert_int_equal(*found, 100 * (i - 1) + 2);
		assert_ptr_equal(mailbox_newest(mailbox), found);
	}
	mailbox_destroy(mailbox);
	mailbox_destroy(NULL);
}

/* What is read stays as it is while more is written. */
static void what_was_taken_stays(void **state)
{
	struct mailbox *mailbox = mailbox_create(sizeof(int));
	const int *found;

	mailbox_put(mailbox, &(int) { 1 });
	found = mailbox_newest(mailbox);
	for (int i = 2; i < 10; i++) {
		mailbox_put(mailbox, &(int) { i });
		assert_int_equal(*found, 1);
	}
	assert_int_equal(*(const int *)mailbox_newest(mailbox), 9);
	mailbox_destroy(mailbox);
}

enum { WORDS = 67, PUTS = 200000 };

struct shared {
	struct mailbox *mailbox;
	_Atomic bool done;
};

static void *write_all(void *context)
{
	struct shared *shared = context;
	uint64_t value[WORDS];

	for (uint64_t i = 1; i <= PUTS; i++) {
		for (int word = 0; word < WORDS; word++)
			value[word] = i;
		mailbox_put(shared->mailbox, value);
	}
	atomic_store(&shared->done, true);
	return NULL;
}

static void values_are_whole_and_rise(void **state)
{
	struct shared shared = { .mailbox = mailbox_create(WORDS * sizeof(uint64_t)) };
	uint64_t before = 0;
	pthread_t writer;
	bool done;

	assert_int_equal(pthread_create(&writer, NULL, write_all, &shared), 0);
	do {
		const uint64_t *value;

		done = atomic_load(&shared.done);
		value = mailbox_newest(shared.mailbox);
		if (!value)
			continue;
		for (int word = 1; word < WORDS; word++)
			if (value[word] != value[0])
				fail_msg("torn: %llu and %llu", (unsigned long long)value[0],
					(unsigned long long)value[word]);
		assert_true(value[0] >= before);
		before = value[0];
	} while (!done);
	pthread_join(writer, NULL);
	assert_int_equal(before, PUTS);
	mailbox_destroy(shared.mailbox);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(the_newest_counts),
		cmocka_unit_test(what_was_taken_stays),
		cmocka_unit_test(values_are_whole_and_rise),
	};

	cmocka_set_message_output(CM_OUTPUT_TAP);
	return cmocka_run_group_tests(tests, NULL, NULL);
}
