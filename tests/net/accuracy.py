"""Holds mosprobe's samples (--output samples) against netsim's log of truth (netsim samples)."""
import collections


def read_samples(path):
    with open(path, encoding="utf-8") as file:
        names = file.readline().rstrip("\n").split("\t")
        return [dict(zip(names, line.rstrip("\n").split("\t"))) for line in file]


def read_truth(text):
    """By address and port, in the order of their first SYN."""
    names, truth = None, collections.defaultdict(list)
    for line in text.splitlines():
        words = line.split()
        if words[0] == "#":
            names = words[1:]
            continue
        entry = dict(zip(names, words))
        truth[(entry["address"], entry["port"])].append(entry)
    return truth


def pair(samples, truth):
    """Yields (sample, truth) for every sample that sent a SYN. One target's connects follow one another,
    so the n-th of one is the n-th of the other; a count that differs is an error of its own."""
    by_target = collections.defaultdict(list)
    for sample in samples:
        if sample["outcome"] in ("skipped", "dns_fail", "dns_unknown", "local_error"):
            continue
        by_target[(sample["addr"], sample["target"].rsplit(":", 1)[1])].append(sample)
    for target, connects in by_target.items():
        entries = truth.get(target, [])
        if len(entries) != len(connects):
            raise AssertionError(f"{target}: {len(connects)} samples, {len(entries)} in truth")
        connects.sort(key=lambda s: int(s["start_ns"]))
        yield from zip(connects, entries)


def quantile(values, share):
    ordered = sorted(values)
    return ordered[min(len(ordered) - 1, int(share * len(ordered)))] if ordered else 0


class Report:
    """What differs, over all pairs."""

    def __init__(self, pairs):
        self.errors_ns = []
        self.samples = self.syns = self.lost = self.lost_true = 0
        self.wrong = []
        for sample, entry in pairs:
            self.add(sample, entry)

    def add(self, sample, entry):
        self.samples += 1
        self.syns += int(entry["sent"])
        for name in ("outcome", "sent", "lost", "provoked"):
            counts = name == "outcome" or sample["outcome"] in ("ok", "refused")
            if counts and sample[name] != entry[name]:
                self.wrong.append(f"{name}: {sample} truth {entry}")
        if sample["outcome"] in ("ok", "refused"):
            self.lost += int(sample["lost"])
            self.lost_true += int(entry["lost"])
        found, true = int(sample["rtt_ns"]), int(entry["rtt_ns"] if entry["rtt_ns"] != "-" else 0)
        if bool(found) != bool(true):
            self.wrong.append(f"a latency of one only: {sample} truth {entry}")
        elif found:
            self.errors_ns.append(found - true)

    def line(self):
        e = self.errors_ns
        return (f"{self.samples} samples, {self.syns} SYNs, lost {self.lost} (truth {self.lost_true}), "
                f"{len(self.wrong)} wrong; latency error us: p50 {quantile(e, .5) / 1e3:.1f} "
                f"p99 {quantile(e, .99) / 1e3:.1f} p99.9 {quantile(e, .999) / 1e3:.1f} "
                f"max {max(e, default=0) / 1e3:.1f}")
