/* SPDX-License-Identifier: MIT */
/* Three processes: netsim itself, which stays in the namespace that it was started in; the keeper
 * with the command; the responder. When netsim dies, however it dies, the kernel closes its pipes:
 * the keeper ends the command and itself, and the responder gets a signal. With the last of them
 * the namespaces and the link go. */
#include "run.h"

#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <sched.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <stdnoreturn.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#include "edges/links.h"
#include "edges/reflector.h"
#include "keeper.h"
#include "reflecting.h"
#include "responder.h"
#include "start.h"
#include "truth.h"

/* Of the responder: all went well, but the log of truth is not whole. */
#define STATUS_NO_TRUTH 3

struct processes {
	const struct run *run;
	struct start *start;
	pid_t netsim, keeper, responder;
	int ready[2];		  /* one byte from each child when it is ready */
	int keeper_control[2];	  /* see keeper.h */
	int responder_control[2]; /* closed: end */
	sigset_t old_mask, signals;
};

/* A child keeps only its own end: netsim's must close when netsim dies. */
static void become_child(const struct processes *all)
{
	close(all->ready[0]);
	close(all->keeper_control[1]);
	close(all->responder_control[1]);
}

/* The CPU that the command is least likely to want, unless one was asked for: the command begins to
 * count at the other end. *ret_others gets all others, which the log of truth may use, or the same
 * when it is the only one. Returns the CPU's number or a negative errno. */
static int choose_cpu(int cpu, cpu_set_t *ret_cpus, cpu_set_t *ret_others)
{
	if (sched_getaffinity(0, sizeof *ret_others, ret_others))
		return -errno;
	if (cpu < 0)
		for (cpu = CPU_SETSIZE - 1; cpu > 0 && !CPU_ISSET(cpu, ret_others);)
			cpu--;
	CPU_ZERO(ret_cpus);
	CPU_SET(cpu, ret_cpus);
	if (CPU_COUNT(ret_others) > 1)
		CPU_CLR(cpu, ret_others);
	return cpu;
}

/* Made before the process is given its own CPU and priority, which a thread would inherit. */
static struct truth *open_truth(const struct run *run, const cpu_set_t *cpus)
{
	struct truth *truth = NULL;
	int error = run->truth_fd >= 0 ? truth_create(&truth, run->truth_fd, cpus) : 0;

	if (error) {
		fprintf(stderr, "netsim: cannot keep a log of truth: %s\n", strerror(-error));
		_exit(1);
	}
	return truth;
}

/* Answers in user space, until the control pipe is closed. */
static noreturn void run_peers(const struct processes *all, struct truth *truth)
{
	struct responder *responder;
	bool good;
	int error;

	/* Else whatever shares the CPU makes answers late by its slice. Not real time, which the
	 * kernel throttles when it spins. Without the right to it, it does what it can. */
	setpriority(PRIO_PROCESS, 0, -20);
	prctl(PR_SET_TIMERSLACK, 1); /* ns: a sleep ends when it should, not up to 50 us later */
	error = responder_create(&responder, all->run->scenario, all->start, LINK_INTERFACE, truth);
	if (error) {
		fprintf(stderr, "netsim: cannot open the packet ring: %s\n", strerror(-error));
		_exit(1);
	}
	if (write(all->ready[1], "", 1) == 1)
		responder_run(responder, all->responder_control[0], all->run->busy);
	good = responder_report(responder, all->run->verbose);
	responder_destroy(responder);
	truth_destroy(truth);
	_exit(good ? 0 : STATUS_NO_TRUTH);
}

/* Has the kernel answer until then. */
static noreturn void run_reflector(const struct processes *all, int command_namespace, int cpu)
{
	struct pollfd end = { .fd = all->responder_control[0], .events = POLLIN };
	struct reflector *reflector;
	struct message msg;

	if (all->run->xdp == RUN_XDP_CALL)
		cpu = REFLECTOR_CPU_OF_SENDER;
	if (reflector_create(&reflector, links_open_namespace(0), command_namespace, cpu,
		    all->run->verbose, &msg)) {
		fprintf(stderr, "netsim: --xdp: %s\n", msg.text);
		_exit(1);
	}
	if (write(all->ready[1], "", 1) == 1)
		while (poll(&end, 1, -1) < 0)
			continue;
	reflecting_report(reflector, all->run->verbose);
	reflector_destroy(reflector);
	_exit(0);
}

static noreturn void run_responder(const struct processes *all)
{
	struct truth *truth;
	struct message msg = { "cannot open the command's network namespace" };
	cpu_set_t cpus, others;
	int cpu, error, command_namespace;

	prctl(PR_SET_PDEATHSIG, SIGKILL);
	if (getppid() != all->netsim)
		_exit(1);
	command_namespace = links_open_namespace(all->keeper);
	if (command_namespace < 0 || links_enter_namespace(&msg) ||
		links_set_up_peers(command_namespace, &all->old_mask, &msg)) {
		fprintf(stderr, "netsim: %s\n", msg.text);
		_exit(1);
	}
	cpu = choose_cpu(all->run->cpu, &cpus, &others);
	error = cpu < 0 ? cpu : 0;
	truth = open_truth(all->run, &others);
	if (!error && sched_setaffinity(0, sizeof cpus, &cpus))
		error = -errno;
	if (error) {
		fprintf(stderr, "netsim: cannot run on CPU %d: %s\n", all->run->cpu,
			strerror(-error));
		_exit(1);
	}
	if (all->run->xdp != RUN_XDP_NONE)
		run_reflector(all, command_namespace, cpu);
	run_peers(all, truth);
}

static noreturn void run_keeper(const struct processes *all)
{
	const struct keeper keeper = {
		.command = all->run->command,
		.scenario = all->run->scenario,
		.start = all->start,
		.dns_port = all->run->dns_port,
		.mask = all->old_mask,
		.control_fd = all->keeper_control[0],
		.ready_fd = all->ready[1],
	};

	keeper_run(&keeper);
}

/* Starts one and waits until it is ready. Returns its pid; -1 when it failed and has said why. */
static pid_t start(const struct processes *all, void (*body)(const struct processes *))
{
	struct timespec wait = { .tv_nsec = 1000000 };
	pid_t pid = fork();
	char byte;

	if (pid < 0)
		fprintf(stderr, "netsim: cannot start a process: %s\n", strerror(errno));
	if (!pid) {
		become_child(all);
		body(all); /* never returns */
	}
	/* Both children hold the pipe's other end, so its closing does not tell that one failed. */
	while (pid > 0 && read(all->ready[0], &byte, 1) != 1) {
		if (waitpid(pid, NULL, WNOHANG) == pid)
			return -1;
		nanosleep(&wait, NULL);
	}
	return pid;
}

/* Closing its control ends a child; then it is waited for. Returns its exit status, 0 without. */
static int finish(pid_t pid, int control_fd)
{
	int status = 0;

	close(control_fd);
	while (pid > 0 && waitpid(pid, &status, 0) < 0)
		if (errno != EINTR)
			return 0;
	return WIFEXITED(status) ? WEXITSTATUS(status) : 0;
}

/* Passes signals on to the keeper until it, and so the command, has ended; returns its status. */
static int watch(struct processes *all)
{
	struct timespec moment = { .tv_nsec = 20000000 };
	unsigned char byte;
	int signal, status;
	bool failed = false;

	for (;;) {
		signal = sigwaitinfo(&all->signals, NULL);
		if (signal == SIGCHLD) {
			if (waitpid(all->keeper, &status, WNOHANG) == all->keeper)
				break;
			if (all->responder < 0 || waitpid(all->responder, NULL, WNOHANG) <= 0)
				continue;
			fprintf(stderr, "netsim: the responder died: the network is silent\n");
			all->responder = -1;
			failed = true;
			signal = SIGTERM;
		}
		if (signal < 0)
			continue;
		/* First the keeper must have seen whether the whole group got this signal. */
		nanosleep(&moment, NULL);
		byte = (unsigned char)signal;
		if (write(all->keeper_control[1], &byte, 1) != 1)
			continue; /* it is ending; SIGCHLD follows */
	}
	all->keeper = -1;
	if (failed)
		return 1;
	return WIFSIGNALED(status) ? 128 + WTERMSIG(status) : WEXITSTATUS(status);
}

static int run_all(struct processes *all)
{
	int status = 1;

	all->keeper = start(all, run_keeper);
	if (all->keeper > 0)
		all->responder = start(all, run_responder);
	if (all->responder > 0 && write(all->keeper_control[1], "", 1) == 1)
		status = watch(all);
	finish(all->keeper, all->keeper_control[1]);
	if (finish(all->responder, all->responder_control[1]) == STATUS_NO_TRUTH && !status)
		status = 1;
	return status;
}

int run(const struct run *options)
{
	sigset_t pipe_signal;
	struct processes all = {
		.run = options, .netsim = getpid(), .keeper = -1, .responder = -1
	};

	all.start = start_create();
	if (!all.start) {
		fprintf(stderr, "netsim: out of memory\n");
		return 1;
	}
	if (pipe2(all.ready, O_CLOEXEC | O_NONBLOCK) || pipe2(all.keeper_control, O_CLOEXEC) ||
		pipe2(all.responder_control, O_CLOEXEC)) {
		fprintf(stderr, "netsim: cannot make a pipe: %s\n", strerror(errno));
		return 1;
	}
	/* Blocked in all three, so that each takes them when it is ready to; the command gets the
	 * old mask. */
	sigemptyset(&all.signals);
	sigaddset(&all.signals, SIGINT);
	sigaddset(&all.signals, SIGTERM);
	sigaddset(&all.signals, SIGHUP);
	sigaddset(&all.signals, SIGCHLD);
	sigprocmask(SIG_BLOCK, &all.signals, &all.old_mask);
	/* A control pipe whose reader has died is an error of write(), not a signal: blocked, not
	 * ignored, which the command would inherit. */
	sigemptyset(&pipe_signal);
	sigaddset(&pipe_signal, SIGPIPE);
	sigprocmask(SIG_BLOCK, &pipe_signal, NULL);
	return run_all(&all);
}
