/* SPDX-License-Identifier: MIT */
#include "edges/machine.h"

#include <stdio.h>

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
