/* SPDX-License-Identifier: MIT */
/* Enters the sandbox (`strict` or `yes`), makes one call by its name, and prints what came of it: "ok", or
 * the errno's name. A call that ends the process prints nothing. */
#include <errno.h>
#include <fcntl.h>
#include <pthread.h>
#include <sched.h>
#include <signal.h>
#include <stdio.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/resource.h>
#include <sys/socket.h>
#include <sys/syscall.h>
#include <unistd.h>

/* To reach its requests. */
#include "edges/ring.c" /* NOLINT(bugprone-suspicious-include) */
#include "edges/sandbox.h"

static void *nothing(void *arg)
{
	return arg;
}

static long start_thread(void)
{
	pthread_t thread;

	errno = pthread_create(&thread, NULL, nothing, NULL);
	return errno ? -1 : pthread_join(thread, NULL);
}

static long map(int protection)
{
	return mmap(NULL, 4096, protection, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0) == MAP_FAILED ? -1
											      : 0;
}

static long make_ring(struct ring **ret)
{
	int fd = socket(AF_INET, SOCK_STREAM, 0);

	errno = -ring_open(ret, &fd, 1, NULL);
	return errno ? -1 : 0;
}

/* A request that no filter of system calls sees. */
static long open_through(struct ring *ring)
{
	struct io_uring_sqe *sqe = io_uring_get_sqe(&ring->uring);
	struct io_uring_cqe *cqe;

	io_uring_prep_openat(sqe, AT_FDCWD, "/etc/passwd", O_RDONLY, 0);
	if (io_uring_submit_and_wait(&ring->uring, 1) < 1 || io_uring_peek_cqe(&ring->uring, &cqe))
		return -1;
	errno = cqe->res < 0 ? -cqe->res : 0;
	return cqe->res;
}

static long call(const char *name, struct ring *ring)
{
	char *const none[] = { NULL };
	struct rlimit limit = { 64, 64 };

	if (!strcmp(name, "thread"))
		return start_thread();
	if (!strcmp(name, "fork"))
		return fork() < 0 ? -1 : 0;
	if (!strcmp(name, "execve"))
		return execve("/bin/true", none, none);
	if (!strcmp(name, "bpf"))
		return syscall(SYS_bpf, 0, NULL, 0);
	if (!strcmp(name, "unshare"))
		return unshare(CLONE_NEWNET);
	if (!strcmp(name, "setuid"))
		return setuid(getuid());
	if (!strcmp(name, "ring"))
		return make_ring(&ring);
	if (!strcmp(name, "open-through-ring"))
		return open_through(ring);
	if (!strcmp(name, "write-and-execute"))
		return map(PROT_READ | PROT_WRITE | PROT_EXEC);
	if (!strcmp(name, "execute"))
		return map(PROT_READ | PROT_EXEC);
	if (!strcmp(name, "packet"))
		return socket(AF_PACKET, SOCK_RAW, 0);
	if (!strcmp(name, "inet"))
		return socket(AF_INET, SOCK_STREAM, 0);
	if (!strcmp(name, "kill"))
		return kill(getpid(), SIGTERM);
	if (!strcmp(name, "is-there"))
		return kill(getppid(), 0);
	if (!strcmp(name, "limit"))
		return setrlimit(RLIMIT_NOFILE, &limit);
	if (!strcmp(name, "memory-lock"))
		return mlockall(MCL_CURRENT);
	if (!strcmp(name, "open"))
		return open("/etc/passwd", O_RDONLY);
	errno = EINVAL;
	return -1;
}

int main(int argc, char **argv)
{
	struct message msg = { "" };
	struct ring *ring = NULL;

	if (argc != 3 || make_ring(&ring) || !ring ||
		sandbox_enter(!strcmp(argv[1], "strict"), &msg) < 0) {
		printf("no sandbox: %s\n", msg.text);
		return 2;
	}
	printf("%s\n", call(argv[2], ring) < 0 ? strerrorname_np(errno) : "ok");
	return 0;
}
