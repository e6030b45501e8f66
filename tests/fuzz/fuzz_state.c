/* SPDX-License-Identifier: MIT */
/* targets.state: a good file of two targets, with patches; then all that a prober does with what it finds there.
 *
 *	header OFFSET BYTES	of the file's header
 *	record N OFFSET BYTES	of a record, 0 to 3: two of each target
 *	raw			checksums stay as they are; else they are made to fit
 *	cut SIZE		the file ends there */
#include <fcntl.h>
#include <math.h>
#include <unistd.h>

#define XXH_INLINE_ALL
#include <xxhash.h>

#include "edges/state.h"
#include "fuzz.h"
#include "pure/window.h"
#include "vocabulary/log.h"
#include "vocabulary/nsec.h"

#define HEADER_SIZE 4096
#define HEADER_SUM 112 /* where the header's checksum stands */
#define RECORDS 4
#define NUMBER 29400000 /* of a cycle, in our days */
#define INTERVAL_NS (60 * NSEC_PER_SEC)

static const struct window_config windows = { .cycles = 3, .average = 4 };
static const char *const names[] = { "a.example.com:5060", "[2001:db8::7]:5061" };
static struct state_setup setup = { .prober_id = "p", .interval_ns = INTERVAL_NS, .room = 2 };
static uint8_t *good, *file;
static size_t file_size, record_size;

/* A cycle of two answers and a time-out. */
static void fold(struct window *window, uint64_t number)
{
	const struct window_score score = { .mos_cycle = 3.1, .r_jitter = 8, .r_failed = 11 };
	struct cycle *cycle = calloc(1, sizeof *cycle + 3 * sizeof cycle->samples[0]);

	CHECK(cycle);
	*cycle = (struct cycle) { .number = number, .planned = 3, .done = 3 };
	for (unsigned i = 0; i < cycle->planned; i++)
		cycle->samples[i] = (struct cycle_sample) {
			.rtt_ns = i < 2 ? 20000000 + i * 3000000 : 0,
			.outcome = i < 2 ? OUTCOME_OK : OUTCOME_TIMEOUT,
			.sent = 1,
		};
	window_fold(window, cycle, false, false);
	window_remember(window, 0, &score);
	free(cycle);
}

static void make_good(void)
{
	struct window *window = window_create(&windows, 1);
	struct state_store *state;
	struct message note, msg;
	char path[128];
	int fd;

	CHECK(window);
	CHECK(!state_open(&state, &setup, &note, &msg) && !state_start(state, &msg));
	for (uint32_t i = 0; i < RECORDS; i++) {
		struct state_parts parts = { .cycle = NUMBER + i, .alert = { .seq = i } };
		void *saved = malloc(setup.window_size);

		CHECK(saved);
		fold(window, NUMBER + i);
		window_save(window, 0, saved);
		day_fold(&parts.day, NUMBER + i, INTERVAL_NS, 20, true);
		strcpy(parts.key, names[i / 2]);
		state_keep(state, i / 2, &parts, saved, 0);
		free(saved);
	}
	state_close(state);
	window_destroy(window);
	snprintf(path, sizeof path, "%s/targets.state.new", fuzz_folder());
	fd = open(path, O_RDONLY | O_CLOEXEC);
	if (fd < 0) {
		snprintf(path, sizeof path, "%s/targets.state", fuzz_folder());
		fd = open(path, O_RDONLY | O_CLOEXEC);
	}
	file_size = (size_t)lseek(fd, 0, SEEK_END);
	good = malloc(file_size);
	file = malloc(file_size);
	CHECK(fd >= 0 && good && file && pread(fd, good, file_size, 0) == (ssize_t)file_size);
	close(fd);
}

int LLVMFuzzerInitialize(int *argc, char ***argv)
{
	(void)argc;
	(void)argv;
	log_set_level(LOG_ERROR);
	setup.dir = fuzz_folder();
	setup.window_size = window_saved_size(&windows);
	record_size = state_record_size(setup.window_size);
	make_good();
	return 0;
}

static void seal(void)
{
	uint64_t sum = XXH3_64bits(file, HEADER_SUM);

	memcpy(file + HEADER_SUM, &sum, sizeof sum);
	for (unsigned i = 0; i < RECORDS; i++) {
		uint8_t *record = file + HEADER_SIZE + i * record_size;

		sum = XXH3_64bits(record + sizeof sum, record_size - sizeof sum);
		memcpy(record, &sum, sizeof sum);
	}
}

/* Returns the size of the file. */
static size_t make_file(char *text)
{
	size_t size = file_size;
	bool raw = false;
	char *line;

	memcpy(file, good, file_size);
	while ((line = fuzz_line(&text))) {
		unsigned long number = 0;
		int at = 0;

		raw |= !strcmp(line, "raw");
		sscanf(line, "cut %zu", &size);
		if (sscanf(line, "record %lu %n", &number, &at) == 1 && at && number < RECORDS)
			fuzz_patch(
				line + at, file + HEADER_SIZE + number * record_size, record_size);
		else if (!strncmp(line, "header ", 7))
			fuzz_patch(line + 7, file, HEADER_SIZE);
	}
	if (!raw)
		seal();
	return size < file_size ? size : file_size;
}

static void go_on_window(const void *saved, uint64_t cycle)
{
	struct window *window = window_create(&windows, 1);
	enum cause cause;
	double mos;

	CHECK(window);
	if (window_load(window, 0, saved)) {
		for (uint64_t number = cycle; number < cycle + 3; number++) {
			window_numbers(window, 0, number);
			mos = window_mos(window, 0, number, &cause);
			CHECK(isnan(mos) || (mos >= 1 && mos < 4.501));
			CHECK((unsigned)cause < CAUSE_COUNT);
			window_is_verified(window, 0);
			window_is_settled(window, 0, 5, number);
			window_own_latency_ms(window, 0);
			window_used_to_answer(window, 0);
			fold(window, number + 1);
		}
	}
	window_destroy(window);
}

static void go_on(struct state_parts *parts, const void *window)
{
	static const struct alert_policy policy = { .warning = 3.5,
		.critical = 3,
		.recovery = 3.7,
		.warning_for_ns = 2 * INTERVAL_NS,
		.critical_for_ns = INTERVAL_NS };
	struct alert_cycle cycle = { .mos = 3.2, .may_fire = true, .interval_ns = INTERVAL_NS };

	CHECK(memchr(parts->key, '\0', sizeof parts->key));
	CHECK(*state_name(alert_level(&parts->alert)));
	if (window)
		go_on_window(window, parts->cycle);
	for (unsigned i = 0; i < 20; i++) {
		uint64_t number = NUMBER + i;
		struct alert_transition step;

		day_fold(&parts->day, number, INTERVAL_NS, 10 + i, i % 2);
		day_numbers(&parts->day, number, INTERVAL_NS);
		day_alert(&parts->day, number, INTERVAL_NS);
		cycle.mos = i < 10 ? 3.2 : 4.2;
		step = alert_step(&parts->alert, &policy, &cycle);
		CHECK(!step.happened || step.previous != step.state);
		alert_tell_again(&parts->alert, &policy, &cycle, INTERVAL_NS);
	}
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	char *text = fuzz_text(data, size);
	struct state_store *state;
	struct state_parts parts;
	struct message note, msg;
	const void *window = NULL;

	fuzz_file("targets.state", file, make_file(text));
	CHECK(!state_open(&state, &setup, &note, &msg));
	for (uint32_t i = 0; i < sizeof names / sizeof *names; i++)
		if (state_adopt(state, names[i], i, &parts, &window))
			go_on(&parts, window);
	while (state_next_orphan(state, &parts, &window))
		go_on(&parts, window);
	state_close(state);
	free(text);
	return 0;
}
