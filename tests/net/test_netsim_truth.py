#!/usr/bin/python3
# Runs as one of two: it measures time, roughly.
"""The log of truth itself, its seeds, and what it costs."""
import re
import sys
import time

from harness import NETSIM, equal, expect, path, run_tests, skip_unless_root
from netsim_seen import ACK, SYN, Seen, netsim, read_truth, scenario


def test_the_log_of_truth_agrees_with_the_packets():
    addresses = [f"198.18.0.{k}" for k in range(1, 51)] + ["198.18.9.9"]
    seen = Seen("""
        seed 11
        198.18.0.0/24 latency=10ms..30ms jitter=normal:2ms loss=20% loss-back=20%
    """, [[0.002 * i, a, 2.5] for i, a in enumerate(addresses)], "--verbose")
    ours = [p for p in seen.packets if p.ours and p.flags == SYN]
    equal(len(seen.syns), len(ours), "SYNs")
    counts = {}
    by_connection = lambda p: (p[0], p[1], p[2])    # two CPUs may send: in order each by itself
    ours = sorted(((p.peer, p.port, p.sequence, p) for p in ours), key=by_connection)
    syns = sorted(((s.address, s.from_port, s.isn, s) for s in seen.syns), key=by_connection)
    for (*_, syn), (*_, packet) in zip(syns, ours):
        equal((syn.address, syn.from_port, syn.port, syn.isn, syn.tsval),
              (packet.peer, packet.port, 5060, packet.sequence, packet.tsval), "a SYN")
        # The kernel's stamps at the two ends of the link, in this order.
        expect(-20e3 < syn.arrival_ns - packet.ns < 5e6, f"{syn.arrival_ns - packet.ns} ns apart")
        offset = syn.arrival_realtime_ns - syn.arrival_ns
        expect(abs(offset - (seen.syns[0].arrival_realtime_ns - seen.syns[0].arrival_ns)) < 1e6,
               "the two clocks of the arrival")
        equal(syn.which, counts.get(syn.port_pair, 0), f"which of its connection: {syn}")
        counts[syn.port_pair] = syn.which + 1
        if syn.fate == "arrived" and syn.answer:
            equal(syn.due_ns, syn.arrival_ns + syn.delay_ns, f"due: {syn}")
            equal(syn.left_ns, syn.sent[0].left_ns, f"left: {syn}")
            expect(syn.left_ns >= syn.due_ns, f"left before it was due: {syn}")
        else:
            equal(syn.left_ns, None, f"left: {syn}")
    left = sorted((s.left_ns, syn.address, s.tsecr) for syn in seen.syns for s in syn.sent
                  if s.left_ns)
    answers = [p for p in seen.packets if not p.ours and p.flags == SYN | ACK]
    equal([(a, t) for _, a, t in left], [(p.peer, p.tsecr) for p in answers], "SYN-ACKs")
    expect(all(-20e3 < p.ns - ns < 20e6 for (ns, _, _), p in zip(left, answers)), "their times")
    fates = {s.fate for s in seen.syns}
    equal(fates, {"arrived", "syn-lost", "answer-lost", "unlisted"}, "fates")
    unlisted = seen.truth("198.18.9.9")[0]
    equal((unlisted.fate, unlisted.answer, unlisted.delay_ns), ("unlisted", None, None), "unlisted")
    expect("records lost 0" in seen.comments[-2], f"{seen.comments}")
    expect(f"sent {len(left)}; left - due: p50" in seen.comments[-1], f"{seen.comments}")
    expect("sent - due: p50" in seen.stderr, seen.stderr)


SAMPLE_COLUMNS = ("address port from_port isn outcome sent provoked lost rtt_ns begin_ns answer_ns "
                  "next_syn_ns").split()


def samples_of_truth(file, *options):
    """The lines of `netsim samples`: [{column: text}]."""
    done = netsim("samples", file, *options)
    equal(done.returncode, 0, f"status: {done.stderr}")
    lines = [line.split() for line in done.stdout.splitlines()]
    equal(lines[0], ["#", *SAMPLE_COLUMNS], "names")
    return [dict(zip(SAMPLE_COLUMNS, line)) for line in lines[1:]]


class Known:
    """What a prober that waits so long can know of a connection, worked out a second time from the
    packets and the socket."""

    def __init__(self, seen, line, timeout_ns):
        address = line["address"]
        packets = [p for p in seen.of(address) if p.port == int(line["from_port"])]
        syns = [p for p in packets if p.ours and p.flags == SYN]
        self.begin_ns = syns[0].ns
        by_socket, ms = seen.results[address][0]
        self.outcome = {"ok": "ok", "ECONNREFUSED": "refused", "EHOSTUNREACH": "unreachable",
                        "timeout": "timeout"}[by_socket]
        self.answer = next((p for p in packets if not p.ours and
                            p.acknowledgement == int(line["isn"]) + 1), None)
        end_ns = self.answer.ns if self.answer else self.begin_ns + ms * 1e6
        if self.outcome == "timeout" or end_ns - self.begin_ns > timeout_ns:
            self.outcome, self.answer, end_ns = "timeout", None, self.begin_ns + timeout_ns
        self.syns = [p for p in syns if p.ns < end_ns]
        self.next = next((p for p in syns if p.ns >= end_ns), None)
        self.provoked = sum(b.ns - a.ns < 500e6 for a, b in zip(self.syns, self.syns[1:]))

    def lost_and_rtt_ns(self):
        """As text and number; "-" and None without."""
        if self.outcome not in ("ok", "refused"):
            return "-", None
        gap_ns, newest = self.answer.ns - self.syns[-1].ns, self.syns[-1]
        late = gap_ns >= 900e6
        sure = not late and (len(self.syns) == 1 or
                             (self.answer.tsecr is not None and self.answer.tsecr == newest.tsval))
        return str(len(self.syns) - 1 - self.provoked + late), gap_ns if sure else None


def near_ns(text, wanted, what):
    """`wanted`: a time or None, which is "-"."""
    expect(text == "-" if wanted is None else text != "-" and abs(int(text) - wanted) < 5e6,
           f"{what}: {text}, not {wanted}")


def test_samples_follow_the_rule_of_truth():
    addresses = [f"198.18.0.{k}" for k in range(1, 61)]
    seen = Seen("""
        198.18.0.0/24 latency=10ms..30ms loss=25% loss-back=25%
        198.18.0.1 answer=bad-ack-first:20ms
        198.18.0.2 answer=late:950ms
        198.18.0.3 answer=rst
        198.18.0.4 answer=icmp-host
        198.18.0.5 answer=late:1200ms
    """, [[0, a, 3.4] for a in addresses])
    # No SYN and no answer lie near one of these.
    for timeout_ns, options in ((3.4e9, ()), (16e8, ("--timeout", "1600ms")),
                                (5e8, ("--timeout", "0.5s"))):
        lines = samples_of_truth(path("test.truth"), *options)
        equal(len(lines), len(addresses), "connections")
        certain = ambiguous = timeouts = 0
        for line in lines:
            known = Known(seen, line, timeout_ns)
            what = f"{line} within {timeout_ns} ns"
            equal((line["outcome"], line["sent"], line["provoked"]),
                  (known.outcome, str(len(known.syns)), str(known.provoked)), what)
            lost, rtt_ns = known.lost_and_rtt_ns()
            equal(line["lost"], lost, f"lost in {what}")
            near_ns(line["rtt_ns"], rtt_ns, f"latency in {what}")
            near_ns(line["begin_ns"], known.begin_ns, f"begin in {what}")
            if known.answer or known.outcome == "timeout":    # when an ICMP came is not known
                near_ns(line["answer_ns"], known.answer.ns if known.answer else None,
                        f"answer in {what}")
            near_ns(line["next_syn_ns"], known.next.ns if known.next else None, f"next in {what}")
            certain += rtt_ns is not None
            ambiguous += lost != "-" and rtt_ns is None
            timeouts += known.outcome == "timeout"
        print(f"# {certain} certain, {ambiguous} ambiguous, {timeouts} time-outs")
        expect(certain > 20 and (options or ambiguous > 3), f"{certain} certain, {ambiguous} not")
        expect(timeouts > 20 if timeout_ns == 5e8 else timeouts < 20, f"{timeouts} time-outs")


def test_the_same_seed_gives_the_same_decisions():
    text = """
        seed %d
        198.18.0.0/24 latency=1ms..9ms jitter=pareto:2ms loss=20%% loss-back=20%% timer=off
        198.18.0.128/25 burst=20%%:30%%:5%%:90%% burst-step=packet jitter=normal:1ms
    """
    plan = [[n * 0.1, f"198.18.0.{k}", 0.05] for n in range(5) for k in range(1, 250, 3)]

    def decisions(seed):
        seen = Seen(text % seed, plan)
        by_address = {}
        for s in seen.syns:
            by_address.setdefault(s.address, []).append(
                (s.which, s.answer, s.fate, s.delay_ns, s.port))
        return by_address
    one, two, other = decisions(1), decisions(1), decisions(2)
    equal(one, two, "decisions of the same seed")
    different = sum(one[a] != other[a] for a in one)
    expect(different > 0.9 * len(one), f"another seed: {different} of {len(one)} differ")


def test_what_follows_the_handshake_is_accepted_quietly():
    code = r"""
import socket, struct
for how in range(20):
    s = socket.create_connection(("198.18.0.1", 5060), 2)
    if how % 2:
        s.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))    # RST
        s.close()
    else:
        s.shutdown(socket.SHUT_WR)
        s.settimeout(2)
        assert s.recv(1) == b""    # its FIN
        s.close()
print(open("/proc/net/snmp").read().split("Tcp:")[2].split()[6])    # AttemptFails
"""
    done = netsim("run", scenario("198.18.0.0/24 latency=2ms\n"), "--verbose", "--", sys.executable,
                  "-c", code)
    equal((done.returncode, done.stdout.strip()), (0, "0"), f"status and output: {done.stderr}")
    expect("20 SYN, 10 RST, 10 FIN" in done.stderr, done.stderr)
    expect("sent: 30," in done.stderr, done.stderr)


FLOOD = r"""
import os, socket, struct, sys, time
rate, seconds, hosts = int(sys.argv[1]), float(sys.argv[2]), int(sys.argv[3])
os.sched_setaffinity(0, {min(os.sched_getaffinity(0))})
s = socket.socket(socket.AF_PACKET, socket.SOCK_RAW)
s.bind(("netsim0", 0))
s.setsockopt(socket.SOL_PACKET if hasattr(socket, "SOL_PACKET") else 263, 20, 1)    # QDISC_BYPASS
frame = bytearray(bytes.fromhex("00005e005302020000005301" "0800" "4500003c000040004006" "0000"
                                "c6336407" "00000000" "0000" "13c4" "00000000" "00000000" "a002"
                                "faf000000000" "020405b40402080a" "00000001" "00000000" "01030307"))
clock, send, pack = time.monotonic_ns, s.send, struct.pack_into
due, step = clock(), 10**9 // rate
for i in range(int(rate * seconds)):
    pack("!IHHI", frame, 30, 0xc6120000 + i % hosts, 1024 + i // hosts, 5060, i * 7919)
    while clock() < due:
        pass
    due = max(due, clock() - step) + step    # what was missed is not made up for at once
    send(frame)
time.sleep(0.3)
"""


def flood(file, rate, seconds, hosts, *options):
    done = netsim("run", file, "--verbose", *options, "--", sys.executable, "-c", FLOOD, str(rate),
                  str(seconds), str(hosts))
    equal(done.returncode, 0, f"status: {done.stderr}")
    return done


def test_a_hundred_thousand_endpoints_in_one_scenario():
    """One line for each: two seconds from the start to the first packet, and sane memory."""
    lines = [f"198.{18 + (i >> 16)}.{i >> 8 & 255}.{i & 255} name=p{i}.example latency=5ms "
             f"group=g{i % 1000}" for i in range(100000)]
    lines += [f"group g{g} step from={g}s latency=+5ms" for g in range(0, 1000, 10)]
    file = scenario("\n".join(lines) + "\n")
    code = ("import time, sys, os\n"
            "rss = [int(line.split()[1]) for line in open(f'/proc/{os.getppid()}/status')"
            " if line.startswith('VmHWM')][0]\n"
            "print(time.monotonic(), rss)")
    begin = time.monotonic()
    done = netsim("run", file, "--", sys.executable, "-c", code)
    end, kib = done.stdout.split()
    expect(float(end) - begin < 2, f"{float(end) - begin:.2f} s from start to command")
    expect(int(kib) < 256 * 1024, f"{kib} KiB")
    truth = path("big.truth")
    flood(file, 20000, 5.0, 100000, "--truth", truth)
    syns, comments = read_truth(truth)
    equal(len({s.address for s in syns}), 100000, "addresses")
    expect(all(s.answer == "synack" and s.left_ns for s in syns), "not all were answered")
    expect("records lost 0" in comments[-2], f"{comments}")
    equal(len(netsim("targets", file).stdout.splitlines()), 100000, "targets")


def test_it_keeps_its_time_at_20000_a_second():
    """Its own lateness is measured and printed: 99 % within 50 us, unless the machine takes its CPU
    away for longer than that, which it measures as well; half within 20 us in any case."""
    file = scenario("198.18.0.0/20 latency=5ms..60ms jitter=normal:300us\n")
    runs = []
    while len(runs) < 3 and (not runs or min(runs)[0] >= 50):
        done = flood(file, 20000, 1.0, 4000, "--truth", path("fast.truth"))
        late = re.search(r"sent - due: p50 ([\d.]+) us, p99 ([\d.]+) us", done.stderr)
        taken = re.search(r"taken away .*longest (\d+) us", done.stderr)
        expect("ring drops: 0" in done.stderr and "warning" not in done.stderr, done.stderr)
        syns, comments = read_truth(path("fast.truth"))
        equal((len(syns), comments[-2]), (20000, "records lost 0"), "the log of truth")
        runs.append((float(late[2]), float(late[1]), float(taken[1])))
        print(f"# p99 {late[2]} us, p50 {late[1]} us, CPU taken away for up to {taken[1]} us")
    p99_us, p50_us, taken_us = min(runs)
    expect(p50_us < 20, f"p50 {p50_us} us")
    expect(p99_us < 50 or taken_us > 50, f"late without anybody taking the CPU away: {runs}")


if __name__ == "__main__":
    skip_unless_root()
    run_tests(globals(), NETSIM)
