/* SPDX-License-Identifier: MIT */
#include "keeper.h"

#include <ctype.h>
#include <dirent.h>
#include <errno.h>
#include <poll.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/signalfd.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#include "dns.h"
#include "edges/links.h"

/* A terminal, and whoever kills a process group, sends to the command as well as to netsim. The
 * keeper, of the same group, then gets the signal too: what netsim wants passed on within this time
 * has arrived already. */
#define SAME_SIGNAL_NS 500000000

struct state {
	const struct keeper *keeper;
	pid_t command;
	int signal_fd;
	uint64_t group_ns[NSIG]; /* when the whole group got the signal; 0: never */
};

static uint64_t now_ns(void)
{
	struct timespec time;

	clock_gettime(CLOCK_MONOTONIC, &time);
	return (uint64_t)time.tv_sec * 1000000000 + (uint64_t)time.tv_nsec;
}

static pid_t parent_of(const char *pid)
{
	char path[64], line[512];
	const char *name_end;
	FILE *file;
	int parent = -1;

	snprintf(path, sizeof path, "/proc/%.20s/stat", pid);
	file = fopen(path, "re");
	if (!file)
		return -1;
	/* The name stands in parentheses, and may have some of its own. */
	name_end = fgets(line, sizeof line, file) ? strrchr(line, ')') : NULL;
	if (!name_end || sscanf(name_end, ") %*c %d", &parent) != 1)
		parent = -1;
	fclose(file);
	return parent;
}

static void kill_children(void)
{
	DIR *proc = opendir("/proc");
	struct dirent *entry;

	if (!proc)
		return;
	while ((entry = readdir(proc)))
		if (isdigit((unsigned char)entry->d_name[0]) &&
			parent_of(entry->d_name) == getpid())
			kill(atoi(entry->d_name), SIGKILL);
	closedir(proc);
}

/* The command, if it runs still, and whatever it started: the orphans of each that dies become the
 * keeper's, until there are none. */
static void kill_all(void)
{
	do
		kill_children();
	while (waitpid(-1, NULL, 0) > 0 || errno == EINTR);
}

static pid_t start_command(const struct keeper *keeper)
{
	pid_t keeper_pid = getpid(), pid = fork();
	int error;

	if (pid)
		return pid;
	/* Should the keeper itself be killed. */
	prctl(PR_SET_PDEATHSIG, SIGKILL);
	if (getppid() != keeper_pid)
		_exit(1);
	sigprocmask(SIG_SETMASK, &keeper->mask, NULL);
	execvp(keeper->command[0], keeper->command);
	error = errno;
	fprintf(stderr, "netsim: cannot run %s: %s\n", keeper->command[0], strerror(error));
	_exit(error == ENOENT ? STATUS_NOT_FOUND : STATUS_NOT_EXECUTABLE);
}

/* True, with its exit status, when the command has ended. */
static bool reap(const struct state *state, int *ret_status)
{
	bool ended = false;
	int status;
	pid_t pid;

	while ((pid = waitpid(-1, &status, WNOHANG)) > 0) {
		if (pid != state->command)
			continue;
		ended = true;
		*ret_status = WIFSIGNALED(status) ? 128 + WTERMSIG(status) : WEXITSTATUS(status);
	}
	return ended;
}

static void pass_on(const struct state *state, int signal)
{
	uint64_t group_ns = state->group_ns[signal];

	if (!group_ns || now_ns() - group_ns > SAME_SIGNAL_NS)
		kill(state->command, signal);
}

static int watch(struct state *state)
{
	struct pollfd fds[] = { { .fd = state->signal_fd, .events = POLLIN },
		{ .fd = state->keeper->control_fd, .events = POLLIN } };
	struct signalfd_siginfo info;
	unsigned char byte;
	int status;

	for (;;) {
		if (poll(fds, 2, -1) < 0)
			continue;
		if (fds[0].revents && read(state->signal_fd, &info, sizeof info) == sizeof info) {
			if (info.ssi_signo != SIGCHLD)
				state->group_ns[info.ssi_signo] = now_ns();
			else if (reap(state, &status))
				return status;
		}
		if (!fds[1].revents)
			continue;
		if (read(state->keeper->control_fd, &byte, 1) != 1)
			return 1;
		if (byte < NSIG)
			pass_on(state, byte);
	}
}

static noreturn void end_failed(const struct message *msg)
{
	fprintf(stderr, "netsim: %s\n", msg->text);
	_exit(1);
}

noreturn void keeper_run(const struct keeper *keeper)
{
	struct state state = { .keeper = keeper };
	struct message msg;
	struct dns *dns = NULL;
	unsigned char byte = 0;
	sigset_t signals;
	int status = 1;

	sigemptyset(&signals);
	sigaddset(&signals, SIGINT);
	sigaddset(&signals, SIGTERM);
	sigaddset(&signals, SIGHUP);
	sigaddset(&signals, SIGCHLD);
	state.signal_fd = signalfd(-1, &signals, SFD_CLOEXEC);
	if (state.signal_fd < 0 || prctl(PR_SET_CHILD_SUBREAPER, 1))
		_exit(1);
	if (links_enter_namespace(&msg))
		end_failed(&msg);
	if (write(keeper->ready_fd, &byte, 1) != 1 || read(keeper->control_fd, &byte, 1) != 1)
		_exit(1);
	if (links_set_up_command(&keeper->mask, &msg))
		end_failed(&msg);
	if (!keeper->dns_port || !dns_start(&dns, keeper->scenario, keeper->start, keeper->dns_port,
					 &keeper->mask)) {
		start_set(keeper->start);
		state.command = start_command(keeper);
		if (state.command > 0)
			status = watch(&state);
		else
			fprintf(stderr, "netsim: cannot start a process: %s\n", strerror(errno));
	}
	kill_all();
	dns_clean_up(dns);
	_exit(status);
}
