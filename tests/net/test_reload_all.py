#!/usr/bin/python3
# Runs as one of two: it measures time, roughly.
"""A reload of very many targets, which takes no time from those that are due."""
import re
import resource
import time

from harness import MOSPROBE, expect, read, run_tests
from reloading import Prober, listen


def test_a_hundred_thousand_targets():
    """A reload of all of them makes no start late."""
    soft = resource.getrlimit(resource.RLIMIT_NOFILE)[0]
    lists = [[f"127.{82 + i // 50000}.{i // 250 % 200}.{i % 250 + 1} samples=1"
              for i in range(first, first + 100000)] for first in (0, 50000)]
    tries = []
    for _ in range(3):
        prober = Prober(lists[0], f"max_in_flight = {min(soft, 4096) // 2}",
                        prober="interval = 60s\ntimeout = 3s", output="none")
        time.sleep(6)
        said = prober.reload(lists[1])
        expect("targets=100000 added=50000 removed=50000" in said, said)
        time.sleep(6)
        prober.end()
        tries.append(re.search(r" late=(\d+) late_p99_ms=([\d.]+) late_max_ms=([\d.]+)",
                               read(f"log{prober.number}")).groups())
        print(f"# starts later than 20 ms, p99 and most in ms: {', '.join(tries[-1])}")
        if tries[-1][0] == "0":
            return
    expect(False, f"late starts in every one of three runs: {tries}")


if __name__ == "__main__":
    server = listen()
    run_tests(globals(), MOSPROBE)
