/* SPDX-License-Identifier: MIT */
/* The noun that flows through mosprobe: one TCP connection attempt to one target, and what became
 * of it. What happened to a probe is data, never an error path. */
#ifndef MOSPROBE_SAMPLE_H
#define MOSPROBE_SAMPLE_H

#include <stdint.h>

enum outcome {
	OUTCOME_OK,	     /* SYN-ACK that acknowledges our SYN */
	OUTCOME_REFUSED,     /* RST to our SYN */
	OUTCOME_TIMEOUT,     /* no answer within prober.timeout */
	OUTCOME_UNREACHABLE, /* ICMP unreachable or prohibited */
	OUTCOME_DNS_FAIL,    /* the name does not exist, while the resolver works */
	OUTCOME_DNS_UNKNOWN, /* no address, and the resolver itself fails */
	OUTCOME_LOCAL_ERROR, /* our side failed, see enum local_error */
	OUTCOME_SKIPPED,     /* held back, see enum skip_reason */
	OUTCOME_COUNT
};

/* Missing is neither good nor bad: it enters no window, no mean, no timer. */
enum sample_class { CLASS_ANSWERED, CLASS_FAILED, CLASS_MISSING };

/* Why OUTCOME_LOCAL_ERROR: counted by kind in our own metrics, never against a target. */
enum local_error {
	LOCAL_NO_PORT,	     /* no ephemeral port left (EADDRNOTAVAIL) */
	LOCAL_NO_DESCRIPTOR, /* EMFILE, ENFILE */
	LOCAL_NO_BUFFER,     /* ENOBUFS, ENOMEM, EAGAIN */
	LOCAL_NO_ROUTE,	     /* no route, or a prohibiting one, on this machine */
	LOCAL_SYN_NOT_SENT,  /* a firewall rule or a full conntrack table ate the SYN */
	LOCAL_NO_STAMP,	     /* connected, and neither end was stamped */
	LOCAL_OTHER,	     /* an errno that no table knows */
	LOCAL_ERROR_COUNT
};

/* Why OUTCOME_SKIPPED. */
enum skip_reason {
	SKIP_LATE,	   /* its start would have been later than one sample spacing */
	SKIP_NO_SLOT,	   /* the same, for no slot had become free meanwhile */
	SKIP_NO_ADDRESS,   /* the name has not been resolved yet */
	SKIP_DENIED,	   /* its address lies in a prober.deny block */
	SKIP_FAMILY,	   /* it has addresses, but none of the wanted family */
	SKIP_ADDRESS_RATE, /* more names stand behind its address than prober.address_rate allows */
	SKIP_GUARD,	   /* this vantage point is impaired, see pure/guard.h */
	SKIP_ASLEEP,	   /* the machine was suspended while it was under way */
	SKIP_REASON_COUNT
};

/* Where the two ends of a latency were taken, best first. */
enum stamp_source {
	STAMP_BPF,	/* both ends in the kernel, by bpf/handshake.bpf.c */
	STAMP_TCP_INFO, /* the kernel's own rtt of the handshake, TCP_INFO */
	STAMP_CLOCK,	/* a clock in user space */
	STAMP_SOURCE_COUNT
};

struct sample {
	uint64_t due_ns;   /* when its start was due */
	uint64_t start_ns; /* departure of its first SYN; without BPF the moment of the call */
	uint32_t target;   /* index in the target list */
	uint32_t cycle;	   /* index of its open cycle, see pure/cycle.h */
	uint32_t rtt_ns;   /* 0 = no latency (not answered, or ambiguous) */
	uint16_t index;	   /* which sample of its cycle, from 0 */
	uint16_t error;	   /* errno of the connect, 0 = none */
	uint8_t outcome;   /* enum outcome */
	uint8_t reason;	   /* enum local_error or enum skip_reason, by outcome */
	uint8_t source;	   /* enum stamp_source */
	uint8_t sent;	   /* SYNs sent up to the answer; 0 when unknown */
	uint8_t lost;	   /* of those, lost; over answered samples */
	uint8_t provoked;  /* SYNs sent again because of a wrong answer: no losses */
	uint8_t ambiguous; /* 1: answered, but which SYN was answered is not certain (Karn) */
	uint8_t icmp_type; /* of OUTCOME_UNREACHABLE, when the error queue told it */
	uint8_t icmp_code;
	/* Answers that were passed over, with STAMP_BPF: */
	uint16_t duplicates; /* after the one that counted, and before the connection was ended */
	uint16_t wrong_acks; /* of what we never sent */
	uint16_t foreign_ts; /* echoing a timestamp that cannot be ours */
};

/* The names used in streams, configuration and documentation: "ok", "refused", ... */
const char *outcome_name(enum outcome outcome);
enum outcome outcome_find(const char *name); /* OUTCOME_OK: of no such name */
const char *local_error_name(enum local_error kind);
const char *skip_reason_name(enum skip_reason reason);
const char *stamp_source_name(enum stamp_source source);

/* refused_answers: the target's `refused=answer`, for a site whose port is closed on purpose. */
enum sample_class outcome_class(enum outcome outcome, int refused_answers);

#endif
