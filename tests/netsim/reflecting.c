/* SPDX-License-Identifier: MIT */
#include "reflecting.h"

#include <stdio.h>
#include <string.h>

typedef unsigned long long count;

static void print_all(const struct reflector_counts *seen)
{
	const uint64_t *packets = seen->packets;
	double seconds = (double)(seen->last_syn_ns - seen->first_syn_ns) / 1e9;

	fprintf(stderr, "netsim: --xdp: answered: %llu SYN in %.3f s, %.0f a second\n",
		(count)packets[REFLECT_SYN], seconds,
		seconds > 0 ? (double)(packets[REFLECT_SYN] - 1) / seconds : 0);
	fprintf(stderr,
		"netsim: --xdp: not answered: %llu other SYN, %llu RST, %llu FIN, %llu other TCP, "
		"%llu not TCP\n",
		(count)packets[REFLECT_SYN_OTHER], (count)packets[REFLECT_RST],
		(count)packets[REFLECT_FIN], (count)packets[REFLECT_TCP],
		(count)packets[REFLECT_OTHER]);
	fprintf(stderr,
		"netsim: --xdp: lost by the link: %u in its ring, %u before the CPU that answers, %u "
		"answers\n",
		seen->lost_ring, seen->lost_queue, seen->lost_back);
}

void reflecting_report(const struct reflector *reflector, bool verbose)
{
	struct reflector_counts seen;
	int error = reflector_settle(reflector, &seen);

	if (error) {
		fprintf(stderr, "netsim: --xdp: cannot read what the link lost: %s\n",
			strerror(-error));
		return;
	}
	if (verbose)
		print_all(&seen);
	if (seen.lost_ring || seen.lost_queue || seen.lost_back)
		fprintf(stderr,
			"netsim: warning: the link lost packets that no scenario asked for: %u in its "
			"ring of 256, %u before the CPU that answers, %u answers\n",
			seen.lost_ring, seen.lost_queue, seen.lost_back);
}
