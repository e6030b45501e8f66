/* SPDX-License-Identifier: MIT */
/* What the simulated network is like, read from a text. Pure: no I/O.
 *
 * A scenario is a text of lines; # begins a comment, a value with blanks stands in quotes.
 *
 *   seed N                                draws begin from it (default 1)
 *   RANGE [KEY=VALUE ...]                 addresses that behave alike
 *   RANGE CHANGE [KEY=VALUE ...]          what happens to them, and when
 *   group NAME CHANGE [KEY=VALUE ...]     the same to every range with group=NAME
 *   uplink CHANGE [KEY=VALUE ...]         the same to all
 *   dns slow=T|dead|nxdomain|servfail [from=T] [to=T] [name=SUFFIX]      see --dns
 *
 * RANGE is an address, ADDRESS/BITS or FIRST-LAST inside 198.18.0.0/15 or 2001:db8::/32, outside
 * the link's own 198.19.255.252/30 and 2001:db8:ffff:ffff::/64. An address that stands in no range
 * never answers; every port of one that does is the same. Times (T) have us, ms, s, m or h.
 *
 * How addresses behave. Where ranges overlap, each of these keys comes from the smallest range whose
 * line has it; of equal ones from the later line.
 *   latency=A or A..B   round trip; A..B: each address has its own, drawn once (default 20ms)
 *   jitter=none | normal:SD | uniform:HALFWIDTH | pareto:SCALE     added to each answer's latency
 *   loss=P%             of SYNs, on their way
 *   loss-back=P%        of answers, on their way back
 *   burst=none | P%:R%[:GOOD%:BAD%]    loss in bursts (Gilbert and Elliott) of SYNs, beside loss=:
 *                       in each step a good line turns bad with P, a bad one good with R; GOOD and
 *                       BAD are the loss meanwhile (default 0% and 100%)
 *   burst-back=...      the same for answers
 *   burst-step=T        the lines of burst= and burst-back= move once in T of time, whether packets
 *                       come or not (default 10ms); each address has its own line
 *   burst-step=packet   they move once with each packet; each address and port has its own line
 *   answer=synack | rst | silence | icmp-host | icmp-port | icmp-admin (default synack), or
 *     twice[:GAP]          the SYN-ACK, and again GAP later (1ms)
 *     late[:DELAY]         the SYN-ACK, DELAY later than all others (1300ms)
 *     bad-ack              a SYN-ACK that acknowledges what was never sent
 *     bad-ack-first[:GAP]  the same, and the right one GAP later (1ms)
 *     rst-bad-ack          a RST that acknowledges what was never sent
 *     cookie               a SYN-ACK that nothing is remembered of: each SYN is answered for itself,
 *                          with its own timestamp, and none is repeated
 *   timestamps=linux    a SYN-ACK echoes the first SYN of its connection that arrived (the default);
 *     bsd                  the newest
 *     none                 has no timestamps (as RST and ICMP never have)
 *     unsent, zero         echoes what was never sent, or 0
 *   timer=on | off      whether the peer repeats a SYN-ACK that is not acknowledged, after 1, 2, 4, 8
 *                       and 16 s, as Linux does (default on)
 *   window=N            of the SYN-ACK, from 0 to 65535 (default 65160)
 * RST and FIN after the handshake are accepted quietly: a FIN is answered with a FIN.
 *
 * What an address is called. These keys list the line's addresses, whatever else is said of them.
 *   name=PATTERN        a name for each address; %d or %03d is its index in the range, from 0
 *   port=N              of the targets file (default 5060)
 *   target="TEXT"       what follows the name in the targets file
 *   ttl=T               of the name in the zone file, in whole seconds (default 60s)
 *   canary=yes | no     whether `netsim canaries` lists it
 *   group=NAME[,NAME]   what the address fails together with; it is in the groups of all its ranges
 *
 * Changes. Time runs from the start of the command. Without from= a change begins at 0s, without to=
 * it never ends. Several at once add up.
 *   outage [from=T] [to=T]                    silence: packets of both ways are lost
 *   flap period=T [duty=P%] [phase=T] [from=T] [to=T]
 *                                             up for duty (50%) of each period, then silence
 *   step [from=T] [to=T] EFFECT...            from one moment to the next, in full
 *   ramp from=T to=T [until=T] EFFECT...      grows evenly from nothing; stays in full, or until T
 *   swing period=T [wave=sine|square] [duty=P%] [phase=T] [from=T] [to=T] EFFECT...
 *                                             comes and goes: sine begins at nothing and is in full
 *                                             after half a period; square is in full for duty (50%)
 *                                             of each period, then nothing
 * phase=T: the first period begins T before from=. EFFECT, in full:
 *   latency=A or A..B   becomes the round trip        latency=+A or +A..B   is added to it
 *   jitter=SHAPE:X      is added to the jitter
 *   loss=P% loss-back=P%   befall packets that all else has spared
 *   answer=...          is the answer while the change is at least half there
 *
 * dns: what becomes of questions to the server of --dns from from= to to=, about names that end in
 * SUFFIX if given: answered T later, not at all, or with that code. Of several the last line counts.
 */
#ifndef NETSIM_SCENARIO_H
#define NETSIM_SCENARIO_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "address.h"

#define SCENARIO_MESSAGE_SIZE 640
#define SCENARIO_LISTED_MAX 1048576	      /* addresses of one line that lists them */
#define SCENARIO_DURATION_MAX_NS 60000000000  /* of a latency or jitter */
#define SCENARIO_TIME_MAX_NS 2592000000000000 /* of a time: 30 days */
#define SCENARIO_FOREVER_NS UINT64_MAX
#define SCENARIO_NAME_SIZE 254 /* a name (RFC 1035 2.3.4) and its NUL */
#define SCENARIO_GROUPS_MAX 4  /* of one line */

enum answer {
	ANSWER_SYNACK,
	ANSWER_RST,
	ANSWER_SILENCE,
	ANSWER_ICMP_HOST,
	ANSWER_ICMP_PORT,
	ANSWER_ICMP_ADMIN,
	ANSWER_TWICE,
	ANSWER_LATE,
	ANSWER_BAD_ACK,
	ANSWER_BAD_ACK_FIRST,
	ANSWER_RST_BAD_ACK,
	ANSWER_COOKIE,
	ANSWER_COUNT
};

enum jitter { JITTER_NONE, JITTER_NORMAL, JITTER_UNIFORM, JITTER_PARETO };

enum timestamps {
	TIMESTAMPS_LINUX,
	TIMESTAMPS_BSD,
	TIMESTAMPS_NONE,
	TIMESTAMPS_UNSENT,
	TIMESTAMPS_ZERO
};

/* Loss in bursts: E. N. Gilbert, 1960, and E. O. Elliott, 1963. Probabilities, 0 to 1. */
struct burst {
	double enter, leave; /* of a step's change to bad, and back; enter 0: no bursts */
	double good, bad;    /* of a packet's loss in each state */
};

enum direction { FORTH, BACK, DIRECTIONS };

/* How one address behaves. */
struct behaviour {
	uint64_t latency_min_ns, latency_max_ns;
	uint64_t jitter_ns;	 /* standard deviation, half width or scale */
	double loss[DIRECTIONS]; /* probabilities, 0 to 1 */
	struct burst burst[DIRECTIONS];
	uint64_t burst_step_ns; /* 0: a packet */
	uint64_t answer_ns;	/* GAP or DELAY */
	enum jitter jitter;
	enum answer answer;
	enum timestamps timestamps;
	uint16_t window;
	bool timer;
};

enum block_key {
	KEY_LATENCY = 1 << 0,
	KEY_JITTER = 1 << 1,
	KEY_LOSS = 1 << 2,
	KEY_LOSS_BACK = 1 << 3,
	KEY_ANSWER = 1 << 4,
	KEY_NAME = 1 << 5,
	KEY_PORT = 1 << 6,
	KEY_TARGET = 1 << 7,
	KEY_BURST = 1 << 8,
	KEY_BURST_BACK = 1 << 9,
	KEY_BURST_STEP = 1 << 10,
	KEY_TIMESTAMPS = 1 << 11,
	KEY_TIMER = 1 << 12,
	KEY_WINDOW = 1 << 13,
	KEY_TTL = 1 << 14,
	KEY_CANARY = 1 << 15,
	KEY_GROUP = 1 << 16
};

/* The keys that list a line's addresses. */
#define KEYS_LISTING (KEY_NAME | KEY_PORT | KEY_TARGET)

/* One line. */
struct block {
	struct ip_range range;
	struct behaviour behaviour; /* only the keys of `keys` count */
	unsigned int keys;	    /* enum block_key: those that the line has */
	unsigned int line;	    /* from 1 */
	char *name, *target;	    /* NULL without */
	uint32_t ttl_s;
	uint32_t groups[SCENARIO_GROUPS_MAX]; /* of scenario.groups */
	uint8_t group_count;
	bool canary;
	uint16_t port;
};

enum shape { SHAPE_OUTAGE, SHAPE_FLAP, SHAPE_STEP, SHAPE_RAMP, SHAPE_SWING, SHAPE_COUNT };

enum owner { OWNER_UPLINK, OWNER_GROUP, OWNER_RANGE };

/* Something that happens. */
struct change {
	enum owner owner;
	enum shape shape;
	uint32_t group;		 /* OWNER_GROUP: of scenario.groups */
	struct ip_range range;	 /* OWNER_RANGE */
	unsigned int line;	 /* from 1 */
	uint64_t from_ns, to_ns; /* since the start; to_ns excluded, or SCENARIO_FOREVER_NS */
	uint64_t until_ns;	 /* SHAPE_RAMP: when it is over */
	uint64_t period_ns, phase_ns;
	double duty; /* 0 to 1 */
	bool square;
	bool latency_set, latency_add; /* at most one of them */
	uint64_t latency_min_ns, latency_max_ns;
	enum jitter jitter;
	uint64_t jitter_ns;
	double loss[DIRECTIONS];
	bool answers;
	enum answer answer;
	uint64_t answer_ns;
};

struct group {
	char *name;
	unsigned int line; /* where it was named first */
	bool has_range;
	uint32_t first, count; /* of scenario.changes */
};

enum dns_trouble { DNS_SLOW, DNS_DEAD, DNS_NXDOMAIN, DNS_SERVFAIL };

struct dns_line {
	enum dns_trouble trouble;
	uint64_t from_ns, to_ns;
	uint64_t delay_ns; /* DNS_SLOW */
	char *suffix;	   /* NULL: all names */
};

/* A stretch of addresses to which the same lines apply. */
struct segment {
	struct ip_range range;
	struct behaviour behaviour;
	/* Of scenario.causes: groups that the addresses are in, then changes of their own. */
	uint32_t first_cause;
	uint32_t group_count, change_count;
};

/* Immutable once read. */
struct scenario {
	uint64_t seed;
	struct block *blocks; /* in the order of the file */
	size_t block_count;
	struct change *changes; /* by owner: the uplink's, each group's, the ranges' */
	size_t change_count, uplink_count;
	struct group *groups;
	size_t group_count;
	uint32_t *group_slots; /* by the hash of the name: its index plus 1; 0: free */
	size_t group_slot_count;
	struct dns_line *dns;
	size_t dns_count;
	struct segment *segments; /* by address, disjoint */
	size_t segment_count;
	uint32_t *causes; /* indices of groups and changes */
	size_t cause_count;
};

/* Reads text (NUL-terminated, changed while reading). Returns 0, -ENOMEM, or -EINVAL with
 * "FILE:LINE: what: why" in ret_message. */
int scenario_parse(struct scenario **ret_scenario, char *text, const char *file,
	char ret_message[SCENARIO_MESSAGE_SIZE]);
void scenario_destroy(struct scenario *scenario); /* NULL is fine */

/* The segment that ip is in, or -1. */
int64_t scenario_find(const struct scenario *scenario, ip_number ip);

/* The name of the address with this index in a block that has a name. */
void block_name(const struct block *block, uint32_t index, char ret_name[SCENARIO_NAME_SIZE]);

#endif
