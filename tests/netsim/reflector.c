/* SPDX-License-Identifier: MIT */
#include "reflector.h"

#include <errno.h>
#include <fcntl.h>
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

#include "links.h"
#include "reflect.h"
#include "reflect.skel.h"

/* The longest that the kernel takes; a second of 16,384 SYNs. */
#define CPU_QUEUE 16384
/* What is still under way at the end arrives within this. */
#define SETTLE_MS 200

typedef unsigned long long count;

struct reflector {
	struct reflect_bpf *skeleton;
	int own_namespace, command_namespace;
	bool verbose;
};

/* Packets that the link lost, by where. */
struct losses {
	uint32_t ring;	/* towards the peers: there is room for 256, and their CPU did not come */
	uint32_t queue; /* behind that, before the CPU that answers */
	uint32_t back;	/* answers */
};

static int failed(int error, const char *what)
{
	fprintf(stderr, "netsim: --xdp: cannot %s: %s%s\n", what, strerror(-error),
		error == -EPERM
			? ": needs CAP_BPF and CAP_NET_ADMIN, and outside of a user namespace"
			: "");
	return error;
}

/* The namespaces, so that the end in the other one can be reached, also after its processes. */
static int open_namespaces(struct reflector *reflector, pid_t command)
{
	char path[64];

	snprintf(path, sizeof path, "/proc/%d/ns/net", (int)command);
	reflector->own_namespace = open("/proc/self/ns/net", O_RDONLY | O_CLOEXEC);
	reflector->command_namespace = open(path, O_RDONLY | O_CLOEXEC);
	return reflector->own_namespace < 0 || reflector->command_namespace < 0 ? -errno : 0;
}

static int load(struct reflector *reflector, int cpu)
{
	struct reflect_bpf *skeleton = reflect_bpf__open();
	struct bpf_cpumap_val value = { .qsize = CPU_QUEUE };
	uint32_t key = cpu < 0 ? 0 : (uint32_t)cpu;
	int error;

	reflector->skeleton = skeleton;
	if (!skeleton)
		return failed(-errno, "read the programs");
	skeleton->rodata->cpu = key;
	error = bpf_map__set_max_entries(skeleton->maps.cpus, key + 1);
	if (!error)
		error = reflect_bpf__load(skeleton);
	if (error)
		return failed(error, "load the programs");
	if (cpu < 0)
		return 0;
	value.bpf_prog.fd = bpf_program__fd(skeleton->progs.reflect_there);
	if (bpf_map_update_elem(bpf_map__fd(skeleton->maps.cpus), &key, &value, 0))
		return failed(-errno, "have another CPU answer");
	return 0;
}

/* To the end in the namespace that the caller is in. Not the generic mode, which has no part of the
 * link's own path. */
static int attach(const struct bpf_program *program)
{
	unsigned interface = if_nametoindex(LINK_INTERFACE);
	int error = interface ? bpf_xdp_attach((int)interface, bpf_program__fd(program),
					XDP_FLAGS_DRV_MODE, NULL)
			      : -errno;

	return error ? failed(error, "attach to the link") : 0;
}

static int attach_both(struct reflector *reflector, int cpu)
{
	struct reflect_bpf *skeleton = reflector->skeleton;
	int error =
		attach(cpu < 0 ? skeleton->progs.reflect_here : skeleton->progs.reflect_elsewhere);

	if (error)
		return error;
	if (setns(reflector->command_namespace, CLONE_NEWNET))
		return failed(-errno, "reach the other end of the link");
	error = attach(skeleton->progs.reflect_pass);
	if (setns(reflector->own_namespace, CLONE_NEWNET))
		return failed(-errno, "come back from the other end of the link");
	return error;
}

int reflector_create(struct reflector **ret_reflector, pid_t command, int cpu, bool verbose)
{
	struct reflector *reflector = calloc(1, sizeof *reflector);
	int error;

	if (!reflector)
		return failed(-ENOMEM, "begin");
	reflector->verbose = verbose;
	if (!verbose)
		libbpf_set_print(NULL); /* it has several lines for what is told in one */
	error = open_namespaces(reflector, command);
	if (error)
		failed(error, "open the network namespaces");
	if (!error)
		error = load(reflector, cpu);
	if (!error)
		error = attach_both(reflector, cpu);
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
	reflect_bpf__destroy(reflector->skeleton);
	close(reflector->own_namespace);
	close(reflector->command_namespace);
	free(reflector);
}

/* Of the link, as the command's end sees it. */
static int read_link(const struct reflector *reflector, struct rtnl_link_stats *ret_stats)
{
	struct ifaddrs *all;
	int error = -ENODEV;

	if (setns(reflector->command_namespace, CLONE_NEWNET))
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

/* The link counts what reached its rings, the programs what they saw: what is missing between the two
 * was lost, whatever lost it. */
static int read_losses(const struct reflector *reflector, struct losses *ret_losses)
{
	const volatile __u64 *counts = reflector->skeleton->bss->counts;
	struct rtnl_link_stats link;
	uint32_t seen = 0;
	int error = read_link(reflector, &link);

	if (error)
		return error;
	for (int kind = 0; kind < REFLECT_COUNT; kind++)
		seen += (uint32_t)counts[kind];
	ret_losses->ring = link.tx_dropped;
	ret_losses->queue = link.tx_packets - seen;
	ret_losses->back = (uint32_t)counts[REFLECT_SYN] - link.rx_packets;
	return 0;
}

/* The same, once nothing is under way any more. */
static int settle(const struct reflector *reflector, struct losses *ret_losses)
{
	const struct timespec moment = { .tv_nsec = 1000000 };
	int error = read_losses(reflector, ret_losses);

	for (int i = 0; i < SETTLE_MS && !error && (ret_losses->queue || ret_losses->back); i++) {
		nanosleep(&moment, NULL);
		error = read_losses(reflector, ret_losses);
	}
	return error;
}

static void print_all(const struct reflect_bpf__bss *seen, const struct losses *losses)
{
	const __u64 *counts = seen->counts;
	double seconds = (double)(seen->last_syn_ns - seen->first_syn_ns) / 1e9;

	fprintf(stderr, "netsim: --xdp: answered: %llu SYN in %.3f s, %.0f a second\n",
		(count)counts[REFLECT_SYN], seconds,
		seconds > 0 ? (double)(counts[REFLECT_SYN] - 1) / seconds : 0);
	fprintf(stderr,
		"netsim: --xdp: not answered: %llu other SYN, %llu RST, %llu FIN, %llu other TCP, "
		"%llu not TCP\n",
		(count)counts[REFLECT_SYN_OTHER], (count)counts[REFLECT_RST],
		(count)counts[REFLECT_FIN], (count)counts[REFLECT_TCP],
		(count)counts[REFLECT_OTHER]);
	fprintf(stderr,
		"netsim: --xdp: lost by the link: %u in its ring, %u before the CPU that answers, %u "
		"answers\n",
		losses->ring, losses->queue, losses->back);
}

void reflector_report(struct reflector *reflector)
{
	struct losses losses = { 0 };
	int error = settle(reflector, &losses);

	if (error) {
		fprintf(stderr, "netsim: --xdp: cannot read what the link lost: %s\n",
			strerror(-error));
		return;
	}
	if (reflector->verbose)
		print_all(reflector->skeleton->bss, &losses);
	if (losses.ring || losses.queue || losses.back)
		fprintf(stderr,
			"netsim: warning: the link lost packets that no scenario asked for: %u in its "
			"ring of 256, %u before the CPU that answers, %u answers\n",
			losses.ring, losses.queue, losses.back);
}
