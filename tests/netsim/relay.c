/* SPDX-License-Identifier: MIT */
#include "relay.h"

#include <assert.h>
#include <ctype.h>
#include <errno.h>
#include <poll.h>
#include <signal.h>
#include <stdbool.h>
#include <stdlib.h>
#include <string.h>
#include <sys/prctl.h>
#include <time.h>
#include <unistd.h>

#define HEADER_BYTES 12
#define QUESTION_BYTES 512 /* of a question over UDP; what is longer is no question */
#define MESSAGE_BYTES 65535
#define WAITING_MAX 8192 /* questions that one line keeps waiting */
#define TCP_SECONDS 30	 /* of one connection */

/* A question that is held back. */
struct waiting {
	uint64_t due_ns;
	struct sockaddr_in client;
	uint16_t length;
	uint8_t bytes[QUESTION_BYTES];
};

/* All of one line wait equally long, so they leave in the order in which they came. */
struct queue {
	struct waiting *entries;
	uint32_t first, count;
};

struct state {
	const struct relay *relay;
	int server_fd;
	struct queue *queues; /* one for each line */
	/* Whose question went to the server with which number. */
	struct {
		struct sockaddr_in client;
		uint16_t id;
	} asked[UINT16_MAX + 1];
	uint16_t next_id;
};

size_t relay_question(const uint8_t *message, size_t length, char ret_name[SCENARIO_NAME_SIZE])
{
	size_t at = HEADER_BYTES, used = 0;

	if (length < HEADER_BYTES + 5 || message[4] || message[5] != 1)
		return 0;
	while (at < length && message[at]) {
		size_t label = message[at++];

		if (label > 63 || at + label >= length || used + label + 1 >= SCENARIO_NAME_SIZE)
			return 0;
		if (used)
			ret_name[used++] = '.';
		for (; label; label--)
			ret_name[used++] = (char)tolower(message[at++]);
	}
	ret_name[used] = '\0';
	return at + 5 <= length ? at + 5 : 0;
}

const struct dns_line *relay_find(
	const struct scenario *scenario, const char *name, uint64_t now_ns)
{
	size_t length = strlen(name);

	for (size_t i = scenario->dns_count; i > 0; i--) {
		const struct dns_line *line = &scenario->dns[i - 1];
		size_t end = line->suffix ? strlen(line->suffix) : 0;

		if (now_ns >= line->from_ns && now_ns < line->to_ns && length >= end &&
			(!end || !strcmp(name + length - end, line->suffix)))
			return line;
	}
	return NULL;
}

static const struct dns_line *decide(
	const struct relay *relay, const uint8_t *message, size_t length, size_t *ret_end)
{
	char name[SCENARIO_NAME_SIZE];

	*ret_end = relay_question(message, length, name);
	return *ret_end ? relay_find(relay->scenario, name, start_elapsed_ns(relay->start)) : NULL;
}

/* Turns a question of which only the first end bytes are kept into its answer with a code
 * (RFC 1035 4.1.1). */
static void refuse(uint8_t *message, const struct dns_line *line)
{
	message[2] = (uint8_t)(0x84 | (message[2] & 0x79)); /* an answer, with authority */
	message[3] = line->trouble == DNS_NXDOMAIN ? 3 : 2;
	memset(message + 6, 0, 6);
}

static void ask(
	struct state *state, const struct sockaddr_in *client, uint8_t *bytes, size_t length)
{
	uint16_t id = state->next_id++;

	state->asked[id].client = *client;
	memcpy(&state->asked[id].id, bytes, 2);
	memcpy(bytes, &id, 2);
	send(state->server_fd, bytes, length, 0);
}

static void hold(struct state *state, const struct dns_line *line, const struct waiting *question)
{
	struct queue *queue = &state->queues[line - state->relay->scenario->dns];
	struct waiting *entry;

	if (queue->count == WAITING_MAX)
		return;
	assert(queue->entries);
	entry = &queue->entries[(queue->first + queue->count++) % WAITING_MAX];
	*entry = *question;
	entry->due_ns = start_elapsed_ns(state->relay->start) + line->delay_ns;
}

static void on_question(struct state *state)
{
	struct waiting question;
	socklen_t size = sizeof question.client;
	const struct dns_line *line;
	size_t end;
	ssize_t length = recvfrom(state->relay->udp_fd, question.bytes, sizeof question.bytes,
		MSG_DONTWAIT | MSG_TRUNC, (struct sockaddr *)&question.client, &size);

	if (length < HEADER_BYTES || length > QUESTION_BYTES)
		return;
	question.length = (uint16_t)length;
	line = decide(state->relay, question.bytes, question.length, &end);
	if (!line) {
		ask(state, &question.client, question.bytes, question.length);
	} else if (line->trouble == DNS_SLOW) {
		hold(state, line, &question);
	} else if (line->trouble != DNS_DEAD) {
		refuse(question.bytes, line);
		sendto(state->relay->udp_fd, question.bytes, end, 0,
			(const struct sockaddr *)&question.client, sizeof question.client);
	}
}

static void on_answer(struct state *state)
{
	uint8_t bytes[MESSAGE_BYTES];
	ssize_t length = recv(state->server_fd, bytes, sizeof bytes, MSG_DONTWAIT);
	uint16_t id;

	if (length < HEADER_BYTES)
		return;
	memcpy(&id, bytes, 2);
	memcpy(bytes, &state->asked[id].id, 2);
	sendto(state->relay->udp_fd, bytes, (size_t)length, 0,
		(const struct sockaddr *)&state->asked[id].client, sizeof state->asked[id].client);
}

/* Asks what has waited long enough. Returns ms until the next, -1: there is none. */
static int let_go(struct state *state)
{
	uint64_t now_ns = start_elapsed_ns(state->relay->start), next_ns = UINT64_MAX;

	for (size_t i = 0; i < state->relay->scenario->dns_count; i++) {
		struct queue *queue = &state->queues[i];

		for (; queue->count;
			queue->count--, queue->first = (queue->first + 1) % WAITING_MAX) {
			struct waiting *entry = &queue->entries[queue->first];

			if (entry->due_ns > now_ns) {
				if (entry->due_ns < next_ns)
					next_ns = entry->due_ns;
				break;
			}
			ask(state, &entry->client, entry->bytes, entry->length);
		}
	}
	return next_ns == UINT64_MAX ? -1 : (int)((next_ns - now_ns) / 1000000 + 1);
}

/* A message with its length before it (RFC 1035 4.2.2); false at the end. */
static bool receive(int fd, uint8_t *message, size_t *ret_length)
{
	uint8_t length[2];

	if (recv(fd, length, 2, MSG_WAITALL) != 2)
		return false;
	*ret_length = (size_t)length[0] << 8 | length[1];
	return recv(fd, message, *ret_length, MSG_WAITALL) == (ssize_t)*ret_length;
}

static bool deliver(int fd, const uint8_t *message, size_t length)
{
	const uint8_t size[2] = { (uint8_t)(length >> 8), (uint8_t)length };

	return send(fd, size, 2, MSG_NOSIGNAL | MSG_MORE) == 2 &&
	       send(fd, message, length, MSG_NOSIGNAL) == (ssize_t)length;
}

/* One connection, in a process of its own: they are few. */
static noreturn void serve(const struct relay *relay, int client_fd)
{
	static uint8_t message[MESSAGE_BYTES];
	int server_fd = socket(AF_INET, SOCK_STREAM, 0);
	size_t length, end;

	signal(SIGALRM, SIG_DFL);
	alarm(TCP_SECONDS);
	if (connect(server_fd, (const struct sockaddr *)&relay->server, sizeof relay->server))
		_exit(1);
	while (receive(client_fd, message, &length)) {
		const struct dns_line *line = decide(relay, message, length, &end);

		if (line && line->trouble == DNS_DEAD)
			continue;
		if (line && line->trouble != DNS_SLOW) {
			refuse(message, line);
			length = end;
		} else {
			if (line)
				usleep((useconds_t)(line->delay_ns / 1000));
			if (!deliver(server_fd, message, length) ||
				!receive(server_fd, message, &length))
				_exit(1);
		}
		if (!deliver(client_fd, message, length))
			_exit(1);
	}
	_exit(0);
}

static void on_connection(const struct relay *relay)
{
	int fd = accept4(relay->tcp_fd, NULL, NULL, SOCK_CLOEXEC);
	pid_t parent = getpid();

	if (fd < 0)
		return;
	if (!fork()) {
		prctl(PR_SET_PDEATHSIG, SIGKILL);
		if (getppid() != parent)
			_exit(1);
		serve(relay, fd);
	}
	close(fd);
}

noreturn void relay_run(const struct relay *relay)
{
	struct state *state = calloc(1, sizeof *state);
	struct pollfd fds[] = { { .fd = relay->udp_fd, .events = POLLIN }, { .events = POLLIN },
		{ .fd = relay->tcp_fd, .events = POLLIN } };

	if (!state)
		_exit(1);
	state->relay = relay;
	state->server_fd = socket(AF_INET, SOCK_DGRAM | SOCK_CLOEXEC, 0);
	state->queues = calloc(relay->scenario->dns_count, sizeof *state->queues);
	if (!state->queues || connect(state->server_fd, (const struct sockaddr *)&relay->server,
				      sizeof relay->server))
		_exit(1);
	for (size_t i = 0; i < relay->scenario->dns_count; i++) {
		state->queues[i].entries = calloc(WAITING_MAX, sizeof *state->queues[i].entries);
		if (!state->queues[i].entries)
			_exit(1);
	}
	signal(SIGCHLD, SIG_IGN); /* connections end by themselves */
	fds[1].fd = state->server_fd;
	for (;;) {
		if (poll(fds, 3, let_go(state)) <= 0)
			continue;
		if (fds[1].revents)
			on_answer(state);
		if (fds[0].revents)
			on_question(state);
		if (fds[2].revents)
			on_connection(relay);
	}
}
