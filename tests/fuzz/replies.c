/* SPDX-License-Identifier: MIT */
#include "replies.h"

#include <signal.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <unistd.h>

#include "fuzz.h"

static const char separator[] = "--\n";

const char *replies_listen(struct replies *replies, bool by_command)
{
	static char url[128];
	struct sockaddr_un address = { .sun_family = AF_UNIX };

	signal(SIGPIPE, SIG_IGN); /* as mosprobe does: its peer goes away at any time */
	snprintf(address.sun_path, sizeof address.sun_path, "%s/redis", fuzz_folder());
	snprintf(url, sizeof url, "unix://%s", address.sun_path);
	replies->by_command = by_command;
	replies->peer = -1;
	replies->listener = socket(AF_UNIX, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0);
	CHECK(replies->listener >= 0);
	CHECK(!bind(replies->listener, (struct sockaddr *)&address, sizeof address));
	CHECK(!listen(replies->listener, 16));
	return url;
}

static void hang_up(struct replies *replies)
{
	if (replies->peer >= 0)
		close(replies->peer);
	replies->peer = -1;
	replies->asked_size = 0;
}

void replies_load(struct replies *replies, const char *text)
{
	int left;

	/* Whoever hung up before it was looked at. */
	hang_up(replies);
	while ((left = accept4(replies->listener, NULL, NULL, SOCK_CLOEXEC)) >= 0)
		close(left);
	replies->at = text;
	replies->end = text + strlen(text);
	replies->command_count = 0;
	for (const char *at = text; at && *at; at = strchr(at, '\n')) {
		struct replies_command *command = &replies->commands[replies->command_count];

		at += *at == '\n';
		if (*at != '@')
			continue;
		if (replies->command_count)
			command[-1].end = at;
		if (replies->command_count == REPLIES_COMMANDS)
			break;
		*command =
			(struct replies_command) { at + 1, at + strcspn(at, "\n"), replies->end };
		command->at += *command->at == '\n';
		replies->command_count++;
	}
}

/* One reply of those from *at to end; *at moves on, unless it is the last one and stays. */
static void say(const struct replies *replies, const char **at, const char *end, bool stays)
{
	const char *from = *at, *stop = memmem(from, (size_t)(end - from), separator, 3);
	size_t length = (size_t)((stop ? stop : end) - from), used = 0;
	char *bytes = malloc(2 * length + 1);

	CHECK(bytes);
	for (size_t i = 0; i < length; i++) {
		if (from[i] == '\n')
			bytes[used++] = '\r';
		bytes[used++] = from[i];
	}
	if (used)
		send(replies->peer, bytes, used, MSG_DONTWAIT | MSG_NOSIGNAL);
	free(bytes);
	from = stop ? stop + 3 : end;
	if (from < end || !stays)
		*at = from;
}

static void answer(struct replies *replies, const char *name, size_t length)
{
	static const char ok[] = "+OK\n";
	const char *at = ok;

	for (unsigned i = 0; i < replies->command_count; i++) {
		struct replies_command *command = &replies->commands[i];

		if (strncmp(command->name, name, length) || command->name[length] != '\n')
			continue;
		say(replies, &command->at, command->end, true);
		return;
	}
	say(replies, &at, ok + sizeof ok - 1, false);
}

/* One command as a client writes it: "*WORDS", and each word with its length before. Returns its size, 0 when it is not
 * there in whole. */
static size_t take_command(struct replies *replies, size_t from)
{
	const char *text = replies->asked, *name = NULL;
	unsigned long words, length = 0, first = 0;
	char *at;

	if (!memchr(text + from, '\n', replies->asked_size - from))
		return 0;
	words = strtoul(text + from + 1, &at, 10);
	at += 2;
	for (unsigned long i = 0; i < words; i++) {
		if (at >= text + replies->asked_size ||
			!memchr(at, '\n', (size_t)(text + replies->asked_size - at)))
			return 0;
		length = strtoul(at + 1, &at, 10);
		at += 2;
		if (!i) {
			name = at;
			first = length;
		}
		at += length + 2;
	}
	if (at > text + replies->asked_size || !name)
		return 0;
	answer(replies, name, first);
	return (size_t)(at - text) - from;
}

static void take_commands(struct replies *replies)
{
	size_t taken, at = 0;

	while (at < replies->asked_size && (taken = take_command(replies, at)))
		at += taken;
	memmove(replies->asked, replies->asked + at, replies->asked_size - at);
	replies->asked_size -= at;
}

void replies_turn(struct replies *replies, bool impatient)
{
	size_t room = sizeof replies->asked - 1 - replies->asked_size;
	ssize_t got;

	if (replies->peer < 0)
		replies->peer =
			accept4(replies->listener, NULL, NULL, SOCK_NONBLOCK | SOCK_CLOEXEC);
	if (replies->peer < 0)
		return;
	got = recv(replies->peer, replies->asked + replies->asked_size, room, MSG_DONTWAIT);
	if (got < 0 && !impatient)
		return;
	if (got > 0 && replies->by_command) {
		replies->asked_size += (size_t)got;
		replies->asked[replies->asked_size] = '\0';
		take_commands(replies);
	} else if (got && replies->at < replies->end) {
		say(replies, &replies->at, replies->end, false);
	} else {
		hang_up(replies);
	}
}
