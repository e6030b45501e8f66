/* SPDX-License-Identifier: MIT */
#include <errno.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "address.h"
#include "truth_file.h"

#define LATE_NS 900000000     /* below every SYN time-out of 1 s */
#define PROVOKED_NS 500000000 /* no SYN time-out is as short */

/* The SYNs of one connection, by arrival, and its answer. */
struct connection_seen {
	const struct truth_record **syns;
	size_t count;
	const struct truth_record *answer; /* the first that a client takes; NULL: none in time */
};

static int compare_connection(const struct truth_record *a, const struct truth_record *b)
{
	int order = memcmp(a->address, b->address, sizeof a->address);

	if (order)
		return order;
	if (a->port != b->port)
		return a->port < b->port ? -1 : 1;
	if (a->from_port != b->from_port)
		return a->from_port < b->from_port ? -1 : 1;
	return (a->isn > b->isn) - (a->isn < b->isn);
}

/* SYNs of one connection stand together. */
static int compare_syn(const void *a, const void *b)
{
	const struct truth_record *const *x = a, *const *y = b;
	int order = compare_connection(*x, *y);

	return order ? order : ((*x)->syn > (*y)->syn) - ((*x)->syn < (*y)->syn);
}

static int compare_begin(const void *a, const void *b)
{
	const struct connection_seen *x = a, *y = b;

	return (x->syns[0]->syn > y->syns[0]->syn) - (x->syns[0]->syn < y->syns[0]->syn);
}

/* What is wrong about the others makes clients pass over them. */
static bool is_answer(const struct truth_record *sent)
{
	return sent->left_ns && (sent->packet == TRUTH_SYNACK || sent->packet == TRUTH_RST ||
					sent->packet == TRUTH_ICMP);
}

static void find_answer(
	const struct truth_file *file, struct connection_seen *seen, uint64_t timeout_ns)
{
	for (size_t i = 0; i < seen->count; i++) {
		uint64_t syn = seen->syns[i]->syn;

		for (size_t k = file->first_sent[syn]; k < file->first_sent[syn + 1]; k++)
			if (is_answer(file->sent[k]) &&
				(!seen->answer || file->sent[k]->left_ns < seen->answer->left_ns))
				seen->answer = file->sent[k];
	}
	if (seen->answer && seen->answer->left_ns - seen->syns[0]->arrival_ns > timeout_ns)
		seen->answer = NULL;
}

static void print_ns(uint64_t ns)
{
	if (ns)
		printf(" %llu", (unsigned long long)ns);
	else
		fputs(" -", stdout);
}

/* Of the SYNs that count: after them comes the one at `sent`, if any. */
struct counts {
	size_t sent, provoked;
	const struct truth_record *newest;
};

static struct counts count_syns(const struct connection_seen *seen, uint64_t timeout_ns)
{
	uint64_t begin_ns = seen->syns[0]->arrival_ns;
	struct counts counts = { .sent = 1, .newest = seen->syns[0] };

	for (; counts.sent < seen->count; counts.sent++) {
		const struct truth_record *syn = seen->syns[counts.sent];

		if (seen->answer ? syn->arrival_ns > seen->answer->left_ns
				 : syn->arrival_ns - begin_ns > timeout_ns)
			break;
		counts.provoked += syn->arrival_ns - counts.newest->arrival_ns < PROVOKED_NS;
		counts.newest = syn;
	}
	return counts;
}

/* The lost and the latency of a SYN-ACK or a RST. */
static void print_answered(const struct truth_record *answer, const struct counts *counts)
{
	uint64_t after_ns = answer->left_ns - counts->newest->arrival_ns;
	bool late = after_ns >= LATE_NS;
	bool echoes = answer->flags & TRUTH_TIMESTAMPS && answer->tsecr == counts->newest->tsval;

	printf(" %zu", counts->sent - 1 - counts->provoked + late);
	print_ns(!late && (counts->sent == 1 || echoes) ? after_ns : 0);
}

static void print_connection(const struct connection_seen *seen, uint64_t timeout_ns)
{
	static const char *const outcomes[] = {
		[TRUTH_SYNACK] = "ok", [TRUTH_RST] = "refused", [TRUTH_ICMP] = "unreachable"
	};
	const struct truth_record *answer = seen->answer, *first = seen->syns[0];
	struct counts counts = count_syns(seen, timeout_ns);
	char address[IP_TEXT_SIZE];

	ip_print(ip_from_bytes(first->address, true), address);
	printf("%s %u %u %lu %s %zu %zu", address, first->port, first->from_port,
		(unsigned long)first->isn, answer ? outcomes[answer->packet] : "timeout",
		counts.sent, counts.provoked);
	if (answer && answer->packet != TRUTH_ICMP)
		print_answered(answer, &counts);
	else
		fputs(" - -", stdout);
	print_ns(first->arrival_ns);
	print_ns(answer ? answer->left_ns : 0);
	print_ns(counts.sent < seen->count ? seen->syns[counts.sent]->arrival_ns : 0);
	putchar('\n');
}

int truth_print_samples(const struct truth_file *file, uint64_t timeout_ns)
{
	const struct truth_record **syns = calloc(file->syn_count + 1, sizeof *syns);
	struct connection_seen *all = calloc(file->syn_count + 1, sizeof *all);
	size_t syn_count = 0, count = 0;

	if (!syns || !all) {
		free(syns);
		free(all);
		return -ENOMEM;
	}
	for (size_t i = 0; i < file->syn_count; i++)
		if (file->syns[i])
			syns[syn_count++] = file->syns[i];
	qsort(syns, syn_count, sizeof *syns, compare_syn);
	for (size_t i = 0; i < syn_count; i++) {
		if (!i || compare_connection(syns[i - 1], syns[i]) != 0)
			all[count++].syns = syns + i;
		all[count - 1].count++;
	}
	qsort(all, count, sizeof *all, compare_begin);
	puts("# address port from_port isn outcome sent provoked lost rtt_ns begin_ns answer_ns "
	     "next_syn_ns");
	for (size_t i = 0; i < count; i++) {
		find_answer(file, &all[i], timeout_ns);
		print_connection(&all[i], timeout_ns);
	}
	free(syns);
	free(all);
	return 0;
}
