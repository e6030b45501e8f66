/* SPDX-License-Identifier: MIT */
/* What leaves the prober: one result per target and cycle, one transition per change of an alert, a
 * heartbeat. And the one table of their fields, from which the Redis streams, the JSON lines and the
 * documentation take names, order and format. */
#ifndef MOSPROBE_RESULT_H
#define MOSPROBE_RESULT_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "handshake.h"
#include "pure/fields.h"
#include "pure/roster.h"
#include "pure/targets.h"
#include "vocabulary/address.h"
#include "vocabulary/sample.h"
#include "vocabulary/verdict.h"

#define RESULT_VERSION 1 /* field `v` */
#define RESULT_NO_COUNT UINT32_MAX

/* A quantity that does not exist is NAN, and an empty string outside. */
struct result {
	const struct target *target; /* lives as long as the target list */
	uint32_t target_index;
	struct address addr; /* family 0 = none */
	uint64_t at_ms;	     /* wall clock, when the cycle was folded */
	uint64_t cycle;	     /* rises by one per interval, also across restarts */
	/* over the window */
	uint32_t n, answered, failed, sent, lost;
	double latency_ms, jitter_ms, stddev_ms, latency_rise_ms, loss_pct, fail_pct;
	/* score */
	double r, mos_cycle, mos;
	double r_base, r_delay, r_jitter, r_loss, r_codec, r_failed;
	uint8_t band;	      /* enum band */
	uint8_t state;	      /* enum state */
	uint8_t cause;	      /* enum cause */
	uint8_t outcome;      /* enum cycle_outcome; CYCLE_OUTCOME_COUNT = none */
	uint8_t error;	      /* enum outcome, the commonest that was not ok; OUTCOME_OK = none */
	uint8_t stamp_source; /* enum stamp_source; STAMP_SOURCE_COUNT = no sample was stamped */
	uint8_t impaired;     /* 1: samples of this cycle do not count, for we were impaired */
	uint8_t open;	      /* an alert is open after this cycle */
	uint8_t muted;	      /* its target raises nothing */
	/* over 24 hours, see pure/day.h; RESULT_NO_COUNT = unknown */
	uint32_t low_min_24h, alerts_24h;
	/* of the alert state, for the target hash */
	uint64_t state_since_ms; /* since when the state is what it is; 0 = unknown */
	uint32_t seq;		 /* of the newest transition, 0 = none yet */
};

/* A result of no target: so many that were looked at, and failed of them. */
struct result result_of_many(
	uint64_t at_ms, enum state state, uint32_t targets, uint32_t failed, enum cause cause);

/* What a transition is about. */
enum alert_kind {
	KIND_MOS,     /* one target */
	KIND_VANTAGE, /* this prober itself */
	KIND_TEST,    /* one target, and it did not happen */
	KIND_GROUP,   /* targets that carry the same value of a label */
	KIND_COUNT
};

enum transition_reason {
	REASON_LEVEL,	     /* a level was crossed, and that held */
	REASON_MUTED,	     /* resolved because the target was muted */
	REASON_REMOVED,	     /* resolved because it is in the targets files no more */
	REASON_SILENCE,	     /* KIND_VANTAGE: targets that used to answer did not, or do so again */
	REASON_LOSS,	     /* KIND_VANTAGE: more SYNs are lost than usual, or no more */
	REASON_DELAY,	     /* KIND_VANTAGE: latencies are longer than usual, or no more */
	REASON_LOCAL_ERRORS, /* KIND_VANTAGE: samples fail at our own side, or do no more */
	REASON_CANARIES,     /* KIND_VANTAGE: no canary answers, or one does again */
	REASON_RESOLVER,     /* KIND_VANTAGE: look-ups fail, or do no more */
	REASON_LET_GO,	     /* KIND_VANTAGE: that went on for guard.max */
	REASON_ALONE	     /* told now: its group's event is over, and it is bad still */
};

enum alert_action { ACTION_TRIGGER, ACTION_RESOLVE };

/* The targets that carry this value of this label. Both live as long as the prober; NULL = none. */
struct transition_group {
	const char *label, *value;
};

/* One step of a target's ladder, with the result that made it; or of the guard or of a group: the result
 * then has no target, no scores, and counts targets (n, answered, failed), see result_of_many(). */
struct transition {
	struct result result;
	uint64_t since_ms; /* wall clock: since when the condition had held */
	uint64_t held_ms;
	uint32_t seq;	  /* per target, from 1 */
	uint8_t action;	  /* enum alert_action */
	uint8_t severity; /* enum state: STATE_WARNING or STATE_CRITICAL, of the alert at hand */
	uint8_t previous; /* enum state before */
	uint8_t kind;	  /* enum alert_kind */
	uint8_t reason;	  /* enum transition_reason */
	double threshold; /* the level that was crossed; of the others a share, per cent */
	/* Of KIND_VANTAGE: what was measured, and what it usually is (per cent; ms above each target's own); NAN =
	 * not known. */
	double measured, usual;
	/* What it is about; of KIND_MOS the group whose event suppresses it. */
	struct transition_group group;
};

/* The prober's own state, every few seconds. Counters since start. */
struct heartbeat {
	uint64_t at_ms, started_ms;
	uint64_t interval_ms;
	uint64_t samples, cycles;
	uint64_t outcomes[OUTCOME_COUNT];
	uint64_t local_errors[LOCAL_ERROR_COUNT];
	uint64_t skips[SKIP_REASON_COUNT];
	uint64_t states[STATE_COUNT]; /* targets in each */
	uint64_t muted;
	uint64_t targets;
	uint64_t ambiguous; /* samples that were answered, and have no certain latency */
	uint64_t provoked;  /* SYNs that wrong answers provoked */
	uint64_t duplicates, wrong_acks, foreign_ts; /* answers passed over, see struct sample */
	uint64_t late_starts;			     /* more than 20 ms after they were due */
	uint64_t slot_waits; /* starts that found no free slot when they were due */
	double late_p99_ms, late_max_ms;
	uint64_t in_flight, slots;
	uint64_t cpu_ns;					    /* of the prober's thread */
	uint64_t dns_lookups, dns_found, dns_not_found, dns_failed; /* names looked up */
	uint64_t dns_pending;	  /* names that have had no answer yet */
	uint64_t address_changes; /* names that have moved */
	uint64_t family_changes;  /* targets that went on at their other address */
	uint64_t address_waits;	  /* starts that prober.address_rate put off */
	double address_wait_max_ms;
	uint64_t impaired;	 /* 1: the guard has tripped */
	uint64_t guard_trips;	 /* how often it has */
	uint64_t groups_open;	 /* groups with an event that is not over */
	uint64_t clock_steps;	 /* how often the wall clock was set */
	uint64_t sleeps;	 /* how often the machine was suspended */
	uint64_t guard_rejected; /* samples that had an outcome and did not count */
	uint64_t queue_refused;	 /* results that the publisher's queue would not take */
	uint64_t troubles[HANDSHAKE_TROUBLES]; /* what the kernel half could not do */
};

/* "no_socket", ...: the heartbeat's fields are these with "bpf_" before. */
const char *handshake_trouble_name(enum handshake_trouble trouble);

/* One sample as it came, for those who want to see the raw material (--output samples). */
struct sample_event {
	const struct target *target;
	struct sample sample;
	struct address addr; /* family 0 = none */
	uint64_t cycle;	     /* its cycle's number */
};

/* After a reload: who is here now. */
struct roster_event {
	const struct roster *roster; /* until the next one of a later generation */
	uint64_t generation;
	bool all_left; /* no event after this one refers to an earlier generation */
};

/* A target that has left the list while no prober ran. */
struct left_event {
	const struct target *target; /* as long as the prober */
	uint32_t number;	     /* under which its last transition went */
};

/* What goes through the queue from the prober to the publisher and to the output. */
struct event {
	enum event_kind {
		EVENT_RESULT,
		EVENT_TRANSITION,
		EVENT_HEARTBEAT,
		EVENT_SAMPLE,
		EVENT_ROSTER,
		EVENT_LEFT /* to the publisher only */
	} kind;
	union {
		struct result result;
		struct transition transition;
		struct heartbeat heartbeat;
		struct sample_event sample; /* to the output only */
		struct roster_event roster;
		struct left_event left;
	};
};

/* Texts are not copied where they need not be: whatever is passed in, and what it points at, must
 * live as long as *ret is used. */

/* The fields of a `results` entry, all of them, in the order of the contract; then label.<key>. */
void result_fields(struct fields *ret, const struct result *result, const char *prober_id);
/* The fields of an `alerts` entry. */
void transition_fields(
	struct fields *ret, const struct transition *transition, const char *prober_id);
/* The fields of `mosprobe:{ID}:target:TARGET`: the result without what the key tells, and state
 * fields. Those that change with every cycle come first; returns how many they are. result_id and
 * alert_id are stream ids, "" = none; alert_id NULL leaves that field out. */
unsigned target_hash_fields(struct fields *ret, const struct result *result, const char *prober_id,
	const char *result_id, const char *alert_id);
/* The prober's part of `mosprobe:{ID}:prober`; the publisher adds its own with fields_add(). */
void heartbeat_fields(struct fields *ret, const struct heartbeat *heartbeat, const char *prober_id);

/* "mos", "vantage", "group". */
const char *alert_kind_name(enum alert_kind kind);

#define REASON_SIZE 192
#define SUMMARY_SIZE 1025 /* 1,024 characters and NUL */

/* "MOS 3.21 below 3.50 for 6 min; most of it lost to jitter", "MOS 4.20 above 3.70 for 10 min",
 * "muted"; "230 of 280 targets fell silent within 10 s; it is us, and alerts are held". */
void reason_text(char ret[REASON_SIZE], const struct transition *transition);
/* One line for a pager: severity, target, reason and the numbers that exist. target_key:
 * "NAME:PORT"; of no meaning for the other kinds. */
void summary_text(char ret[SUMMARY_SIZE], const struct transition *transition,
	const char *target_key, const char *prober_id);

#define RESULT_GROUP_SIZE 384
/* "isp=acme", what a group's identities are made of; "" without a value. */
void group_text(char ret[RESULT_GROUP_SIZE], const struct transition_group *group);

#define RESULT_KEY_SIZE 33 /* 32 hex digits and NUL */

/* Identities, each a hash over the parts named:
 * event_id (prober, target, kind, seq), dedup_key (prober, target, kind), incident_key (target,
 * kind). kind: "mos", "group", "vantage". */
void event_id_text(char ret[RESULT_KEY_SIZE], const char *prober_id, const char *target_key,
	const char *kind, uint32_t seq);
void dedup_key_text(
	char ret[RESULT_KEY_SIZE], const char *prober_id, const char *target_key, const char *kind);
void incident_key_text(char ret[RESULT_KEY_SIZE], const char *target_key, const char *kind);

#endif
