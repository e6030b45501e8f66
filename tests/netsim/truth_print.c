/* SPDX-License-Identifier: MIT */
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>

#include "address.h"
#include "truth_file.h"
#include "values.h"

typedef unsigned long long number;

static const char *const packets[] = {
	[TRUTH_SYNACK] = "synack",
	[TRUTH_SYNACK_BAD] = "synack-bad",
	[TRUTH_SYNACK_UNSENT] = "synack-unsent",
	[TRUTH_RST] = "rst",
	[TRUTH_RST_BAD] = "rst-bad",
	[TRUTH_ICMP] = "icmp",
};

static const char *fate(const struct truth_record *syn)
{
	static const struct {
		enum truth_flag flag;
		const char *name;
	} fates[] = { { TRUTH_DROPPED, "dropped" }, { TRUTH_UNLISTED, "unlisted" },
		{ TRUTH_SYN_DARK, "syn-outage" }, { TRUTH_SYN_LOST, "syn-lost" },
		{ TRUTH_BACK_DARK, "answer-outage" }, { TRUTH_BACK_LOST, "answer-lost" } };

	for (size_t i = 0; i < sizeof fates / sizeof fates[0]; i++)
		if (syn->flags & fates[i].flag)
			return fates[i].name;
	return "arrived";
}

static void print_time(uint64_t ns)
{
	if (ns)
		printf(" %llu", (number)ns);
	else
		fputs(" -", stdout);
}

/* PACKET/HOW/DUE/LEFT/TSECR; HOW: answer or timer. */
static void print_sent(const struct truth_record *sent, char before)
{
	printf("%c%s/%s/%llu/", before,
		packets[sent->packet % (sizeof packets / sizeof packets[0])],
		sent->flags & TRUTH_BY_TIMER ? "timer" : "answer", (number)sent->due_ns);
	if (sent->left_ns)
		printf("%llu/", (number)sent->left_ns);
	else
		fputs("-/", stdout);
	if (sent->flags & TRUTH_TIMESTAMPS)
		printf("%lu", (unsigned long)sent->tsecr);
	else
		putchar('-');
}

static void print_syn(const struct truth_file *file, size_t i)
{
	const struct truth_record *syn = file->syns[i], *first = NULL;
	size_t from = file->first_sent[i], to = file->first_sent[i + 1];
	char address[IP_TEXT_SIZE];

	for (size_t k = from; k < to && !first; k++)
		if (file->sent[k]->due_ns == syn->due_ns)
			first = file->sent[k];
	ip_print(ip_from_bytes(syn->address, true), address);
	printf("%llu %llu %llu %u %s %u %lu ", (number)i, (number)syn->arrival_realtime_ns,
		(number)syn->arrival_ns, syn->from_port, address, syn->port,
		(unsigned long)syn->isn);
	if (syn->flags & TRUTH_TIMESTAMPS)
		printf("%lu", (unsigned long)syn->tsval);
	else
		putchar('-');
	printf(" %lu %s %s", (unsigned long)syn->which,
		syn->flags & TRUTH_UNLISTED
			? "-"
			: answer_name((enum answer)(syn->answer % ANSWER_COUNT)),
		fate(syn));
	if (syn->flags & TRUTH_UNLISTED)
		fputs(" -", stdout);
	else
		printf(" %llu", (number)syn->delay_ns);
	print_time(syn->due_ns);
	print_time(first ? first->left_ns : 0);
	if (from == to)
		fputs(" -", stdout);
	for (size_t k = from; k < to; k++)
		print_sent(file->sent[k], k == from ? ' ' : ',');
	putchar('\n');
}

static int compare_ns(const void *a, const void *b)
{
	const uint64_t *x = a, *y = b;

	return (*x > *y) - (*x < *y);
}

static int print_lateness(const struct truth_file *file)
{
	uint64_t *late_ns = calloc(file->record_count + 1, sizeof *late_ns);
	size_t count = 0;

	if (!late_ns)
		return -ENOMEM;
	for (size_t i = 0; i < file->record_count; i++) {
		const struct truth_record *sent = &file->records[i];

		if (sent->type == TRUTH_SENT && sent->left_ns)
			late_ns[count++] = sent->left_ns - sent->due_ns;
	}
	qsort(late_ns, count, sizeof *late_ns, compare_ns);
	printf("# sent %zu", count);
	if (count)
		printf("; left - due: p50 %.1f us, p99 %.1f us, p99.9 %.1f us, max %.1f us",
			(double)late_ns[count / 2] / 1e3, (double)late_ns[count * 99 / 100] / 1e3,
			(double)late_ns[count * 999 / 1000] / 1e3,
			(double)late_ns[count - 1] / 1e3);
	putchar('\n');
	free(late_ns);
	return 0;
}

int truth_print(const struct truth_file *file)
{
	const struct truth_header *header = file->header;

	printf("# start_ns %llu start_realtime_ns %llu seed %llu\n", (number)header->start_ns,
		(number)header->start_realtime_ns, (number)header->seed);
	puts("# syn arrival_realtime_ns arrival_ns from_port address port isn tsval which answer fate "
	     "delay_ns due_ns left_ns sent");
	for (size_t i = 0; i < file->syn_count; i++)
		if (file->syns[i])
			print_syn(file, i);
	if (!file->complete)
		puts("# no end: the run was killed, or runs still");
	printf("# records lost %llu\n", (number)file->lost);
	return print_lateness(file);
}
