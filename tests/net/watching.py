# SPDX-License-Identifier: MIT
"""A process that is watched while it runs: what it holds, and when somebody else had the processor that it wanted."""
import collections
import http.client
import os
import re
import sys
import time

from harness import equal, path, read, start, stop

LOOK_S = 0.05
# What makes a start late by 20 ms, less the 2 ms of a turn: two looks together, for it may lie across them.
STALL_MS = 18
TICK_MS = 1000 / os.sysconf("SC_CLK_TCK")


def series_of(text):
    """What /metrics answers: {name and labels: value}."""
    lines = [line.rsplit(" ", 1) for line in text.splitlines() if not line.startswith("#")]
    equal(len({series for series, _ in lines}), len(lines), "series, each once")
    return {series: float(value) for series, value in lines}


def scrape(port):
    connection = http.client.HTTPConnection("127.0.0.1", port, timeout=5)
    try:
        connection.request("GET", "/metrics")
        return series_of(connection.getresponse().read().decode())
    finally:
        connection.close()


def descriptors(pid):
    """How many of each kind a process has open."""
    kinds = collections.Counter()
    for fd in os.listdir(f"/proc/{pid}/fd"):
        try:
            kinds[re.sub(r":?\[?\d+\]?$", "", os.readlink(f"/proc/{pid}/fd/{fd}"))] += 1
        except FileNotFoundError:
            pass  # closed since
    return dict(kinds)


def status(pid, *names):
    with open(f"/proc/{pid}/status", encoding="ascii") as file:
        lines = dict(line.split(":", 1) for line in file)
    return {name: int(lines[name].split()[0]) for name in names}


def sockets_with_a_port():
    """How many there are in this network namespace, by kind."""
    found = {}
    for name in ("sockstat", "sockstat6"):
        with open(f"/proc/self/net/{name}", encoding="ascii") as file:
            found.update({line.split(":")[0]: int(line.split()[2]) for line in file if line[:4] in ("TCP:", "UDP:", "TCP6", "UDP6")})
    return found


def waiting_to_end(port):
    """Connections to a port in TIME_WAIT, which keep their own for a minute."""
    with open("/proc/self/net/tcp", encoding="ascii") as file:
        words = [line.split() for line in file]
    return sum(word[3] == "06" and word[2].endswith(f":{port:04X}") for word in words)


def _looks(pid):
    """Looks 20 times a second at how long a process's first thread was ready to run and had no processor: others had it,
    by the kernel's account of the thread, or the host had (steal), by that of the processor where the thread is. Prints a
    line for each: when, how long ago the last was, ms that others had, that the host had, that it ran."""
    def read():
        with open(f"/proc/{pid}/task/{pid}/schedstat", encoding="ascii") as file:
            ran_ns, waited_ns = map(int, file.read().split()[:2])
        with open(f"/proc/{pid}/task/{pid}/stat", encoding="ascii") as file:
            cpu = "cpu" + file.read().rsplit(")", 1)[1].split()[36]
        with open("/proc/stat", encoding="ascii") as file:
            stolen = {line.split()[0]: int(line.split()[8]) * TICK_MS for line in file if line.startswith("cpu")}
        return time.time(), ran_ns / 1e6, waited_ns / 1e6, stolen, cpu

    before = read()
    while True:
        time.sleep(LOOK_S)
        now = read()
        print(f"{now[0]:.3f} {now[0] - before[0]:.3f} {now[2] - before[2]:.2f} {now[3][now[4]] - before[3][now[4]]:.0f} "
              f"{now[1] - before[1]:.2f}", flush=True)
        before = now


class Stalls:
    """When a process had no processor: looked at by another process, which nothing here holds up."""

    def __init__(self, pid, name):
        self.name = name
        self.process = start(["nice", "-n", "-15", sys.executable, os.path.abspath(__file__), str(pid)], name + ".log",
                             stdout=open(path(name), "wb"))

    def _looks(self):
        text = read(self.name)
        return [tuple(map(float, line.split())) for line in text[:text.rfind("\n") + 1].splitlines()]

    def within(self, begin, end):
        """The worst of that time, in ms: (of others, of the host, that it ran itself meanwhile). Of looks that were far
        apart their even part: how it was spread is not known."""
        looks = [look for look in self._looks() if begin - 2 * LOOK_S <= look[0] <= end + 2 * LOOK_S]
        pairs = []
        for pair in zip(looks, looks[1:]):
            part = min(1, 3 * LOOK_S / sum(look[1] for look in pair))
            pairs.append([part * sum(look[i] for look in pair) for i in (2, 3, 4)])
        return max(pairs, key=lambda pair: pair[0] + pair[1], default=(0, 0, 0))

    def sums_s(self):
        """In all: (of others, of the host, that it ran itself)."""
        return [sum(look[i] for look in self._looks()) / 1000 for i in (2, 3, 4)]

    def stop(self):
        stop(self.process)


if __name__ == "__main__":
    try:
        _looks(sys.argv[1])
    except (FileNotFoundError, ProcessLookupError):
        pass  # it has ended
