/* SPDX-License-Identifier: MIT */
/* The log of truth: what arrived, what was decided, what left and when. The responder puts records
 * into a bounded queue, which a thread of its own writes to a file; one that finds it full is
 * counted, and nobody waits. Owns the file. */
#ifndef NETSIM_TRUTH_H
#define NETSIM_TRUTH_H

#include <sched.h>
#include <stdint.h>

#define TRUTH_MAGIC "netsim truth 1\n" /* with its NUL: 16 bytes */
#define TRUTH_QUEUE 262144	       /* records: seconds of 20,000 handshakes a second */

enum truth_type {
	TRUTH_SYN = 1, /* one for each SYN, in the order of arrival */
	TRUTH_SENT,    /* one for each answer that left or was lost, in the order of leaving */
	TRUTH_END      /* the last of a complete file */
};

enum truth_flag {
	TRUTH_SYN_LOST = 1 << 0,  /* by loss= or burst= */
	TRUTH_SYN_DARK = 1 << 1,  /* by an outage */
	TRUTH_BACK_LOST = 1 << 2, /* the answer, by loss-back= or burst-back= */
	TRUTH_BACK_DARK = 1 << 3,
	TRUTH_UNLISTED = 1 << 4,   /* a SYN to an address in no range */
	TRUTH_DROPPED = 1 << 5,	   /* netsim's own fault: no room, or the kernel did not take it */
	TRUTH_TIMESTAMPS = 1 << 6, /* the SYN or the answer has them: tsval and tsecr count */
	TRUTH_BY_TIMER = 1 << 7	   /* the peer's own timer sent it */
};

/* What kind of packet an answer is. */
enum truth_packet {
	TRUTH_SYNACK,
	TRUTH_SYNACK_BAD,    /* acknowledges what was never sent */
	TRUTH_SYNACK_UNSENT, /* echoes what was never sent */
	TRUTH_RST,
	TRUTH_RST_BAD,
	TRUTH_ICMP
};

/* Times in ns; those without a clock in their name are CLOCK_MONOTONIC; 0: none. */
struct truth_record {
	uint8_t type, answer; /* enum truth_type, enum answer */
	uint8_t flags;	      /* enum truth_flag */
	uint8_t packet;	      /* TRUTH_SENT: enum truth_packet */
	uint32_t which;	      /* TRUTH_SYN: of its connection, from 0; TRUTH_SENT: of the answers */
	uint64_t syn;	 /* the number of the SYN, from 0; TRUTH_END: how many records were lost */
	uint64_t due_ns; /* when its answer, the first of several, was due */
	union {
		struct {
			uint64_t arrival_ns,
				arrival_realtime_ns; /* the kernel's stamp, two clocks */
			uint64_t delay_ns;	     /* drawn */
			uint8_t address[16];	     /* IPv4 as ::ffff:a.b.c.d */
			uint16_t port, from_port;
			uint32_t isn, tsval;
		};
		struct {
			uint64_t left_ns; /* the kernel's stamp, onto the link; 0: it was lost */
			uint32_t tsecr;
		};
	};
};

struct truth_header {
	char magic[16];
	uint64_t start_ns, start_realtime_ns; /* the start of the scenario's time */
	uint64_t seed;
	uint32_t record_bytes, padding;
};

_Static_assert(sizeof(struct truth_record) == 80, "the file's layout");
_Static_assert(sizeof(struct truth_header) == 48, "the file's layout");

struct truth;

/* Writes to fd from now on, on one of these CPUs. Returns 0 or a negative errno. */
int truth_create(struct truth **ret_truth, int fd, const cpu_set_t *cpus);
/* The start of the scenario's time, once and before any record. */
void truth_begin(struct truth *truth, uint64_t start_ns, uint64_t start_realtime_ns, uint64_t seed);
/* NULL is fine. */
void truth_put(struct truth *truth, const struct truth_record *record);
/* Writes what is left, and the end. Returns how many records found the queue full, or a negative
 * errno when the file could not be written. */
int64_t truth_finish(struct truth *truth);
void truth_destroy(struct truth *truth); /* after truth_finish(); NULL is fine */

#endif
