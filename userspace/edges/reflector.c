/* SPDX-License-Identifier: MIT */
#include "edges/reflector.h"

#include <ctype.h>
#include <dirent.h>
#include <errno.h>
#include <ifaddrs.h>
#include <linux/if_link.h>
#include <net/if.h>
#include <sched.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <time.h>
#include <unistd.h>

#include <bpf/bpf.h>
#include <bpf/libbpf.h>

#include "edges/links.h"
#include "reflect.skel.h"

/* The longest that the kernel takes; a second of 16,384 SYNs. */
#define CPU_QUEUE 16384
/* What is still under way at the end arrives within this. */
#define SETTLE_MS 200

/* A thread's name, as it can be read everywhere. */
#define THREAD_NAME_LEAST 15

struct reflector {
	struct reflect_bpf *skeleton;
	int peers_namespace, other_namespace;
	int cpu;
	int timing; /* a descriptor that keeps it on, -1 = off */
};

static int failed(struct message *msg, int error, const char *what)
{
	return message_set(msg, error, "cannot %s: %s%s", what, strerror(-error),
		error == -EPERM
			? ": needs CAP_BPF and CAP_NET_ADMIN, and outside of a user namespace"
			: "");
}

static int load(struct reflector *reflector, struct message *msg)
{
	struct reflect_bpf *skeleton = reflect_bpf__open();
	struct bpf_cpumap_val value = { .qsize = CPU_QUEUE };
	int error, cpu = reflector->cpu;
	uint32_t key = cpu < 0 ? 0 : (uint32_t)cpu;

	reflector->skeleton = skeleton;
	if (!skeleton)
		return failed(msg, -errno, "read the programs");
	skeleton->rodata->cpu = key;
	error = bpf_map__set_max_entries(skeleton->maps.cpus, key + 1);
	if (!error)
		error = reflect_bpf__load(skeleton);
	if (error)
		return failed(msg, error, "load the programs");
	if (cpu < 0)
		return 0;
	value.bpf_prog.fd = bpf_program__fd(skeleton->progs.reflect_there);
	if (bpf_map_update_elem(bpf_map__fd(skeleton->maps.cpus), &key, &value, 0))
		return failed(msg, -errno, "have another CPU answer");
	return 0;
}

/* To the end in the namespace that the caller is in. Not the generic mode, which has no part of the
 * link's own path. */
static int attach(const struct bpf_program *program, struct message *msg)
{
	unsigned interface = if_nametoindex(LINK_INTERFACE);
	int error = interface ? bpf_xdp_attach((int)interface, bpf_program__fd(program),
					XDP_FLAGS_DRV_MODE, NULL)
			      : -errno;

	return error ? failed(msg, error, "attach to the link") : 0;
}

static int attach_both(struct reflector *reflector, struct message *msg)
{
	struct reflect_bpf *skeleton = reflector->skeleton;
	int error = attach(reflector->cpu < 0 ? skeleton->progs.reflect_here
					      : skeleton->progs.reflect_elsewhere,
		msg);

	if (error)
		return error;
	if (setns(reflector->other_namespace, CLONE_NEWNET))
		return failed(msg, -errno, "reach the other end of the link");
	error = attach(skeleton->progs.reflect_pass, msg);
	if (setns(reflector->peers_namespace, CLONE_NEWNET))
		return failed(msg, -errno, "come back from the other end of the link");
	return error;
}

int reflector_create(struct reflector **ret_reflector, int peers_namespace, int other_namespace,
	int cpu, bool verbose, struct message *msg)
{
	struct reflector *reflector = calloc(1, sizeof *reflector);
	libbpf_print_fn_t before = NULL;
	int error;

	if (!reflector)
		return failed(msg, -ENOMEM, "begin");
	reflector->peers_namespace = peers_namespace;
	reflector->other_namespace = other_namespace;
	reflector->cpu = cpu;
	reflector->timing = -1;
	if (!verbose)
		before = libbpf_set_print(NULL); /* it has several lines for what is told in one */
	error = load(reflector, msg);
	if (!error)
		error = attach_both(reflector, msg);
	if (!verbose)
		libbpf_set_print(before);
	if (error) {
		reflector_destroy(reflector);
		return error;
	}
	*ret_reflector = reflector;
	return 0;
}

void reflector_destroy(struct reflector *reflector)
{
	if (!reflector)
		return;
	if (reflector->timing >= 0)
		close(reflector->timing);
	reflect_bpf__destroy(reflector->skeleton);
	free(reflector);
}

/* Of the link, as the end of who connects sees it. */
static int read_link(const struct reflector *reflector, struct rtnl_link_stats *ret_stats)
{
	struct ifaddrs *all;
	int error = -ENODEV;

	if (setns(reflector->other_namespace, CLONE_NEWNET))
		return -errno;
	if (getifaddrs(&all))
		return -errno;
	for (const struct ifaddrs *one = all; one; one = one->ifa_next)
		if (!strcmp(one->ifa_name, LINK_INTERFACE) &&
			one->ifa_addr->sa_family == AF_PACKET) {
			memcpy(ret_stats, one->ifa_data, sizeof *ret_stats);
			error = 0;
		}
	freeifaddrs(all);
	return error;
}

/* Of the program that makes the answers. */
static uint64_t programs_ns(const struct reflector *reflector)
{
	const struct reflect_bpf *skeleton = reflector->skeleton;
	struct bpf_prog_info info = { 0 };
	uint32_t size = sizeof info;

	bpf_obj_get_info_by_fd(bpf_program__fd(reflector->cpu < 0 ? skeleton->progs.reflect_here
								  : skeleton->progs.reflect_there),
		&info, &size);
	return info.run_time_ns;
}

/* The link counts what reached its rings, the programs what they saw: what is missing between the two
 * was lost, whatever lost it. */
int reflector_read(const struct reflector *reflector, struct reflector_counts *ret)
{
	const struct reflect_bpf__bss *seen = reflector->skeleton->bss;
	const volatile __u64 *counts = seen->counts;
	struct rtnl_link_stats link;
	uint32_t all = 0;
	int error = read_link(reflector, &link);

	if (error)
		return error;
	for (int kind = 0; kind < REFLECT_COUNT; kind++) {
		ret->packets[kind] = counts[kind];
		all += (uint32_t)ret->packets[kind];
	}
	ret->first_syn_ns = seen->first_syn_ns;
	ret->last_syn_ns = seen->last_syn_ns;
	ret->lost_ring = link.tx_dropped;
	ret->lost_queue = link.tx_packets - all;
	ret->lost_back = (uint32_t)ret->packets[REFLECT_SYN] - link.rx_packets;
	ret->sent_packets = link.tx_packets;
	ret->sent_bytes = link.tx_bytes;
	ret->received_packets = link.rx_packets;
	ret->received_bytes = link.rx_bytes;
	ret->programs_ns = programs_ns(reflector);
	return 0;
}

int reflector_settle(const struct reflector *reflector, struct reflector_counts *ret)
{
	const struct timespec moment = { .tv_nsec = 1000000 };
	int error = reflector_read(reflector, ret);

	for (int i = 0; i < SETTLE_MS && !error && (ret->lost_queue || ret->lost_back); i++) {
		nanosleep(&moment, NULL);
		error = reflector_read(reflector, ret);
	}
	return error;
}

bool reflector_time(struct reflector *reflector)
{
	if (reflector->timing < 0)
		reflector->timing = bpf_enable_stats(BPF_STATS_RUN_TIME);
	return reflector->timing >= 0;
}

/* Has the process of /proc this name, or as much of it as older kernels tell? */
static bool is_called(const char *pid, const char *name)
{
	char path[300], found[64] = "";
	FILE *file;

	snprintf(path, sizeof path, "/proc/%.255s/comm", pid);
	file = fopen(path, "re");
	if (file && fgets(found, sizeof found, file))
		found[strcspn(found, "\n")] = '\0';
	if (file)
		fclose(file);
	return strlen(found) >= THREAD_NAME_LEAST ? !strncmp(found, name, strlen(found))
						  : !strcmp(found, name);
}

int reflector_process(const struct reflector *reflector)
{
	struct bpf_map_info info = { 0 };
	uint32_t size = sizeof info;
	struct dirent *entry;
	char name[64];
	int pid = 0;
	DIR *proc;

	if (reflector->cpu < 0 ||
		bpf_obj_get_info_by_fd(bpf_map__fd(reflector->skeleton->maps.cpus), &info, &size))
		return 0;
	snprintf(name, sizeof name, "cpumap/%d/map:%u", reflector->cpu, info.id);
	proc = opendir("/proc");
	while (proc && !pid && (entry = readdir(proc)))
		if (isdigit((unsigned char)entry->d_name[0]) && is_called(entry->d_name, name))
			pid = atoi(entry->d_name);
	if (proc)
		closedir(proc);
	return pid;
}
