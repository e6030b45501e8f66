/* SPDX-License-Identifier: MIT */
#include "edges/capture.h"

#include <errno.h>
#include <linux/net_tstamp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/socket.h>
#include <unistd.h>

#include <bpf/bpf.h>
#include <bpf/libbpf.h>

#include "handshake.skel.h"

struct capture {
	struct handshake_bpf *skeleton;
	struct bpf_link *egress, *ingress;
	volatile struct handshake *records;
	size_t records_size;
	int stamping_socket;
	int slot_map;
};

/* libbpf prints why it failed; the last such line goes into the message. Loading happens once, before
 * there are threads. */
static char last_line[256];

static int __attribute__((format(printf, 2, 0))) keep_line(
	enum libbpf_print_level level, const char *format, va_list args)
{
	if (level == LIBBPF_WARN) {
		vsnprintf(last_line, sizeof last_line, format, args);
		last_line[strcspn(last_line, "\n")] = '\0';
	}
	return 0;
}

static int failed(struct message *msg, int error, const char *what)
{
	return message_set(msg, error, "%s: %s%s%s", what, strerror(-error),
		last_line[0] ? ": " : "", last_line);
}

static int load(struct capture *capture, uint32_t slots, struct message *msg)
{
	int error;

	capture->skeleton = handshake_bpf__open();
	if (!capture->skeleton)
		return failed(msg, -errno, "opening the BPF object");
	error = bpf_map__set_max_entries(capture->skeleton->maps.handshakes, slots);
	if (error)
		return failed(msg, error, "sizing the BPF map");
	error = handshake_bpf__load(capture->skeleton);
	if (error)
		return failed(msg, error, "loading the BPF programs (CAP_BPF and CAP_NET_ADMIN?)");
	capture->slot_map = bpf_map__fd(capture->skeleton->maps.slot_of_socket);
	return 0;
}

static int map_records(struct capture *capture, uint32_t slots, struct message *msg)
{
	size_t page = (size_t)sysconf(_SC_PAGESIZE);
	void *memory;

	capture->records_size = ((size_t)slots * sizeof(struct handshake) + page - 1) & ~(page - 1);
	memory = mmap(NULL, capture->records_size, PROT_READ, MAP_SHARED,
		bpf_map__fd(capture->skeleton->maps.handshakes), 0);
	if (memory == MAP_FAILED)
		return failed(msg, -errno, "mapping the BPF records");
	capture->records = memory;
	return 0;
}

static int attach(struct capture *capture, int cgroup_fd, struct message *msg)
{
	capture->egress =
		bpf_program__attach_cgroup(capture->skeleton->progs.handshake_egress, cgroup_fd);
	if (!capture->egress)
		return failed(msg, -errno, "attaching to the cgroup");
	capture->ingress =
		bpf_program__attach_cgroup(capture->skeleton->progs.handshake_ingress, cgroup_fd);
	if (!capture->ingress)
		return failed(msg, -errno, "attaching to the cgroup");
	return 0;
}

/* One socket with software receive time-stamping makes the kernel stamp every packet as its batch
 * enters the machine. Without it the programs use their own clock: less exact, not wrong. */
static void switch_stamping_on(struct capture *capture)
{
	int flags = SOF_TIMESTAMPING_RX_SOFTWARE | SOF_TIMESTAMPING_SOFTWARE;

	capture->stamping_socket = socket(AF_INET, SOCK_DGRAM | SOCK_CLOEXEC, 0);
	if (capture->stamping_socket >= 0)
		setsockopt(capture->stamping_socket, SOL_SOCKET, SO_TIMESTAMPING, &flags,
			sizeof flags);
}

int capture_open(struct capture **ret, int cgroup_fd, uint32_t slots, struct message *msg)
{
	struct capture *capture = calloc(1, sizeof *capture);
	libbpf_print_fn_t before;
	int error;

	if (!capture)
		return message_set(msg, -ENOMEM, "out of memory");
	capture->stamping_socket = -1;
	last_line[0] = '\0';
	before = libbpf_set_print(keep_line);
	error = load(capture, slots, msg);
	if (!error)
		error = map_records(capture, slots, msg);
	if (!error)
		error = attach(capture, cgroup_fd, msg);
	libbpf_set_print(before);
	if (error) {
		capture_close(capture);
		return error;
	}
	switch_stamping_on(capture);
	*ret = capture;
	return 0;
}

void capture_close(struct capture *capture)
{
	if (!capture)
		return;
	if (capture->stamping_socket >= 0)
		close(capture->stamping_socket);
	bpf_link__destroy(capture->ingress);
	bpf_link__destroy(capture->egress);
	if (capture->records)
		munmap((void *)capture->records, capture->records_size);
	handshake_bpf__destroy(capture->skeleton);
	free(capture);
}

int capture_add_socket(struct capture *capture, uint32_t slot, int fd)
{
	return bpf_map_update_elem(capture->slot_map, &fd, &slot, BPF_NOEXIST) ? -errno : 0;
}

void capture_read(const struct capture *capture, uint32_t slot, struct handshake *ret)
{
	*ret = capture->records[slot];
}

uint64_t capture_first_syn_ns(const struct capture *capture, uint32_t slot)
{
	return capture->records[slot].first_syn_ns;
}

void capture_troubles(const struct capture *capture, uint64_t ret[HANDSHAKE_TROUBLES])
{
	for (unsigned i = 0; i < HANDSHAKE_TROUBLES; i++)
		ret[i] = __atomic_load_n(&capture->skeleton->bss->troubles[i], __ATOMIC_RELAXED);
}

void capture_set_clock(struct capture *capture, uint64_t real_ns, uint64_t mono_ns)
{
	capture->skeleton->bss->realtime_offset_ns = (int64_t)(real_ns - mono_ns);
}
