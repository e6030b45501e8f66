#!/usr/bin/python3
# SPDX-License-Identifier: MIT
# Runs alone: it measures time, and what is open at one moment.
"""The soak in its short form, half a minute at 2,000 samples a second: each kind of fault, restart and reload comes at least
once, and at the end everything is as it was. And that none of its checks holds whatever happens."""
import copy
import json
import os
import sys

from harness import B, equal, expect, run, run_tests, skip_unless_stamped
from verdicts import judge

SOAK = os.path.join(os.path.dirname(os.path.abspath(__file__)), "../../bench/soak")
LATE = {"from": 1, "to": 2, "starts": 3, "others_ms": 4, "host_ms": 5, "ran_ms": 50, "most_s": 0.05}


def result():
    with open(f"{B}/soak-short.json", encoding="utf-8") as file:
        return json.load(file)


def test_thirty_seconds():
    done = run([sys.executable, SOAK], 120, env={**os.environ, "SOAK_S": "30", "SOAK_NAME": "soak-short"})
    print("\n".join(f"# {line}" for line in done.stdout.splitlines()), flush=True)
    equal(done.returncode, 0, f"status: {done.stderr}")


def at_end(name, by):
    return lambda evidence: evidence["rest"][1].__setitem__(name, evidence["rest"][1][name] + by)


def of_streams(name, by=1):
    return lambda evidence: evidence["streams"].__setitem__(name, evidence["streams"][name] + by)


def all_else(name, value):
    return lambda evidence: evidence.__setitem__(name, value)


# What each verdict would be about, if it were so.
WRONG = {
    "descriptors at rest": lambda evidence: evidence["rest"][1]["descriptors"].__setitem__("pipe", 1),
    "threads": at_end("Threads", 1),
    "slots": at_end("slots", -1),
    "slots in use at rest": at_end("slots_in_use", 1),
    "sockets with a port": lambda evidence: evidence["rest"][1]["ports"].__setitem__("UDP", 9),
    "probes that keep a port": at_end("waiting", 1),
    "resident memory with all targets, MiB": lambda evidence: evidence["full"][1].__setitem__("VmRSS", 99999),
    "late starts: all, unexplained": lambda evidence: evidence["late"].append(LATE),
    "results that stand twice": of_streams("twice"),
    "cycles missing of targets that stay": of_streams("gaps"),
    "more gaps of guests than they have left": of_streams("guest_gaps"),
    "transitions that stand twice": of_streams("transitions_twice"),
    "transitions missing": of_streams("transition_gaps"),
    "results: cycles of the prober, in the stream": of_streams("cycles"),
    "entries: written, in the streams": of_streams("written"),
    "entries dropped": of_streams("dropped"),
    "entries left unwritten": of_streams("left"),
    "transitions": lambda evidence: evidence["streams"].update(
        transitions=0, written=evidence["streams"]["results"]),
    "things that happened to it": lambda evidence: evidence["acts_wanted"].append("another"),
    "outcomes that came": all_else("outcomes", ["ok"]),
    "samples a second": all_else("rate", 1000),
    "exit status": all_else("status", -9),
}


def test_each_check_can_fail():
    good = result()["evidence"]
    equal([verdict[0] for verdict in judge(good)], list(WRONG), "verdicts")
    for what, make_wrong in WRONG.items():
        evidence = copy.deepcopy(good)
        make_wrong(evidence)
        equal([verdict[0] for verdict in judge(evidence) if not verdict[4]], [what], "what does not hold then")


def test_who_is_to_blame_for_a_late_start():
    evidence = result()["evidence"]
    for others_ms, host_ms, explained in ((18, 0, True), (0, 20, True), (9, 9, True), (10, 0, False), (0, 0, False)):
        evidence["late"] = [{**LATE, "others_ms": others_ms, "host_ms": host_ms}]
        found = {verdict[0]: verdict[4] for verdict in judge(evidence)}
        expect(found["late starts: all, unexplained"] == explained, f"{others_ms} and {host_ms} ms")


if __name__ == "__main__":
    skip_unless_stamped()
    run_tests(globals())
