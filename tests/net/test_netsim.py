#!/usr/bin/python3
# SPDX-License-Identifier: MIT
# Runs as one of two: it measures time, roughly.
"""The simulated network: what it refuses to read, what it lists, and whether it is what it says."""
import json
import os
import signal
import subprocess
import sys

from harness import (NETSIM, equal, expect, run, run_tests, skip_unless_root, start, stop,
                     wait_until, write)


def netsim(*arguments):
    return run([NETSIM, *arguments])


def scenario(text):
    return write("test.scenario", text)


def links():
    """The interfaces of this machine."""
    return run(["ip", "-o", "link"]).stdout


# Runs inside the network. Connects to the ADDRESSES of its arguments, all at once, and prints
# [address, outcome, milliseconds] for each. "SNIFF" as the first argument: also every SYN and
# SYN-ACK of theirs, as [address, our port, is it an answer, TSval, TSecr], in their order.
PROBE = r"""
import errno, json, selectors, socket, struct, sys, time

sniffer = None
addresses = sys.argv[1:]
if addresses[0] == "SNIFF":
    addresses.pop(0)
    sniffer = socket.socket(socket.AF_PACKET, socket.SOCK_RAW, socket.htons(3))
    sniffer.bind(("netsim0", 3))
    sniffer.setblocking(False)
    sniffer.setsockopt(socket.SOL_SOCKET, 33, 1 << 24)    # SO_RCVBUFFORCE: it is read at the end
selector = selectors.DefaultSelector()
pending, results, packets = {}, [], []
for address in addresses:
    probe = socket.socket(socket.AF_INET6 if ":" in address else socket.AF_INET)
    probe.setblocking(False)
    started = time.monotonic()
    probe.connect_ex((address, 5060))
    pending[probe] = (address, started)
    selector.register(probe, selectors.EVENT_WRITE)
end = time.monotonic() + (6 if sniffer else 1.5)
while pending and time.monotonic() < end:
    for key, _ in selector.select(max(0, end - time.monotonic())):
        error = key.fileobj.getsockopt(socket.SOL_SOCKET, socket.SO_ERROR)
        address, started = pending.pop(key.fileobj)
        selector.unregister(key.fileobj)
        results.append([address, errno.errorcode.get(error, "ok"),
                        (time.monotonic() - started) * 1e3])
        key.fileobj.close()
results += [[address, "timeout", 0] for address, _ in pending.values()]

def timestamps(options):
    while options and options[0]:
        length = 1 if options[0] == 1 else options[1]
        if options[0] == 8:
            return struct.unpack("!II", options[2:10])
        options = options[length:]
    return (None, None)

while sniffer:
    try:
        frame = sniffer.recv(2048)
    except BlockingIOError:
        break
    if frame[12:14] != b"\x08\x00" or frame[23] != 6 or not frame[47] & 2:
        continue
    answer = frame[47] & 16 != 0
    peer, port = (frame[26:30], frame[36:38]) if answer else (frame[30:34], frame[34:36])
    tsval, tsecr = timestamps(frame[54:34 + (frame[46] >> 4) * 4])
    packets.append([socket.inet_ntoa(peer), struct.unpack("!H", port)[0], answer, tsval, tsecr])
print(json.dumps({"results": results, "packets": packets}))
"""


def probe(file, *arguments):
    """What PROBE saw, by address: (outcome, ms); and the packets."""
    done = netsim("run", file, "--", sys.executable, "-c", PROBE, *arguments)
    equal(done.returncode, 0, f"status: {done.stderr}")
    seen = json.loads(done.stdout)
    return {a: (outcome, ms) for a, outcome, ms in seen["results"]}, seen["packets"]


def test_a_line_that_is_wrong_is_named_with_what_is_allowed():
    wrong = [
        ("seed x", "seed x: must be a whole number"),
        ("seed 1\nseed 2", "a second seed"),
        ("10.0.0.1", "10.0.0.1: must lie inside 198.18.0.0/15 or 2001:db8::/32"),
        ("198.17.0.0/15", "198.17.0.0/15: must be `seed`"),
        ("198.20.0.0-198.20.0.9", "must lie inside"),
        ("198.18.0.0/14", "198.18.0.0/14: must be"),
        ("2001:db9::1", "2001:db9::1: must lie inside"),
        ("198.18.0.9-198.18.0.1", "must be"),
        ("198.19.255.0/24", "must leave out 198.19.255.252/30, netsim's own link"),
        ("2001:db8:ffff:ffff::7", "must leave out 2001:db8:ffff:ffff::/64"),
        ("pbx1.example", "pbx1.example: must be `seed`, an address"),
        ("198.18.0.1 latency=20", "latency=20: must be A or A..B"),
        ("198.18.0.1 latency=30ms..20ms", "latency=30ms..20ms: must be A or A..B"),
        ("198.18.0.1 latency=61s", "from 0us to 60s"),
        ("198.18.0.1 jitter=normal", "jitter=normal: must be none, normal:SD"),
        ("198.18.0.1 jitter=normal:-1ms", "jitter=normal:-1ms: must be"),
        ("198.18.0.1 loss=101%", "loss=101%: must be from 0% to 100%"),
        ("198.18.0.1 loss-back=nan%", "loss-back=nan%: must be from 0% to 100%"),
        ("198.18.0.1 answer=maybe", "answer=maybe: must be synack, rst"),
        ("198.18.0.1 port=0", "port=0: must be from 1 to 65535"),
        ("198.18.0.1 colour=red", "colour=red: no such key; there are latency, jitter"),
        ("198.18.0.1 loss", "loss: must be KEY=VALUE"),
        ("198.18.0.1 loss=1% loss=2%", "loss=2%: stands twice on the line"),
        ("198.18.0.1 target=\"isp=x", "a quotation that is opened is not closed"),
        ("198.18.0.0/30 name=pbx.example", "needs %d: the range has 4 addresses"),
        ("198.18.0.0/30 name=pbx%s.example", "name=pbx%s.example: must be of"),
        ("198.18.0.0/30 name=p%dx%d.example", "at most one %d"),
        ("2001:db8::/64 name=p%d.example", "at most 1048576 addresses a line"),
    ]
    for text, message in wrong:
        line = 2 + text.count("\n")
        file = scenario("# a comment\n" + text + "\n")
        done = netsim("check", file)
        equal((done.returncode, done.stdout), (2, ""), f"status and output with {text}")
        expect(done.stderr.startswith(f"{file}:{line}: "), f"{text}: {done.stderr}")
        expect(message in done.stderr, f"{text}: {message} is not in {done.stderr}")


def test_wrong_usage_ends_with_2():
    file = scenario("198.18.0.1\n")
    for arguments in ([], ["fly", file], ["targets"], ["run", file], ["run", file, "--"],
                      ["run", file, "--cpu", "x", "--", "true"], ["run", "--", "true"],
                      ["check", file + ".none"]):
        done = netsim(*arguments)
        expect(done.returncode == 2 and done.stderr, f"{arguments}: {done}")


def test_targets_and_hosts_list_every_name():
    file = scenario("""
        198.18.0.0-198.18.0.2 name=pbx%d.north.example target="isp=north class=gold"   # three
        198.18.1.7  name=gw.example port=5061 target='tenant="Acme GmbH"'
        198.18.2.0/31 name=n%03d.example
        2001:db8::/127 name=n%03d.example
        198.18.3.0/31 target=isp=west
        2001:db8::8 port=5070
        198.18.0.1 answer=rst
    """)
    equal(netsim("targets", file).stdout.splitlines(), [
        "pbx0.north.example isp=north class=gold",
        "pbx1.north.example isp=north class=gold",
        "pbx2.north.example isp=north class=gold",
        'gw.example:5061 tenant="Acme GmbH"',
        "n000.example",
        "n001.example",
        "198.18.3.0 isp=west",
        "198.18.3.1 isp=west",
        "[2001:db8::8]:5070",
    ], "targets")
    equal(netsim("hosts", file).stdout.splitlines(), [
        "198.18.0.0 pbx0.north.example",
        "198.18.0.1 pbx1.north.example",
        "198.18.0.2 pbx2.north.example",
        "198.18.1.7 gw.example",
        "198.18.2.0 n000.example",
        "198.18.2.1 n001.example",
        "2001:db8:: n000.example",
        "2001:db8::1 n001.example",
    ], "hosts")
    done = netsim("check", file)
    expect("7 ranges, 8 names, 9 targets" in done.stdout, done.stdout)
    expect("sends nothing outside" in done.stdout, done.stdout)


def test_the_scenarios_of_this_repository_are_good():
    for name, targets in (("demo", 300), ("load", 5000)):
        file = f"tests/netsim/{name}.scenario"
        equal(netsim("check", file).returncode, 0, f"status of {name}")
        equal(len(set(netsim("targets", file).stdout.splitlines())), targets, f"targets of {name}")


def test_every_answer_arrives_and_in_time():
    file = scenario("""
        seed 3
        198.18.0.0/24 latency=20ms
        198.18.0.2 answer=rst
        198.18.0.3 answer=silence
        198.18.0.4 answer=icmp-host
        198.18.0.5 answer=icmp-port
        198.18.0.6 answer=icmp-admin
        2001:db8::/112 latency=30ms
        2001:db8::2 answer=rst
        2001:db8::3 answer=silence
        2001:db8::4 answer=icmp-host
        2001:db8::5 answer=icmp-port
        2001:db8::6 answer=icmp-admin
    """)
    v4, v6 = "198.18.0.", "2001:db8::"
    expected = {
        v4 + "1": "ok", v4 + "2": "ECONNREFUSED", v4 + "3": "timeout",
        v4 + "4": "EHOSTUNREACH", v4 + "5": "ECONNREFUSED", v4 + "6": "EHOSTUNREACH",
        v6 + "1": "ok", v6 + "2": "ECONNREFUSED", v6 + "3": "timeout",
        v6 + "4": "EHOSTUNREACH", v6 + "5": "ECONNREFUSED", v6 + "6": "EACCES",
        "198.18.7.1": "timeout", "2001:db8:7::1": "timeout",    # in no range
    }
    best = {}
    for _ in range(3):    # a busy machine may be late, never early
        results, _ = probe(file, *expected)
        equal({a: outcome for a, (outcome, _) in results.items()}, expected, "outcomes")
        for address, (_, ms) in results.items():
            best[address] = min(ms, best.get(address, 1e9))
    for address, outcome in expected.items():
        if outcome != "timeout":
            latency = 30 if ":" in address else 20
            expect(latency <= best[address] < latency + 10, f"{address}: {best[address]} ms")


def test_the_smallest_range_decides_and_of_equal_ones_the_later():
    file = scenario("""
        198.18.0.5 latency=40ms
        198.18.0.0-198.18.0.9 latency=100ms answer=rst
        198.18.0.6 latency=40ms
        198.18.0.0/16 latency=200ms
        198.18.0.6 latency=70ms answer=synack
    """)
    results, _ = probe(file, "198.18.0.1", "198.18.0.5", "198.18.0.6", "198.18.1.1")
    for address, outcome, low, high in (
            ("198.18.0.1", "ECONNREFUSED", 100, 190), ("198.18.0.5", "ECONNREFUSED", 40, 69),
            ("198.18.0.6", "ok", 70, 99), ("198.18.1.1", "ok", 200, 400)):
        equal(results[address][0], outcome, f"outcome of {address}")
        expect(low <= results[address][1] < high, f"{address}: {results[address][1]} ms")


def test_a_seed_gives_the_same_network_again_and_another_seed_another():
    text = "seed %d\n198.18.0.0/24 latency=20ms..90ms loss=50%%\n"
    addresses = [f"198.18.0.{i}" for i in range(1, 101)]
    one, _ = probe(scenario(text % 1), *addresses)
    again, _ = probe(scenario(text % 1), *addresses)
    other, _ = probe(scenario(text % 2), *addresses)

    def first_answers(results):    # those whose first SYN was not lost
        return {a: ms for a, (_, ms) in results.items() if 0 < ms < 500}
    one, again, other = first_answers(one), first_answers(again), first_answers(other)
    expect(30 <= len(one) <= 70, f"{len(one)} of 100 answered")
    equal(again.keys(), one.keys(), "what answers with the same seed")
    expect(one.keys() != other.keys(), "with another seed the same answer")
    close = sum(abs(one[a] - again[a]) < 5 for a in one)
    expect(close > 0.9 * len(one), f"{close} of {len(one)} are as far away as before")
    expect(max(one.values()) - min(one.values()) > 40, f"latencies {one}")


def test_a_lost_syn_ack_is_answered_as_linux_does():
    file = scenario("""
        198.18.0.0/24 latency=5ms..40ms loss-back=50%
        198.18.1.0/24 latency=5ms..40ms loss=50%
    """)
    back = [f"198.18.0.{i}" for i in range(1, 41)]
    forth = [f"198.18.1.{i}" for i in range(1, 41)]
    _, packets = probe(file, "SNIFF", *back, *forth)
    repeated = {"back": 0, "forth": 0}
    for address in back + forth:
        mine = [p for p in packets if p[0] == address]
        syns = [p for p in mine if not p[2]]
        answers = [p for p in mine if p[2]]
        if not answers:
            continue
        before = [p for p in mine[:mine.index(answers[0])] if not p[2]]
        tsecr = answers[0][4]
        if address in back:    # the first SYN reached the peer, whose clock it set
            equal(tsecr, syns[0][3], f"TSecr in {mine}")
            repeated["back"] += len(before) > 1
        else:    # only the last one did
            equal(tsecr, before[-1][3], f"TSecr in {mine}")
            repeated["forth"] += len(before) > 1
    expect(repeated["back"] >= 5 and repeated["forth"] >= 5, f"{repeated}")


def test_nothing_is_left_and_the_status_is_the_commands():
    file = scenario("198.18.0.0/24\n")
    before = links()
    done = netsim("run", file, "--", "sh", "-c", "ip -o link | grep -c netsim0; exit 7")
    equal((done.returncode, done.stdout), (7, "1\n"), "status and output")
    equal(netsim("run", file, "--", "sh", "-c", "kill -9 $$").returncode, 128 + 9, "status")
    done = netsim("run", file, "--", "/nowhere/at-all")
    expect(done.returncode == 127 and "/nowhere/at-all" in done.stderr, f"{done}")
    # What the command leaves behind, even in a session of its own, ends with it.
    done = netsim("run", file, "--", "sh", "-c", "setsid sleep 300 >/dev/null 2>&1 & echo $!")
    expect(not os.path.exists(f"/proc/{int(done.stdout)}"), f"{done}")
    equal(links(), before, "interfaces")


# Says that it is up, counts its signals for a while, tells.
COUNT = r"""
import collections, os, signal, time
seen = collections.Counter()
for number in (signal.SIGINT, signal.SIGTERM, signal.SIGHUP):
    signal.signal(number, lambda number, frame: seen.update([number]))
print(os.getpid(), flush=True)
while not seen:
    time.sleep(0.02)
time.sleep(0.8)
print(dict(seen), flush=True)
"""


def start_counter():
    running = start([NETSIM, "run", scenario("198.18.0.0/24\n"), "--", sys.executable, "-c", COUNT],
                    "counter.log", stdout=subprocess.PIPE, text=True)
    return running, int(running.stdout.readline())


def test_a_signal_reaches_the_command_once():
    for send in (os.kill, os.killpg):    # to netsim alone, and as a terminal does
        for number in (signal.SIGINT, signal.SIGTERM, signal.SIGHUP):
            running, _ = start_counter()
            send(running.pid, number)
            output, _ = running.communicate(timeout=20)
            equal((stop(running), output), (0, f"{{{int(number)}: 1}}\n"), "status and signals")


def children(pid):
    """Of pid and of its children, down to the last."""
    with open(f"/proc/{pid}/task/{pid}/children", encoding="ascii") as text:
        own = [int(child) for child in text.read().split()]
    return own + [pid for child in own for pid in children(child)]


def test_killed_it_takes_everything_with_it():
    before = links()
    running, command = start_counter()
    processes = children(running.pid)
    expect(command in processes and len(processes) == 3, f"{command} and {processes}")
    running.kill()
    running.wait()
    wait_until(lambda: not any(os.path.exists(f"/proc/{pid}") for pid in processes),
               f"the end of {processes}", 5)
    running.stdout.close()
    equal(links(), before, "interfaces")


def test_without_a_tool_or_a_right_it_says_so():
    file = scenario("198.18.0.0/24\n")
    done = netsim("run", file, "--cpu", "1000", "--", "true")
    expect(done.returncode == 1 and "cannot run on CPU 1000" in done.stderr, f"{done}")
    done = run(["setpriv", "--bounding-set=-all", "--inh-caps=-all", NETSIM, "run", file, "--",
                "true"])
    equal((done.returncode, done.stderr.count("\n")), (1, 1), f"status and lines: {done.stderr}")
    expect("must be started by root" in done.stderr, done.stderr)


def test_verbose_counts_what_happened():
    file = scenario("198.18.0.0/24 latency=2ms\n198.18.0.2 answer=rst\n"
                    "198.18.0.3 answer=silence\n")
    done = netsim("run", file, "--verbose", "--busy", "--", sys.executable, "-c", PROBE,
                  "198.18.0.1", "198.18.0.2", "198.18.0.3", "198.18.9.9")
    for text in ("1 synack, 1 rst,", "2 silence,", "2 in no range", "1 FIN", "sent: 3,",
                 "ring drops: 0", "sent - due: p50 "):
        expect(text in done.stderr, f"{text} is not in {done.stderr}")


if __name__ == "__main__":
    skip_unless_root()
    run_tests(globals(), NETSIM)
