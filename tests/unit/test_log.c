/* SPDX-License-Identifier: MIT */
/* The log as it leaves the process: standard error is a pipe here. */
#include <fcntl.h>
#include <pthread.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cmocka.h>

#include "vocabulary/log.h"
#include "vocabulary/nsec.h"

#define THREADS 4
#define LINES 200

static struct {
	int kept, reader;
	char text[1 << 20];
} error;

static int begin(void **state)
{
	int ends[2];

	if (pipe(ends))
		return -1;
	error.kept = dup(STDERR_FILENO);
	error.reader = ends[0];
	dup2(ends[1], STDERR_FILENO);
	close(ends[1]);
	log_set_form(LOG_PLAIN);
	log_set_level(LOG_INFO);
	return 0;
}

/* What was written, after log_stop(). */
static const char *written(void)
{
	ssize_t length;
	size_t used = 0;

	fcntl(error.reader, F_SETFL, O_NONBLOCK);
	while ((length = read(error.reader, error.text + used, sizeof error.text - 1 - used)) > 0)
		used += (size_t)length;
	error.text[used] = '\0';
	return error.text;
}

static int end(void **state)
{
	log_stop();
	dup2(error.kept, STDERR_FILENO);
	close(error.kept);
	close(error.reader);
	return 0;
}

static void one_of_each(void)
{
	log_event(LOG_ERROR, "an_error", "it broke", "why=%s", "x y");
	log_event(LOG_WARN, "a_warning", "it may break", "why=%s", "x");
	log_event(LOG_INFO, "an_info", "it is", "n=%u", 1u);
	log_event(LOG_DEBUG, "a_debug", "it was", "n=%u", 2u);
	log_failure("a file:\n3: nothing");
	log_stop();
}

static void prefixes(void **state)
{
	one_of_each();
	assert_string_equal(written(), "mosprobe: error: it broke event=an_error why=\"x y\"\n"
				       "mosprobe: warning: it may break event=a_warning why=x\n"
				       "mosprobe: info: it is event=an_info n=1\n"
				       "mosprobe: a file:\\n3: nothing\n");
}

#define FOR_THE_JOURNAL                                                                            \
	"<3>it broke event=an_error why=\"x y\"\n<4>it may break event=a_warning why=x\n"          \
	"<6>it is event=an_info n=1\n<7>it was event=a_debug n=2\n<3>a file:\\n3: nothing\n"

static void priorities(void **state)
{
	log_set_form(LOG_JOURNAL);
	log_set_level(LOG_DEBUG);
	one_of_each();
	assert_string_equal(written(), FOR_THE_JOURNAL);
}

static void whether_it_leads_to_the_journal(void **state)
{
	char stream[64];
	struct stat found;

	assert_false(fstat(STDERR_FILENO, &found));
	log_set_level(LOG_DEBUG);
	snprintf(stream, sizeof stream, "%llu:%llu", (unsigned long long)found.st_dev,
		(unsigned long long)found.st_ino);
	setenv("JOURNAL_STREAM", stream, 1);
	log_set_form(LOG_AUTO);
	one_of_each();
	assert_string_equal(written(), FOR_THE_JOURNAL);
	/* It was redirected since. */
	snprintf(stream, sizeof stream, "%llu:%llu", (unsigned long long)found.st_dev,
		(unsigned long long)found.st_ino + 1);
	setenv("JOURNAL_STREAM", stream, 1);
	log_set_form(LOG_AUTO);
	log_failure("here");
	unsetenv("JOURNAL_STREAM");
	log_set_form(LOG_AUTO);
	log_failure("there");
	assert_string_equal(written(), "mosprobe: here\nmosprobe: there\n");
}

static void levels(void **state)
{
	log_set_level(LOG_ERROR);
	one_of_each();
	assert_string_equal(written(), "mosprobe: error: it broke event=an_error why=\"x y\"\n"
				       "mosprobe: a file:\\n3: nothing\n");
}

static void *say(void *arg)
{
	static const char *const names[] = { "e0", "e1", "e2", "e3" };
	size_t number = (size_t)arg;

	for (unsigned i = 0; i < LINES; i++)
		log_event(LOG_WARN, "same", "it repeats", "by=%s n=%u", names[number], i);
	log_event(LOG_WARN, "other", "it does not", "by=%s", names[number]);
	return NULL;
}

/* How often it was said by one: written, or counted. */
static unsigned said(const char *text, unsigned number)
{
	char wanted[64];
	unsigned count = 0, repeated;

	snprintf(wanted, sizeof wanted, "event=same by=e%u n=", number);
	while ((text = strstr(text, wanted))) {
		text += strlen(wanted);
		count += sscanf(text, "%*u repeated=%u within_s=", &repeated) == 1 ? repeated : 1;
	}
	return count;
}

static void threads(void **state)
{
	pthread_t running[THREADS];
	const char *text;
	char wanted[128];

	log_start();
	for (size_t i = 0; i < THREADS; i++)
		assert_false(pthread_create(&running[i], NULL, say, (void *)i));
	for (size_t i = 0; i < THREADS; i++)
		pthread_join(running[i], NULL);
	log_stop();
	text = written();
	for (unsigned i = 0; i < THREADS; i++) {
		assert_int_equal(said(text, i), LINES);
		snprintf(wanted, sizeof wanted, "it does not event=other by=e%u\n", i);
		assert_non_null(strstr(text, wanted));
	}
}

/* A reader that stands still holds nobody up, and is told what it has missed. */
static void a_reader_that_stands_still(void **state)
{
	static char long_text[900];
	uint64_t began_ns, took_ns, most_ns = 0;
	const char *text;
	unsigned lines = 0, lost;

	memset(long_text, 'x', sizeof long_text - 1);
	log_start();
	for (unsigned i = 0; i < 1000; i++) {
		began_ns = nsec_mono();
		log_event(LOG_WARN, "many", "one more", "n=%u text=%s", i, long_text);
		took_ns = nsec_mono() - began_ns;
		most_ns = took_ns > most_ns ? took_ns : most_ns;
	}
	assert_true(most_ns < NSEC_PER_SEC);
	/* The pipe is full and its writer waits: so does the end, but not for ever. */
	began_ns = nsec_mono();
	log_stop();
	took_ns = nsec_mono() - began_ns;
	assert_true(took_ns >= NSEC_PER_SEC / 2 && took_ns < 5 * NSEC_PER_SEC);
	/* It reads again. */
	text = written();
	for (unsigned i = 0; i < 200 && !strstr(text, "event=log_lost"); i++) {
		for (const char *at = text; (at = strstr(at, "event=many")); at++)
			lines++;
		usleep(10000);
		text = written();
	}
	for (const char *at = text; (at = strstr(at, "event=many")); at++)
		lines++;
	assert_non_null(strstr(text, "event=log_lost lines="));
	assert_int_equal(
		sscanf(strstr(text, "event=log_lost"), "event=log_lost lines=%u", &lost), 1);
	assert_int_equal(lines + lost, 1000);
	assert_true(lost > 500);
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, begin, end)

int main(void)
{
	const struct CMUnitTest tests[] = {
		TEST(prefixes),
		TEST(priorities),
		TEST(whether_it_leads_to_the_journal),
		TEST(levels),
		TEST(threads),
		TEST(a_reader_that_stands_still),
	};

	cmocka_set_message_output(CM_OUTPUT_TAP);
	return cmocka_run_group_tests(tests, NULL, NULL);
}
