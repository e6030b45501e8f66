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
	const struct truth_record *answer; /* the first that a client takes; NULL: none */
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

static void find_answer(const struct truth_file *file, struct connection_seen *seen)
{
	for (size_t i = 0; i < seen->count; i++) {
		uint64_t syn = seen->syns[i]->syn;

		for (size_t k = file->first_sent[syn]; k < file->first_sent[syn + 1]; k++)
			if (is_answer(file->sent[k]) &&
				(!seen->answer || file->sent[k]->left_ns < seen->answer->left_ns))
				seen->answer = file->sent[k];
	}
}

static void print_connection(const struct connection_seen *seen)
{
	static const char *const outcomes[] = {
		[TRUTH_SYNACK] = "ok", [TRUTH_RST] = "refused", [TRUTH_ICMP] = "unreachable"
	};
	const struct truth_record *answer = seen->answer, *newest = seen->syns[0];
	size_t sent = 1, provoked = 0;
	char address[IP_TEXT_SIZE];
	bool certain, late;

	for (; sent < seen->count; sent++) {
		const struct truth_record *syn = seen->syns[sent];

		if (answer && syn->arrival_ns > answer->left_ns)
			break;
		provoked += syn->arrival_ns - newest->arrival_ns < PROVOKED_NS;
		newest = syn;
	}
	ip_print(ip_from_bytes(newest->address, true), address);
	printf("%s %u %u %lu %s %zu %zu", address, newest->port, newest->from_port,
		(unsigned long)newest->isn, answer ? outcomes[answer->packet] : "timeout", sent,
		provoked);
	if (!answer || answer->packet == TRUTH_ICMP) {
		puts(" - -");
		return;
	}
	late = answer->left_ns - newest->arrival_ns >= LATE_NS;
	certain =
		!late &&
		(sent == 1 || (answer->flags & TRUTH_TIMESTAMPS && answer->tsecr == newest->tsval));
	printf(" %zu", sent - 1 - provoked + late);
	if (certain)
		printf(" %llu\n", (unsigned long long)(answer->left_ns - newest->arrival_ns));
	else
		puts(" -");
}

int truth_print_samples(const struct truth_file *file)
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
	puts("# address port from_port isn outcome sent provoked lost rtt_ns");
	for (size_t i = 0; i < count; i++) {
		find_answer(file, &all[i]);
		print_connection(&all[i]);
	}
	free(syns);
	free(all);
	return 0;
}
