/* SPDX-License-Identifier: MIT */
/* What Redis answers to the publisher: see replies.h. A few results, transitions and leavers are published meanwhile. */
#include <poll.h>

#include "edges/publish_session.h"
#include "fuzz.h"
#include "replies.h"
#include "vocabulary/nsec.h"

static struct replies redis;
static struct config *config;
static struct target_list *list;

const char *__asan_default_options(void)
{
	return REPLIES_MEMORY;
}

int LLVMFuzzerInitialize(int *argc, char ***argv)
{
	char text[256];

	(void)argc;
	(void)argv;
	snprintf(text, sizeof text, "[redis]\nurl = %s\n", replies_listen(&redis, true));
	config = fuzz_config(text);
	list = fuzz_targets(config);
	return 0;
}

static void publish(struct session *session, unsigned turn, uint64_t now_ns)
{
	struct event event = { .kind = EVENT_RESULT };
	struct result result = result_of_many(1795780800000 + turn, STATE_OK, 3, 1, CAUSE_LOSS);

	result.target = targets_at(list, turn % 2);
	result.target_index = turn % 2;
	result.mos = result.mos_cycle = 4.1;
	event.result = result;
	session_take(session, &event, now_ns);
	if (turn % 3 == 0) {
		event.kind = EVENT_TRANSITION;
		event.transition = (struct transition) {
			.result = result,
			.seq = turn + 1,
			.severity = STATE_WARNING,
			.previous = STATE_OK,
		};
		session_take(session, &event, now_ns);
	}
	if (turn % 5 == 0) {
		event.kind = EVENT_HEARTBEAT;
		event.heartbeat = (struct heartbeat) { .at_ms = 1795780800000 };
		session_take(session, &event, now_ns);
	}
	if (turn % 7 == 6) {
		event.kind = EVENT_LEFT;
		event.left = (struct left_event) { targets_at(list, 1), turn };
		session_take(session, &event, now_ns);
	}
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	char *text = fuzz_text(data, size);
	struct session *session = malloc(sizeof *session);
	uint64_t now_ns = NSEC_PER_HOUR;
	struct message msg;
	char *test;

	CHECK(session && !session_create(session, config, NULL, NULL, &msg));
	atomic_store(&session->go, true);
	replies_load(&redis, text);
	for (unsigned turn = 0; turn < 24; turn++) {
		struct pollfd fd = { .fd = session_fd(session), .events = session_events(session) };

		if (fd.fd < 0 || poll(&fd, 1, 0) <= 0)
			fd.revents = 0;
		session_turn(session, fd.revents, now_ns);
		publish(session, turn, now_ns);
		replies_turn(&redis, false);
		/* Time for what is asked every few seconds, and to connect again. */
		now_ns += 700 * NSEC_PER_MSEC;
		CHECK(session_wake_ns(session, now_ns));
	}
	session_release(session);
	mutes_destroy(atomic_exchange(&session->mutes.newest, NULL));
	test = atomic_exchange(&session->tests.newest, NULL);
	free(test);
	session_free(session);
	free(session);
	free(text);
	return 0;
}
