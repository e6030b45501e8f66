"""Holds mosprobe's results (--output jsonl) against those that reference.py computes from the log of
truth of the same run, target by target and cycle by cycle."""
import collections
import json
import statistics

import reference
from accuracy import quantile

COUNTS = ("n", "answered", "failed", "sent", "lost")
QUANTITIES = ("latency_ms", "jitter_ms", "stddev_ms", "loss_pct", "fail_pct", "mos_cycle", "mos")
FAILED = ("timeout", "unreachable")


class Line:
    """Some addresses that behave alike. Where SYN-ACKs get lost, a latency of 50 ms or more keeps the
    peer's timer (1 s after its SYN-ACK, and then the way) clear of the prober's: what they send does not
    cross, and the log of truth knows every count."""

    def __init__(self, what, behaviour, options="", changes=()):
        self.what, self.behaviour, self.options, self.changes = what, behaviour, options, changes


def lines(interval_s, cycles):
    """Of every kind; those that fail at once are less than half."""
    middle_s = interval_s * (1 + cycles / 2)
    return [
        Line("clean", "latency=10ms..90ms"),
        Line("clean, g729a", "latency=80ms..300ms", "codec=g729a"),
        Line("normal jitter", "latency=40ms..80ms jitter=normal:4ms"),
        Line("much normal jitter", "latency=40ms..80ms jitter=normal:25ms", "codec=g723.1"),
        Line("Pareto jitter", "latency=20ms..60ms jitter=pareto:3ms"),
        Line("loss there", "latency=60ms..90ms loss=6%"),
        Line("loss there, no concealment", "latency=60ms..90ms loss=6%", "codec=g711-noplc"),
        Line("loss back", "latency=60ms..90ms loss-back=6%"),
        Line("loss both ways and jitter", "latency=60ms..90ms jitter=normal:8ms loss=5% loss-back=5%",
             "codec=gsm-efr"),
        Line("bursts", "latency=60ms..90ms burst=3%:30% burst-step=packet"),
        Line("bursts back", "latency=60ms..90ms burst-back=3%:30% burst-step=packet", "codec=g729a"),
        Line("another route", "latency=40ms", changes=(f"step from={middle_s}s latency=+55ms",)),
        Line("two routes by turns", "latency=40ms", changes=(
            f"swing period={2 * interval_s}s wave=square latency=+55ms",)),
        Line("an outage", "latency=30ms..50ms", changes=(
            f"outage from={middle_s}s to={middle_s + 1.5 * interval_s}s",)),
        Line("silent", "answer=silence"),
        Line("refusing", "latency=20ms answer=rst"),
        Line("refusing is an answer", "latency=20ms..60ms answer=rst", "refused=answer"),
        Line("unreachable", "latency=20ms answer=icmp-host"),
        Line("refusing at times", "latency=40ms..60ms", changes=(
            f"swing period={1.3 * interval_s}s wave=square answer=rst",)),
    ]


class Network:
    """A range of addresses for each line."""

    def __init__(self, some_lines, addresses, seed):
        self.line_of, self.targets = {}, []
        scenario = [f"seed {seed}"]
        for k, line in enumerate(some_lines):
            base = f"198.18.{4 * k}.0/22"
            scenario += [f"{base} {line.behaviour}", *(f"{base} {change}" for change in line.changes)]
            for i in range(addresses):
                address = f"198.18.{4 * k + i // 250}.{i % 250}"
                self.line_of[address] = line
                self.targets.append(f"{address} {line.options}".rstrip())
        self.scenario = "\n".join(scenario) + "\n"

    def codec(self, address):
        options = self.line_of[address].options
        return options.split("=")[1] if options.startswith("codec=") else "g711"

    def refused_answers(self, address):
        return self.line_of[address].options == "refused=answer"


def by_cycle(entries, spacing_ns, samples):
    """{how many cycles after the first: its entries}: starts are evenly spread, each by itself a little
    late, and one that is missing leaves its place empty."""
    begin = entries[0].begin_ns
    late = statistics.median((e.begin_ns - begin + spacing_ns / 2) % spacing_ns for e in entries)
    cycles = collections.defaultdict(list)
    for entry in entries:
        index = round((entry.begin_ns - begin + spacing_ns / 2 - late) / spacing_ns)
        cycles[index // samples].append(entry)
    return cycles


def as_sample(entry, refused_answers):
    if entry.outcome in FAILED or (entry.outcome == "refused" and not refused_answers):
        return reference.Sample(False, entry.rtt_ns)    # a refusal has a latency
    return reference.Sample(True, entry.rtt_ns, entry.sent, entry.lost)


class Scores:
    """What differs. Differences are mosprobe's value minus the one from the truth, or minus the one from
    mosprobe's own latency, jitter and counts ("by itself")."""

    def __init__(self, run, network, interval_ns, samples):
        self.network, self.interval_ns, self.samples = network, interval_ns, samples
        self.results, self.wrong, self.examples = 0, 0, []
        self.differences = collections.defaultdict(list)
        self.found = collections.defaultdict(list)    # {line: [(result, numbers)]}
        results = collections.defaultdict(list)
        for text in run.output().splitlines():
            result = json.loads(text)
            if result["type"] == "result":
                results[result["addr"]].append(result)
        truth = run.truth()
        for address in network.line_of:
            self._compare(address, results[address], truth[(address, 5060)])

    def _is_wrong(self, what):
        self.wrong += 1
        if len(self.examples) < 5:
            self.examples.append(what)

    def _compare(self, address, results, entries):
        cycles = by_cycle(entries, self.interval_ns / self.samples, self.samples)
        codec = self.network.codec(address)
        target, published = reference.Target(codec), []
        for result in results:
            group = cycles.pop(result["cycle"] - results[0]["cycle"], [])
            samples = [as_sample(e, self.network.refused_answers(address)) for e in group]
            numbers = target.add(result["cycle"], samples)
            self.results += 1
            self.found[self.network.line_of[address].what].append((result, numbers))
            if [result[name] for name in COUNTS] != [numbers[name] for name in COUNTS]:
                self._is_wrong(f"counts: {result}: truth {numbers}")
                continue
            for name in QUANTITIES:
                self._compare_value(name, result[name], numbers[name], result)
            if target.cycles and target.cycles[-1].number == result["cycle"]:
                published.append(result["mos_cycle"])
                self._compare_with_itself(result, target, published)
        if cycles:
            self._is_wrong(f"{address}: no result for {cycles}")

    def _compare_with_itself(self, result, target, published):
        """Its scores with what follows from its own numbers: `published` are the target's mos_cycle."""
        answered = sum(s.answered for s in target.cycles[-1].samples)
        failed = len(target.cycles[-1].samples) - answered
        r = reference.r_of_window(result, target.codec) if answered else None
        mos_cycle = reference.mos_cycle(result, answered, failed, target.codec)
        mos = statistics.fmean(published[-reference.AVERAGE:])
        for name, wanted in (("r", r), ("mos_cycle", mos_cycle), ("mos", mos)):
            self._compare_value(f"{name} by itself", result[name], wanted, result)

    def _compare_value(self, name, found, wanted, result):
        if (found in (None, "")) != (wanted is None):
            self._is_wrong(f"{name}: {found}, truth {wanted}: {result}")
        elif wanted is not None:
            self.differences[name].append(found - wanted)

    def rows(self):
        """Of a table: (quantity, how many, median, p99, most of the absolute differences)."""
        for name, values in self.differences.items():
            values = [abs(value) for value in values]
            yield name, len(values), quantile(values, .5), quantile(values, .99), max(values)
