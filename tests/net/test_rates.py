#!/usr/bin/python3
# SPDX-License-Identifier: MIT
# Runs as one of two: it measures time, roughly.
"""Many names behind one address: their connects come one after the other, no more than address_rate in a
second; and max_rate for all together."""
import bisect
import collections

from harness import (MOSPROBE, NETSIM, Redis, equal, expect, path, run, run_tests,
                     samples_of, skip_unless_stamped, write)

NETWORK = "seed 9\n198.18.0.0/24 latency=10ms\n"


def probed(targets, keys, *words):
    """The samples of a run, as dictionaries."""
    config = write("rates.conf", f"[prober]\nid = rates\n{keys}\n")
    done = run([NETSIM, "run", write("network", NETWORK), "--", MOSPROBE, "run", "-c", config,
                "--targets", write("rates.targets", "\n".join(targets) + "\n"), "--output", "samples",
                *words], 60)
    equal(done.returncode, 0, f"status: {done.stderr}")
    return samples_of(done.stdout)


def most_in_a_second(samples):
    starts = sorted(int(s["start_ns"]) for s in samples)
    return max(bisect.bisect_left(starts, start + 10**9) - i for i, start in enumerate(starts))


def test_a_shared_address_is_not_flooded():
    """Sixty names that want 10 connects a second where 6 are allowed, and one behind its own address."""
    with Redis() as redis:
        found = probed([f"198.18.0.1:{5000 + i}" for i in range(60)] + ["198.18.0.2"],
                       "interval = 6s\nsamples = 1\naddress_rate = 6\n"
                       f"[guard]\nwindow = 0s\n[redis]\nurl = {redis.url}",
                       "--cycles", "3")
        heartbeat = redis.cli("HGETALL", "mosprobe:{rates}:prober")
    equal(len(found), 61 * 3, "samples")
    shared = [s for s in found if s["addr"] == "198.18.0.1"]
    connects = [s for s in shared if s["outcome"] == "ok"]
    skipped = [s for s in shared if s["outcome"] == "skipped"]
    equal({s["reason"] for s in skipped}, {"address_rate"}, "why samples were skipped")
    equal(len(connects) + len(skipped), 180, "samples of the shared address")
    expect(most_in_a_second(connects) <= 7, f"{most_in_a_second(connects)} in a second")
    # 18 s and the last ones' wait: some 6 a second of them were possible.
    expect(100 <= len(connects) <= 150, f"{len(connects)} connects")
    expect(int(heartbeat["address_waits"]) > 50, f"address_waits: {heartbeat['address_waits']}")
    expect(0 < float(heartbeat["address_wait_max_ms"]) <= 6000, "address_wait_max_ms")
    equal(int(heartbeat["skipped_address_rate"]), len(skipped), "skipped_address_rate")
    # Nobody is left out for good.
    by_target = collections.Counter(s["target"] for s in connects)
    expect(len(by_target) > 55, f"{len(by_target)} of 60 targets were visited")
    alone = [s for s in found if s["addr"] == "198.18.0.2"]
    equal({s["outcome"] for s in alone}, {"ok"}, "outcomes of the address of its own")
    for sample in alone:
        expect(int(sample["start_ns"]) - int(sample["due_ns"]) < 50e6, f"late: {sample}")


def test_max_rate():
    found = probed([f"198.18.0.{i}" for i in range(200)],
                   "interval = 4s\nsamples = 1\nmax_rate = 30\n[guard]\nwindow = 0s\n[redis]\nurl =",
                   "--cycles", "1")
    connects = [s for s in found if s["outcome"] == "ok"]
    expect(most_in_a_second(connects) <= 33, f"{most_in_a_second(connects)} in a second")
    expect(len(connects) >= 110, f"{len(connects)} connects")
    equal({s["reason"] for s in found if s["outcome"] != "ok"} - {"late"}, set(), "reasons")


if __name__ == "__main__":
    skip_unless_stamped()
    run_tests(globals())
