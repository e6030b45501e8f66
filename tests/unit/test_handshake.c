/* SPDX-License-Identifier: MIT */
/* The kernel half on single packets, and what join() makes of its records. */
#include "../kernel_half.h"

/* A fresh slot whose first SYN leaves at one second. */
static int first_syn(void **state)
{
	memset(&record, 0, sizeof record);
	memset(troubles, 0, sizeof troubles);
	socket_has_slot = true;
	realtime_offset_ns = 0;
	send_syn(NSEC_PER_SEC, TSVAL);
	return 0;
}

static void assert_sample(
	int result, enum outcome outcome, unsigned sent, unsigned lost, double rtt_ms)
{
	struct sample sample = join_slot(result);

	assert_int_equal(sample.outcome, outcome);
	assert_int_equal(sample.sent, sent);
	assert_int_equal(sample.lost, lost);
	assert_near(sample.rtt_ns / 1e6, rtt_ms, 1e-9);
	assert_int_equal(sample.start_ns, NSEC_PER_SEC);
}

static void plain_answers(void **state)
{
	receive(NSEC_PER_SEC + 5 * MS, SYN | ACK, WITH, TSVAL);
	assert_sample(0, OUTCOME_OK, 1, 0, 5);
	first_syn(NULL);
	receive(NSEC_PER_SEC + 6 * MS, SYN | ACK, WITHOUT, 0);
	assert_sample(0, OUTCOME_OK, 1, 0, 6);
	first_syn(NULL);
	/* TSecr 0 is what the kernel accepts too. */
	receive(NSEC_PER_SEC + 7 * MS, SYN | ACK, WITH, 0);
	assert_sample(0, OUTCOME_OK, 1, 0, 7);
	first_syn(NULL);
	receive(NSEC_PER_SEC + 8 * MS, RST | ACK, WITHOUT, 0);
	assert_sample(-ECONNREFUSED, OUTCOME_REFUSED, 1, 0, 8);
}

static void ipv6_is_read_as_well(void **state)
{
	memset(&record, 0, sizeof record);
	build(6, SYN, ISN, 0, WITH, TSVAL, 0);
	pass(handshake_egress, NSEC_PER_SEC);
	build(6, SYN | ACK, 99, ISN + 1, WITH, 1234, TSVAL);
	pass(handshake_ingress, NSEC_PER_SEC + 3 * MS);
	assert_int_equal(record.answer_tsecr, TSVAL);
	assert_sample(0, OUTCOME_OK, 1, 0, 3);
}

static void a_lost_syn_is_told_by_its_timestamp(void **state)
{
	send_syn(NSEC_PER_SEC + 1024 * MS, TSVAL + 1024);
	receive(NSEC_PER_SEC + 1030 * MS, SYN | ACK, WITH, TSVAL + 1024);
	assert_sample(0, OUTCOME_OK, 2, 1, 6);
}

static void a_lost_syn_ack_is_ambiguous(void **state)
{
	send_syn(NSEC_PER_SEC + 1024 * MS, TSVAL + 1024);
	receive(NSEC_PER_SEC + 1024 * MS + 72000, SYN | ACK, WITH, TSVAL);
	assert_sample(0, OUTCOME_OK, 2, 1, 0);
	assert_int_equal(join_slot(0).ambiguous, 1);
}

static void without_timestamps_a_second_syn_is_ambiguous(void **state)
{
	send_syn(NSEC_PER_SEC + 1024 * MS, TSVAL + 1024);
	receive(NSEC_PER_SEC + 1030 * MS, RST | ACK, WITHOUT, 0);
	assert_sample(-ECONNREFUSED, OUTCOME_REFUSED, 2, 1, 0);
	assert_int_equal(join_slot(0).ambiguous, 1);
}

/* The kernel takes none of these for an answer, and sends its SYN again at once. */
static void wrong_answers_are_rejected(void **state)
{
	build(4, SYN | ACK, 99, ISN + 2, WITH, 1234, TSVAL);
	pass(handshake_ingress, NSEC_PER_SEC + 5 * MS);
	build(4, RST | ACK, 99, ISN, WITHOUT, 0, 0);
	pass(handshake_ingress, NSEC_PER_SEC + 5 * MS);
	receive(NSEC_PER_SEC + 5 * MS, RST, WITHOUT, 0);
	receive(NSEC_PER_SEC + 5 * MS, SYN | ACK, WITH, TSVAL + 7);
	receive(NSEC_PER_SEC + 5 * MS, SYN | ACK, WITH, TSVAL - 1);
	assert_int_equal(record.wrong_acks, 3);
	assert_int_equal(record.foreign_ts, 2);
	assert_int_equal(record.answer_ns, 0);
	assert_int_equal(join_slot(-ECANCELED).outcome, OUTCOME_TIMEOUT);
	assert_int_equal(join_slot(-ECANCELED).wrong_acks, 3);
	assert_int_equal(join_slot(-ECANCELED).foreign_ts, 2);
	/* Neither SYN-ACK nor RST. */
	receive(NSEC_PER_SEC + 5 * MS, ACK, WITH, TSVAL);
	receive(NSEC_PER_SEC + 5 * MS, SYN, WITH, TSVAL);
	assert_int_equal(record.wrong_acks + record.foreign_ts, 5);
	assert_int_equal(record.answer_ns, 0);

	send_syn(NSEC_PER_SEC + 13 * MS, TSVAL + 13);
	assert_int_equal(join_slot(-ECANCELED).provoked, 1);
	receive(NSEC_PER_SEC + 53 * MS, SYN | ACK, WITH, TSVAL + 13);
	assert_sample(0, OUTCOME_OK, 2, 0, 40);
	assert_int_equal(join_slot(0).provoked, 1);
	assert_int_equal(join_slot(0).wrong_acks, 3);
	assert_int_equal(join_slot(0).foreign_ts, 2);
}

/* As the kernel has it: a TSecr from the first SYN's timestamp on, up to what it would be now. */
static void a_timestamp_that_cannot_be_ours_is_rejected(void **state)
{
	send_syn(2 * NSEC_PER_SEC, TSVAL + 1000);
	receive(2 * NSEC_PER_SEC + 5 * MS, SYN | ACK, WITH, TSVAL - 1);
	receive(2 * NSEC_PER_SEC + 5 * MS, SYN | ACK, WITH, TSVAL + 1007);
	assert_int_equal(record.foreign_ts, 2);
	assert_int_equal(record.answer_ns, 0);
	receive(2 * NSEC_PER_SEC + 6 * MS, SYN | ACK, WITH, TSVAL);
	assert_int_equal(record.answer_ns, 2 * NSEC_PER_SEC + 6 * MS);
	assert_int_equal(record.answer_certain, 0);
	/* Of which SYN, if it was none's? */
	first_syn(NULL);
	send_syn(2 * NSEC_PER_SEC, TSVAL + 1000);
	receive(2 * NSEC_PER_SEC + 5 * MS, SYN | ACK, WITH, TSVAL + 1005);
	assert_sample(0, OUTCOME_OK, 2, 1, 0);
	/* Of the only one. */
	first_syn(NULL);
	receive(NSEC_PER_SEC + 5 * MS, SYN | ACK, WITH, TSVAL + 5);
	assert_sample(0, OUTCOME_OK, 1, 0, 5);
}

/* A peer that answers wrongly for ever: what is counted comes to an end, and stays true. */
static void counters_do_not_wrap(void **state)
{
	for (unsigned i = 1; i < 300; i++)
		send_syn(NSEC_PER_SEC + i * 10 * MS, TSVAL + i * 10);
	for (unsigned i = 0; i < 70000; i++)
		receive(4 * NSEC_PER_SEC, RST, WITHOUT, 0);
	assert_int_equal(record.wrong_acks, 65535);
	receive(NSEC_PER_SEC + 2999 * MS, SYN | ACK, WITH, TSVAL + 2990);
	assert_sample(0, OUTCOME_OK, 255, 0, 9);
	assert_int_equal(join_slot(0).provoked, 254);
	for (unsigned i = 0; i < 70000; i++)
		receive(4 * NSEC_PER_SEC, SYN | ACK, WITH, TSVAL);
	assert_int_equal(record.duplicates, 65535);
}

static void only_the_first_answer_counts(void **state)
{
	receive(NSEC_PER_SEC + 40 * MS, SYN | ACK, WITH, TSVAL);
	receive(NSEC_PER_SEC + 41 * MS, SYN | ACK, WITH, TSVAL);
	receive(NSEC_PER_SEC + 42 * MS, RST | ACK, WITHOUT, 0);
	assert_sample(0, OUTCOME_OK, 1, 0, 40);
	assert_int_equal(join_slot(0).duplicates, 2);
}

static void a_new_sequence_number_begins_anew(void **state)
{
	send_syn(NSEC_PER_SEC + 8 * MS, TSVAL + 8);
	receive(NSEC_PER_SEC + 9 * MS, SYN | ACK, WITH, TSVAL + 999);
	receive(NSEC_PER_SEC + 40 * MS, SYN | ACK, WITH, TSVAL);
	receive(NSEC_PER_SEC + 41 * MS, SYN | ACK, WITH, TSVAL);
	build(4, SYN, ISN + 65538, 0, WITHOUT, 0, 0);
	pass(handshake_egress, 9 * NSEC_PER_SEC);
	assert_memory_equal(&record,
		(&(struct handshake) { .first_syn_ns = 9 * NSEC_PER_SEC,
			.last_syn_ns = 9 * NSEC_PER_SEC,
			.isn = ISN + 65538,
			.syns = 1 }),
		sizeof record);
}

/* Segments of the connection that are no SYN leave by the same hook. */
static void other_packets_change_nothing(void **state)
{
	struct handshake before = record;

	for (unsigned flags = 0; flags < 256; flags++) {
		if ((flags & (SYN | RST | ACK | 1)) == SYN)
			continue;
		build(4, flags, ISN + 7, 0, WITH, TSVAL, 0);
		pass(handshake_egress, 5 * NSEC_PER_SEC);
	}
	build(4, SYN, ISN + 7, 0, WITH, TSVAL, 0);
	packet.bytes[9] = IPPROTO_UDP;
	pass(handshake_egress, 5 * NSEC_PER_SEC);
	packet.bytes[9] = IPPROTO_TCP;
	packet.length = 30;
	pass(handshake_egress, 5 * NSEC_PER_SEC);
	packet.length = 60;
	socket_has_slot = false;
	pass(handshake_egress, 5 * NSEC_PER_SEC);
	receive(5 * NSEC_PER_SEC, SYN | ACK, WITH, TSVAL);
	assert_memory_equal(&record, &before, sizeof record);
}

static void assert_trouble(enum handshake_trouble trouble, uint64_t count)
{
	for (enum handshake_trouble i = 0; i < HANDSHAKE_TROUBLES; i++)
		assert_int_equal(troubles[i], i == trouble ? count : 0);
	memset(troubles, 0, sizeof troubles);
}

/* What the kernel half cannot do is counted, and the record stays as it was. */
static void troubles_are_counted(void **state)
{
	struct handshake before = record;

	receive(NSEC_PER_SEC, ACK, WITH, TSVAL);
	assert_trouble(HANDSHAKE_TROUBLES, 0);
	for (unsigned i = 0; i < 2; i++) {
		int (*hook)(struct __sk_buff *) = i ? handshake_ingress : handshake_egress;

		build(i ? 4 : 6, SYN | (i ? ACK : 0), 99, ISN + 1, WITH, 1234, TSVAL);
		socket_is_full = false;
		pass(hook, 5 * NSEC_PER_SEC);
		assert_trouble(HANDSHAKE_NO_SOCKET, 1);
		socket_is_full = true;
		slot_has_record = false;
		pass(hook, 5 * NSEC_PER_SEC);
		assert_trouble(HANDSHAKE_NO_RECORD, 1);
		slot_has_record = true;
		packet.length = 9;
		pass(hook, 5 * NSEC_PER_SEC);
		packet.length = i ? 39 : 59;
		pass(hook, 5 * NSEC_PER_SEC);
		assert_trouble(HANDSHAKE_NO_HEADER, 2);
		packet.bytes[i ? 9 : 6] = IPPROTO_UDP;
		pass(hook, 5 * NSEC_PER_SEC);
		assert_trouble(HANDSHAKE_NOT_TCP, 1);
		/* A neighbour's packet is no trouble. */
		socket_has_slot = false;
		pass(hook, 5 * NSEC_PER_SEC);
		socket_has_slot = true;
		assert_trouble(HANDSHAKE_TROUBLES, 0);
	}
	assert_memory_equal(&record, &before, sizeof record);
}

/* The SYN-ACK of this case with options of our own. */
static void receive_options(const void *options, unsigned length)
{
	first_syn(NULL);
	build(4, SYN | ACK, 99, ISN + 1, WITH, 1234, TSVAL);
	memcpy(packet.bytes + 40, options, length);
	packet.length = 40 + length;
	packet.bytes[32] = (uint8_t)((20 + length) / 4 << 4);
	pass(handshake_ingress, NSEC_PER_SEC + 5 * MS);
	assert_int_equal(record.answer_ns, NSEC_PER_SEC + 5 * MS);
}

static void options_are_read_to_their_end(void **state)
{
	uint8_t options[40];

	put_options(options, WITH, 1234, TSVAL);
	receive_options(options, 20);
	assert_int_equal(record.answer_tsecr, TSVAL);
	assert_trouble(HANDSHAKE_TROUBLES, 0);
	receive_options("", 0);
	receive_options("\2\4\5\264\0abc", 8); /* an end, and no matter what follows */
	receive_options("\3\3\7\0", 4);
	receive_options("\3\3\7\1", 4);
	assert_int_equal(record.answer_tsecr, 0);
	assert_trouble(HANDSHAKE_TROUBLES, 0);
	/* The timestamps stand last, behind as much padding as there is room for. */
	memset(options, 1, 10);
	memcpy(options + 10, (uint8_t[]) { 8, 10, 0, 0, 0, 1, 0xff, 0xff, 0xff, 0xf0 }, 10);
	receive_options(options, 20);
	assert_int_equal(record.answer_tsecr, TSVAL);
	memset(options, 1, sizeof options);
	receive_options(options, 20);
	assert_trouble(HANDSHAKE_TROUBLES, 0);
	receive_options(options, 40);
	assert_trouble(HANDSHAKE_BAD_OPTIONS, 1);
	receive_options("\3\3\7\5", 4); /* a last kind without a length */
	assert_trouble(HANDSHAKE_BAD_OPTIONS, 1);
	receive_options("\3\1\7\0", 4);
	assert_trouble(HANDSHAKE_BAD_OPTIONS, 1);
	receive_options("\3\5\7\0", 4);
	assert_trouble(HANDSHAKE_BAD_OPTIONS, 1);
	receive_options("\10\11\1\1\1\1\1\1\1\0\0\0", 12);
	assert_trouble(HANDSHAKE_BAD_OPTIONS, 1);
	assert_int_equal(record.answer_tsecr, 0);
}

/* Any bytes where options should be: nothing is read beyond the header, nothing loops. */
static void broken_options(void **state)
{
	for (unsigned i = 0; i < 20000; i++) {
		struct handshake before = record;
		uint8_t *options = packet.bytes + 40;

		build(4, SYN | ACK, 99, ISN + 1, WITH, 1234, TSVAL);
		for (unsigned byte = 0; byte < 20; byte++)
			if (!random_below(3))
				options[byte] = (uint8_t)random_below(11);
		packet.bytes[32] = (uint8_t)(random_below(16) << 4);
		packet.length = 40 + (uint32_t)random_below(21);
		pass(handshake_ingress, NSEC_PER_SEC + 5 * MS);
		assert_true(record.answer_ns || record.foreign_ts == before.foreign_ts + 1);
		record = before;
	}
	assert_true(troubles[HANDSHAKE_BAD_OPTIONS] > 1000);
	/* A timestamps option that the header's length cuts off is none. */
	build(4, SYN | ACK, 99, ISN + 1, WITH, 1234, TSVAL - 5);
	packet.bytes[32] = 8 << 4;
	pass(handshake_ingress, NSEC_PER_SEC + 5 * MS);
	assert_int_equal(record.answer_ns, NSEC_PER_SEC + 5 * MS);
	assert_int_equal(record.answer_tsecr, 0);
}

static void receive_stamped(uint64_t seen_ns, uint64_t stamp_ns)
{
	struct bpf_sock sock = { 0 };
	struct __sk_buff skb = { 0 };

	first_syn(NULL);
	realtime_offset_ns = 1700000000ll * 1000000000;
	build(4, SYN | ACK, 99, ISN + 1, WITH, 1234, TSVAL);
	skb.sk = &sock;
	skb.tstamp = stamp_ns ? stamp_ns + (uint64_t)realtime_offset_ns : 0;
	now_ns = seen_ns;
	handshake_ingress(&skb);
}

/* The packet's own receive stamp takes away the wait in a batch, if it can be believed. */
static void arrival_by_receive_stamp(void **state)
{
	uint64_t seen_ns = NSEC_PER_SEC + 50 * MS;

	receive_stamped(seen_ns, seen_ns - 30000);
	assert_int_equal(record.answer_ns, seen_ns - 30000);
	assert_int_equal(record.receive_age_ns, 30000);
	receive_stamped(seen_ns, 0);
	assert_int_equal(record.answer_ns, seen_ns);
	assert_int_equal(record.receive_age_ns, 0);
	assert_trouble(HANDSHAKE_TROUBLES, 0);
	receive_stamped(seen_ns, seen_ns - 10 * MS);
	assert_int_equal(record.answer_ns, seen_ns);
	assert_trouble(HANDSHAKE_STALE_STAMP, 1);
	receive_stamped(seen_ns, seen_ns + 1000);
	assert_int_equal(record.answer_ns, seen_ns);
	assert_trouble(HANDSHAKE_STALE_STAMP, 1);
	/* Not before the SYN. */
	receive_stamped(NSEC_PER_SEC + 100, NSEC_PER_SEC - 100);
	assert_int_equal(record.answer_ns, NSEC_PER_SEC);
	assert_int_equal(record.receive_age_ns, 100);
	assert_sample(0, OUTCOME_OK, 1, 0, 1e-6);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup(plain_answers, first_syn),
		cmocka_unit_test_setup(ipv6_is_read_as_well, first_syn),
		cmocka_unit_test_setup(a_lost_syn_is_told_by_its_timestamp, first_syn),
		cmocka_unit_test_setup(a_lost_syn_ack_is_ambiguous, first_syn),
		cmocka_unit_test_setup(without_timestamps_a_second_syn_is_ambiguous, first_syn),
		cmocka_unit_test_setup(wrong_answers_are_rejected, first_syn),
		cmocka_unit_test_setup(a_timestamp_that_cannot_be_ours_is_rejected, first_syn),
		cmocka_unit_test_setup(counters_do_not_wrap, first_syn),
		cmocka_unit_test_setup(only_the_first_answer_counts, first_syn),
		cmocka_unit_test_setup(a_new_sequence_number_begins_anew, first_syn),
		cmocka_unit_test_setup(other_packets_change_nothing, first_syn),
		cmocka_unit_test_setup(troubles_are_counted, first_syn),
		cmocka_unit_test_setup(options_are_read_to_their_end, first_syn),
		cmocka_unit_test_setup(broken_options, first_syn),
		cmocka_unit_test_setup(arrival_by_receive_stamp, first_syn),
	};

	random_seed();
	cmocka_set_message_output(CM_OUTPUT_TAP);
	return cmocka_run_group_tests(tests, NULL, NULL);
}
