#!/usr/bin/python3
# SPDX-License-Identifier: MIT
"""One writer per id: a second prober is refused, one that stands by takes over with ids and open alerts, and whoever has
lost the lease writes nothing more, whatever it still believes."""
import signal
import socket
import time

from harness import (MOSPROBE, Redis, equal, expect, read, run, run_tests, start, stop, wait_until, write)
from publishing import RESULTS, Driver, id_key

CONF = """[prober]
id = driver
interval = {interval}
timeout = 500ms
samples = 8
window = 2
average = 2
deny = none
address_rate = none
closer_share = 0%
{more}
[alert]
warning_for = 30s
critical_for = 2s
recovery_for = 2s
[redis]
url = {url}
"""
ALERTS = "mosprobe:{driver}:alerts"
LEASE = "mosprobe:{driver}:lease"


class Service:
    """A port on the loopback that listens, or does not."""

    def __init__(self):
        self.server = socket.create_server(("127.0.0.1", 0), backlog=1024)
        self.port = self.server.getsockname()[1]
        self.target = f"127.0.0.1:{self.port}"
        self.key = "mosprobe:{driver}:target:" + self.target

    def down(self):
        self.server.close()

    def up(self):
        self.server = socket.create_server(("127.0.0.1", self.port), backlog=1024)


def command(redis, service, more="", *options, interval="1s"):
    config = CONF.format(url=redis.url, more=more, interval=interval)
    return [MOSPROBE, "run", "-c", write(f"conf{len(more)}", config), "--targets",
            write("targets", service.target + "\n"), "--output", "none", *options]


def writer(redis):
    """The process that has the lease."""
    lease = redis.cli("GET", LEASE)
    return int(lease.split()[1]) if lease else None


def numbers_rise(entries):
    seen = [(fields["target"], int(fields["cycle"])) for _, _, fields in entries]
    equal(len(seen), len(set(seen)), "results, which stand once each")


def test_a_second_prober_is_refused():
    service = Service()
    with Redis() as redis:
        first = start(command(redis, service), "first.log")
        wait_until(lambda: redis.cli("XLEN", RESULTS), "results")
        began = time.monotonic()
        second = run(command(redis, service), 30)
        took = time.monotonic() - began
        equal(second.returncode, 1, second.stderr)
        expect(f"process {first.pid} on host {socket.gethostname()} writes as prober driver already" in second.stderr,
               second.stderr)
        expect("--standby" in second.stderr, second.stderr)
        expect(took < 6, f"it took {took} s to say so")
        checked = run([MOSPROBE, "check", *command(redis, service)[2:6]]).stdout
        expect(f"process {first.pid} on host {socket.gethostname()} writes as prober driver" in checked, checked)
        # A million results of one target a second.
        expect("the stream holds 278 h of these targets (results_maxlen 1000000, about 265 MB)" in checked, checked)
        equal(stop(first), 0, "status of the first")
        equal(redis.cli("EXISTS", LEASE), 0, "let go at the end")
    service.down()


def test_who_was_killed_is_followed_at_once():
    """On the same machine it can be told that nobody holds that lease any more."""
    service = Service()
    with Redis() as redis:
        first = start(command(redis, service, interval="20s"), "killed.log")
        wait_until(lambda: redis.cli("EXISTS", LEASE), "a lease")
        stop(first, signal.SIGKILL)
        began = time.monotonic()
        second = start(command(redis, service), "next.log")
        wait_until(lambda: redis.cli("XLEN", RESULTS), "results", 5)
        expect(time.monotonic() - began < 3.5, "it waited for the lease to end")
        equal(stop(second), 0, "status")
    service.down()


def test_a_lease_of_another_machine_is_waited_for():
    service = Service()
    with Redis() as redis:
        redis.cli("SET", LEASE, "elsewhere 4711 12 boot space", "PX", 2500)
        prober = start(command(redis, service), "waits.log")
        time.sleep(1.5)
        equal(redis.cli("EXISTS", RESULTS), 0, "results of one without the lease")
        wait_until(lambda: redis.cli("XLEN", RESULTS), "results", 8)
        equal(stop(prober), 0, "status")
    expect('event=lease_awaited holder="process 4711 on host elsewhere" id=driver' in read("waits.log"), read("waits.log"))
    service.down()


def test_who_stands_by_takes_over():
    """Without a memory of its own, with what Redis knows: ids, the open alert and its number."""
    service = Service()
    with Redis() as redis:
        first = start(command(redis, service), "primary.log")
        wait_until(lambda: redis.cli("HGET", service.key, "state") == "ok", "a settled target", 15)
        second = start(command(redis, service, "", "--standby"), "standby.log")
        service.down()
        wait_until(lambda: redis.cli("HGET", service.key, "state") == "critical", "an alert", 15)
        equal(writer(redis), first.pid, "who writes")
        count = redis.cli("XLEN", RESULTS)
        stop(first, signal.SIGKILL)
        wait_until(lambda: redis.cli("XLEN", RESULTS) > count + 2, "results of the other", 8)
        equal(writer(redis), second.pid, "who writes then")
        equal(redis.cli("XLEN", ALERTS), 1, "alerts: the open one is known")
        service.up()
        wait_until(lambda: redis.cli("XLEN", ALERTS) == 2, "its end", 20)
        equal(stop(second), 0, "status")
        alerts = [fields for _, _, fields in redis.stream(ALERTS)]
        numbers_rise(redis.stream(RESULTS))
    equal([(a["event_action"], a["seq"]) for a in alerts], [("trigger", "1"), ("resolve", "2")], "what was told")
    equal(alerts[0]["dedup_key"], alerts[1]["dedup_key"], "dedup_key")
    service.down()


def test_who_has_lost_the_lease_writes_no_more():
    """A prober that stood still while another took over: its connection is dead when it goes on, and it ends; one that may
    stand by does so again, and takes over when the other has gone."""
    service = Service()
    with Redis() as redis:
        for more, name in (("", "ends"), ("standby = yes\n", "again")):
            first = start(command(redis, service, more), f"{name}.log")
            wait_until(lambda: writer(redis) == first.pid,
                       "the lease", 10)
            second = start(command(redis, service, "", "--standby"), f"{name}2.log")
            wait_until(lambda: "waiting for it" in read(f"{name}2.log"), "that it stands by")
            first.send_signal(signal.SIGSTOP)
            wait_until(lambda: writer(redis) == second.pid,
                       "the other", 10)
            first.send_signal(signal.SIGCONT)
            wait_until(lambda: f'event=lease_lost holder="process {second.pid} on host {socket.gethostname()}" id=driver'
                       in read(f"{name}.log"), "that it is known", 15)
            if not more:
                equal(first.wait(10), 1, "its status")
                equal(stop(second), 0, "status of the other")
            else:
                stop(second, signal.SIGKILL)
                wait_until(lambda: writer(redis) == first.pid,
                           "that it takes over again", 15)
                equal(stop(first), 0, "its status")
            numbers_rise(redis.stream(RESULTS))
    service.down()


def test_nothing_of_the_former_writer_comes_after():
    """The former writer goes on sending as fast as it can while another takes the lease: from then on nothing of it is
    applied."""
    with Redis() as redis:
        first = Driver(redis.url, results=60000, rate=6000, targets=500, stop=10)
        wait_until(lambda: redis.cli("EXISTS", RESULTS) and redis.cli("XLEN", RESULTS) > 3000, "results of the first")
        # As if its lease had run out, unseen by it.
        redis.cli("SET", LEASE, "gone 1 2 3 4", "PX", 1)
        time.sleep(0.05)
        second = Driver(redis.url, results=3000, rate=3000, targets=10, stop=10, **{"from": 10000})
        second.end()
        first.end()
        entries = redis.stream(RESULTS)
    ids = [id_key(entry) for entry, _, _ in entries]
    equal(ids, sorted(set(ids)), "ids rise")
    # Every result of the second in one piece, with those of the first before and, once the second has let go, after it.
    whose = [int(fields["cycle"]) >= 1000 for _, _, fields in entries]
    begins = whose.index(True)
    equal(whose[begins:begins + 3000], [True] * 3000, "what stands between the second's")
    expect(len(whose) > begins + 3000, "the first has the lease again")
    numbers_rise(entries)


if __name__ == "__main__":
    run_tests(globals())
