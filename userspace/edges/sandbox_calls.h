/* SPDX-License-Identifier: MIT */
/* Inside of sandbox: system calls by what they are for. Names, for not every architecture has all. */
#ifndef MOSPROBE_SANDBOX_CALLS_H
#define MOSPROBE_SANDBOX_CALLS_H

static const char *const allowed[] = {
	/* files: configuration, state_dir, /proc, the resolver's and NSS's */
	"read", "readv", "pread64", "preadv", "write", "writev", "pwrite64", "pwritev", "lseek",
	"_llseek", "open", "openat", "openat2", "close", "close_range", "stat", "stat64", "fstat",
	"fstat64", "lstat", "lstat64", "newfstatat", "fstatat64", "statx", "statfs", "statfs64",
	"fstatfs", "fstatfs64", "access", "faccessat", "faccessat2", "readlink", "readlinkat",
	"getdents", "getdents64", "getcwd", "mkdir", "mkdirat", "rmdir", "rename", "renameat",
	"renameat2", "unlink", "unlinkat", "ftruncate", "ftruncate64", "fallocate", "fadvise64",
	"fadvise64_64", "arm_fadvise64_64", "fsync", "fdatasync", "sync_file_range", "flock",
	"fcntl", "fcntl64", "dup", "dup2", "dup3", "pipe", "pipe2", "umask",
	/* the network */
	"socketpair", "connect", "bind", "listen", "accept", "accept4", "getsockname",
	"getpeername", "send", "sendto", "sendmsg", "sendmmsg", "sendmmsg_time64", "recv",
	"recvfrom", "recvmsg", "recvmmsg", "recvmmsg_time64", "shutdown", "setsockopt",
	"getsockopt", "io_uring_enter",
	/* waiting */
	"poll", "ppoll", "ppoll_time64", "select", "_newselect", "pselect6", "pselect6_time64",
	"epoll_create", "epoll_create1", "epoll_ctl", "epoll_wait", "epoll_pwait", "epoll_pwait2",
	"eventfd", "eventfd2", "nanosleep", "clock_nanosleep", "clock_nanosleep_time64",
	"timerfd_create", "timerfd_settime", "timerfd_gettime", "restart_syscall",
	/* time */
	"clock_gettime", "clock_gettime64", "clock_getres", "clock_getres_time64", "gettimeofday",
	"time",
	/* memory */
	"brk", "munmap", "mremap", "madvise", "msync", "mincore", "membarrier",
	/* threads, and what they are told */
	"futex", "futex_time64", "futex_waitv", "set_robust_list", "get_robust_list", "rseq",
	"set_tid_address", "sched_yield", "sched_getaffinity", "getcpu", "getpriority",
	"setpriority", "getrusage", "times", "exit", "exit_group", "rt_sigaction", "rt_sigprocmask",
	"rt_sigpending", "rt_sigreturn", "sigreturn", "rt_sigsuspend", "rt_sigtimedwait",
	"sigaltstack", "tgkill",
	/* who and where it is */
	"getpid", "getppid", "gettid", "getuid", "geteuid", "getgid", "getegid", "getuid32",
	"geteuid32", "getgid32", "getegid32", "getresuid", "getresgid", "getgroups", "getrlimit",
	"ugetrlimit", "capget", "uname", "sysinfo", "getrandom"
};

/* Nothing that mosprobe or its libraries do: whoever calls them is somebody else. */
static const char *const deadly[] = {
	/* other programs and processes */
	"execve", "execveat", "fork", "vfork", "ptrace", "process_vm_readv", "process_vm_writev",
	"process_madvise", "pidfd_getfd", "kcmp",
	/* rights */
	"setuid", "setgid", "setreuid", "setregid", "setresuid", "setresgid", "setfsuid",
	"setfsgid", "setgroups", "capset", "add_key", "request_key", "keyctl",
	/* the kernel */
	"bpf", "perf_event_open", "init_module", "finit_module", "delete_module", "kexec_load",
	"kexec_file_load", "reboot", "userfaultfd", "io_uring_setup", "io_uring_register",
	/* the machine */
	"mount", "umount", "umount2", "pivot_root", "chroot", "move_mount", "open_tree", "fsopen",
	"fsmount", "fsconfig", "mount_setattr", "unshare", "setns", "swapon", "swapoff", "acct",
	"settimeofday", "clock_settime", "adjtimex", "clock_adjtime", "sethostname",
	"setdomainname", "iopl", "ioperm", "personality", "quotactl", "syslog"
};

#endif
