#!/usr/bin/python3
# SPDX-License-Identifier: MIT
"""A prober that is killed at random moments, a few times or KILLS times: every transition that it should make is in
the stream, each once and in its order. Ports of the loopback are closed and opened, and the next change waits
until every target has told of the one before; Redis now and then stands still, so that what was sent is
not answered when the kill comes."""
import os
import random
import signal
import socket
import time

from harness import MOSPROBE, Redis, equal, expect, path, run_tests, start, stop, wait_until, write

KILLS = int(os.environ.get("KILLS", "6"))
SEED = int(os.environ.get("SEED", time.time_ns() % 1000000))
TARGETS = 8  # fewer than the guard looks at
CONF = """[prober]
id = killed
interval = 1s
timeout = 500ms
samples = 8
window = 2
average = 2
deny = none
address_rate = none
state_dir = {dir}
[alert]
warning_for = 60s
critical_for = 2s
recovery_for = 2s
[guard]
window = 500ms
[redis]
url = {url}
"""
ALERTS = "mosprobe:{killed}:alerts"


class Ports:
    """Ports of the loopback, all of which listen or none does."""

    def __init__(self):
        self.servers = [socket.create_server(("127.0.0.1", 0), backlog=64) for _ in range(TARGETS)]
        self.numbers = [server.getsockname()[1] for server in self.servers]
        self.changes = 0

    def change(self):
        self.changes += 1
        if self.changes % 2:
            for server in self.servers:
                server.close()
        else:
            self.servers = [socket.create_server(("127.0.0.1", port), backlog=64) for port in self.numbers]


def seen(redis):
    return {target: [(alert["seq"], alert["event_action"], alert["severity"])
                     for _, _, alert in redis.stream(ALERTS) if alert["target"].endswith(target)]
            for target in redis.targets}


def expected(changes):
    return [(str(i + 1), "resolve" if i % 2 else "trigger", "critical") for i in range(changes)]


class Silence:
    """For the last moments of a life Redis does not answer: it stands still, and does afterwards what was sent;
    or it lets writers wait, and drops what they sent when they are gone."""

    def __init__(self, redis, chance, lifetime):
        self.redis = redis
        self.kind = chance.choice(("none", "still", "waits"))
        self.at = time.monotonic() + chance.uniform(0, lifetime)
        self.begun = False

    def begin_when_due(self):
        if self.begun or time.monotonic() < self.at:
            return
        self.begun = True
        if self.kind == "still":
            os.kill(self.redis.process.pid, signal.SIGSTOP)
        elif self.kind == "waits":
            self.redis.cli("CLIENT", "PAUSE", 60000, "WRITE")

    def end(self):
        os.kill(self.redis.process.pid, signal.SIGCONT)
        if self.begun and self.kind == "waits":
            self.redis.cli("CLIENT", "UNPAUSE")

    def answers(self):
        return not self.begun or self.kind != "still"


def live_and_die(redis, prober, chance):
    """A life of the prober, which ends at a random moment, or when something has just been told."""
    lifetime = chance.uniform(0.5, 5)
    end = time.monotonic() + lifetime
    silence = Silence(redis, chance, lifetime)
    told, early = redis.cli("XLEN", ALERTS), chance.random() < 0.4
    while time.monotonic() < end:
        silence.begin_when_due()
        if early and silence.answers() and redis.cli("XLEN", ALERTS) != told:
            break
        time.sleep(0.01)
    try:
        equal(stop(prober, signal.SIGKILL), -signal.SIGKILL, "how it ended")
    finally:
        silence.end()


def check(redis, changes, complete):
    for target, alerts in seen(redis).items():
        wanted = expected(changes)
        expect(alerts in ([wanted] if complete else [wanted, wanted[:-1]]),
               f"target {target} after {changes} changes: {alerts}")


def test_each_transition_is_told_once_whatever_is_killed():
    print(f"# seed {SEED}, {KILLS} kills", flush=True)
    chance = random.Random(SEED)
    ports = Ports()
    with Redis() as redis:
        redis.targets = [f":{port}" for port in ports.numbers]
        command = [MOSPROBE, "run", "-c", write("conf", CONF.format(url=redis.url, dir=path("state"))),
                   "--targets", write("targets", "".join(f"127.0.0.1:{n}\n" for n in ports.numbers)),
                   "--output", "none"]
        last = f"mosprobe:{{killed}}:target:127.0.0.1:{ports.numbers[-1]}"

        def all_told():
            check(redis, ports.changes, False)
            return redis.cli("XLEN", ALERTS) == TARGETS * ports.changes

        prober = start(command, "log")
        wait_until(lambda: redis.cli("HGET", last, "state") == "ok", "a settled target", 15)
        ports.change()
        for _ in range(KILLS):
            live_and_die(redis, prober, chance)
            if all_told():
                ports.change()
            prober = start(command, "log")
        wait_until(all_told, "the last of them", 30)
        time.sleep(1.5)
        equal(stop(prober), 0, "status")
        check(redis, ports.changes, True)
        ids = [alert["event_id"] for _, _, alert in redis.stream(ALERTS)]
    equal(len(ids), len(set(ids)), "event_ids")
    equal(len(ids), TARGETS * ports.changes, "alerts in all")
    print(f"# {KILLS} kills, {ports.changes} changes of {TARGETS} targets", flush=True)


if __name__ == "__main__":
    run_tests(globals())
