#!/usr/bin/python3
# Runs as one of two: it measures time, roughly.
"""Latency, jitter, loss and MOS of lines of every kind, target by target and cycle by cycle, against those
that a second implementation computes from the log of truth of the same run."""
import csv

import reference
from accuracy import Run, quantile
from harness import equal, expect, folder, run_tests, skip_unless_stamped
from scores import Network, Scores, lines

INTERVAL_S, CYCLES = 1.5, 8


def test_the_second_implementation_says_what_the_reference_says():
    with open("tests/data/emodel-vectors.csv", encoding="ascii") as file:
        vectors = list(csv.DictReader(file))
    expect(len(vectors) > 2000, f"only {len(vectors)} reference values")
    for row in vectors:
        ta, wanted = float(row["Ta_ms"]), (float(row["R"]), float(row["MOS"]))
        r = reference.r_of(Ta=ta, T=ta, Tr=2 * ta, Ppl=float(row["Ppl_pct"]),
                           **{name: float(row[name]) for name in ("Ie", "Bpl", "BurstR", "A")})
        expect(abs(r - wanted[0]) < 1e-8 and abs(reference.mos_of(r) - wanted[1]) < 1e-8,
               f"{row}: R {r}, MOS {reference.mos_of(r)}")


def end_of(found, what):
    """The last results of a line's targets."""
    return [result for result, _ in found.found[what] if result["cycle"] == max(
        r["cycle"] for r, _ in found.found[what] if r["addr"] == result["addr"])]


def test_every_result_is_what_follows_from_the_truth():
    network = Network(lines(INTERVAL_S, CYCLES), addresses=12, seed=8)
    run = Run(folder(), network.scenario, network.targets,
              {"interval": f"{INTERVAL_S * 1000:.0f}ms", "timeout": "1400ms"}, "--cycles", str(CYCLES),
              output="jsonl")
    found = Scores(run, network, INTERVAL_S * 1e9, samples=5)
    for name, count, p50, p99, most in found.rows():
        print(f"# {name}: {count}, off by p50 {p50:.6f} p99 {p99:.6f} most {most:.6f}", flush=True)
    equal(found.examples, [], f"{found.wrong} results are not what the network did")
    equal(found.results, len(network.targets) * CYCLES, "results")

    off = {name: (p50, p99, most) for name, _, p50, p99, most in found.rows()}
    # What is printed has three digits behind the point, and a score four.
    for name in ("loss_pct", "fail_pct"):
        expect(off[name][2] < 0.00051, f"{name} {off[name]}")
    for name, most in (("r by itself", 0.005), ("mos_cycle by itself", 2e-4), ("mos by itself", 2e-4)):
        expect(off[name][2] < most, f"{name} {off[name]}")
    # What a busy machine does to two clocks, and what a score makes of that.
    for name, p50, p99 in (("latency_ms", .2, 5), ("jitter_ms", .2, 5), ("stddev_ms", .2, 5),
                           ("mos_cycle", .002, .05), ("mos", .002, .05)):
        expect(off[name][0] < p50 and off[name][1] < p99, f"{name} {off[name]}")

    for result in end_of(found, "another route"):
        expect(result["latency_ms"] > 94 and result["jitter_ms"] < 10 and result["mos"] > 4.25,
               f"a new route is no jitter: {result}")
    jitters = [result["jitter_ms"] for result in end_of(found, "two routes by turns")]
    expect(25 < quantile(jitters, .5) < 30, f"a route that changes all the time is: {jitters}")
    for what in ("silent", "refusing", "unreachable"):
        for result in end_of(found, what):
            equal((result["state"], result["n"]), ("unverified", 0), f"{what}: {result}")


if __name__ == "__main__":
    skip_unless_stamped()
    run_tests(globals())
