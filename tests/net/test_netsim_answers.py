#!/usr/bin/python3
# Runs as one of two: it measures time, roughly.
"""What netsim answers, and how it changes over time: every packet seen from kernel sockets inside is held
against the log of truth."""
from math import cos, pi

from harness import NETSIM, equal, expect, run_tests, skip_unless_root
from netsim_seen import ACK, RST, SYN, Seen, wrong


def test_every_kind_of_answer_is_what_it_says():
    addresses = {
        "twice": 1, "late": 2, "bad-ack": 3, "bad-ack-first": 4, "rst-bad-ack": 5, "cookie": 6,
        "bsd": 7, "none": 8, "unsent": 9, "zero": 10, "window": 11, "rst": 12}
    address = {name: f"198.18.0.{last}" for name, last in addresses.items()}
    seen = Seen("""
        198.18.0.0/24 latency=20ms
        198.18.0.1 answer=twice:30ms
        198.18.0.2 answer=late:1300ms timer=off
        198.18.0.3 answer=bad-ack
        198.18.0.4 answer=bad-ack-first:3ms
        198.18.0.5 answer=rst-bad-ack
        198.18.0.6 answer=cookie
        198.18.0.7 timestamps=bsd
        198.18.0.8 timestamps=none
        198.18.0.9 timestamps=unsent
        198.18.0.10 timestamps=zero
        198.18.0.11 window=0
        198.18.0.12 answer=rst
    """, [[0, a, 1.8] for a in address.values()])
    expected = {name: "ok" for name in addresses}
    expected.update({"bad-ack": "timeout", "rst-bad-ack": "timeout", "unsent": "timeout",
                     "rst": "ECONNREFUSED"})
    equal({name: seen.outcome(a) for name, a in address.items()}, expected, "outcomes")

    def of(name):
        first = seen.truth(address[name])[0]
        return first, seen.answers(address[name])

    syn, packets = of("twice")
    synacks = [p for p in packets if p.flags == SYN | ACK]
    equal((len(synacks), [s.packet for s in syn.sent]), (2, ["synack", "synack"]), "twice")
    equal(syn.sent[1].due_ns - syn.sent[0].due_ns, 30000000, "ns between the two")
    expect(10e6 < synacks[1].ns - synacks[0].ns < 60e6, f"twice: {synacks}")

    syns = seen.truth(address["late"])
    equal([s.which for s in syns], [0, 1], "SYNs of late")
    _, packets = of("late")
    expect(1320e6 <= packets[0].ns - syns[0].arrival_ns < 1400e6, f"late: {packets[0]}")
    equal(packets[0].tsecr, syns[0].tsval, "TSecr of late")
    expect(packets[0].tsecr != syns[1].tsval, "late: TSecr of the second SYN")

    syn, packets = of("bad-ack")
    expect(packets and all(wrong(p, syn) and p.flags == SYN | ACK for p in packets), f"{packets}")
    expect(all(s.sent[0].packet == "synack-bad" for s in seen.truth(address["bad-ack"])), "truth")
    # The kernel says RST to it, and soon begins again.
    provoked = seen.truth(address["bad-ack"])[1]
    expect(provoked.arrival_ns - syn.arrival_ns < 500e6, f"not provoked: {provoked}")

    syn, packets = of("bad-ack-first")
    equal([wrong(p, syn) for p in packets[:2]], [True, False], f"{packets}")
    equal(syn.sent[1].due_ns - syn.sent[0].due_ns, 3000000, "ns between the two")
    equal([s.packet for s in syn.sent], ["synack-bad", "synack"], "bad-ack-first")

    syn, packets = of("rst-bad-ack")
    expect(packets and all(wrong(p, syn) and p.flags == RST | ACK for p in packets), f"{packets}")
    equal(syn.sent[0].packet, "rst-bad", "rst-bad-ack")

    syn, packets = of("none")
    equal((packets[0].tsval, packets[0].tsecr, syn.sent[0].tsecr), (None, None, None), "none")
    syn, packets = of("unsent")
    expect(packets[0].tsecr not in {s.tsval for s in seen.truth(address["unsent"])}, f"{packets}")
    equal((syn.sent[0].packet, packets[0].acknowledgement), ("synack-unsent", syn.isn + 1), "unsent")
    equal(of("zero")[1][0].tsecr, 0, "zero")
    equal((of("window")[1][0].window, of("cookie")[1][0].window), (0, 65160), "windows")
    syn, packets = of("rst")
    equal((packets[0].flags, packets[0].acknowledgement, packets[0].tsval),
          (RST | ACK, syn.isn + 1, None), "rst")


def test_a_repeated_syn_is_answered_as_linux_bsd_and_a_cookie_do():
    """The first SYN-ACK is lost: whose timestamp does the next echo, and does one come by itself?"""
    kinds = {"linux": "", "bsd": "timestamps=bsd timer=off", "cookie": "answer=cookie"}
    ranges = {kind: i for i, kind in enumerate(kinds)}
    seen = Seen("".join(
        f"198.18.{i}.0/24 latency=10ms loss-back=50% {kinds[kind]}\n"
        for kind, i in ranges.items()), [[0, f"198.18.{i}.{k}", 3.3]
                                         for i in ranges.values() for k in range(1, 61)])
    found = {kind: 0 for kind in kinds}
    by_timer = {kind: 0 for kind in kinds}
    for kind, i in ranges.items():
        for k in range(1, 61):
            syns = seen.truth(f"198.18.{i}.{k}")
            sent = [s for syn in syns for s in syn.sent]
            by_timer[kind] += sum(s.how == "timer" for s in sent)
            answers = [p for p in seen.answers(f"198.18.{i}.{k}") if p.flags == SYN | ACK]
            if len(syns) < 2 or not answers:
                continue
            before = [s for s in syns if s.arrival_ns < answers[0].ns]
            found[kind] += len(before) > 1
            mine = before[-1].tsval if kind != "linux" else before[0].tsval
            equal(answers[0].tsecr, mine, f"TSecr of {kind}, {syns}")
    expect(min(found.values()) >= 5, f"answers after a lost one: {found}")
    expect(by_timer["linux"] >= 1, f"repeated by the peer's own timer: {by_timer}")
    equal((by_timer["bsd"], by_timer["cookie"]), (0, 0), "with timer=off and of a cookie")


def lost_runs(seen, address):
    """Of each SYN to an address, in order: was it lost?"""
    return [s.fate == "syn-lost" for s in seen.truth(address)]


def test_loss_in_bursts_comes_in_bursts():
    """Gilbert-Elliott by packet: mean bursts of 1/r, and a share p/(p+r) in the long run."""
    text = "seed 9\n198.18.0.0/24 latency=1ms burst=10%:25% burst-step=packet\n"
    # 40 connects, whose repetitions are packets as well; a loss of 10/35 = 28.6 %.
    plan = [[n * 0.01, f"198.18.0.{k}", 0.005] for n in range(60) for k in range(1, 13)]
    seen = Seen(text, plan)
    again = Seen(text, plan)
    lost, after_lost, after_good, total = 0, [], [], 0
    for k in range(1, 13):
        runs = lost_runs(seen, f"198.18.0.{k}")
        equal(lost_runs(again, f"198.18.0.{k}")[:50], runs[:50], "with the same seed")
        total += len(runs)
        lost += sum(runs)
        for one, two in zip(runs, runs[1:]):
            (after_lost if one else after_good).append(two)
    expect(0.15 < lost / total < 0.45, f"{lost} of {total} lost")
    expect(0.6 < sum(after_lost) / len(after_lost) < 0.9, f"after a loss: {sum(after_lost)}")
    expect(0.04 < sum(after_good) / len(after_good) < 0.2, f"after none: {sum(after_good)}")


def test_bursts_by_time_and_of_answers():
    """By time: all ports of an address share one line. Of answers: the SYN arrives."""
    seen = Seen("""
        198.18.0.0/24 latency=1ms burst=10%:10% burst-step=100ms
        198.18.1.0/24 latency=1ms burst-back=20%:20% burst-step=100ms
        198.18.2.0/24 latency=1ms burst=50%:50%:100%:100%
    """, [[n * 0.02, a, 0.01] for n in range(100) for a in ("198.18.0.1", "198.18.1.1")] +
                [[0, "198.18.2.1", 0.5]])
    lost = lost_runs(seen, "198.18.0.1")
    changes = sum(a != b for a, b in zip(lost, lost[1:]))
    expect(sum(lost) and not all(lost), f"of {len(lost)} lost {sum(lost)}")
    expect(changes <= 12, f"{changes} changes in 2 s of 100 ms steps: {lost}")
    back = [s.fate for s in seen.truth("198.18.1.1")]
    equal(set(back), {"arrived", "answer-lost"}, "fates of answers")
    expect(all(s.sent[0].left_ns is None for s in seen.truth("198.18.1.1")
               if s.fate == "answer-lost"), "a lost answer left")
    equal(seen.outcome("198.18.2.1"), "timeout", "with loss in the good state as well")


def delay_ms(seen, address):
    """[(seconds, drawn ms, fate, answer)] of an address's SYNs."""
    return [(seen.seconds(s), s.delay_ns / 1e6, s.fate, s.answer) for s in seen.truth(address)]


def test_changes_come_when_they_should():
    plan = [[n * 0.05, f"198.18.0.{k}", 0.04] for n in range(60) for k in range(1, 9)]
    seen = Seen("""
        198.18.0.0/24 latency=10ms
        198.18.0.1 step from=1s to=2s latency=+20ms answer=rst
        198.18.0.2 step from=1500ms latency=25ms
        198.18.0.3 ramp from=500ms to=1500ms until=2500ms latency=30ms
        198.18.0.4 swing period=1s wave=square duty=30% latency=+10ms
        198.18.0.5 swing period=2s latency=+20ms
        198.18.0.6 outage from=1s to=2s
        198.18.0.7 flap period=800ms duty=25% phase=100ms
        198.18.0.8 step from=1s loss=100% jitter=uniform:5ms
    """, plan)

    def check(last, expected, tolerance=0.001):
        rows = delay_ms(seen, f"198.18.0.{last}")
        expect(len(rows) >= 55, f"{last}: only {len(rows)} SYNs")
        for at, ms, fate, answer in rows:
            want = expected(at)
            found = (fate, answer) if isinstance(want, tuple) else ms
            good = found == want if isinstance(want, tuple) else abs(ms - want) <= tolerance
            expect(good, f"198.18.0.{last} at {at:.4f} s: {found}, not {want}")

    check(1, lambda t: 30 if 1 <= t < 2 else 10)
    check(1, lambda t: ("arrived", "rst" if 1 <= t < 2 else "synack"))
    check(2, lambda t: 25 if t >= 1.5 else 10)
    check(3, lambda t: 10 if t < 0.5 or t >= 2.5 else 10 + 20 * min(1, t - 0.5))
    check(4, lambda t: 20 if t % 1 < 0.3 else 10)
    check(5, lambda t: 10 + 10 * (1 - cos(pi * t)), 0.01)
    def outage(last, dark):
        """The SYN meets it or, 10 ms later, the answer; at its edge either may be."""
        for at, _, fate, answer in delay_ms(seen, f"198.18.0.{last}"):
            leaves = {("answer-outage" if dark(at + 0.01 + off) else "arrived") for off in (0, 0.005)}
            want = {"syn-outage"} if dark(at) else leaves
            expect(fate in want and answer == "synack", f"198.18.0.{last} at {at:.4f} s: {fate}")

    outage(6, lambda t: 1 <= t < 2)
    outage(7, lambda t: (t + 0.1) % 0.8 >= 0.2)
    check(8, lambda t: ("syn-lost" if t >= 1 else "arrived", "synack"))
    late = [ms for t, ms, _, _ in delay_ms(seen, "198.18.0.8") if t >= 1]
    expect(min(late) < 8 and max(late) > 12 and 5 <= min(late) <= max(late) <= 15, f"{late}")
    # And that is what the sockets saw.
    expect({o for o, _ in seen.results["198.18.0.6"]} == {"ok", "timeout"}, "outage")
    expect({o for o, _ in seen.results["198.18.0.1"]} == {"ok", "ECONNREFUSED"}, "answer=rst")


def test_groups_and_the_uplink_fail_together():
    addresses = ["198.18.0.1", "198.18.1.1", "198.18.2.1", "2001:db8::1"]
    seen = Seen("""
        198.18.0.0/16 latency=10ms group=isp
        198.18.1.0/24 group=site,other
        198.18.1.1 latency=20ms
        2001:db8::/64 latency=10ms group=six
        198.18.2.0/24 group=other
        group isp step from=500ms to=1s latency=+5ms
        group site outage from=1s to=1500ms
        group other step from=500ms to=1s latency=+1ms
        uplink outage from=2s to=2500ms
        uplink step from=1500ms to=2s latency=+3ms loss-back=100%
    """, [[n * 0.05, a, 0.045] for n in range(60) for a in addresses])

    def expected(address, t):
        base, fate = {"198.18.1.1": 20}.get(address, 10), "arrived"
        if 0.5 <= t < 1:
            base += {"198.18.0.1": 5, "198.18.1.1": 6, "198.18.2.1": 6}.get(address, 0)
        if 1 <= t < 1.5 and address == "198.18.1.1":
            fate = "syn-outage"
        if 1.5 <= t < 2:
            base, fate = base + 3, "answer-lost"
        if 2 <= t < 2.5:
            fate = "syn-outage"
        return base, fate

    cut_on_the_way = 0
    for address in addresses:
        for at, ms, fate, _ in delay_ms(seen, address):
            want_ms, want_fate = expected(address, at)
            if fate == "answer-outage":    # it was on its way when the line was cut
                expect(expected(address, at + ms / 1e3)[1] == "syn-outage", f"{address} at {at}")
                cut_on_the_way += 1
                fate = want_fate = "arrived"
            equal((round(ms, 3), fate), (want_ms, want_fate), f"{address} at {at:.4f} s")
        expect({o for o, _ in seen.results[address]} == {"ok", "timeout"}, f"outcomes of {address}")
    expect(cut_on_the_way < 12, f"{cut_on_the_way} answers were cut off on their way")


if __name__ == "__main__":
    skip_unless_root()
    run_tests(globals(), NETSIM)
