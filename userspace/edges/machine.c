/* SPDX-License-Identifier: MIT */
#include "edges/machine.h"

#include <arpa/inet.h>
#include <errno.h>
#include <netinet/in.h>
#include <sched.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/statvfs.h>
#include <time.h>
#include <unistd.h>

#include "vocabulary/nsec.h"

#define FREE_LEAST (256ull << 20)

/* Reads a file of one or two numbers; returns how many it found. */
static int read_numbers(const char *file, unsigned long long ret[2])
{
	FILE *stream = fopen(file, "re");
	int found;

	if (!stream)
		return 0;
	found = fscanf(stream, "%llu %llu", &ret[0], &ret[1]);
	fclose(stream);
	return found < 0 ? 0 : found;
}

uint32_t machine_ephemeral_ports(void)
{
	unsigned long long range[2];

	if (read_numbers("/proc/sys/net/ipv4/ip_local_port_range", range) != 2 ||
		range[1] < range[0])
		return 0;
	return (uint32_t)(range[1] - range[0] + 1);
}

bool machine_tcp_timestamps(void)
{
	unsigned long long value[2];

	return read_numbers("/proc/sys/net/ipv4/tcp_timestamps", value) != 1 || value[0];
}

bool machine_conntrack(uint64_t *ret_entries, uint64_t *ret_most)
{
	unsigned long long entries[2], most[2];

	if (read_numbers("/proc/sys/net/netfilter/nf_conntrack_count", entries) != 1 ||
		read_numbers("/proc/sys/net/netfilter/nf_conntrack_max", most) != 1)
		return false;
	*ret_entries = entries[0];
	*ret_most = most[0] > entries[0] ? most[0] : entries[0];
	return true;
}

bool machine_tracks(void)
{
	const struct sockaddr_in discard = { .sin_family = AF_INET,
		.sin_port = htons(9),
		.sin_addr.s_addr = htonl(INADDR_LOOPBACK) };
	int fd = socket(AF_INET, SOCK_DGRAM | SOCK_CLOEXEC, 0);
	uint64_t entries, most;

	if (fd >= 0) {
		sendto(fd, "", 1, MSG_DONTWAIT, (const struct sockaddr *)&discard, sizeof discard);
		close(fd);
	}
	return machine_conntrack(&entries, &most) && entries;
}

/* The function is there only in a kernel that is built to. */
bool machine_counts_interrupts_apart(void)
{
	FILE *stream = fopen("/proc/kallsyms", "re");
	char text[256];
	bool found = false;

	while (stream && !found && fgets(text, sizeof text, stream))
		found = strstr(text, " irqtime_account_irq\n") != NULL;
	if (stream)
		fclose(stream);
	return found;
}

/* Column `column` of the CPUs' line in /proc/stat, from 1. */
static double cpus_s(unsigned column)
{
	FILE *stream = fopen("/proc/stat", "re");
	unsigned long long ticks = 0;
	bool good = stream && !fscanf(stream, "cpu");

	for (unsigned i = 0; good && i < column; i++)
		good = fscanf(stream, "%llu", &ticks) == 1;
	if (stream)
		fclose(stream);
	return good ? (double)ticks / (double)sysconf(_SC_CLK_TCK) : 0;
}

double machine_interrupts_s(void)
{
	return cpus_s(6) + cpus_s(7);
}

double machine_stolen_s(void)
{
	return cpus_s(8);
}

uint64_t machine_memory_available(void)
{
	FILE *stream = fopen("/proc/meminfo", "re");
	unsigned long long kib = 0;
	char text[128];

	while (stream && fgets(text, sizeof text, stream))
		if (sscanf(text, "MemAvailable: %llu kB", &kib) == 1)
			break;
	if (stream)
		fclose(stream);
	return (uint64_t)kib * 1024;
}

struct machine_process machine_process(void)
{
	unsigned long long pages[2] = { 0 }; /* all, and resident ones */
	struct timespec cpu = { 0 };

	clock_gettime(CLOCK_PROCESS_CPUTIME_ID, &cpu);
	read_numbers("/proc/self/statm", pages);
	return (struct machine_process) {
		.cpu_ns = (uint64_t)cpu.tv_sec * NSEC_PER_SEC + (uint64_t)cpu.tv_nsec,
		.resident_bytes = pages[1] * (uint64_t)sysconf(_SC_PAGESIZE),
	};
}

uint64_t machine_cpu_ns(int process)
{
	struct timespec cpu;
	clockid_t clock;

	if (clock_getcpuclockid(process, &clock) || clock_gettime(clock, &cpu))
		return 0;
	return (uint64_t)cpu.tv_sec * NSEC_PER_SEC + (uint64_t)cpu.tv_nsec;
}

uint64_t machine_resident_bytes(int process)
{
	unsigned long long pages[2] = { 0 };
	char file[32];

	snprintf(file, sizeof file, "/proc/%d/statm", process);
	read_numbers(file, pages);
	return pages[1] * (uint64_t)sysconf(_SC_PAGESIZE);
}

unsigned machine_cpus(unsigned *ret_last)
{
	cpu_set_t cpus;

	*ret_last = 0;
	if (sched_getaffinity(0, sizeof cpus, &cpus))
		return 1;
	for (unsigned i = 0; i < CPU_SETSIZE; i++)
		if (CPU_ISSET(i, &cpus))
			*ret_last = i;
	return (unsigned)CPU_COUNT(&cpus);
}

double machine_waited_s(int process)
{
	unsigned long long ns[2] = { 0 }; /* run, waited */
	char file[32];

	snprintf(file, sizeof file, "/proc/%d/schedstat", process);
	read_numbers(file, ns);
	return (double)ns[1] / NSEC_PER_SEC;
}

void machine_keep_off(int process, unsigned cpu)
{
	cpu_set_t cpus;

	if (sched_getaffinity(process, sizeof cpus, &cpus))
		return;
	CPU_CLR(cpu, &cpus);
	sched_setaffinity(process, sizeof cpus, &cpus);
}

/* One that is to be made: can it be? */
static enum machine_folder parent_of(const char *path, struct message *ret_found)
{
	char *parent = strdup(path), *slash = parent ? strrchr(parent, '/') : NULL;
	const char *where = slash == parent ? "/" : slash ? parent : ".";
	bool good;

	if (slash && slash != parent)
		*slash = '\0';
	good = !access(where, W_OK | X_OK);
	if (good)
		message_set(ret_found, 0, "is not there, and will be made");
	else
		message_set(ret_found, 0, "is not there, and cannot be made in %s: %s", where,
			strerror(errno));
	free(parent);
	return good ? MACHINE_FOLDER_GOOD : MACHINE_FOLDER_BAD;
}

/* Who may write there may put a link in the place of a file, and have another file written to. */
enum machine_folder machine_folder_owner(const char *path, uid_t owner, struct message *ret_found)
{
	struct stat status;

	if (stat(path, &status))
		return MACHINE_FOLDER_GOOD;
	if (status.st_mode & S_IWOTH) {
		message_set(ret_found, 0, "anybody may write there: chmod o-w");
		return MACHINE_FOLDER_BAD;
	}
	if (status.st_uid != owner && status.st_uid) {
		message_set(ret_found, 0, "belongs to another user (uid %u)", status.st_uid);
		return MACHINE_FOLDER_RISKY;
	}
	return MACHINE_FOLDER_GOOD;
}

enum machine_folder machine_folder(const char *path, uid_t owner, struct message *ret_found)
{
	enum machine_folder kind;
	struct statvfs space;
	struct stat status;
	uint64_t left;

	if (stat(path, &status)) {
		if (errno == ENOENT)
			return parent_of(path, ret_found);
		message_set(ret_found, 0, "%s", strerror(errno));
		return MACHINE_FOLDER_BAD;
	}
	if (!S_ISDIR(status.st_mode)) {
		message_set(ret_found, 0, "is no folder");
		return MACHINE_FOLDER_BAD;
	}
	if (access(path, R_OK | W_OK | X_OK)) {
		message_set(ret_found, 0, "%s", strerror(errno));
		return MACHINE_FOLDER_BAD;
	}
	kind = machine_folder_owner(path, owner, ret_found);
	if (kind != MACHINE_FOLDER_GOOD)
		return kind;
	if (statvfs(path, &space)) {
		message_set(ret_found, 0, "%s", strerror(errno));
		return MACHINE_FOLDER_BAD;
	}
	left = (uint64_t)space.f_bavail * space.f_frsize;
	message_set(ret_found, 0, "%.1f GiB free", (double)left / (1ull << 30));
	return left < FREE_LEAST ? MACHINE_FOLDER_RISKY : MACHINE_FOLDER_GOOD;
}
