/* SPDX-License-Identifier: MIT */
/* What the files of the prober share: prober.c (create, turn), prober_clocks.c (what time it is), prober_start.c (what is due goes out),
 * prober_ahead.c (memory is asked for it beforehand), prober_address.c (where to),
 * prober_finish.c (what has come in becomes samples), prober_guard.c (finished cycles wait until we know
 * that it was not us), prober_fold.c (they become results), prober_judge.c (and alerts), prober_groups.c (or one for many), prober_adopt.c
 * (targets come and go), prober_state.c (what outlives the process), prober_orphans.c (of targets that have left). */
#ifndef MOSPROBE_PROBER_PARTS_H
#define MOSPROBE_PROBER_PARTS_H

#include <netinet/in.h>
#include <signal.h>
#include <stdatomic.h>

#include "composition/prober.h"
#include "pure/alert.h"
#include "pure/clocks.h"
#include "pure/closer.h"
#include "pure/cycle.h"
#include "pure/day.h"
#include "pure/family.h"
#include "pure/groups.h"
#include "pure/lookups.h"
#include "pure/guard.h"
#include "pure/rates.h"
#include "pure/schedule.h"
#include "pure/window.h"
#include "vocabulary/histogram.h"

#define NOBODY UINT32_MAX
#define LATE_NS (20 * NSEC_PER_MSEC)
/* A turn never takes this long by itself: the process was stopped, or its machine was. */
#define PAUSE_NS (200 * NSEC_PER_MSEC)
/* This many starts may fall on one moment, however slow the usual rate is. */
#define START_TOKENS_LEAST 32.0

/* A target between its starts: 32 bytes, so that two of them share a cache line. */
struct visit {
	uint32_t number; /* of the cycle that next_index belongs to; seconds since 1970 at most */
	uint32_t phase;	 /* in 1/2^32 of the interval */
	uint32_t open_cycle;   /* index of its open cycle, CYCLE_NONE before its first start */
	uint32_t next_waiting; /* in the line for a free slot */
	uint32_t
		stretch_ms; /* by which prober.address_rate has put off the sample that is due next */
	uint32_t address_hash; /* of the address of its newest folded cycle, 0 = none */
	uint8_t samples;       /* of the cycle that next_index belongs to */
	uint8_t next_index;    /* sample that is due next */
	uint8_t state : 4;     /* enum state, as counted in the heartbeat */
	uint8_t band : 4;      /* enum band, as counted for the metrics */
	uint8_t awaited : 1;   /* it has had no result yet */
	uint8_t muted : 1;     /* as counted in the heartbeat */
	uint8_t no_more : 1;   /* it has no cycle to start */
	uint8_t leaving : 1;   /* was removed, and has something under way */
	uint8_t returning : 1; /* and is there again */
	uint8_t failed_cycles; /* in a row */
	uint8_t cycles_open;
	struct family_use family; /* the one in use */
};
_Static_assert(sizeof(struct visit) == 32, "no padding");
_Static_assert(CYCLE_SAMPLES_MAX <= UINT8_MAX && STATE_COUNT <= 16 && BAND_COUNT <= 16, "they fit");

/* What is known of a host. Its IPv6 address stands elsewhere, so that a fleet without any has no memory for them. */
struct host_address {
	uint8_t v4[4];
	uint8_t status; /* enum dns_status */
	uint8_t has_v4 : 1, has_v6 : 1;
	uint8_t named : 1; /* it is a name, for the resolver */
};

struct host_v6 {
	uint8_t bytes[16];
};

/* A slot with a connect under way. */
struct flight {
	uint64_t due_ns, start_ns, expires_ns, first_syn_before_ns;
	uint32_t target, cycle;
	uint32_t older, newer; /* the line of connects under way, by start and expiry */
	uint16_t index;
	bool cancelled;
	uint8_t family;
	union {
		struct sockaddr any;
		struct sockaddr_in v4;
		struct sockaddr_in6 v6;
	} address;
};

/* A sample that is due. */
struct due {
	uint64_t due_ns;
	uint32_t target;
};

/* A reload that is being taken in. */
struct adoption {
	struct roster_change change;
	uint32_t removed, added, hosts, placed; /* done of each */
	bool busy;
	bool published, printed; /* who is here was told */
};

/* A finished cycle that waits to be judged. */
struct held {
	uint64_t since_ns;
	uint32_t cycle; /* index of the open cycle */
};

/* A line of targets for which no slot was free, or of slots that close, oldest first. */
struct line {
	uint32_t first, last;
};

struct prober {
	struct prober_setup setup;
	const struct generation *generation; /* of the newest reload */
	uint32_t room;			     /* targets and hosts that there can be */
	struct adoption adoption;
	uint32_t leaving; /* targets */
	bool left_told;	  /* that all have left */
	uint64_t interval_ns;
	int64_t epoch_ns; /* CLOCK_MONOTONIC at wall clock 0: what cycle numbers count from */
	uint64_t started_ms;

	struct schedule *schedule;
	struct cycles *cycles;
	struct window *window;
	struct alert_state *alerts;	/* by target */
	struct day_memory *days;	/* by target */
	struct visit *visits;		/* by target */
	uint32_t *cycles_left;		/* to start, by target; NULL = endless */
	struct host_address *addresses; /* by host */
	struct host_v6 *addresses_v6;	/* by host; of those who have one */
	struct flight *flights;		/* by slot */
	struct completion *completions;
	struct guard *guard;
	struct groups *groups;
	struct closer *closer;	  /* who gets more samples */
	void *saved;		  /* room for a window on its way to the disk */
	bool state_started;	  /* what is known from before was taken over */
	uint32_t restored;	  /* targets of which something was */
	bool events_unkept;	  /* the queue to the disk was full */
	char *test;		  /* the target of which an alert is to be made up; NULL = none */
	uint32_t test_at;	  /* targets before this one are not it */
	struct target_list *gone; /* who left before this start */
	uint64_t transitions;	  /* told to the publisher, as journal_taken() counts */
	struct mutes *mutes;	  /* by operators; NULL = none read yet */
	struct rates *rates;	  /* of the addresses */
	uint32_t open_cycles;	  /* room for them */
	struct held *held;	  /* a ring, oldest first; it grows with the cycles that are open */
	uint32_t held_first, held_count, held_room;
	uint32_t vantage_seq; /* of the guard's newest event, 0 = none */
	struct lookups lookups;
	uint64_t lookups_due_ns; /* when the resolver is looked at again */
	uint32_t resolver_seq;	 /* of the newest event about it, 0 = none */
	uint32_t oldest, newest; /* flights by start */
	struct line waiting[2];	 /* by family: IPv4, IPv6 */
	struct line closing;	 /* slots that wait for their peer's FIN */

	uint64_t moves_until_ns; /* names that have moved are told of again */
	uint32_t moves_told;
	uint64_t slots_told_ns; /* when it was told last that they are scarce */
	double start_tokens;	/* how many starts the pace allows now */
	uint64_t tokens_ns;	/* when they were counted last */
	uint64_t turn_ns;	/* the time of this turn, read once */
	uint64_t turn_began_ns; /* the same, but for STAMP_CLOCK, which reads turn_ns again */
	uint64_t resume_ns;	/* after a pause starts are held until then at most */
	uint64_t turn_ms;	/* its wall clock */
	struct clocks clocks;
	uint64_t woke_ns;   /* when the machine woke last, 0 = it has not slept */
	uint64_t asleep_ns; /* what it slept and no cycle number was passed over for */
	uint64_t heartbeat_due_ns;
	uint64_t unfinished; /* targets that still have cycles to start or to fold; with --cycles */
	volatile sig_atomic_t stopping;

	_Atomic uint64_t turned_ns; /* turn_began_ns, for other threads */

	struct heartbeat counters;
	struct metrics_counts counts;
	struct histogram lateness_us;
};

/* The target of a number that is in use. */
static inline const struct target *prober_target(const struct prober *prober, uint32_t number)
{
	return prober->generation->roster->targets[number];
}

static inline uint32_t prober_host(const struct prober *prober, uint32_t number)
{
	return prober->generation->roster->host_of[number];
}

/* prober_clocks.c */

/* Reads the time of a turn. */
void prober_begin_turn(struct prober *prober);
/* Before what came in meanwhile is joined: the clocks may have been set since the turn began. */
void prober_read_clocks_again(struct prober *prober);
/* An answer's receive stamp from a time in which the wall clock moved is not used. */
void prober_correct_stamps(const struct prober *prober, struct handshake *handshake);

/* prober_start.c */

/* When sample next_index of the target's cycle is due. */
uint64_t prober_due_ns(const struct prober *prober, uint32_t target);
/* Sets the target's first cycle and puts it into the schedule. */
void prober_first_start(struct prober *prober, uint32_t target);
/* Starts what is due, within pace and slots. */
void prober_start_due(struct prober *prober);

/* How many targets may be looked at closer, of those that are present. */
void prober_limit_closer(struct prober *prober);

/* prober_ahead.c */

/* Memory is asked for what is needed next: of targets that are about to start, of completions before the one
 * at `at` is joined, and of cycles before the next is folded. */
void prober_ahead_starts(const struct prober *prober, const struct due *due, uint32_t count);
void prober_ahead_completions(const struct prober *prober, uint32_t at, uint32_t count);
void prober_ahead_folds(struct prober *prober);

/* prober_address.c */

/* What the resolver has found. */
void prober_take_answers(struct prober *prober);
/* Looks whether the resolver fails, and tells when that changes. */
void prober_watch_resolver(struct prober *prober);
/* What is known of a host's family becomes this; address's family 0 = none. */
void prober_set_address(
	struct prober *prober, uint32_t host, unsigned family, const struct address *address);
/* Where the target's open cycle goes, or the next one; family 0 = nowhere. */
struct address prober_address(const struct prober *prober, uint32_t target);
/* A cycle has all its outcomes: is the other family to be tried? */
void prober_note_family(struct prober *prober, uint32_t cycle);

/* prober_finish.c */

/* A sample that has its outcome: into its cycle. */
void prober_sample_done(
	struct prober *prober, const struct sample *sample, const struct address *address);
/* The process stood still in the turn that began at since_ns: what was submitted in it may have left
 * only now, and has all its time yet. */
void prober_extend(struct prober *prober, uint64_t since_ns);
/* Cancels the connects whose time is over. */
void prober_expire(struct prober *prober);
/* Takes back the slots whose peers have had the time to close. */
void prober_close(struct prober *prober);
/* Tells when few slots are left. */
void prober_watch_slots(struct prober *prober);
/* Joins what has come in. */
void prober_collect(struct prober *prober, uint32_t count);

/* prober_guard.c */

/* Before anything else that is sized by open_cycles. Returns 0, or -1 when memory is out. */
int prober_guard_create(struct prober *prober);
void prober_guard_destroy(struct prober *prober);
/* Makes room for so many finished cycles; false when memory is out. */
bool prober_may_hold(struct prober *prober, uint32_t cycles);
/* Takes a cycle that has had its last sample, in the order of time. */
void prober_hold(struct prober *prober, uint32_t cycle);
/* Gives back one that has waited long enough, false when there is none. */
bool prober_release(struct prober *prober, uint32_t *ret_cycle);
/* A sample has its outcome. */
void prober_guard_see(struct prober *prober, const struct sample *sample);
/* Looks whether we are impaired, and tells when that changes. */
void prober_guard_step(struct prober *prober);
/* Whether the target's next sample is to be taken. */
bool prober_guard_visits(const struct prober *prober, uint32_t target);
/* Takes out of the cycle what was sampled while we were impaired; true when there was such. */
bool prober_guard_reject(struct prober *prober, struct cycle *cycle);

/* prober_state.c */

/* Before the first target begins. Returns 0 or -ENOMEM. */
int prober_state_create(struct prober *prober);
/* A target that begins, at the start, goes on where it was. */
void prober_state_restore(struct prober *prober, uint32_t target);
/* What Redis knows better than this process's own memory: another prober may have gone on in between. */
void prober_take_known(struct prober *prober);
/* All have. Returns 0 or a negative errno with a message. */
int prober_state_start(struct prober *prober, struct message *msg);
/* Keeps what is known of a target after this cycle. */
void prober_state_keep(struct prober *prober, uint32_t target, uint64_t cycle);
/* Keeps which events about this prober and its groups are open. */
void prober_state_keep_events(struct prober *prober);
void prober_state_forget(struct prober *prober, uint32_t target);
/* Of a target at this place a former process has made this transition; nothing when its record knows of it. */
void prober_state_catch_up(struct prober *prober, uint32_t target, const struct transition *newest);

/* prober_tests.c */

/* Sends the alert that `mosprobe test-alert` asked for. */
void prober_step_tests(struct prober *prober);

/* prober_orphans.c */

/* Ends what is open of targets that have left the list while no prober ran. Before state_start(). */
void prober_end_orphans(struct prober *prober);

/* prober_groups.c */

/* Returns 0 or -ENOMEM. */
int prober_groups_create(struct prober *prober);
/* Puts a target into the group of its label's value. */
void prober_groups_place(struct prober *prober, uint32_t target);
void prober_groups_leave(struct prober *prober, uint32_t target);
/* How a target stands after a cycle. counted: it is settled, and not muted. */
void prober_groups_see(struct prober *prober, const struct result *result, bool counted);
/* Tells of groups whose event begins, or is over. */
void prober_groups_step(struct prober *prober);

/* prober_adopt.c */

/* Takes in a part of the reload that is under way. */
void prober_adopt_step(struct prober *prober);
/* A target that is leaving has no more starts in the schedule. */
void prober_starts_no_more(struct prober *prober, uint32_t target);
/* A finished cycle of one that is leaving. */
void prober_discard(struct prober *prober, uint32_t cycle);
/* Begins with a target that nothing is known of. */
void prober_begin(struct prober *prober, uint32_t target);
/* Takes the address of a host that is one. */
void prober_take_literal(struct prober *prober, uint32_t host);

/* prober_judge.c */

/* Steps the ladder by the result of a cycle, folded or missing, and says in it how the target stands. A
 * transition is sent before the result that it belongs to. */
void prober_judge(struct prober *prober, bool folded, struct result *result);
/* Takes who is muted by operators, when that was read anew. */
void prober_take_mutes(struct prober *prober);
/* Tells of a step that is no cycle's. */
void prober_tell(struct prober *prober, const struct alert_transition *step, struct result *result,
	enum transition_reason reason);

/* prober_fold.c */

/* How a target stands, by its window, without a cycle. */
struct result prober_standing(struct prober *prober, const struct target *who, uint32_t target);
/* Resolves what is open of a target, for a reason that is no cycle's. */
void prober_resolve(struct prober *prober, const struct target *who, uint32_t target,
	enum transition_reason reason);

/* Folds, scores and judges the cycles that finished, and hands their results on. */
void prober_fold(struct prober *prober);
/* To every reader. */
void prober_send(struct prober *prober, const struct event *event);

#endif
