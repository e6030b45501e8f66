/* SPDX-License-Identifier: MIT */
#include "statistics.h"

#include <stdio.h>

typedef unsigned long long count;

void statistics_late(struct statistics *statistics, uint64_t late_ns)
{
	uint64_t step = late_ns / STATISTICS_STEP_NS;

	if (late_ns > statistics->late_max_ns)
		statistics->late_max_ns = late_ns;
	statistics->late[step < STATISTICS_STEPS ? step : STATISTICS_STEPS - 1]++;
}

static double quantile_us(const struct statistics *statistics, double share)
{
	double wanted = share * (double)statistics->sent, seen = 0;
	int step = 0;

	for (; step < STATISTICS_STEPS; step++) {
		seen += statistics->late[step];
		if (seen >= wanted)
			break;
	}
	/* The last step is open: all that can be told is that it is no more than the latest. */
	if (step >= STATISTICS_STEPS - 1)
		return (double)statistics->late_max_ns / 1e3;
	return (step + 0.5) * STATISTICS_STEP_NS / 1e3;
}

static void print_all(const struct statistics *statistics)
{
	const uint64_t *decided = statistics->decided;

	fprintf(stderr,
		"netsim: read: %llu SYN, %llu RST, %llu FIN, %llu other TCP, %llu not TCP\n",
		(count)statistics->syns, (count)statistics->resets, (count)statistics->fins,
		(count)statistics->other_tcp, (count)statistics->other);
	fprintf(stderr,
		"netsim: SYNs: %llu synack, %llu rst, %llu icmp-host, %llu icmp-port, %llu icmp-admin; "
		"unanswered: %llu silence, %llu lost, %llu in no range\n",
		(count)decided[ANSWER_SYNACK], (count)decided[ANSWER_RST],
		(count)decided[ANSWER_ICMP_HOST], (count)decided[ANSWER_ICMP_PORT],
		(count)decided[ANSWER_ICMP_ADMIN], (count)decided[ANSWER_SILENCE],
		(count)statistics->lost, (count)statistics->unlisted);
	fprintf(stderr,
		"netsim: sent: %llu, %llu of them repeated by a peer's timer; %llu lost on the way back; "
		"ring drops: %llu\n",
		(count)statistics->sent, (count)statistics->repeated, (count)statistics->lost_back,
		(count)statistics->ring_drops);
	if (statistics->sent)
		fprintf(stderr,
			"netsim: sent - due: p50 %.2f us, p99 %.2f us, p99.9 %.2f us, max %.2f us\n",
			quantile_us(statistics, 0.5), quantile_us(statistics, 0.99),
			quantile_us(statistics, 0.999), (double)statistics->late_max_ns / 1e3);
}

void statistics_print(const struct statistics *statistics, bool verbose)
{
	const struct {
		uint64_t count;
		const char *what;
	} faults[] = {
		{ statistics->ring_drops, "packets dropped because the ring was full" },
		{ statistics->send_failures, "answers that the kernel did not take" },
		{ statistics->endpoints_full, "SYNs to more addresses and ports than fit" },
		{ statistics->pending_full,
			"answers beyond those that can be on their way at once" },
		{ statistics->evicted, "handshakes forgotten because there were too many" },
	};

	if (verbose)
		print_all(statistics);
	for (size_t i = 0; i < sizeof faults / sizeof faults[0]; i++)
		if (faults[i].count)
			fprintf(stderr, "netsim: warning: %llu %s\n", (count)faults[i].count,
				faults[i].what);
}
