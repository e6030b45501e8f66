#!/usr/bin/python3
# SPDX-License-Identifier: MIT
# Runs alone: it sets the machine's clock.
"""A wall clock that is set by milliseconds and by hours, and a machine that was suspended: nothing that is
measured moves. The machine's own clock is set by hours only where it is nobody else's, in CI or with
SET_CLOCK=1; elsewhere mosprobe alone sees it so."""
import collections
import os
import threading
import time

import clocks
from accuracy import Run, quantile
from harness import Redis, equal, expect, folder, run_tests, skip_unless_stamped

TARGETS = [f"198.18.0.{i}" for i in range(100)]
NETWORK = "seed 11\n198.18.0.0/24 latency=20ms..60ms"
LOSS = " loss=2% loss-back=2%"
KEYS = {"interval": "2s", "timeout": "1900ms", "samples": 10}
SAMPLES_PER_CYCLE = len(TARGETS) * KEYS["samples"]


def measure(clock, loss, script, cycles, *words):
    """Runs mosprobe in the simulated network; the script, [(seconds since its start, what to do)], runs
    beside it."""
    def follow():
        began = time.monotonic()
        for at, act in script:
            time.sleep(max(0, began + at - time.monotonic()))
            act()

    thread = threading.Thread(target=follow)
    thread.start()
    try:
        return Run(folder(), f"{NETWORK}{loss}\n", TARGETS, KEYS, "--cycles", str(cycles), *words, inside=clock.inside)
    finally:
        thread.join()


def check_truth(done, samples):
    """Every SYN counted, and no answer earlier than it left."""
    found = done.report()
    print(f"# {found.line()}", flush=True)
    equal((found.samples, found.examples), (samples, []), f"{found.wrong} samples are not what the network did")
    equal(found.lost, found.lost_true, "lost SYNs")
    expect(min(found.errors_ns) > -50e3, f"an answer before it left: {min(found.errors_ns)} ns")
    expect(quantile(found.errors_ns, .5) < 300e3, f"median {quantile(found.errors_ns, .5)} ns")


def test_small_steps_make_no_latency_shorter():
    """The kernel's receive stamps are of the wall clock: set back by 8 ms, they look 8 ms earlier."""
    steps = [(.5 + .023 * i, (lambda by: lambda: clock.set(by))(-.008 if i % 2 else 0)) for i in range(240)]
    with clocks.Machine() as clock:
        check_truth(measure(clock, LOSS, steps, 2), 2 * SAMPLES_PER_CYCLE)


def check_steps(clock):
    script = [(2.5, lambda: clock.set(3 * 3600)), (4.5, lambda: clock.set(-3 * 3600)),
              (6.5, lambda: clock.set(0))]
    with Redis() as redis, clock:
        done = measure(clock, LOSS, script, 4, "--redis", redis.url, "--id", "clocks")
        results = redis.stream("mosprobe:{clocks}:results")
        heartbeat = redis.cli("HGETALL", "mosprobe:{clocks}:prober")
    check_truth(done, 4 * SAMPLES_PER_CYCLE)
    equal(done.log.count("event=clock_set"), 3, f"told: {done.log}")
    equal(heartbeat["clock_steps"], "3", "steps in the heartbeat")
    # Redis takes rising ids only: all are there.
    cycles = collections.defaultdict(list)
    for _, _, result in results:
        cycles[result["target"]].append((int(result["cycle"]), int(result["at_ms"])))
    equal(len(cycles), len(TARGETS), "targets")
    for target, of in cycles.items():
        equal([cycle for cycle, _ in of], list(range(of[0][0], of[0][0] + 4)), f"cycles of {target}")
    ats = [at for of in cycles.values() for _, at in of]
    expect(max(ats) - min(ats) > 5 * 3600e3, "at_ms is the wall clock as it was")


def test_hours_either_way_as_mosprobe_sees_them():
    check_steps(clocks.Seen())


def check_sleep(found):
    """All of it is one line of cycles, with 300 missing; what was under way when it slept is nobody's fault."""
    asleep = [s for s in found if s.reason == "asleep"]
    expect(0 < len(asleep) < SAMPLES_PER_CYCLE / 2, f"{len(asleep)} samples were slept through")
    equal({s.outcome for s in asleep}, {"skipped"}, "outcomes of these")
    equal({s.outcome for s in found if s.reason != "asleep"}, {"ok"}, "other outcomes")
    cycles = collections.defaultdict(set)
    for sample in found:
        cycles[sample.target].add(sample.cycle)
    for target, of in cycles.items():
        of = sorted(of)
        equal([b - a for a, b in zip(of, of[1:]) if b - a != 1], [301], f"cycles of {target}: {of}")
    starts = collections.Counter(int(s.due_ns // 1e8) for s in found)
    expect(max(starts.values()) < 2 * SAMPLES_PER_CYCLE / 20, "no burst afterwards")


def test_a_machine_that_was_suspended():
    with clocks.Seen() as clock:
        # Not to the end of a cycle: which one that is would hang on microseconds.
        done = measure(clock, "", [(3.2, lambda: clock.sleep(601))], 3, "--redis", "")
    expect("slept_s=601.0 cycles=300" in done.log, f"told: {done.log}")
    check_sleep(done.samples())


def test_hours_either_way_by_the_machines_own_clock():
    check_steps(clocks.Machine())


if __name__ == "__main__":
    skip_unless_stamped()
    if os.environ.get("CI") != "true" and "SET_CLOCK" not in os.environ:
        del test_hours_either_way_by_the_machines_own_clock
    run_tests(globals())
