/* SPDX-License-Identifier: MIT */
#include "edges/child.h"

#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <stdio.h>
#include <sys/prctl.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#include "vocabulary/nsec.h"

static void become(const char *log, pid_t parent, int death_signal)
{
	int nothing = open("/dev/null", O_RDWR), file;

	prctl(PR_SET_PDEATHSIG, death_signal);
	if (getppid() != parent)
		_exit(1);
	setsid();
	file = open(log, O_WRONLY | O_CREAT | O_TRUNC | O_APPEND, 0600);
	if (nothing < 0 || file < 0)
		_exit(1);
	dup2(nothing, STDIN_FILENO);
	dup2(nothing, STDOUT_FILENO);
	dup2(file, STDERR_FILENO);
	close(nothing);
	close(file);
}

pid_t child_start(int (*body)(void *context), void *context, const char *log, int death_signal)
{
	pid_t parent = getpid(), pid;

	fflush(NULL); /* or it would be written twice */
	pid = fork();
	if (pid < 0)
		return -errno;
	if (pid)
		return pid;
	become(log, parent, death_signal);
	_exit(body(context));
}

int child_ended(pid_t pid, int *ret_status)
{
	int status = 0;
	pid_t got = waitpid(pid, &status, WNOHANG);

	if (!got || (got < 0 && errno == EINTR))
		return 0;
	*ret_status = WIFSIGNALED(status) ? 128 + WTERMSIG(status) : WEXITSTATUS(status);
	return 1;
}

void child_end(pid_t pid, uint64_t timeout_ns)
{
	const struct timespec moment = { .tv_nsec = (long)(5 * NSEC_PER_MSEC) };
	uint64_t until_ns = nsec_mono() + timeout_ns;
	int status;

	kill(pid, SIGTERM);
	while (!child_ended(pid, &status)) {
		if (nsec_mono() > until_ns)
			kill(pid, SIGKILL);
		nanosleep(&moment, NULL);
	}
}
