/* SPDX-License-Identifier: MIT */
#include "edges/sandbox.h"

#include <errno.h>
#include <linux/sockios.h>
#include <sched.h>
#include <seccomp.h>
#include <stdint.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/mman.h>
#include <sys/prctl.h>
#include <sys/socket.h>

#include "edges/sandbox_calls.h"

#define COUNT(array) (sizeof(array) / sizeof(array)[0])

/* A call that is allowed when these bits of one argument have this value. */
struct rule {
	const char *call;
	unsigned argument;
	uint64_t mask, value;
};

/* Of an argument that the kernel reads as an int: what a caller leaves above it is nothing. */
#define INT UINT32_MAX

static const struct rule rules[] = {
	/* Memory is written to or executed: NSS loads its modules late. */
	{ "mmap", 2, PROT_WRITE | PROT_EXEC, 0 },
	{ "mmap", 2, PROT_WRITE | PROT_EXEC, PROT_WRITE },
	{ "mmap", 2, PROT_WRITE | PROT_EXEC, PROT_EXEC },
	{ "mmap2", 2, PROT_WRITE | PROT_EXEC, 0 },
	{ "mmap2", 2, PROT_WRITE | PROT_EXEC, PROT_WRITE },
	{ "mmap2", 2, PROT_WRITE | PROT_EXEC, PROT_EXEC },
	{ "mprotect", 2, PROT_WRITE | PROT_EXEC, 0 },
	{ "mprotect", 2, PROT_WRITE | PROT_EXEC, PROT_WRITE },
	{ "mprotect", 2, PROT_WRITE | PROT_EXEC, PROT_EXEC },
	{ "socket", 0, INT, AF_UNIX },
	{ "socket", 0, INT, AF_INET },
	{ "socket", 0, INT, AF_INET6 },
	{ "socket", 0, INT, AF_NETLINK }, /* getaddrinfo(3) asks for our addresses */
	/* A thread; clone3, whose arguments no filter sees, is not there, and libc falls back. */
	{ "clone", 0, CLONE_THREAD, CLONE_THREAD },
	/* Whether a process is there. */
	{ "kill", 1, INT, 0 },
	{ "prctl", 0, INT, PR_SET_NAME },
	/* Limits are read. */
	{ "prlimit64", 2, UINT64_MAX, 0 },
	{ "ioctl", 1, INT, TCGETS },
	{ "ioctl", 1, INT, TIOCGWINSZ },
	{ "ioctl", 1, INT, FIONREAD },
	{ "ioctl", 1, INT, FIONBIO },
	{ "ioctl", 1, INT, SIOCGIFINDEX },
	{ "ioctl", 1, INT, SIOCGIFNAME },
};

static int add_call(scmp_filter_ctx filter, uint32_t action, const char *name)
{
	int call = seccomp_syscall_resolve_name(name);

	/* Of another architecture, or later than this library. */
	return call < 0 ? 0 : seccomp_rule_add(filter, action, call, 0);
}

static int add_rule(scmp_filter_ctx filter, const struct rule *rule)
{
	int call = seccomp_syscall_resolve_name(rule->call);
	struct scmp_arg_cmp wanted =
		SCMP_CMP(rule->argument, SCMP_CMP_MASKED_EQ, rule->mask, rule->value);

	return call < 0 ? 0 : seccomp_rule_add(filter, SCMP_ACT_ALLOW, call, 1, wanted);
}

static int add_all(scmp_filter_ctx filter, bool strict)
{
	int clone_call = seccomp_syscall_resolve_name("clone"), error = 0;

	for (size_t i = 0; !error && i < COUNT(allowed); i++)
		error = add_call(filter, SCMP_ACT_ALLOW, allowed[i]);
	for (size_t i = 0; !error && i < COUNT(rules); i++)
		error = add_rule(filter, &rules[i]);
	/* What has the default's action already needs no rule, and may have none. */
	for (size_t i = 0; !error && !strict && i < COUNT(deadly); i++)
		error = add_call(filter, SCMP_ACT_KILL_PROCESS, deadly[i]);
	if (!error && !strict)
		error = seccomp_rule_add(filter, SCMP_ACT_KILL_PROCESS, clone_call, 1,
			SCMP_A0(SCMP_CMP_MASKED_EQ, CLONE_THREAD, 0));
	if (!error && strict)
		error = add_call(filter, SCMP_ACT_ERRNO(ENOSYS), "clone3");
	return error;
}

static int make(scmp_filter_ctx filter, bool strict)
{
	int error = seccomp_attr_set(filter, SCMP_FLTATR_ACT_BADARCH, SCMP_ACT_KILL_PROCESS);

	/* No program of others runs in here: its branches need no protection from ours, which costs. */
	if (!error)
		error = seccomp_attr_set(filter, SCMP_FLTATR_CTL_SSB, 1);
	if (!error)
		error = seccomp_attr_set(filter, SCMP_FLTATR_CTL_OPTIMIZE, 2);
	if (!error)
		error = add_all(filter, strict);
	return error ? error : seccomp_load(filter);
}

int sandbox_enter(bool strict, struct message *msg)
{
	scmp_filter_ctx filter =
		seccomp_init(strict ? SCMP_ACT_KILL_PROCESS : SCMP_ACT_ERRNO(ENOSYS));
	int error = filter ? make(filter, strict) : -ENOMEM;

	seccomp_release(filter);
	return error ? message_set(msg, error, "no filter of system calls: %s", strerror(-error))
		     : (int)COUNT(allowed);
}
