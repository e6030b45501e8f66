/* SPDX-License-Identifier: MIT */
/* What the simulated network is like, read from a text. Pure: no I/O.
 *
 *   seed 42
 *   RANGE [KEY=VALUE ...]      # comment
 *
 * RANGE is an address, ADDRESS/BITS or FIRST-LAST inside SIMULATED_V4 or SIMULATED_V6 (address.h),
 * outside the link's own addresses. An address that stands in no range never answers.
 *
 *   latency=A or A..B   round trip; A..B: each address has its own, drawn once (default 20ms)
 *   jitter=none | normal:SD | uniform:HALFWIDTH | pareto:SCALE     added to each answer's latency
 *   loss=P%             of SYNs, on their way
 *   loss-back=P%        of answers, on their way back
 *   answer=synack | rst | silence | icmp-host | icmp-port | icmp-admin
 *   name=PATTERN        a name for each address; %d or %03d is its index in the range, from 0
 *   port=N              of the targets file (default 5060); every port is answered
 *   target="TEXT"       what follows the name in the targets file
 *
 * The first five say how the network behaves. When ranges overlap, each of these keys comes from
 * the smallest range whose line has it; of equal ones from the later line. The other three belong
 * to their own line: they list its addresses, whatever else is said of them. */
#ifndef NETSIM_SCENARIO_H
#define NETSIM_SCENARIO_H

#include <stddef.h>
#include <stdint.h>

#include "address.h"

#define SCENARIO_MESSAGE_SIZE 512
#define SCENARIO_LISTED_MAX 1048576 /* addresses of one line with name=, port= or target= */
#define SCENARIO_DURATION_MAX_NS 60000000000 /* of a latency or jitter */
#define SCENARIO_NAME_SIZE 254		     /* a name (RFC 1035 2.3.4) and its NUL */

enum answer {
	ANSWER_SYNACK,
	ANSWER_RST,
	ANSWER_SILENCE,
	ANSWER_ICMP_HOST,
	ANSWER_ICMP_PORT,
	ANSWER_ICMP_ADMIN,
	ANSWER_COUNT
};

enum jitter { JITTER_NONE, JITTER_NORMAL, JITTER_UNIFORM, JITTER_PARETO };

/* How one address behaves. */
struct behaviour {
	uint64_t latency_min_ns, latency_max_ns;
	uint64_t jitter_ns;	/* standard deviation, half width or scale */
	double loss, loss_back; /* probabilities, 0 to 1 */
	enum jitter jitter;
	enum answer answer;
};

enum block_key {
	KEY_LATENCY = 1 << 0,
	KEY_JITTER = 1 << 1,
	KEY_LOSS = 1 << 2,
	KEY_LOSS_BACK = 1 << 3,
	KEY_ANSWER = 1 << 4,
	KEY_NAME = 1 << 5,
	KEY_PORT = 1 << 6,
	KEY_TARGET = 1 << 7
};

/* One line. */
struct block {
	struct ip_range range;
	struct behaviour behaviour; /* only the keys of `keys` count */
	unsigned int keys;	    /* enum block_key: those that the line has */
	unsigned int line;	    /* from 1 */
	char *name, *target;	    /* NULL without */
	uint16_t port;
};

/* A stretch of addresses to which the same lines apply. */
struct segment {
	struct ip_range range;
	struct behaviour behaviour;
};

/* Immutable once read. */
struct scenario {
	uint64_t seed;
	struct block *blocks; /* in the order of the file */
	size_t block_count;
	struct segment *segments; /* by address, disjoint */
	size_t segment_count;
};

/* Reads text (NUL-terminated, changed while reading). Returns 0, -ENOMEM, or -EINVAL with
 * "FILE:LINE: what: why" in ret_message. */
int scenario_parse(struct scenario **ret_scenario, char *text, const char *file,
	char ret_message[SCENARIO_MESSAGE_SIZE]);
void scenario_destroy(struct scenario *scenario); /* NULL is fine */

/* The segment that ip is in, or -1. */
int64_t scenario_find(const struct scenario *scenario, ip_number ip);

/* One KEY=VALUE of a line (keys.c). Returns 0, -ENOMEM, or -EINVAL with what is allowed. */
int block_set(struct block *block, const char *key, const char *value,
	char ret_message[SCENARIO_MESSAGE_SIZE]);

/* Blocks to segments (segments.c). Returns 0 or -ENOMEM. */
int scenario_flatten(struct scenario *scenario);

/* The name of the address with this index in a block that has a name. */
void block_name(const struct block *block, uint32_t index, char ret_name[SCENARIO_NAME_SIZE]);

#endif
