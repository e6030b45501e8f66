/* SPDX-License-Identifier: MIT */
/* Handshakes over random lossy networks whose packet log is the truth, through the kernel half and
 * join(). What must hold: a latency that is given is the true one of the SYN that was answered; one
 * is given whenever the rule allows; loss is what the rule makes of the log. */
#include "../kernel_half.h"

#define SYNS_MAX 4
#define ANSWERS_MAX 16
#define BEGIN_NS NSEC_PER_SEC

/* How the peer answers a SYN that it has seen before. */
enum peer { PEER_LINUX, PEER_BSD, PEER_WITHOUT_TIMESTAMPS, PEER_CLOSED, PEER_KINDS };

static const char *const peer_names[PEER_KINDS] = { "linux", "bsd", "no timestamps",
	"closed port" };

/* A SYN-ACK or RST that the peer sent. */
struct answer {
	uint64_t arrives_ns; /* UINT64_MAX: lost on the way back */
	uint32_t tsecr;
	int of_syn; /* which SYN it answers directly; -1: the peer's own timer sent it */
};

struct network {
	enum peer peer;
	double loss;
	uint64_t way_ns; /* one way, without the jitter */
	uint64_t syn_ns[SYNS_MAX];
	struct answer answers[ANSWERS_MAX];
	unsigned answer_count;
};

static uint32_t tsval_at(uint64_t at_ns)
{
	return TSVAL + (uint32_t)((at_ns - BEGIN_NS) / MS);
}

static uint64_t way_ns(const struct network *net)
{
	return net->way_ns + random_below(net->way_ns / 8 + 1);
}

static void answer(struct network *net, uint64_t at_ns, uint32_t tsecr, int of_syn)
{
	bool lost = random_unit() < net->loss;

	assert_true(net->answer_count < ANSWERS_MAX);
	net->answers[net->answer_count++] = (struct answer) {
		.arrives_ns = lost ? UINT64_MAX : at_ns + way_ns(net),
		.tsecr = tsecr,
		.of_syn = of_syn,
	};
}

/* The peer's SYN-ACK timer: 1 s, then 2 s after the last SYN-ACK, in step with our own to 30 ms. */
static void run_timer(struct network *net, uint64_t from_ns, uint64_t until_ns, uint32_t tsecr)
{
	for (unsigned i = 0; i < 2; i++) {
		from_ns += (NSEC_PER_SEC << i) - 5 * MS + random_below(30 * MS);
		if (from_ns >= until_ns)
			return;
		answer(net, from_ns, tsecr, -1);
	}
}

/* All SYNs that the kernel would send if nothing ever came back, and all that the peer would
 * answer. */
static void play(struct network *net)
{
	uint64_t seen_ns[SYNS_MAX], begin_ns = BEGIN_NS;
	uint32_t tsecr = 0;
	bool known = false;

	for (int i = 0; i < SYNS_MAX; i++) {
		net->syn_ns[i] = begin_ns;
		begin_ns += NSEC_PER_SEC + random_below(30 * MS);
		seen_ns[i] = random_unit() < net->loss ? UINT64_MAX : net->syn_ns[i] + way_ns(net);
	}
	for (int i = 0; i < SYNS_MAX; i++) {
		uint64_t until_ns = UINT64_MAX;

		if (seen_ns[i] == UINT64_MAX)
			continue;
		if (!known || net->peer == PEER_BSD)
			tsecr = tsval_at(net->syn_ns[i]);
		known = true;
		answer(net, seen_ns[i], tsecr, i);
		if (net->peer == PEER_CLOSED)
			continue;
		/* A further SYN starts the timer anew. */
		for (int next = i + 1; next < SYNS_MAX; next++)
			if (seen_ns[next] < until_ns)
				until_ns = seen_ns[next];
		run_timer(net, seen_ns[i], until_ns, tsecr);
	}
}

static const struct answer *first_arrival(const struct network *net)
{
	const struct answer *first = NULL;

	for (unsigned i = 0; i < net->answer_count; i++)
		if (net->answers[i].arrives_ns != UINT64_MAX &&
			(!first || net->answers[i].arrives_ns < first->arrives_ns))
			first = &net->answers[i];
	return first;
}

/* What the hooks see: SYNs until the first answer has come, then nothing more. */
static unsigned run_kernel_half(const struct network *net, const struct answer *first)
{
	bool rst = net->peer == PEER_CLOSED;
	bool stamped = net->peer == PEER_LINUX || net->peer == PEER_BSD;
	uint64_t end_ns = first ? first->arrives_ns : BEGIN_NS + TIMEOUT_NS;
	unsigned sent = 0;

	memset(&record, 0, sizeof record);
	socket_has_slot = true;
	while (sent < SYNS_MAX && net->syn_ns[sent] < end_ns) {
		send_syn(net->syn_ns[sent], tsval_at(net->syn_ns[sent]));
		sent++;
	}
	if (first)
		receive(end_ns, (rst ? RST : SYN) | ACK, stamped ? WITH : WITHOUT, first->tsecr);
	return sent;
}

/* The rule of measurement: from the log alone. */
static void check(const struct network *net, const struct answer *first, unsigned sent,
	const struct sample *sample)
{
	uint64_t newest_ns = net->syn_ns[sent - 1], after_ns = first->arrives_ns - newest_ns;
	bool late = after_ns >= 900 * MS;
	bool echoes = (net->peer == PEER_LINUX || net->peer == PEER_BSD) &&
		      first->tsecr == tsval_at(newest_ns);
	bool certain = !late && (sent == 1 || echoes);

	assert_int_equal(sample->outcome, net->peer == PEER_CLOSED ? OUTCOME_REFUSED : OUTCOME_OK);
	assert_int_equal(sample->sent, sent);
	assert_int_equal(sample->lost, sent - 1 + late);
	assert_int_equal(sample->provoked, 0);
	assert_int_equal(sample->ambiguous, !certain);
	if (!certain) {
		assert_int_equal(sample->rtt_ns, 0);
		return;
	}
	/* Never a lie: the answer was this SYN's own. */
	assert_int_equal(first->of_syn, (int)sent - 1);
	assert_int_equal(sample->rtt_ns, after_ns);
}

static void a_latency_is_true_or_not_given(void **state)
{
	unsigned answered[PEER_KINDS] = { 0 }, ambiguous[PEER_KINDS] = { 0 };

	for (unsigned i = 0; i < 400000; i++) {
		struct network net = {
			.peer = (enum peer)random_below(PEER_KINDS),
			.loss = random_unit() * 0.6,
			.way_ns = random_below(random_below(4) ? 100 * MS : 600 * MS),
		};
		struct sample sample;
		const struct answer *first;
		unsigned sent;

		play(&net);
		first = first_arrival(&net);
		if (first && first->arrives_ns > BEGIN_NS + TIMEOUT_NS)
			first = NULL;
		sent = run_kernel_half(&net, first);
		sample =
			join_slot(first ? net.peer == PEER_CLOSED ? -ECONNREFUSED : 0 : -ECANCELED);
		if (!first) {
			assert_int_equal(sample.outcome, OUTCOME_TIMEOUT);
			assert_int_equal(sample.rtt_ns, 0);
			assert_int_equal(sample.lost, 0);
			continue;
		}
		check(&net, first, sent, &sample);
		answered[net.peer]++;
		ambiguous[net.peer] += sample.ambiguous;
	}
	for (unsigned peer = 0; peer < PEER_KINDS; peer++)
		print_message("# %s: %u answered, %u ambiguous\n", peer_names[peer], answered[peer],
			ambiguous[peer]);
	/* The traces did meet what they are for. */
	for (unsigned peer = 0; peer < PEER_KINDS; peer++)
		assert_true(ambiguous[peer] > answered[peer] / 50 &&
			    ambiguous[peer] < answered[peer] / 2);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(a_latency_is_true_or_not_given),
	};

	random_seed();
	cmocka_set_message_output(CM_OUTPUT_TAP);
	return cmocka_run_group_tests(tests, NULL, NULL);
}
