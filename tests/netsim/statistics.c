/* SPDX-License-Identifier: MIT */
#include "statistics.h"

#include <stdio.h>

#include "values.h"

typedef unsigned long long count;

void statistics_late(struct statistics *statistics, uint64_t late_ns)
{
	uint64_t step = late_ns / STATISTICS_STEP_NS;

	if (late_ns > statistics->late_max_ns)
		statistics->late_max_ns = late_ns;
	statistics->late[step < STATISTICS_STEPS ? step : STATISTICS_STEPS - 1]++;
}

void statistics_turn(struct statistics *statistics, uint64_t turn_ns)
{
	statistics->spun_ns += turn_ns;
	if (turn_ns <= STATISTICS_TAKEN_NS)
		return;
	statistics->taken_count++;
	statistics->taken_ns += turn_ns;
	if (turn_ns > statistics->taken_max_ns)
		statistics->taken_max_ns = turn_ns;
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
		"unanswered: %llu silence, %llu lost, %llu in an outage, %llu in no range\n",
		(count)decided[ANSWER_SYNACK], (count)decided[ANSWER_RST],
		(count)decided[ANSWER_ICMP_HOST], (count)decided[ANSWER_ICMP_PORT],
		(count)decided[ANSWER_ICMP_ADMIN], (count)decided[ANSWER_SILENCE],
		(count)statistics->lost, (count)statistics->dark, (count)statistics->unlisted);
	for (int i = ANSWER_ICMP_ADMIN + 1; i < ANSWER_COUNT; i++)
		if (decided[i])
			fprintf(stderr, "netsim: SYNs: %llu %s\n", (count)decided[i],
				answer_name((enum answer)i));
	fprintf(stderr,
		"netsim: sent: %llu, %llu of them repeated by a peer's timer; on the way back: %llu "
		"lost, %llu in an outage; ring drops: %llu\n",
		(count)statistics->sent, (count)statistics->repeated, (count)statistics->lost_back,
		(count)statistics->dark_back, (count)statistics->ring_drops);
	if (statistics->sent)
		fprintf(stderr,
			"netsim: sent - due: p50 %.2f us, p99 %.2f us, p99.9 %.2f us, max %.2f us\n",
			quantile_us(statistics, 0.5), quantile_us(statistics, 0.99),
			quantile_us(statistics, 0.999), (double)statistics->late_max_ns / 1e3);
	if (statistics->spun_ns)
		fprintf(stderr,
			"netsim: its CPU was taken away for more than 20 us %llu times, longest %.0f us: "
			"%.2f %% of the %.2f s that it spun\n",
			(count)statistics->taken_count, (double)statistics->taken_max_ns / 1e3,
			100 * (double)statistics->taken_ns / (double)statistics->spun_ns,
			(double)statistics->spun_ns / 1e9);
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
		{ statistics->attempts_evicted,
			"SYNs of which the log of truth cannot tell whether they were repeated" },
		{ statistics->truth_lost, "records missing in the log of truth" },
	};

	if (verbose)
		print_all(statistics);
	for (size_t i = 0; i < sizeof faults / sizeof faults[0]; i++)
		if (faults[i].count)
			fprintf(stderr, "netsim: warning: %llu %s\n", (count)faults[i].count,
				faults[i].what);
}
