"""Holds mosprobe's samples (--output samples) against netsim's log of truth (netsim samples)."""
import array
import bisect
import collections
import os
import subprocess

from harness import MOSPROBE, NETSIM

# A SYN that came so soon after the answer had left may have crossed it on its way: the prober had sent it
# when the answer reached it. The peer's timer and the prober's run in step, so this happens.
CROSSING_NS = 5e6
EXAMPLES = 5
NO_SYN = ("skipped", "dns_fail", "dns_unknown", "local_error")


def _value(text, known):
    if text.isdigit():
        return int(text)
    return None if text == "-" else known.setdefault(text, text)    # each text once in memory


def read_table(lines, separator):
    """Named tuples; the first line has the names. Numbers are numbers, "-" is None."""
    lines, known = iter(lines), {}
    Row = collections.namedtuple("Row", next(lines).lstrip("# ").split())
    return [Row(*(_value(text, known) for text in line.rstrip("\n").split(separator)))
            for line in lines]


def read_truth(file, timeout):
    """Of a log of truth what a prober with this time-out could know, by address and port, in the order of
    their first SYNs."""
    done = subprocess.run([NETSIM, "samples", file, "--timeout", timeout], stdout=subprocess.PIPE,
                          text=True, check=True)
    found = collections.defaultdict(list)
    for entry in read_table(done.stdout.splitlines(), " "):
        found[(entry.address, entry.port)].append(entry)
    return found


class Run:
    """One run of mosprobe in the simulated network, with its log of truth, in a folder. `prober` are the
    keys of [prober], with timeout among them; no closer looks, so every cycle has its samples, and no guard, so none is held back; `inside` is a command that runs mosprobe's."""

    def __init__(self, folder, network, targets, prober, *words, output="samples", netsim=(), inside=(),
                 seconds=120):
        self.folder, self.timeout = folder, prober["timeout"]
        keys = "".join(f"{key} = {value}\n" for key, value in prober.items())
        self._write("network", network)
        self._write("conf", f"[prober]\ncloser_share = 0%\n{keys}[guard]\nwindow = 0s\n[redis]\nurl =\n")
        self._write("targets", "".join(f"{target}\n" for target in targets))
        with open(self.path("output"), "w", encoding="utf-8") as file:
            done = subprocess.run(
                [NETSIM, "run", self.path("network"), "--truth", self.path("truth"), *netsim,
                 "--", *inside, MOSPROBE, "run", "-c", self.path("conf"), "--targets",
                 self.path("targets"), "--output", output, *words],
                stdin=subprocess.DEVNULL, stdout=file, stderr=subprocess.PIPE, text=True,
                timeout=seconds, check=False)
        self.log = done.stderr
        if done.returncode:
            raise AssertionError(f"status {done.returncode}: {self.log}")
        if "netsim: warning" in self.log:
            raise AssertionError(f"the simulated network did not do all that it says: {self.log}")

    def path(self, name):
        return os.path.join(self.folder, name)

    def _write(self, name, text):
        with open(self.path(name), "w", encoding="utf-8") as file:
            file.write(text)

    def output(self):
        with open(self.path("output"), encoding="utf-8") as file:
            return file.read()

    def samples(self):
        with open(self.path("output"), encoding="utf-8") as file:
            return read_table(file, "\t")

    def truth(self):
        return read_truth(self.path("truth"), self.timeout)

    def report(self):
        return Report(pair(self.samples(), self.truth()))


def pair(samples, others):
    """Yields (sample, other) for every sample that sent a SYN. One target's connects follow one another,
    so the n-th of one is the n-th of the other; a count that differs is an error of its own."""
    by_target = collections.defaultdict(list)
    for sample in samples:
        if sample.outcome not in NO_SYN:
            by_target[(sample.addr, int(sample.target.rsplit(":", 1)[1]))].append(sample)
    for target, connects in by_target.items():
        entries = others.get(target, [])
        if len(entries) != len(connects):
            raise AssertionError(f"{target}: {len(connects)} samples, {len(entries)} on the other side")
        connects.sort(key=lambda sample: sample.start_ns)
        yield from zip(connects, entries)


def quantile(values, share):
    ordered = sorted(values)
    return ordered[min(len(ordered) - 1, int(share * len(ordered)))] if ordered else 0


def errors_line(errors_ns):
    return ", ".join(f"{name} {quantile(errors_ns, share) / 1e3:.1f}" for name, share in
                     (("least", 0), ("p50", .5), ("p99", .99), ("p99.9", .999), ("most", 1)))


class Report:
    """What differs, over all pairs."""

    def __init__(self, pairs):
        self.samples = self.syns = self.lost = self.lost_true = self.crossed = self.wrong = 0
        self.examples = []
        self.errors_ns = array.array("q")
        self._begins = array.array("q")    # of the samples with a latency, as errors_ns
        self._spans = []                   # of all that were answered: first SYN, answer
        for sample, entry in pairs:
            self._add(sample, entry)

    def _is_wrong(self, what, sample, entry):
        self.wrong += 1
        if len(self.examples) < EXAMPLES:
            self.examples.append(f"{what}: {sample} truth {entry}")

    def _add(self, sample, entry):
        self.samples += 1
        self.syns += entry.sent
        if sample.outcome != entry.outcome:
            self._is_wrong("outcome", sample, entry)
            return
        self._compare_counts(sample, entry)
        if entry.answer_ns:
            self._spans.append((entry.begin_ns, entry.answer_ns))
        if (sample.rtt_ns > 0) != (entry.rtt_ns is not None):
            self._is_wrong("a latency of one only", sample, entry)
        elif sample.rtt_ns:
            self.errors_ns.append(sample.rtt_ns - entry.rtt_ns)
            self._begins.append(entry.begin_ns)

    def _compare_counts(self, sample, entry):
        lost = entry.lost or 0    # of what was not answered nothing is lost
        self.lost += sample.lost
        self.lost_true += lost
        if sample.lost != lost:
            self._is_wrong("lost", sample, entry)
        elif sample.sent == entry.sent + 1 and crossed(entry):
            self.crossed += 1
        elif (sample.sent, sample.provoked) != (entry.sent, entry.provoked):
            self._is_wrong("SYNs", sample, entry)

    def in_flight(self):
        """How many were, by the log of truth, when each sample with a latency began."""
        begins = sorted(begin for begin, _ in self._spans)
        ends = sorted(end for _, end in self._spans)
        return [bisect.bisect_right(begins, ns) - bisect.bisect_right(ends, ns) for ns in self._begins]

    def with_in_flight(self, least):
        """(error, in flight) of the samples that began with so many in flight."""
        return [(error, count) for error, count in zip(self.errors_ns, self.in_flight()) if count >= least]

    def line(self):
        return (f"{self.samples} samples, {self.syns} SYNs, lost {self.lost} (truth {self.lost_true}), "
                f"{self.crossed} crossed, {self.wrong} wrong; error of {len(self.errors_ns)} latencies, "
                f"us: {errors_line(self.errors_ns)}")


def crossed(entry):
    return bool(entry.answer_ns and entry.next_syn_ns and
                entry.next_syn_ns - entry.answer_ns < CROSSING_NS)


def coded_network(count, seed):
    """A network whose latencies tell the address, 1 ms apart, IPv4 and IPv6 by turns: its scenario, its
    targets, and {address: ms}."""
    coded = {f"198.18.1.{i}" if i % 2 else f"2001:db8::{i + 1:x}": 2 + i for i in range(count)}
    network = f"seed {seed}\n" + "".join(f"{address} latency={ms}ms\n" for address, ms in coded.items())
    return network, [f"[{a}]" if ":" in a else a for a in coded], coded


def meets_another(pairs, coded):
    """The samples of such a network whose latency is not their own address's. None can be shorter than
    that. One can be longer, when a machine stood still: but then as much longer in the log of truth, or
    else not by just as much as to be another's."""
    for sample, entry in pairs:
        off_ms, error_ms = sample.rtt_ns / 1e6 - coded[sample.addr], (sample.rtt_ns - entry.rtt_ns) / 1e6
        if off_ms < -0.5 or (error_ms > 0.5 and abs(off_ms - round(off_ms)) < 0.02):
            yield sample
