/* SPDX-License-Identifier: MIT */
#include <errno.h>
#include <string.h>

#include "../check.h"
#include "pure/join.h"
#include "vocabulary/nsec.h"

#define MS NSEC_PER_MSEC
#define START_NS (1000 * NSEC_PER_SEC)
#define TIMEOUT_NS (3 * NSEC_PER_SEC)
#define SYN_ACK (HANDSHAKE_TCP_SYN | HANDSHAKE_TCP_ACK)
#define RST (HANDSHAKE_TCP_RST | HANDSHAKE_TCP_ACK)

struct verdict {
	enum outcome outcome;
	int reason;
};

#define REFUSED                                                                                    \
	{                                                                                          \
		OUTCOME_REFUSED, 0                                                                 \
	}
#define TIMEOUT                                                                                    \
	{                                                                                          \
		OUTCOME_TIMEOUT, 0                                                                 \
	}
#define UNREACHABLE                                                                                \
	{                                                                                          \
		OUTCOME_UNREACHABLE, 0                                                             \
	}
#define LOCAL(kind)                                                                                \
	{                                                                                          \
		OUTCOME_LOCAL_ERROR, LOCAL_##kind                                                  \
	}

/* What an errno means when no answer was stamped: all that connect(2) and io_uring can say of one. */
static const struct row {
	int error;
	struct verdict sent, sent_icmp; /* BPF, a SYN was stamped; an ICMP is in the error queue */
	struct verdict unsent;		/* BPF, no SYN was stamped */
	struct verdict unstamped, unstamped_icmp; /* no BPF */
} rows[] = {
	/* RST, or ICMP port unreachable */
	{ ECONNREFUSED, UNREACHABLE, UNREACHABLE, LOCAL(SYN_NOT_SENT), REFUSED, UNREACHABLE },
	{ ECONNRESET, UNREACHABLE, UNREACHABLE, LOCAL(OTHER), REFUSED, UNREACHABLE },
	{ ECONNABORTED, UNREACHABLE, UNREACHABLE, LOCAL(SYN_NOT_SENT), REFUSED, UNREACHABLE },
	/* ICMP net, host, prohibited, time to live; or a route of ours */
	{ ENETUNREACH, UNREACHABLE, UNREACHABLE, LOCAL(NO_ROUTE), LOCAL(NO_ROUTE), UNREACHABLE },
	{ EHOSTUNREACH, UNREACHABLE, UNREACHABLE, LOCAL(NO_ROUTE), LOCAL(NO_ROUTE), UNREACHABLE },
	{ EACCES, UNREACHABLE, UNREACHABLE, LOCAL(NO_ROUTE), LOCAL(NO_ROUTE), UNREACHABLE },
	/* ICMP that no route of ours can be mistaken for */
	{ EMSGSIZE, UNREACHABLE, UNREACHABLE, LOCAL(OTHER), UNREACHABLE, UNREACHABLE },
	{ ENOPROTOOPT, UNREACHABLE, UNREACHABLE, LOCAL(OTHER), UNREACHABLE, UNREACHABLE },
	{ EOPNOTSUPP, UNREACHABLE, UNREACHABLE, LOCAL(OTHER), UNREACHABLE, UNREACHABLE },
	{ EHOSTDOWN, UNREACHABLE, UNREACHABLE, LOCAL(OTHER), UNREACHABLE, UNREACHABLE },
	{ ENONET, UNREACHABLE, UNREACHABLE, LOCAL(OTHER), UNREACHABLE, UNREACHABLE },
	{ EPROTO, UNREACHABLE, UNREACHABLE, LOCAL(OTHER), UNREACHABLE, UNREACHABLE },
	/* silence; without BPF a SYN that a local firewall dropped cannot be told from it */
	{ ETIMEDOUT, TIMEOUT, TIMEOUT, LOCAL(SYN_NOT_SENT), TIMEOUT, TIMEOUT },
	{ ECANCELED, TIMEOUT, TIMEOUT, LOCAL(SYN_NOT_SENT), TIMEOUT, TIMEOUT },
/* ours, whatever old ICMP stood in the queue */
#define OURS(error, kind)                                                                          \
	{                                                                                          \
		error, LOCAL(kind), LOCAL(kind), LOCAL(kind), LOCAL(kind), LOCAL(kind)             \
	}
	OURS(EINVAL, NO_ROUTE),
	OURS(ENETDOWN, NO_ROUTE),
	OURS(EADDRNOTAVAIL, NO_PORT),
	OURS(EMFILE, NO_DESCRIPTOR),
	OURS(ENFILE, NO_DESCRIPTOR),
	OURS(ENOBUFS, NO_BUFFER),
	OURS(ENOMEM, NO_BUFFER),
	OURS(EAGAIN, NO_BUFFER),
	OURS(EPERM, SYN_NOT_SENT),
	OURS(ENODEV, NO_ROUTE),
	OURS(EADDRINUSE, NO_PORT),
	/* what else connect(2) names, and io_uring: each would be a fault of our own */
	OURS(EAFNOSUPPORT, OTHER),
	OURS(EALREADY, OTHER),
	OURS(EBADF, OTHER),
	OURS(EBADFD, OTHER),
	OURS(EFAULT, OTHER),
	OURS(EINPROGRESS, OTHER),
	OURS(EINTR, OTHER),
	OURS(EISCONN, OTHER),
	OURS(ENOTCONN, OTHER),
	OURS(ENOTSOCK, OTHER),
	OURS(EPROTOTYPE, OTHER),
	/* "connected" at once: a socket that an ICMP error was left on, or a local firewall's
	 * reject */
	{ 0, LOCAL(OTHER), UNREACHABLE, LOCAL(SYN_NOT_SENT), LOCAL(OTHER), UNREACHABLE },
};

static struct join_input input_of(enum stamp_source source, int error)
{
	return (struct join_input) {
		.result = -error,
		.start_ns = START_NS,
		.end_ns = START_NS + 5 * MS,
		.timeout_ns = TIMEOUT_NS,
		.source = source,
		.first_syn_before_ns = 77,
		.handshake = { .first_syn_ns = 77, .last_syn_ns = 77, .syns = 1 },
	};
}

/* The record after a SYN, 20 us after the call. */
static struct handshake one_syn(void)
{
	return (struct handshake) {
		.first_syn_ns = START_NS + 20000,
		.last_syn_ns = START_NS + 20000,
		.isn = 4711,
		.tsval = 3655820842u,
		.syns = 1,
	};
}

static struct sample joined(const struct join_input *input)
{
	struct sample sample;

	/* Whatever the caller's sample held before, except what stays the caller's. */
	memset(&sample, 0xa5, sizeof sample);
	join(input, &sample);
	assert_int_equal(sample.due_ns, 0xa5a5a5a5a5a5a5a5);
	assert_int_equal(sample.target, 0xa5a5a5a5);
	assert_int_equal(sample.cycle, 0xa5a5a5a5);
	assert_int_equal(sample.index, 0xa5a5);
	assert_int_equal(sample.source, input->source);
	assert_int_equal(sample.error, -input->result);
	return sample;
}

static void assert_unanswered(
	const struct join_input *input, const struct verdict *verdict, const char *what)
{
	struct sample sample = joined(input);

	if (sample.outcome != verdict->outcome || sample.reason != verdict->reason)
		fail_msg("%s, errno %d: %s, reason %d, not %s, reason %d", what, -input->result,
			outcome_name(sample.outcome), sample.reason, outcome_name(verdict->outcome),
			verdict->reason);
	assert_int_equal(sample.rtt_ns, 0);
	assert_int_equal(sample.lost, 0);
	assert_int_equal(sample.provoked, 0);
	assert_int_equal(sample.duplicates + sample.wrong_acks + sample.foreign_ts, 0);
	assert_int_equal(sample.ambiguous, 0);
	assert_int_equal(sample.icmp_type, input->icmp_type);
	assert_int_equal(sample.icmp_code, input->icmp_code);
}

static void assert_row(const struct row *row)
{
	for (enum stamp_source source = 0; source < STAMP_SOURCE_COUNT; source++) {
		struct join_input input = input_of(source, row->error);
		bool bpf = source == STAMP_BPF;

		assert_true(join_needs_tcp_info(&input) == !row->error);
		assert_unanswered(&input, bpf ? &row->unsent : &row->unstamped, "quiet");
		if (bpf) {
			input.handshake = one_syn();
			assert_unanswered(&input, &row->sent, "after a SYN");
			assert_int_equal(joined(&input).start_ns, START_NS + 20000);
			assert_int_equal(joined(&input).sent, 1);
		} else {
			assert_int_equal(joined(&input).start_ns, START_NS);
		}
		input.icmp_seen = true;
		input.icmp_type = 3;
		input.icmp_code = 13;
		assert_unanswered(
			&input, bpf ? &row->sent_icmp : &row->unstamped_icmp, "with ICMP");
	}
}

static void every_errno_without_an_answer(void **state)
{
	for (size_t i = 0; i < sizeof rows / sizeof *rows; i++)
		assert_row(&rows[i]);
}

/* Whatever else a kernel may come up with is our side's until somebody has looked at it. */
static void an_unknown_errno_is_our_own(void **state)
{
	unsigned unknown = 0;

	for (int error = 1; error < 4096; error++) {
		bool known = false;

		for (size_t i = 0; i < sizeof rows / sizeof *rows; i++)
			known |= rows[i].error == error;
		if (known)
			continue;
		assert_row(&(struct row) { error, LOCAL(OTHER), UNREACHABLE, LOCAL(OTHER),
			LOCAL(OTHER), UNREACHABLE });
		unknown++;
	}
	assert_int_equal(unknown, 4095 + 1 - sizeof rows / sizeof *rows);
}

/* A silent sample: three SYNs since Linux 6.5, two before. Neither counts as loss. */
static void silence_is_no_loss(void **state)
{
	struct join_input input = input_of(STAMP_BPF, ECANCELED);

	input.handshake = one_syn();
	input.handshake.syns = 3;
	input.handshake.last_syn_ns = input.handshake.first_syn_ns + 2050 * MS;
	assert_int_equal(joined(&input).outcome, OUTCOME_TIMEOUT);
	assert_int_equal(joined(&input).sent, 3);
	assert_int_equal(joined(&input).lost, 0);
	input.handshake.last_syn_ns = input.handshake.first_syn_ns + TIMEOUT_NS;
	assert_int_equal(joined(&input).sent, 3);
	/* Between the time-out and the cancel. */
	input.handshake.last_syn_ns++;
	assert_int_equal(joined(&input).sent, 2);
}

/* answer_ms after the first of `syns` SYNs, the newest of which left newest_ms after it. */
struct answered {
	const char *what;
	unsigned syns, provoked;
	double newest_ms, answer_ms;
	unsigned flags;
	bool certain; /* as the kernel half found: one SYN, or the newest SYN's TSecr */
	enum outcome outcome;
	unsigned lost;
	double rtt_ms; /* 0: ambiguous */
};

static const struct answered answers[] = {
	{ "plain", 1, 0, 0, 5.4, SYN_ACK, true, OUTCOME_OK, 0, 5.4 },
	{ "no path at all", 1, 0, 0, 0, SYN_ACK, true, OUTCOME_OK, 0, 1e-6 },
	{ "plain RST", 1, 0, 0, 2, RST, true, OUTCOME_REFUSED, 0, 2 },
	{ "just certain", 1, 0, 0, 899.999999, SYN_ACK, true, OUTCOME_OK, 0, 899.999999 },
	{ "just late", 1, 0, 0, 900, SYN_ACK, true, OUTCOME_OK, 1, 0 },
	{ "the peer's timer ran ahead of ours", 1, 0, 0, 1005, SYN_ACK, true, OUTCOME_OK, 1, 0 },
	{ "late RST", 1, 0, 0, 950, RST, true, OUTCOME_REFUSED, 1, 0 },
	{ "SYN lost", 2, 0, 1024.685, 1030.088, SYN_ACK, true, OUTCOME_OK, 1, 5.403 },
	{ "SYN lost, FreeBSD-style TSecr", 2, 0, 1024, 1064, SYN_ACK, true, OUTCOME_OK, 1, 40 },
	{ "SYN-ACK lost, Linux-style TSecr", 2, 0, 1024.685, 1024.757, SYN_ACK, false, OUTCOME_OK,
		1, 0 },
	{ "SYN-ACK late", 2, 0, 1024, 1300, SYN_ACK, false, OUTCOME_OK, 1, 0 },
	{ "no timestamps after a loss", 2, 0, 1024, 1064, SYN_ACK, false, OUTCOME_OK, 1, 0 },
	{ "RST after a loss", 2, 0, 1024, 1026, RST, false, OUTCOME_REFUSED, 1, 0 },
	{ "two lost", 3, 0, 2050, 2090, SYN_ACK, true, OUTCOME_OK, 2, 40 },
	{ "two lost, and late", 3, 0, 2050, 2960, SYN_ACK, true, OUTCOME_OK, 3, 0 },
	{ "two lost, and ambiguous", 3, 0, 2050, 2090, SYN_ACK, false, OUTCOME_OK, 2, 0 },
	{ "provoked", 2, 1, 8, 48, SYN_ACK, true, OUTCOME_OK, 0, 40 },
	{ "provoked and ambiguous", 2, 1, 8, 48, SYN_ACK, false, OUTCOME_OK, 0, 0 },
	{ "provoked and lost", 3, 1, 1032, 1072, SYN_ACK, true, OUTCOME_OK, 1, 40 },
	{ "the kernel dropped the answer and sent again", 2, 0, 1024, 40, SYN_ACK, true, OUTCOME_OK,
		1, 0 },
	{ "just in time", 3, 0, 2999, 3000, SYN_ACK, true, OUTCOME_OK, 2, 1 },
};

static struct join_input input_with(const struct answered *answer, int error)
{
	struct join_input input = input_of(STAMP_BPF, error);
	struct handshake hs = one_syn();

	hs.last_syn_ns = hs.first_syn_ns + (uint64_t)llround(answer->newest_ms * 1e6);
	hs.answer_ns = hs.first_syn_ns + (uint64_t)llround(answer->answer_ms * 1e6);
	hs.syns = (uint8_t)answer->syns;
	hs.provoked = (uint8_t)answer->provoked;
	hs.answer_flags = (uint8_t)answer->flags;
	hs.answer_certain = answer->certain;
	input.handshake = hs;
	return input;
}

/* The stamps decide, whatever the completion said meanwhile: an answer in time may meet the cancel.
 * */
static void stamped_answers(void **state)
{
	static const int errors[] = { 0, ECONNREFUSED, ECANCELED, ECONNRESET, EHOSTUNREACH };

	for (size_t i = 0; i < sizeof answers / sizeof *answers; i++) {
		const struct answered *answer = &answers[i];

		for (size_t e = 0; e < sizeof errors / sizeof *errors; e++) {
			struct join_input input = input_with(answer, errors[e]);
			struct sample sample = joined(&input);

			assert_false(join_needs_tcp_info(&input));
			if (sample.outcome != answer->outcome || sample.lost != answer->lost)
				fail_msg("%s: %s, %u lost", answer->what,
					outcome_name(sample.outcome), sample.lost);
			assert_near(sample.rtt_ns / 1e6, answer->rtt_ms, 1e-9);
			assert_int_equal(sample.ambiguous, answer->rtt_ms == 0);
			assert_int_equal(sample.sent, answer->syns);
			assert_int_equal(sample.provoked, answer->provoked);
			assert_int_equal(sample.start_ns, START_NS + 20000);
		}
	}
}

static void an_answer_after_the_time_out_is_none(void **state)
{
	static const int errors[] = { 0, ECONNREFUSED, ECANCELED };
	struct answered late = answers[0];

	late.syns = 3;
	late.newest_ms = 2050;
	late.answer_ms = 3000.000001;
	for (size_t i = 0; i < sizeof errors / sizeof *errors; i++) {
		for (unsigned rst = 0; rst < 2; rst++) {
			struct join_input input;

			late.flags = rst ? RST : SYN_ACK;
			input = input_with(&late, errors[i]);
			input.established = !errors[i];
			input.tcp_rtt_us = 950000;
			assert_unanswered(&input, &(struct verdict)TIMEOUT, "too late");
		}
	}
}

/* The slot still holds the answer of the connection before: it says nothing of this one. */
static void an_old_answer_is_none(void **state)
{
	struct join_input input = input_with(&answers[0], ECANCELED);

	input.first_syn_before_ns = input.handshake.first_syn_ns;
	input.handshake.provoked = 1;
	input.handshake.duplicates = input.handshake.wrong_acks = input.handshake.foreign_ts = 9;
	assert_unanswered(&input, &(struct verdict)LOCAL(SYN_NOT_SENT), "old answer");
	input.result = 0;
	assert_true(join_needs_tcp_info(&input));
	assert_unanswered(&input, &(struct verdict)LOCAL(SYN_NOT_SENT), "old answer");
	/* Without the kernel half the record is nobody's. */
	input.source = STAMP_CLOCK;
	input.first_syn_before_ns = 0;
	assert_unanswered(&input, &(struct verdict)LOCAL(OTHER), "no kernel half");
}

static void what_there_is_to_close(void **state)
{
	struct join_input input = input_of(STAMP_BPF, 0);

	input.handshake = one_syn();
	assert_false(join_is_connected(&input));
	input.handshake.answer_ns = input.handshake.last_syn_ns + MS;
	input.handshake.answer_flags = SYN_ACK;
	assert_true(join_is_connected(&input));
	input.handshake.answer_flags = RST;
	assert_false(join_is_connected(&input));
	/* The answer met the cancel: the socket never got to know of it. */
	input.handshake.answer_flags = SYN_ACK;
	input.result = -ECANCELED;
	assert_false(join_is_connected(&input));
	input = input_of(STAMP_TCP_INFO, 0);
	assert_false(join_is_connected(&input));
	input.established = true;
	assert_true(join_is_connected(&input));
}

static void connected_without_a_stamp(void **state)
{
	struct join_input input = input_of(STAMP_BPF, 0);

	input.handshake = one_syn();
	input.established = true;
	input.tcp_rtt_us = 40000;
	assert_unanswered(&input, &(struct verdict)LOCAL(NO_STAMP), "no stamp");
}

static void assert_answered(
	const struct join_input *input, unsigned sent, unsigned lost, uint32_t rtt_ns)
{
	struct sample sample = joined(input);

	assert_true(join_needs_tcp_info(input));
	assert_int_equal(sample.outcome, OUTCOME_OK);
	assert_int_equal(sample.sent, sent);
	assert_int_equal(sample.lost, lost);
	assert_int_equal(sample.rtt_ns, rtt_ns);
	assert_int_equal(sample.ambiguous, !rtt_ns);
	assert_int_equal(sample.start_ns, START_NS);
}

static void tcp_info_is_exact_without_retransmissions(void **state)
{
	struct join_input input = input_of(STAMP_TCP_INFO, 0);

	input.established = true;
	input.tcp_rtt_us = 5403;
	assert_answered(&input, 1, 0, 5403000);
	input.tcp_rtt_us = 899999;
	assert_answered(&input, 1, 0, 899999000);
	input.tcp_rtt_us = 900000;
	assert_answered(&input, 1, 1, 0);
	input.tcp_rtt_us = 3000000;
	assert_answered(&input, 1, 1, 0);
	input.tcp_rtt_us = 5000;
	for (input.tcp_retrans = 1; input.tcp_retrans < 7; input.tcp_retrans++)
		assert_answered(&input, 1 + input.tcp_retrans, input.tcp_retrans, 0);
	input.tcp_retrans = 70000;
	assert_answered(&input, 255, 254, 0);

	input.tcp_retrans = 0;
	input.tcp_rtt_us = 3000001;
	assert_unanswered(&input, &(struct verdict)TIMEOUT, "after the time-out");
}

static void the_clock_is_certain_below_the_first_retransmission(void **state)
{
	struct join_input input = input_of(STAMP_CLOCK, 0);

	input.established = true;
	assert_answered(&input, 1, 0, 5 * MS);
	input.end_ns = input.start_ns;
	assert_answered(&input, 1, 0, 1);
	input.end_ns = input.start_ns + JOIN_CERTAIN_NS - 1;
	assert_answered(&input, 1, 0, JOIN_CERTAIN_NS - 1);
	/* A SYN sent again, or an answer that counts as lost: which, nobody knows. */
	input.end_ns = input.start_ns + JOIN_CERTAIN_NS;
	assert_answered(&input, 2, 1, 0);
	/* The clock tells when we looked, not when it came: no time-out is made of that. */
	input.end_ns = input.start_ns + 20 * NSEC_PER_SEC;
	assert_answered(&input, 2, 1, 0);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(every_errno_without_an_answer),
		cmocka_unit_test(an_unknown_errno_is_our_own),
		cmocka_unit_test(silence_is_no_loss),
		cmocka_unit_test(stamped_answers),
		cmocka_unit_test(an_answer_after_the_time_out_is_none),
		cmocka_unit_test(an_old_answer_is_none),
		cmocka_unit_test(what_there_is_to_close),
		cmocka_unit_test(connected_without_a_stamp),
		cmocka_unit_test(tcp_info_is_exact_without_retransmissions),
		cmocka_unit_test(the_clock_is_certain_below_the_first_retransmission),
	};

	cmocka_set_message_output(CM_OUTPUT_TAP);
	return cmocka_run_group_tests(tests, NULL, NULL);
}
