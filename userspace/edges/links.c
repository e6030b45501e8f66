/* SPDX-License-Identifier: MIT */
#include "edges/links.h"

#include <errno.h>
#include <fcntl.h>
#include <sched.h>
#include <spawn.h>
#include <stdbool.h>
#include <stdio.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

int links_enter_namespace(struct message *msg)
{
	int error;

	if (!unshare(CLONE_NEWNET))
		return 0;
	error = -errno;
	return message_set(msg, error, "cannot make a network namespace: %s%s", strerror(-error),
		error == -EPERM ? ": must be started by root, with CAP_SYS_ADMIN" : "");
}

int links_open_namespace(pid_t process)
{
	char path[64] = "/proc/thread-self/ns/net";
	int fd;

	if (process)
		snprintf(path, sizeof path, "/proc/%d/ns/net", (int)process);
	fd = open(path, O_RDONLY | O_CLOEXEC);
	return fd < 0 ? -errno : fd;
}

static bool has_ipv6(void)
{
	return access("/proc/sys/net/ipv6", F_OK) == 0;
}

/* Starts `ip -batch -`, which reads from input_fd. */
static int spawn_ip(int input_fd, const sigset_t *mask, pid_t *ret_pid, struct message *msg)
{
	/* Of an ordinary user's PATH /usr/sbin is no part. */
	static const char *const paths[] = { "ip", "/usr/sbin/ip", "/sbin/ip" };
	char name[] = "ip", batch[] = "-batch", input[] = "-";
	char *const argv[] = { name, batch, input, NULL };
	posix_spawn_file_actions_t actions;
	posix_spawnattr_t attributes;
	int error = ENOENT;

	posix_spawn_file_actions_init(&actions);
	posix_spawn_file_actions_adddup2(&actions, input_fd, STDIN_FILENO);
	posix_spawnattr_init(&attributes);
	posix_spawnattr_setflags(&attributes, POSIX_SPAWN_SETSIGMASK);
	posix_spawnattr_setsigmask(&attributes, mask);
	for (size_t i = 0; error == ENOENT && i < sizeof paths / sizeof paths[0]; i++)
		error = posix_spawnp(ret_pid, paths[i], &actions, &attributes, argv, environ);
	posix_spawnattr_destroy(&attributes);
	posix_spawn_file_actions_destroy(&actions);
	if (error == ENOENT)
		message_set(msg, -error, "the program `ip` is missing: install iproute2");
	else if (error)
		message_set(msg, -error, "cannot start `ip`: %s", strerror(error));
	return -error;
}

/* Has `ip` do the commands, one a line. */
static int configure(const char *commands, const sigset_t *mask, struct message *msg)
{
	size_t length = strlen(commands);
	int pipe_fds[2], error, status;
	pid_t pid;

	if (pipe2(pipe_fds, O_CLOEXEC))
		return message_set(msg, -errno, "cannot make a pipe: %s", strerror(errno));
	error = spawn_ip(pipe_fds[0], mask, &pid, msg);
	close(pipe_fds[0]);
	/* The commands fit in the pipe, so this never waits for `ip` to read. */
	if (!error && write(pipe_fds[1], commands, length) != (ssize_t)length)
		error = message_set(msg, -EIO, "cannot write to `ip`");
	close(pipe_fds[1]);
	if (error)
		return error;
	while (waitpid(pid, &status, 0) < 0)
		if (errno != EINTR)
			return message_set(
				msg, -errno, "cannot wait for `ip`: %s", strerror(errno));
	if (!WIFEXITED(status) || WEXITSTATUS(status) != 0)
		return message_set(msg, -EIO, "`ip` could not set up the simulated network");
	return 0;
}

int links_set_up_peers(int other_namespace, const sigset_t *mask, struct message *msg)
{
	char commands[512];

	/* Without an address of any kind, a link-local one included, its kernel stays quiet. */
	snprintf(commands, sizeof commands,
		"link set lo up\n"
		"link add " LINK_INTERFACE " type veth peer name " LINK_INTERFACE
		" address " MAC_COMMAND " netns /proc/%d/fd/%d\n"
		"%s"
		"link set " LINK_INTERFACE " up\n",
		(int)getpid(), other_namespace,
		has_ipv6() ? "link set " LINK_INTERFACE " addrgenmode none\n" : "");
	return configure(commands, mask, msg);
}

int links_set_up_command(const sigset_t *mask, struct message *msg)
{
	static const char v4[] =
		"link set lo up\n"
		"addr add " LINK_V4_COMMAND "/30 dev " LINK_INTERFACE "\n"
		"link set " LINK_INTERFACE " up\n"
		"neigh add " LINK_V4_GATEWAY " lladdr " MAC_GATEWAY
		" nud permanent dev " LINK_INTERFACE "\n"
		"route add " SIMULATED_V4 " via " LINK_V4_GATEWAY " dev " LINK_INTERFACE "\n";
	/* nodad: usable at once. addrgenmode none: no router solicitations either. */
	static const char v6[] =
		"link set " LINK_INTERFACE " addrgenmode none\n"
		"addr add " LINK_V6_COMMAND "/64 dev " LINK_INTERFACE " nodad\n"
		"neigh add " LINK_V6_GATEWAY " lladdr " MAC_GATEWAY
		" nud permanent dev " LINK_INTERFACE "\n"
		"route add " SIMULATED_V6 " via " LINK_V6_GATEWAY " dev " LINK_INTERFACE "\n";
	char commands[1024];

	snprintf(commands, sizeof commands, "%s%s", v4, has_ipv6() ? v6 : "");
	return configure(commands, mask, msg);
}
