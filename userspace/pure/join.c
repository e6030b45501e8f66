/* SPDX-License-Identifier: MIT */
#include "pure/join.h"

#include <errno.h>
#include <stddef.h>

#include "vocabulary/nsec.h"

/* What an errno of connect(2), or of io_uring for it, means once a SYN has left (`sent`: the network's
 * word), and when none has (`unsent`: our own side's). LOCAL_NO_ROUTE only where a route of ours can say
 * it. The compiler warns of an errno that stands here twice. */
struct meaning {
	uint8_t known;
	uint8_t sent;	/* enum outcome */
	uint8_t unsent; /* enum local_error */
};
#define NETWORK(outcome, kind)                                                                     \
	{                                                                                          \
		1, OUTCOME_##outcome, LOCAL_##kind                                                 \
	}
#define OURS(kind) NETWORK(LOCAL_ERROR, kind)

static const struct meaning meanings[] = {
	/* RST, or ICMP port unreachable; unsent: a firewall of our own */
	[ECONNREFUSED] = NETWORK(REFUSED, SYN_NOT_SENT),
	[ECONNRESET] = NETWORK(REFUSED, OTHER),
	[ECONNABORTED] = NETWORK(REFUSED, SYN_NOT_SENT), /* an older io_uring's word for it */

	[ETIMEDOUT] = NETWORK(TIMEOUT, SYN_NOT_SENT),
	[ECANCELED] = NETWORK(TIMEOUT, SYN_NOT_SENT), /* prober.timeout is over */

	/* ICMP, ICMPv6; unsent: a route of our own */
	[EHOSTUNREACH] = NETWORK(UNREACHABLE, NO_ROUTE),
	[ENETUNREACH] = NETWORK(UNREACHABLE, NO_ROUTE),
	[EACCES] = NETWORK(UNREACHABLE, NO_ROUTE), /* prohibited */
	/* ICMP only */
	[EHOSTDOWN] = NETWORK(UNREACHABLE, OTHER),   /* 3/7 host unknown */
	[ENONET] = NETWORK(UNREACHABLE, OTHER),	     /* 3/8 host isolated */
	[EOPNOTSUPP] = NETWORK(UNREACHABLE, OTHER),  /* 3/5 source route failed */
	[ENOPROTOOPT] = NETWORK(UNREACHABLE, OTHER), /* 3/2 protocol */
	[EPROTO] = NETWORK(UNREACHABLE, OTHER),	     /* 12 parameter problem */
	[EMSGSIZE] = NETWORK(UNREACHABLE, OTHER),    /* 3/4 fragmentation needed */

	[EPERM] = OURS(SYN_NOT_SENT), /* a BPF or security hook */
	[ENETDOWN] = OURS(NO_ROUTE),
	[ENODEV] = OURS(NO_ROUTE),
	[EINVAL] = OURS(NO_ROUTE), /* a blackhole route */
	[EADDRNOTAVAIL] = OURS(NO_PORT),
	[EADDRINUSE] = OURS(NO_PORT), /* every port of prober.source is taken */
	[EMFILE] = OURS(NO_DESCRIPTOR),
	[ENFILE] = OURS(NO_DESCRIPTOR),
	[ENOBUFS] = OURS(NO_BUFFER),
	[ENOMEM] = OURS(NO_BUFFER),
	[EAGAIN] = OURS(NO_BUFFER),

	/* A slot that is not what it should be: a fault of this program, or of the kernel. */
	[EAFNOSUPPORT] = OURS(OTHER),
	[EALREADY] = OURS(OTHER),
	[EBADF] = OURS(OTHER),
	[EBADFD] = OURS(OTHER),
	[EFAULT] = OURS(OTHER),
	[EINPROGRESS] = OURS(OTHER),
	[EINTR] = OURS(OTHER),
	[EISCONN] = OURS(OTHER),
	[ENOTCONN] = OURS(OTHER),
	[ENOTSOCK] = OURS(OTHER),
	[EPROTOTYPE] = OURS(OTHER),
};
_Static_assert(OUTCOME_COUNT < 256 && LOCAL_ERROR_COUNT < 256, "a byte holds them");

static const struct meaning *meaning_of(int error)
{
	static const struct meaning unknown = { 0, OUTCOME_LOCAL_ERROR, LOCAL_OTHER };

	if (error < 0 || (size_t)error >= sizeof meanings / sizeof meanings[0])
		return &unknown;
	return meanings[error].known ? &meanings[error] : &unknown;
}

static void set_local(struct sample *sample, enum local_error kind)
{
	sample->outcome = OUTCOME_LOCAL_ERROR;
	sample->reason = kind;
}

/* This connect's SYN passed the kernel half. */
static bool syn_was_stamped(const struct join_input *in)
{
	return in->source == STAMP_BPF && in->handshake.first_syn_ns != in->first_syn_before_ns;
}

static bool answer_was_stamped(const struct join_input *in)
{
	return syn_was_stamped(in) && in->handshake.answer_ns;
}

bool join_needs_tcp_info(const struct join_input *in)
{
	return !in->result && !answer_was_stamped(in);
}

bool join_is_connected(const struct join_input *in)
{
	bool by_stamp = answer_was_stamped(in) && !(in->handshake.answer_flags & HANDSHAKE_TCP_RST);

	return !in->result && (by_stamp || in->established);
}

/* An answer was stamped: the stamps decide, whatever the completion said meanwhile. */
static void join_stamped_answer(const struct join_input *in, struct sample *sample)
{
	const struct handshake *hs = &in->handshake;
	/* The kernel sends again, after the answer, when it had to drop it. */
	bool after_newest = hs->answer_ns >= hs->last_syn_ns;
	uint64_t after_ns = after_newest ? hs->answer_ns - hs->last_syn_ns : 0;
	bool late = after_ns >= JOIN_CERTAIN_NS;

	if (hs->answer_ns > hs->first_syn_ns + in->timeout_ns) {
		/* It met the cancel on its way. */
		sample->outcome = OUTCOME_TIMEOUT;
		return;
	}
	sample->outcome = hs->answer_flags & HANDSHAKE_TCP_RST ? OUTCOME_REFUSED : OUTCOME_OK;
	sample->sent = hs->syns;
	sample->lost = (uint8_t)(hs->syns - 1 - hs->provoked + (late ? 1 : 0));
	if (hs->answer_certain && after_newest && !late)
		sample->rtt_ns = after_ns ? (uint32_t)after_ns : 1;
	else
		sample->ambiguous = 1;
}

/* No SYN left, and the kernel did not simply run into the time-out: its errno says why. */
static void join_unsent(const struct join_input *in, struct sample *sample)
{
	if (in->result)
		set_local(sample, meaning_of(-in->result)->unsent);
	else
		/* A local firewall's ICMP met the socket while it was in use: "connected" at once. */
		set_local(sample, LOCAL_SYN_NOT_SENT);
}

static void join_failed(const struct join_input *in, struct sample *sample)
{
	const struct meaning *meaning = meaning_of(-in->result);

	if (meaning->sent == OUTCOME_LOCAL_ERROR && meaning->known) {
		/* Ours, even where an old ICMP stood in the queue. */
		set_local(sample, meaning->unsent);
	} else if (in->icmp_seen && in->result != -ECANCELED && in->result != -ETIMEDOUT) {
		/* A port unreachable comes back as ECONNREFUSED; the error queue knows better. */
		sample->outcome = OUTCOME_UNREACHABLE;
	} else if (meaning->sent == OUTCOME_REFUSED && in->source == STAMP_BPF) {
		/* Refused, and no RST was stamped: an ICMP whose error queue entry was lost. */
		sample->outcome = OUTCOME_UNREACHABLE;
	} else if (meaning->sent == OUTCOME_UNREACHABLE && meaning->unsent == LOCAL_NO_ROUTE &&
		   in->source != STAMP_BPF && !in->tcp_sent) {
		/* No word from the network, so the word is our own routing table's. */
		set_local(sample, LOCAL_NO_ROUTE);
	} else if (meaning->sent == OUTCOME_LOCAL_ERROR) {
		set_local(sample, meaning->unsent);
	} else {
		sample->outcome = meaning->sent;
	}
}

/* The kernel's own measure: exact as long as nothing was sent again. */
static void join_tcp_info(const struct join_input *in, struct sample *sample)
{
	if (!in->tcp_retrans && in->tcp_rtt_us * NSEC_PER_USEC > in->timeout_ns) {
		sample->outcome = OUTCOME_TIMEOUT;
		return;
	}
	sample->sent = (uint8_t)(in->tcp_retrans < 254 ? 1 + in->tcp_retrans : 255);
	sample->lost = (uint8_t)(sample->sent - 1);
	if (in->tcp_retrans) {
		sample->ambiguous = 1;
	} else if (in->tcp_rtt_us < JOIN_CERTAIN_NS / 1000) {
		sample->rtt_ns = in->tcp_rtt_us * 1000;
	} else {
		sample->lost = 1;
		sample->ambiguous = 1;
	}
}

static void join_clock(const struct join_input *in, struct sample *sample)
{
	uint64_t took_ns = in->end_ns - in->start_ns;

	sample->sent = 1;
	if (in->paused) {
		sample->ambiguous = 1;
	} else if (took_ns < JOIN_CERTAIN_NS) {
		sample->rtt_ns = took_ns ? (uint32_t)took_ns : 1;
	} else {
		/* The first retransmission is due after 1 s: at least one packet was lost or late. */
		sample->sent = 2;
		sample->lost = 1;
		sample->ambiguous = 1;
	}
}

/* A success that no stamp confirms. */
static void join_success(const struct join_input *in, struct sample *sample)
{
	if (!in->established) {
		if (in->icmp_seen)
			sample->outcome = OUTCOME_UNREACHABLE;
		else
			set_local(sample, LOCAL_OTHER);
		return;
	}
	if (in->source == STAMP_BPF) {
		set_local(sample, LOCAL_NO_STAMP);
		return;
	}
	sample->outcome = OUTCOME_OK;
	if (in->source == STAMP_TCP_INFO)
		join_tcp_info(in, sample);
	else
		join_clock(in, sample);
}

/* The SYNs of a connect without an answer. The cancel comes a little after the time-out, and a SYN may
 * have left in between. */
static uint8_t unanswered_syns(const struct join_input *in)
{
	const struct handshake *hs = &in->handshake;
	bool after = hs->syns > 1 && hs->last_syn_ns > hs->first_syn_ns + in->timeout_ns;

	return (uint8_t)(hs->syns - after);
}

void join(const struct join_input *in, struct sample *sample)
{
	sample->source = (uint8_t)in->source;
	sample->start_ns = syn_was_stamped(in) ? in->handshake.first_syn_ns : in->start_ns;
	sample->error = (uint16_t)-in->result;
	sample->rtt_ns = 0;
	sample->reason = sample->sent = sample->lost = sample->provoked = sample->ambiguous = 0;
	sample->duplicates = sample->wrong_acks = sample->foreign_ts = 0;
	sample->icmp_type = in->icmp_type;
	sample->icmp_code = in->icmp_code;

	if (answer_was_stamped(in))
		join_stamped_answer(in, sample);
	else if (in->source == STAMP_BPF && !syn_was_stamped(in))
		join_unsent(in, sample);
	else if (in->result)
		join_failed(in, sample);
	else
		join_success(in, sample);

	if (!syn_was_stamped(in))
		return;
	if (!sample->sent)
		sample->sent = unanswered_syns(in);
	sample->provoked = in->handshake.provoked;
	sample->duplicates = in->handshake.duplicates;
	sample->wrong_acks = in->handshake.wrong_acks;
	sample->foreign_ts = in->handshake.foreign_ts;
}
