/* SPDX-License-Identifier: MIT */
#include "edges/publish_holder.h"

#include <errno.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/types.h>
#include <unistd.h>

/* With NUL: what a word of a holder takes at most. */
#define WORD_SIZE 48
#define STAT_STARTTIME 22 /* proc(5): field of /proc/PID/stat */

struct words {
	char host[WORD_SIZE], pid[WORD_SIZE], start[WORD_SIZE], boot[WORD_SIZE], space[WORD_SIZE];
};

static bool split(const struct holder *holder, struct words *ret)
{
	return sscanf(holder->text, "%47s %47s %47s %47s %47s", ret->host, ret->pid, ret->start,
		       ret->boot, ret->space) == 5;
}

static void read_word(const char *path, char ret[WORD_SIZE])
{
	FILE *file = fopen(path, "re");

	if (!file || fscanf(file, "%47s", ret) != 1)
		strcpy(ret, "-");
	if (file)
		fclose(file);
}

/* When a process began, in ticks since the boot; "-" when there is none. */
static void read_start(const char *pid, char ret[WORD_SIZE])
{
	char path[64], line[1024] = "", *at;
	FILE *file;

	strcpy(ret, "-");
	snprintf(path, sizeof path, "/proc/%s/stat", pid);
	file = fopen(path, "re");
	if (!file)
		return;
	if (!fgets(line, sizeof line, file))
		line[0] = '\0';
	fclose(file);
	/* The name in its parentheses may hold anything. */
	at = strrchr(line, ')');
	for (int field = 2; at && field < STAT_STARTTIME; field++)
		at = strchr(at + 1, ' ');
	if (at && sscanf(at, " %47s", ret) != 1)
		strcpy(ret, "-");
}

struct holder holder_self(void)
{
	struct words words;
	struct holder self;
	ssize_t length;

	if (gethostname(words.host, sizeof words.host - 1))
		strcpy(words.host, "-");
	words.host[sizeof words.host - 1] = '\0';
	words.host[strcspn(words.host, " \t\n")] = '\0';
	if (!words.host[0])
		strcpy(words.host, "-");
	snprintf(words.pid, sizeof words.pid, "%ld", (long)getpid());
	read_start("self", words.start);
	read_word("/proc/sys/kernel/random/boot_id", words.boot);
	length = readlink("/proc/self/ns/pid", words.space, sizeof words.space - 1);
	if (length > 0)
		words.space[length] = '\0';
	else
		strcpy(words.space, "-");
	snprintf(self.text, sizeof self.text, "%s %s %s %s %s", words.host, words.pid, words.start,
		words.boot, words.space);
	return self;
}

bool holder_is(const struct holder *holder, const char *text)
{
	return !strcmp(holder->text, text);
}

bool holder_is_gone(const struct holder *holder, const struct holder *self)
{
	struct words theirs, ours;
	char start[WORD_SIZE], *end;
	long pid;

	if (!split(holder, &theirs) || !split(self, &ours) || !strcmp(ours.boot, "-") ||
		!strcmp(ours.space, "-") || !strcmp(theirs.start, "-") ||
		strcmp(theirs.boot, ours.boot) || strcmp(theirs.space, ours.space))
		return false;
	pid = strtol(theirs.pid, &end, 10);
	if (*end || pid <= 0)
		return false;
	if (kill((pid_t)pid, 0) && errno == ESRCH)
		return true;
	/* Its number may be another's by now. */
	read_start(theirs.pid, start);
	return strcmp(start, "-") && strcmp(start, theirs.start);
}

void holder_words(const struct holder *holder, char ret[HOLDER_SIZE])
{
	struct words words;

	if (split(holder, &words))
		snprintf(ret, HOLDER_SIZE, "process %s on host %s", words.pid, words.host);
	else
		snprintf(ret, HOLDER_SIZE, "%s", holder->text);
}
