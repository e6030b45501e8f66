/* SPDX-License-Identifier: MIT */
/* How many targets a machine carries: what was measured of a prober under load is judged, the largest number is
 * searched for, and what it takes is computed. Pure: rates are a second, CPU is in CPUs (1 = one of them all the
 * time). */
#ifndef MOSPROBE_CAPACITY_H
#define MOSPROBE_CAPACITY_H

#include <stdbool.h>

/* A start is in time when it is not later than this, for 99 % of all. */
#define CAPACITY_LATE_MS 5.0
/* What descriptors and connection tracking are computed for: on a bad day a tenth of the targets is silent, and the
 * others answer after this. */
#define CAPACITY_ROUND_TRIP_S 0.1
#define CAPACITY_SILENT_SHARE 0.1
/* Of the memory that is available, at most this share is taken. */
#define CAPACITY_MEMORY_SHARE 0.8

/* What is exceeded first. */
enum capacity_bound {
	CAPACITY_FREE, /* nothing, of what was tried */
	CAPACITY_CPU,
	CAPACITY_LATENESS, /* the prober's thread cannot keep up with its own schedule */
	CAPACITY_REDIS,	   /* entries wait for it, more and more */
	CAPACITY_DESCRIPTORS,
	CAPACITY_MEMORY,
	CAPACITY_CONNTRACK,
	CAPACITY_MAX_RATE,  /* prober.max_rate */
	CAPACITY_MEASURING, /* the peers that answer, or the link to them, and not the prober */
	CAPACITY_BOUNDS
};
/* "cpu", "lateness", ... */
const char *capacity_bound_name(enum capacity_bound bound);

/* What is asked, and what the machine has. */
struct capacity_task {
	double budget_pct; /* of all CPUs that the process may use */
	unsigned cpus;	   /* so many */
	double interval_s, timeout_s, samples;
	double closer_samples, closer_share_pct;
	double max_rate_per_s;	     /* 0 = none */
	double descriptors;	     /* that sockets may have */
	double memory_bytes;	     /* available */
	double conntrack_free;	     /* entries; INFINITY = not in use */
	bool redis;		     /* results are published */
	bool redis_here;	     /* on this machine: its CPU and memory count */
	double results_maxlen;	     /* entries of the results stream */
	double history_targets_most; /* up to so many targets Redis keeps the last 24 hours of each */
};

/* What was measured in one window, or is expected. */
struct capacity_step {
	double targets;		   /* that it speaks for */
	double loaded, interval_s; /* as it was run: fewer, visited more often, for the same rate */
	double seconds;		   /* that were measured */
	double starts_per_s, results_per_s;
	double late_p99_ms;
	double skipped_pct, unanswered_pct; /* of the samples */
	/* Of the time: the prober's thread waited for a CPU that something else had; the host took all CPUs away. */
	double waited_pct, stolen_pct;
	double lost_pct;     /* of the packets, by the link to the peers */
	double behind_per_s; /* by so much the entries that wait for Redis grow */
	double cpu_prober;   /* the prober's thread, with the kernel's work in its calls */
	double cpu_receive;  /* the kernel's, to take answers up to the sockets on another CPU */
	double cpu_publish;  /* the other threads of the process */
	double cpu_redis;
	double cpu_answers; /* of the simulated peers; counted for nothing */
	double resident_bytes;
	double sent_packets_per_s, received_packets_per_s;
	double wire_bits_per_s; /* both ways, with preamble, FCS and gap of Ethernet */
	double redis_commands_per_s, redis_bytes_per_s;
	/* In Redis's memory, 0 = not known: an entry of the results stream, and all else of a target. */
	double redis_entry_bytes, redis_target_bytes;
};

/* All that counts against the budget. */
double capacity_cpu(const struct capacity_task *task, const struct capacity_step *step);
/* What was exceeded in it, CAPACITY_FREE when nothing was. */
enum capacity_bound capacity_judge(
	const struct capacity_task *task, const struct capacity_step *step);

/* A measurement in which targets had their first results, which are dearer to publish than later ones, with the publishing
 * of one in which they had had them: at the rate of results of the first. */
struct capacity_step capacity_with_publishing_of(
	const struct capacity_step *step, const struct capacity_step *later);

/* The search for the largest number that passes: from a first one by what CPU it took, then by halves between the
 * largest that passed and the smallest that did not. */
struct capacity_search {
	double pass, fail;	    /* 0 = none yet */
	double most;		    /* more cannot be tried */
	enum capacity_bound failed; /* what was exceeded at `fail` */
	double next;
};
/* Takes in what was found at search->next, and sets that to what is to be tried next. False when the search is over:
 * the two are within 4 % of each other. cpu_share: of the budget that was used. */
bool capacity_search_step(
	struct capacity_search *search, enum capacity_bound found, double cpu_share);

/* Bytes of resident memory: a base, and so many for each target (least squares). Where fewer than
 * CAPACITY_LOADED_LEAST were loaded, a target cannot be told from the rest, and is taken to be CAPACITY_TARGET_BYTES
 * (bench/README.md: 779 with full windows). */
#define CAPACITY_LOADED_LEAST 20000
#define CAPACITY_TARGET_BYTES 800
struct capacity_memory {
	double base_bytes, target_bytes;
	bool measured;
};
struct capacity_memory capacity_memory(const struct capacity_step *steps, unsigned count);

/* What is printed. */
struct capacity_plan {
	double targets;		   /* to three digits, downwards */
	enum capacity_bound binds; /* what would be exceeded with more */
	double limits
		[CAPACITY_BOUNDS]; /* targets that each allows, where that is known; INFINITY = it does not bind */
	double connects_per_s,
		connects_most_per_s; /* with closer looks at as many as there may be */
	double results_per_s;
	double cpu_pct, cpu_most_pct; /* of all CPUs; with closer looks */
	double probe_us, prober_us, receive_us, publish_us,
		redis_us; /* CPU time a connect, in all and of what */
	double late_p99_ms;
	double memory_bytes, target_bytes;
	double in_flight, in_flight_silent,
		descriptors;		  /* expected; when nobody answers; there are */
	double packets_per_s, bits_per_s; /* both ways */
	double redis_commands_per_s, redis_bytes_per_s, redis_entry_bytes, redis_memory_bytes;
};
/* step: the measurement that the numbers are taken from, at whatever number of targets; targets: the largest that
 * passed; failed: what was exceeded above it. */
struct capacity_plan capacity_plan(const struct capacity_task *task,
	const struct capacity_step *step, const struct capacity_memory *memory, double targets,
	enum capacity_bound failed);

/* How many targets there might be with other samples and interval, by the same CPU time for each connect and result. */
double capacity_instead(const struct capacity_task *task, const struct capacity_plan *plan,
	double samples, double interval_s);

/* A number rounded downwards to three digits. */
double capacity_round(double number);

#endif
