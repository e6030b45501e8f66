#!/usr/bin/python3
# SPDX-License-Identifier: MIT
"""mosprobe under a service manager: what it tells it, and what the unit leaves open."""
import os
import re
import signal
import socket
import time

from harness import MOSPROBE, Redis, equal, expect, path, run, run_tests, start, stop, wait_until, write

UNIT = "scripts/mosprobe.service"
CONF = """[prober]
id = service
interval = 1s
timeout = 300ms
deny = none
samples = 2
output = none
{keys}
[redis]
url = {url}
"""


class Manager:
    """What a service manager listens at, and what it was told."""

    def __init__(self, name):
        self.address = "\0" + name[1:] if name.startswith("@") else name
        self.environment = {**os.environ, "NOTIFY_SOCKET": name}
        self.socket = socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM)
        self.socket.bind(self.address)
        self.socket.settimeout(0.02)
        self.told = []

    def hear(self):
        try:
            while True:
                self.told.append(self.socket.recv(4096).decode())
        except TimeoutError:
            return self.told

    def heard(self, words, count=1):
        return sum(words in told for told in self.hear()) >= count

    def waits_for(self, words, count=1, seconds=10):
        wait_until(lambda: self.heard(words, count), f"{words} from {self.told}", seconds)

    def start(self, name, keys="", url="", watchdog="", options=()):
        if watchdog:
            self.environment["WATCHDOG_USEC"] = watchdog
        conf = write(f"{name}.conf", CONF.format(keys=keys, url=url))
        write(f"{name}.targets", "127.0.0.1:9\n")
        return start([MOSPROBE, "run", "-c", conf, "--targets", path(f"{name}.targets"), *options],
                     f"{name}.log", env=self.environment)


def test_ready_watchdog_reload_stop():
    manager = Manager(path("notify"))
    prober = manager.start("life", watchdog="400000")
    manager.waits_for("STATUS=1 targets: ")
    equal(manager.told[0], "READY=1", "what comes first")
    manager.waits_for("WATCHDOG=1", 4, 2)
    for reload, conf in enumerate((CONF, "[prober]\nnothing = 1\n"), 1):
        write("life.conf", conf.format(keys="", url=""))
        prober.send_signal(signal.SIGHUP)
        manager.waits_for("READY=1", 1 + reload)
        told = [line for line in manager.told if line.startswith(("READY", "RELOADING"))]
        equal([line.split("=")[0] for line in told], ["READY"] + ["RELOADING", "READY"] * reload,
              "order")
        usec = int(re.fullmatch(r"RELOADING=1\nMONOTONIC_USEC=(\d+)", told[-2]).group(1))
        expect(0 <= time.monotonic() - usec / 1e6 < 5, f"when it began: {usec}")
    # Fed by the turn, and by nothing else: a process that stands still starves.
    prober.send_signal(signal.SIGSTOP)
    time.sleep(0.3)
    manager.hear()
    before = len(manager.told)
    time.sleep(0.4)
    equal(len(manager.hear()), before, "what a stopped process tells")
    prober.send_signal(signal.SIGCONT)
    equal(stop(prober), 0, "status")
    expect(manager.heard("STOPPING=1"), f"{manager.told}")


def test_without_a_watchdog():
    """And at a name of the abstract name space."""
    manager = Manager(f"@mosprobe-test-{os.getpid()}")
    prober = manager.start("calm", options=["--cycles", "1"])
    equal(prober.wait(timeout=15), 0, "status")
    manager.hear()
    equal(manager.told[0], "READY=1", "first")
    expect(manager.told[-1].startswith("STOPPING=1"), f"last: {manager.told}")
    expect("WATCHDOG=1" not in manager.told, f"{manager.told}")


def test_a_watchdog_for_somebody_else():
    manager = Manager(path("other"))
    manager.environment["WATCHDOG_PID"] = "1"
    prober = manager.start("other", watchdog="200000", options=["--cycles", "1"])
    equal(prober.wait(timeout=15), 0, "status")
    expect("WATCHDOG=1" not in manager.hear(), f"{manager.told}")


def test_standing_by_is_ready():
    with Redis() as redis:
        first = Manager(path("first")).start("first", url=redis.url)
        wait_until(lambda: redis.cli("EXISTS", "mosprobe:{service}:lease"), "the lease")
        manager = Manager(path("second"))
        second = manager.start("second", url=redis.url, watchdog="400000", options=["--standby"])
        manager.waits_for("STATUS=stands by")
        manager.waits_for("WATCHDOG=1", 3)
        equal(manager.told[0], "READY=1", "first")
        equal(stop(first), 0, "status of the first")
        manager.waits_for("STATUS=1 targets", 1, 15)
        equal(manager.told.count("READY=1"), 1, "ready once")
        equal(stop(second), 0, "status of the second")


def test_exposure():
    """The unit's exposure, as systemd counts it."""
    done = run(["systemd-analyze", "security", "--offline=yes", "--no-pager", "--threshold=20",
                UNIT])
    found = re.search(r"Overall exposure level for mosprobe.service: ([\d.]+)", done.stdout)
    expect(found, f"{done.stdout}{done.stderr}")
    expect(float(found.group(1)) <= 2.0 and done.returncode == 0, found.group(0))


def test_the_unit_is_understood():
    with open(UNIT, encoding="utf-8") as file:
        text = file.read().replace("/usr/bin/mosprobe", MOSPROBE)
    text = re.sub("(?m)^Documentation=.*\n", "", text)  # the man pages may not be installed
    done = run(["systemd-analyze", "verify", "--man=no", write("mosprobe.service", text)])
    said = [line for line in done.stderr.splitlines() if "mosprobe" in line]
    equal(said, [], "what systemd says of the unit")


if __name__ == "__main__":
    run_tests(globals())
