#!/usr/bin/python3
"""A witness that nobody here wrote: tcpdump captures what passes the prober's interface, tshark dissects
it, and mosprobe's samples are held against that.

    witness.py CAPTURE COMMAND...     inside the simulated network: runs COMMAND while tcpdump captures

Imported, it reads such a capture."""
import array
import collections
import os
import re
import signal
import subprocess
import sys
import time

# SYN and RST, which IPv6 does not let pcap find by name; 96 bytes hold every header and option.
FILTER = "tcp[tcpflags] & (tcp-syn|tcp-rst) != 0 or (ip6[6] == 6 and ip6[53] & 6 != 0)"
SNAPLEN = "96"
BUFFER_KIB = "65536"
SYN, RST, ACK = 2, 4, 16
PROVOKED_NS, LATE_NS = 500e6, 900e6    # see `netsim samples`
FIELDS = ("frame.time_epoch ip.src ip.dst ipv6.src ipv6.dst tcp.srcport tcp.dstport tcp.stream "
          "tcp.flags tcp.seq_raw tcp.ack_raw").split()


def command(capture):
    """What a command of netsim begins with, to be watched."""
    return [sys.executable, os.path.abspath(__file__), capture]


def _watch(capture, words):
    log = capture + ".log"
    with open(log, "wb") as errors:
        tcpdump = subprocess.Popen(
            ["tcpdump", "-i", "netsim0", "-n", "-p", "-s", SNAPLEN, "-B", BUFFER_KIB, "-Z", "root",
             "--time-stamp-precision=nano", "-w", capture, FILTER],
            stdin=subprocess.DEVNULL, stderr=errors)
    until = time.monotonic() + 10
    while b"listening on" not in open(log, "rb").read():
        if tcpdump.poll() is not None or time.monotonic() > until:
            sys.exit(f"witness: tcpdump does not listen: {open(log, encoding='utf-8').read()}")
        time.sleep(0.01)
    try:
        status = subprocess.run(words, check=False).returncode
        time.sleep(1)    # its kernel's buffer is handed over when it is full, or after a second
    finally:
        tcpdump.send_signal(signal.SIGINT)
        tcpdump.wait()
    sys.exit(status)


class Connection:
    """The packets of one, as far as they were captured: times in ns of the clock that people set."""

    def __init__(self):
        self.syns_ns, self.isn, self.answer_ns, self.refused = [], None, None, False

    def sent(self, timeout_ns):
        """The SYNs up to the answer, or else up to the time-out."""
        end_ns = self.answer_ns or self.syns_ns[0] + timeout_ns
        return [ns for ns in self.syns_ns if ns <= end_ns]


def read(capture):
    """The connections by address and port, in the order of their first SYNs, as tshark tells them."""
    _complete(capture + ".log")
    dissector = subprocess.Popen(
        ["tshark", "-n", "-r", capture, "-o", "tcp.relative_sequence_numbers:FALSE", "-T", "fields",
         *(word for field in FIELDS for word in ("-e", field))],
        stdin=subprocess.DEVNULL, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True)
    streams, found = {}, collections.defaultdict(list)
    for line in dissector.stdout:
        (epoch, source4, to4, source6, to6, from_port, port, stream, flags, sequence,
         acknowledgement) = line.rstrip("\n").split("\t")
        seconds, fraction = epoch.split(".")
        ns, flags = int(seconds) * 10**9 + int(fraction.ljust(9, "0")), int(flags, 16)
        if flags & (SYN | ACK | RST) == SYN:
            connection = streams.get(stream)
            if not connection:
                connection = streams[stream] = Connection()
                connection.isn = int(sequence)
                found[(to4 or to6, int(port))].append(connection)
            connection.syns_ns.append(ns)
        elif stream in streams and flags & ACK and flags & (SYN | RST):
            connection = streams[stream]
            # What we send to end it acknowledges something else.
            if connection.answer_ns is None and int(acknowledgement) == (connection.isn + 1) % 2**32:
                connection.answer_ns, connection.refused = ns, bool(flags & RST)
    errors = dissector.stderr.read()
    if dissector.wait():
        raise AssertionError(f"tshark: {errors}")
    return found


def _complete(log):
    with open(log, encoding="utf-8") as file:
        text = file.read()
    counts = {what: int(re.search(rf"(\d+) packets? {what}", text)[1]) for what in
              ("captured", "received by filter", "dropped by kernel")}
    if counts["dropped by kernel"] or counts["captured"] != counts["received by filter"]:
        raise AssertionError(f"tcpdump did not see all: {text}")


class Testimony:
    """mosprobe's samples held against what was captured: pairs as of accuracy.pair()."""

    def __init__(self, pairs, timeout_ns):
        self.samples = self.syns = self.lost = self.wrong = 0
        self.examples = []
        self.errors_ns = array.array("q")    # prober minus capture
        for sample, connection in pairs:
            self._add(sample, connection, timeout_ns)

    def _add(self, sample, connection, timeout_ns):
        syns, lost = connection.sent(timeout_ns), 0
        answered = connection.answer_ns and connection.answer_ns - syns[0] <= timeout_ns
        outcome = "timeout" if not answered else "refused" if connection.refused else "ok"
        provoked = sum(b - a < PROVOKED_NS for a, b in zip(syns, syns[1:]))
        if answered:
            lost = len(syns) - 1 - provoked + (connection.answer_ns - syns[-1] >= LATE_NS)
        self.samples += 1
        self.syns += len(syns)
        self.lost += lost
        if (sample.outcome, sample.sent, sample.lost) != (outcome, len(syns), lost):
            self.wrong += 1
            self.examples = (self.examples + [f"{sample}: captured {vars(connection)}"])[:5]
        elif sample.rtt_ns:
            self.errors_ns.append(sample.rtt_ns - (connection.answer_ns - syns[-1]))


if __name__ == "__main__":
    _watch(sys.argv[1], sys.argv[2:])
