/* SPDX-License-Identifier: MIT */
/* A log of truth that was written, read back: for people, and as what a prober should have seen. */
#ifndef NETSIM_TRUTH_FILE_H
#define NETSIM_TRUTH_FILE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "truth.h"

/* A file in memory. The records of one SYN are those of `sent` from first_sent[i] up to, not
 * including, first_sent[i + 1]. */
struct truth_file {
	const struct truth_header *header;
	const struct truth_record *records;
	size_t record_count;
	const struct truth_record **syns; /* by their number, NULL where a record was lost */
	size_t syn_count;
	const struct truth_record **sent; /* by SYN, then in the order of leaving */
	size_t *first_sent;		  /* syn_count + 1 of them */
	bool complete;			  /* it has its end */
	uint64_t lost;			  /* records, as the end says */
	void *map;
	size_t map_bytes;
};

/* Returns 0, or a negative errno: -EBADMSG when it is not such a file. */
int truth_file_open(struct truth_file *file, const char *path);
void truth_file_close(struct truth_file *file);

/* To standard output: one line for each SYN, below a line with the names of the columns. Returns
 * 0 or -ENOMEM. */
int truth_print(const struct truth_file *file);

/* To standard output: one line for each connection, in the order of their first SYNs: what a
 * prober that sees everything can know of it. An answer gives a latency only when it is certain
 * which SYN it answers: one SYN was sent, or the answer echoes the timestamp of the newest; and
 * it left less than 900 ms after the newest. lost = sent - 1 - provoked, and one more when it
 * left later than that; a SYN that follows the one before by less than 500 ms was provoked by a
 * wrong answer. An answer that left later than timeout_ns after the first SYN came is none, and
 * without one the SYNs count that came by then.
 *
 * begin_ns is when the first SYN came, answer_ns when the answer left, next_syn_ns when the first
 * SYN came that does not count any more: shortly after answer_ns, the two crossed on their way, and
 * the prober may have sent it before the answer reached it. Returns 0 or -ENOMEM. */
int truth_print_samples(const struct truth_file *file, uint64_t timeout_ns);

#endif
