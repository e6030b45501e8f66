#!/usr/bin/python3
# SPDX-License-Identifier: MIT
# Runs as one of two: it measures time, roughly.
"""The simulated network of --xdp, whose peers are in the kernel: what is answered, how, and what is not;
what the prober makes of it; what is said of packets that the link lost."""
import collections
import json
import re
import sys

from harness import (MOSPROBE, NETSIM, equal, expect, run, run_tests, skip_unless_stamped, write)

MODES = ("call", "cpu")
SYN, RST, ACK = 2, 4, 16


def netsim(mode, *command, seconds=60):
    """Runs a command in it; returns what it printed, and what netsim said."""
    done = run([NETSIM, "run", write("test.scenario", "seed 1\n"), "--xdp", mode, "--verbose", "--",
                *command], seconds)
    equal(done.returncode, 0, f"status with {mode}: {done.stderr}")
    return done.stdout, done.stderr


def said(stderr, what):
    found = re.search(rf"(\d+) {what}", stderr)
    expect(found, f"{what} is not in {stderr}")
    return int(found.group(1))


def expect_nothing_lost(stderr):
    expect("lost by the link: 0 in its ring, 0 before the CPU that answers, 0 answers" in stderr and
           "warning" not in stderr, stderr)


# Connects to the ADDRESSES of its arguments, all at once, with and without timestamps; prints of each
# [address, timestamps, outcome, what TCP_INFO says: options, MSS, round trip in us].
CONNECT = r"""
import errno, json, select, socket, struct, subprocess, sys, time

for route in ("-4 198.16.0.0/13 via 198.19.255.254", "-6 2001:d00::/24 via 2001:db8:ffff:ffff::2"):
    family, rest = route.split(" ", 1)
    subprocess.run(["ip", family, "route", "add", *rest.split()], check=True)
for timestamps in (1, 0):
    with open("/proc/sys/net/ipv4/tcp_timestamps", "w") as file:
        file.write(str(timestamps))
    sockets = []
    for address in sys.argv[1:]:
        probe = socket.socket(socket.AF_INET6 if ":" in address else socket.AF_INET)
        probe.setblocking(False)
        probe.connect_ex((address, 5060))
        sockets.append((address, probe))
    time.sleep(0.5)
    for address, probe in sockets:
        done = select.select([], [probe], [], 0)[1]
        error = probe.getsockopt(socket.SOL_SOCKET, socket.SO_ERROR)
        info = probe.getsockopt(socket.IPPROTO_TCP, socket.TCP_INFO, 104)
        print(json.dumps([address, timestamps,
                          errno.errorcode.get(error, "ok") if done else "silence", info[5],
                          *(struct.unpack_from("I", info, at)[0] for at in (16, 68))]))
        probe.close()
"""


def test_connects_complete_and_nothing_outside_is_answered():
    inside = ["198.18.0.0", "198.18.0.1", "198.19.255.251", "2001:db8::", "2001:db8::1",
              "2001:db8:ffff:fffe:ffff:ffff:ffff:ffff"]
    outside = ["198.17.255.255", "198.20.0.0", "198.19.255.254", "2001:db7:ffff::1", "2001:db9::",
               "2001:db8:ffff:ffff::2"]
    for mode in MODES:
        stdout, stderr = netsim(mode, sys.executable, "-c", CONNECT, *inside, *outside)
        rows = json.loads("[" + ",".join(stdout.splitlines()) + "]")
        equal(len(rows), 24, f"rows of {mode}")
        for address, timestamps, outcome, options, mss, rtt_us in rows:
            what = f"{mode}: {address}, timestamps {timestamps}"
            equal(outcome, "ok" if address in inside else "silence", what)
            if address not in inside:
                continue
            equal(options, timestamps, f"options of {what}")
            equal(mss, (1440 if ":" in address else 1460) - 12 * timestamps, f"MSS of {what}")
            # TCP_INFO with timestamps is as fine as their clock.
            expect(0 < rtt_us < 100000, f"{rtt_us} us of {what}")
        equal(said(stderr, "SYN in "), 12, "SYNs answered")
        equal(said(stderr, "other SYN"), 12, "SYNs not answered")
        expect_nothing_lost(stderr)


# Sends frames, hexadecimal, through the link; prints all TCP that arrives on it.
FRAMES = r"""
import json, socket, sys, time

link = socket.socket(socket.AF_PACKET, socket.SOCK_RAW, socket.htons(3))
link.bind(("netsim0", 3))
link.settimeout(0.3)
for frame in sys.argv[1:]:
    link.send(bytes.fromhex(frame))
    time.sleep(0.02)
try:
    while True:
        frame, source = link.recvfrom(2048)
        if source[2] != 4:    # not PACKET_OUTGOING
            print(frame.hex())
except socket.timeout:
    pass
"""
MACS = "00005e00530202000000530108"    # to, from, and half of the type
V4 = (bytes([198, 19, 255, 253]), bytes([198, 18, 7, 9]))
V6 = tuple(bytes.fromhex("20010db8" + rest) for rest in ("ffffffff" + "0" * 15 + "1", "0" * 23 + "7"))


def checksum(data):
    total = sum(int.from_bytes(data[i:i + 2], "big") for i in range(0, len(data), 2))
    while total >> 16:
        total = (total & 0xffff) + (total >> 16)
    return total ^ 0xffff


def ipv4(tcp, fragment=0x4000, header=20):
    ip = bytes([0x40 + header // 4, 0]) + (header + len(tcp)).to_bytes(2, "big") + b"\0\0"
    ip += fragment.to_bytes(2, "big") + bytes([64, 6, 0, 0]) + b"".join(V4) + bytes(header - 20)
    return bytes.fromhex(MACS + "00") + ip[:10] + checksum(ip).to_bytes(2, "big") + ip[12:] + tcp


def ipv6(tcp):
    ip = bytes([0x60, 0, 0, 0]) + len(tcp).to_bytes(2, "big") + bytes([6, 64]) + b"".join(V6)
    return bytes.fromhex(MACS[:-2] + "86dd") + ip + tcp


def segment(port, options=b"", flags=SYN, data=b"", offset=None):
    offset = 20 + len(options) if offset is None else offset
    return (port.to_bytes(2, "big") + (5060).to_bytes(2, "big") + (port * 70000).to_bytes(4, "big") +
            bytes(4) + bytes([offset << 2, flags, 1, 0, 0, 0, 0, 0]) + options + data)


def timestamps(tsval):
    return bytes([8, 10]) + tsval.to_bytes(4, "big") + bytes(4)


Answer = collections.namedtuple("Answer", "port sequence acknowledgement flags options")


def parse(frame):
    """A SYN-ACK as it must be but for what the caller compares."""
    v6 = frame[12:14] == b"\x86\xdd"
    equal(frame[:12].hex(), "02000000530100005e005302", "MAC addresses")
    ip, tcp = frame[14:54 if v6 else 34], frame[54 if v6 else 34:]
    addresses = ip[8:] if v6 else ip[12:]
    equal(addresses, b"".join(reversed(V6 if v6 else V4)), "addresses")
    equal(int.from_bytes(ip[4:6] if v6 else ip[2:4], "big"), len(tcp) + (0 if v6 else 20), "length")
    expect(v6 or checksum(ip) == 0, f"checksum of {ip.hex()}")
    equal(checksum(addresses + (6 + len(tcp)).to_bytes(2, "big") + tcp), 0, f"checksum of {tcp.hex()}")
    equal((tcp[:2], tcp[12] >> 2), ((5060).to_bytes(2, "big"), len(tcp)), "port and offset")
    return Answer(int.from_bytes(tcp[2:4], "big"), tcp[4:8], int.from_bytes(tcp[8:12], "big"),
                  tcp[13], tcp[20:])


def test_answers_are_right_bit_by_bit():
    mss, nops = bytes([2, 4, 5, 0xb4]), bytes([1, 1])
    options = {    # by port: what a SYN has, and the TSval that is to come back
        1001: (b"", None),
        1002: (mss + bytes([4, 2]) + timestamps(0x01020304) + bytes([1, 3, 3, 7]), 0x01020304),
        1003: (nops + timestamps(0xfffffffe), 0xfffffffe),
        1004: (nops * 14 + timestamps(7) + nops, 7),
        1005: (bytes([34, 2, 30, 12]) + bytes(10) + timestamps(8) + nops * 2, 8),
        1006: (mss + bytes([0, 0]) + timestamps(9), None),    # behind the end of the list
        1007: (bytes([8, 0, 1, 1]), None),    # an option of no length
        1008: (mss + bytes([8, 10, 1, 1]), None),    # one that is cut off
    }
    good = [form(segment(port, text)) for form in (ipv4, ipv6) for port, (text, _) in options.items()]
    bad = [ipv4(segment(2001, flags=SYN | ACK)), ipv4(segment(2002, flags=ACK)),
           ipv4(segment(2003, flags=RST)), ipv4(segment(2004, flags=SYN | RST)),
           ipv4(segment(2005, flags=SYN | 1)), ipv4(segment(2006, data=b"data")),
           ipv4(segment(2007, offset=16)), ipv4(segment(2008, offset=24)),
           ipv4(segment(2009), fragment=0x2000), ipv4(segment(2010), header=24),
           ipv6(segment(2011, data=b"data")), ipv4(segment(2012))[:50],
           bytes.fromhex(MACS + "06") + bytes(50)]
    frames = [frame.hex() for frame in good + bad + good[1:2]]
    for mode in MODES:
        stdout, stderr = netsim(mode, sys.executable, "-c", FRAMES, *frames)
        answers = [parse(bytes.fromhex(line)) for line in stdout.splitlines()]
        equal([a.port for a in answers], list(options) * 2 + [1002], f"answers of {mode}")
        for i, answer in enumerate(answers):
            tsval, what = options[answer.port][1], f"{mode}: {answer}"
            equal(answer.flags, SYN | ACK, f"flags of {what}")
            equal(answer.acknowledgement, answer.port * 70000 + 1, f"acknowledgement of {what}")
            equal(answer.options[:6], bytes([2, 4, 5, 0xa0 if 8 <= i < 16 else 0xb4, 1, 1]),
                  f"MSS of {what}")
            if tsval is None:
                equal(answer.options[6:], bytes([1] * 10), f"timestamps of {what}")
            else:
                equal(answer.options[6:8] + answer.options[12:], bytes([8, 10]) +
                      tsval.to_bytes(4, "big"), f"timestamps of {what}")
        equal(answers[-1].sequence, answers[1].sequence, "sequence number of the same SYN again")
        equal(len({a.sequence for a in answers[:8]}), 8, "sequence numbers")
        clock = [int.from_bytes(answers[i].options[8:12], "big") for i in (1, -1)]
        expect(300 < (clock[1] - clock[0]) % 2**32 < 5000, f"{clock} ms, 20 ms for each frame between")
        equal(said(stderr, "SYN in "), 17, "SYNs answered")
        # Our own kernel knows of none of these connections, and says so to every answer.
        equal([said(stderr, kind) for kind in ("other SYN", "RST", "FIN", "other TCP")],
              [4, 2 + 17, 1, 2], f"counts of {stderr}")
        expect(said(stderr, "not TCP") >= 4, stderr)
        expect_nothing_lost(stderr)


def test_thousands_of_probes_are_all_answered_and_stamped():
    targets = [f"198.{18 + i // 2500}.{i % 250}.{i // 250 % 10}:{5060 + i % 3}" for i in range(5000)]
    targets += [f"[2001:db8:{i:x}::{i % 7}]" for i in range(1000)]
    config = write("xdp.conf", "[prober]\ninterval = 2s\nsamples = 2\ntimeout = 1s\n"
                   "[guard]\nwindow = 0s\n[redis]\nurl =\n")
    for mode in MODES:
        stdout, stderr = netsim(mode, MOSPROBE, "run", "-c", config, "--targets",
                                write("xdp.targets", "\n".join(targets) + "\n"), "--cycles", "1",
                                "--output", "samples")
        names, *rows = (line.split("\t") for line in stdout.splitlines())
        samples = [dict(zip(names, row)) for row in rows]
        wanted = {"outcome": "ok", "stamp_source": "bpf", "sent": "1", "lost": "0"}
        wrong = [s for s in samples if any(s[key] != value for key, value in wanted.items())]
        equal((len(samples), wrong[:3]), (12000, []), f"samples of {mode}, and those that are wrong")
        found = collections.Counter(s["target"] for s in samples)
        equal(set(found.values()), {2}, f"samples of each target with {mode}")
        rtt_ns = sorted(int(s["rtt_ns"]) for s in samples)
        # At once: a busy machine takes its time, but not with half of them.
        expect(0 < rtt_ns[0] and rtt_ns[6000] < 1e6, f"{mode}: least {rtt_ns[0]}, p50 {rtt_ns[6000]}")
        equal([said(stderr, "SYN in "), said(stderr, "RST")], [12000, 12000], f"packets of {mode}")
        expect_nothing_lost(stderr)


def test_what_the_link_loses_is_told():
    """A packet that is too long for the other end, since a full ring cannot be had to order."""
    for mode in MODES:
        _, stderr = netsim(mode, "sh", "-c", "ip link set netsim0 mtu 3000; " + sys.executable + " -c '"
                           'import socket; socket.socket(type=socket.SOCK_DGRAM).sendto('
                           'bytes(2000), ("198.18.0.1", 9))' + "'")
        expect("lost by the link: 1 in its ring, 0 before" in stderr, stderr)
        expect("warning: the link lost packets" in stderr, stderr)


def test_options_that_do_not_go_together():
    file = write("test.scenario", "seed 1\n")
    for words, message in ((("--xdp", "fast"), "must be call or cpu"),
                           (("--xdp", "call", "--busy"), "--busy is of no use with --xdp"),
                           (("--xdp", "cpu", "--truth", "none"), "--truth is of no use with --xdp"),
                           (("--xdp", "call", "--cpu", "0"), "--cpu is of no use with --xdp call")):
        done = run([NETSIM, "run", file, *words, "--", "true"])
        expect((done.returncode, done.stderr.count("\n")) == (2, 1) and message in done.stderr, f"{done}")


def test_without_the_right_to_it_it_says_so():
    file = write("test.scenario", "seed 1\n")
    for mode in MODES:
        done = run(["unshare", "--user", "--map-root-user", NETSIM, "run", file, "--xdp", mode, "--",
                    "true"])
        equal((done.returncode, done.stderr.count("\n")), (1, 1), f"status and lines: {done.stderr}")
        expect("cannot load the programs" in done.stderr and "needs CAP_BPF" in done.stderr,
               done.stderr)


if __name__ == "__main__":
    skip_unless_stamped()
    run_tests(globals())
