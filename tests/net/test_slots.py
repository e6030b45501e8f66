#!/usr/bin/python3
# SPDX-License-Identifier: MIT
# Runs as one of two: it measures time, roughly.
"""Sockets for a total outage: enough of them by themselves, a warning before the last is taken, and starts
that are late or skipped, counted, and no burst, when there are too few."""
import collections
import re

from harness import (MOSPROBE, NETSIM, equal, expect, run, run_tests, samples_of,
                     skip_unless_stamped, write)

NETWORK = "seed 6\n198.18.0.0/22 answer=silence\n"
TARGETS = [f"198.18.{i // 250}.{i % 250}" for i in range(300)]
# 300 starts a second, each of which is silent for a second.
KEYS = "interval = 4s\nsamples = 4\ntimeout = 1s\n"


def silent_run(keys):
    """The samples of two cycles in a total outage, and what was said."""
    config = write("slots.conf", f"[prober]\n{KEYS}{keys}\n[guard]\nwindow = 0s\n[redis]\nurl =\n")
    done = run([NETSIM, "run", write("network", NETWORK), "--", MOSPROBE, "run", "-c", config,
                "--targets", write("slots.targets", "\n".join(TARGETS) + "\n"), "--output",
                "samples", "--cycles", "2"], 60)
    equal(done.returncode, 0, f"status: {done.stderr}")
    samples = samples_of(done.stdout)
    equal(len(samples), 2400, "every sample has an outcome")
    return samples, done.stderr


def test_auto_covers_a_total_outage():
    samples, said = silent_run("")
    equal({s["outcome"] for s in samples}, {"timeout"}, "outcomes")
    expect("event=slots_scarce" not in said, f"no slot was scarce: {said}")
    late_ms = sorted((int(s["start_ns"]) - int(s["due_ns"])) / 1e6 for s in samples)
    expect(late_ms[2376] < 20, f"p99 of lateness: {late_ms[2376]} ms")


def test_too_few_are_told_of_and_nothing_comes_in_a_burst():
    samples, said = silent_run("max_in_flight = 100")
    told = [line for line in said.splitlines() if "event=slots_scarce family=4 " in line and " repeated=" not in line]
    equal(len(told), 1, f"lines about it: {said}")
    used, of = map(int, re.search(r"used=(\d+) slots=(\d+)", told[0]).groups())
    expect(of == 100 and 90 < used <= 100, told[0])
    started = [s for s in samples if s["outcome"] == "timeout"]
    skipped = [s for s in samples if s["outcome"] == "skipped"]
    equal(len(started) + len(skipped), 2400, "started or skipped")
    # 100 slots, a second each: 100 starts a second for the twelve seconds that two cycles of all take.
    expect(900 < len(started) < 1300, f"{len(started)} started")
    for sample in started:
        expect(int(sample["start_ns"]) - int(sample["due_ns"]) < 1.2e9, f"too late: {sample}")
    tenths = collections.Counter(int(s["start_ns"]) // 10**8 for s in started)
    expect(max(tenths.values()) <= 100, f"starts in a tenth of a second: {max(tenths.values())}")


def check_lines(prefix, keys=""):
    config = write("slots.conf", f"[prober]\n{keys}\n[redis]\nurl =\n")
    done = run([*prefix, MOSPROBE, "check", "-c", config, "--targets",
                write("slots.targets", "\n".join(TARGETS) + "\n")])
    return {line.split()[1]: line for line in done.stdout.splitlines()}


def test_check_tells_how_many_there_are():
    # 300 targets, five samples a minute, and a tenth of them twenty, 3 s each: 97.5 and some.
    lines = check_lines([])
    expect(re.match(r"ok .* allowed for sockets; 124 are used .* 32.5 starts a second, closer looks "
                    "among them, times 3.0 s",
                    lines["descriptors"]), lines["descriptors"])
    expect(re.match(r"ok .* ephemeral ports per destination, at most 31 in use", lines["ports"]),
           lines["ports"])
    lines = check_lines(["prlimit", "--nofile=128:128"])
    expect(re.match(r"warn .* allowed for sockets, 124 wanted when every target is silent",
                    lines["descriptors"]), lines["descriptors"])
    lines = check_lines(["unshare", "--net", "sh", "-c",
                         "echo 40000 40009 > /proc/sys/net/ipv4/ip_local_port_range && "
                         "ip link set lo up && exec \"$@\"", "sh"])
    expect(lines["ports"].startswith("warn") and "10 ephemeral ports" in lines["ports"],
           lines["ports"])


if __name__ == "__main__":
    skip_unless_stamped()
    run_tests(globals())
