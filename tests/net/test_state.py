#!/usr/bin/python3
# SPDX-License-Identifier: MIT
# Runs first: it takes longest.
"""prober.state_dir: what is known of targets outlives the process, whatever ends it; and a folder that cannot be
trusted is set aside, never used and never fatal."""
import os
import signal
import socket
import time

from harness import MOSPROBE, Redis, equal, expect, path, read, run, run_tests, start, stop, wait_until, write

CONF = """[prober]
id = {id}
interval = {interval}
timeout = 500ms
samples = 8
window = {window}
average = 2
deny = none
address_rate = none
state_dir = {dir}
[alert]
warning_for = 30s
critical_for = {hold}
recovery_for = 2s
{more}
[redis]
url = {url}
"""
ALERTS = "mosprobe:{kept}:alerts"


class Service:
    """A port on the loopback that listens, or does not."""

    def __init__(self, address="127.0.0.1"):
        self.address = address
        with socket.create_server(("127.0.0.1", 0)) as server:
            self.port = server.getsockname()[1]
        self.target = f"127.0.0.1:{self.port}"
        self.key = "mosprobe:{kept}:target:" + self.target

    def up(self):
        self.server = socket.create_server((self.address, self.port), backlog=1024)

    def down(self):
        self.server.close()


def command(targets, url="", **keys):
    keys = {"id": "kept", "interval": "1s", "window": 2, "hold": "2s", "dir": path("state"), "more": "",
            **keys}
    return [MOSPROBE, "run", "-c", write("conf", CONF.format(url=url, **keys)), "--targets",
            write("targets", "".join(f"{target}\n" for target in targets)), "--output", "none"]


def alerts_of(redis):
    return [fields for _, _, fields in redis.stream(ALERTS)]


def test_an_open_alert_outlives_kill_and_stop():
    service = Service()
    service.up()
    with Redis() as redis:
        words = command([service.target], redis.url)
        prober = start(words, "first.log")
        wait_until(lambda: redis.cli("HGET", service.key, "state") == "ok", "a settled target", 15)
        service.down()
        wait_until(lambda: redis.cli("XLEN", ALERTS) == 1, "an alert", 15)
        time.sleep(1.5)  # until its cycle's result is out, and kept
        stop(prober, signal.SIGKILL)
        prober = start(words, "second.log")
        wait_until(lambda: "restored=1 targets=1" in read("second.log"), "that it is known")
        time.sleep(4)
        equal(redis.cli("HGET", service.key, "state"), "critical", "after the kill")
        equal(stop(prober), 0, "status")
        # Another window: the alert is open still, the samples are not used.
        service.up()
        prober = start(command([service.target], redis.url, window=3), "third.log")
        wait_until(lambda: redis.cli("XLEN", ALERTS) == 2, "the end of the alert", 15)
        stop(prober)
        trigger, resolve = alerts_of(redis)
    service.down()
    equal((trigger["event_action"], resolve["event_action"]), ("trigger", "resolve"), "what was told")
    equal((trigger["seq"], resolve["seq"]), ("1", "2"), "seq")
    equal(trigger["dedup_key"], resolve["dedup_key"], "dedup_key")
    equal(resolve["alerts_24h"], "1", "alerts_24h")


def test_check_looks_at_the_folder():
    def said(folder):
        words = command(["127.0.0.1"], dir=folder)
        done = run([MOSPROBE, "check", "-c", words[3], "--targets", words[5], "--redis", ""])
        return [line for line in done.stdout.splitlines() if "state_dir" in line][0].split(maxsplit=2)

    equal(said(path("notyet")), ["ok", "state_dir", f"{path('notyet')}: is not there, and will be made"], "to be made")
    equal(said("/nowhere/at/all")[0], "fail", "in none")
    equal(said(write("file", ""))[2].split(": ")[1], "is no folder", "a file")
    os.mkdir(path("open"))
    os.chmod(path("open"), 0o777)
    equal(said(path("open"))[::2], ["fail", f"{path('open')}: anybody may write there: chmod o-w"], "open to all")
    os.chmod(path("open"), 0o700)
    expect(said(path("open"))[2].endswith("GiB free"), "a good one")
    os.chown(path("open"), 65534, 65534)
    equal(said(path("open"))[0], "warn", "another's")


def test_held_times_outlive_a_kill():
    service = Service()
    service.up()
    with Redis() as redis:
        words = command([service.target], redis.url, hold="8s", dir=path("held"))
        prober = start(words, "first.log")
        wait_until(lambda: redis.cli("HGET", service.key, "state") == "ok", "a settled target", 15)
        service.down()
        wait_until(lambda: float(redis.cli("HGET", service.key, "mos") or 5) < 3, "a bad mos", 10)
        time.sleep(4)
        stop(prober, signal.SIGKILL)
        began = time.monotonic()
        prober = start(words, "second.log")
        wait_until(lambda: redis.cli("XLEN", ALERTS) == 1, "an alert", 15)
        took = time.monotonic() - began
        stop(prober)
        alert = alerts_of(redis)[0]
    equal(alert["held_ms"], "8000", "held_ms")
    expect(took < 6.5, f"it took {took} s: what was held before has been forgotten")


def test_two_probers_cannot_share_a_folder():
    service = Service()
    words = command([service.target], dir=path("shared"))
    first = start(words, "first.log")
    wait_until(lambda: os.path.exists(path("shared/lock")) and read("shared/lock"), "the lock")
    second = run(words, 10)
    equal(second.returncode, 1, second.stderr)
    equal(second.stderr, f"mosprobe: state_dir {path('shared')}: another prober has it, process {first.pid}; "
          "each needs a folder of its own\n", "what it says")
    equal(stop(first), 0, "status of the first")


def test_what_cannot_be_trusted_is_set_aside():
    service = Service()
    service.up()
    words = command([service.target], dir=path("bad")) + ["--cycles", "1"]
    file = path("bad/targets.state")

    def once(*more):
        done = run(words + list(more), 20)
        equal(done.returncode, 0, done.stderr)
        return done.stderr

    once()
    expect("restored=1 targets=1" in once(), "it is known")
    with open(file, "rb") as kept:
        good = kept.read()
    size = int.from_bytes(good[24:28], "little")
    halves = [good[4096 + i * size:4096 + (i + 1) * size] for i in range(2)]
    expect(all(any(half) for half in halves), "both halves were written")

    def damaged(at, bytes_=b"\xff" * 7):
        return good[:at] + bytes_ + good[at + len(bytes_):]

    for what, text in {
            "no state of mosprobe": b"hello\n" * 2000,
            "no state of mosprobe ": b"",
            "is damaged": damaged(40),
            "is damaged ": damaged(4096 + 300)[:4096 + size + 300] + b"\xff" * 9 +
                           damaged(4096 + 300)[4096 + size + 309:],
            "was cut off": good[:-1000]}.items():
        with open(file, "wb") as kept:
            kept.write(text)
        told = once()
        expect(f"targets.state is not used, for it {what.strip()}" in told.replace("it is no", "it no"), told)
        expect("event=state_restored" not in told, told)
        with open(file + ".bad", "rb") as aside:
            equal(aside.read(), text, "what was set aside")
    told = once("--id", "another")
    expect("it is another prober's" in told, told)

    # A write that was torn leaves the older half.
    for half in range(2):
        with open(file, "wb") as kept:
            kept.write(damaged(4096 + half * size + 100, b"\0" * 300))
        told = once()
        expect("restored=1 targets=1" in told and "not used" not in told, f"half {half}: {told}")
    service.down()


def test_the_event_of_a_group_outlives_a_kill():
    dark, bright = Service("0.0.0.0"), Service("0.0.0.0")
    dark.up()
    bright.up()
    targets = ([f"127.9.0.{i + 1}:{dark.port} isp=dark" for i in range(12)] +
               [f"127.9.1.{i + 1}:{bright.port} isp=bright" for i in range(20)])
    with Redis() as redis:
        words = command(targets, redis.url, dir=path("groups"), more="[guard]\nwindow = 1s\nshare = 60%\ngroup = isp")

        def groups():
            return [(a["event_action"], a["seq"]) for a in alerts_of(redis) if a["kind"] == "group"]

        prober = start(words, "first.log")
        wait_until(lambda: redis.cli("HGET", f"mosprobe:{{kept}}:target:127.9.0.1:{dark.port}", "state") == "ok",
                   "settled targets", 15)
        time.sleep(1)
        dark.down()
        wait_until(lambda: sum(a["kind"] == "mos" for a in alerts_of(redis)) == 12, "the members' alerts", 20)
        equal(groups(), [("trigger", "1")], "events")
        # Killed twice: the second time as if before its record was written, and the journal alone knows.
        for log, is_written in (("second.log", True), ("third.log", False)):
            stop(prober, signal.SIGKILL)
            if not is_written:
                os.unlink(path("groups/prober.events"))
            prober = start(words, log)
            time.sleep(4)
            equal(len(alerts_of(redis)), 13, "nothing is told again")
        dark.up()
        wait_until(lambda: len(groups()) == 2, "its end", 15)
        stop(prober)
        equal(groups(), [("trigger", "1"), ("resolve", "2")], "events")
    dark.down()
    bright.down()


def test_an_alert_of_a_target_that_was_removed_meanwhile_is_told():
    service, other = Service(), Service()
    service.up()
    other.up()
    with Redis() as redis:
        prober = start(command([service.target], redis.url, dir=path("removed")), "first.log")
        wait_until(lambda: redis.cli("HGET", service.key, "state") == "ok", "a settled target", 15)
        redis.cli("CLIENT", "PAUSE", 60000, "WRITE")
        service.down()
        empty = os.path.getsize(path("removed/transitions.log"))
        wait_until(lambda: os.path.getsize(path("removed/transitions.log")) > empty, "an alert on disk", 15)
        stop(prober, signal.SIGKILL)
        redis.cli("CLIENT", "UNPAUSE")
        equal(redis.cli("XLEN", ALERTS), 0, "alerts before")
        prober = start(command([other.target], redis.url, dir=path("removed")), "second.log")
        wait_until(lambda: redis.cli("XLEN", ALERTS) == 2, "the alert, and its end")
        equal(stop(prober), 0, "status")
        equal([(a["target"], a["port"], a["seq"], a["event_action"]) for a in alerts_of(redis)],
              [(service.target, str(service.port), "1", "trigger"),
               (service.target, str(service.port), "2", "resolve")], "what was told")
    equal(os.path.getsize(path("removed/transitions.log")), empty, "the log of one that has told everything")
    other.down()


def test_an_alert_of_a_target_that_leaves_while_no_prober_runs_ends():
    service, quiet, other = Service(), Service(), Service()
    for one in (service, quiet, other):
        one.up()
    with Redis() as redis:
        prober = start(command([service.target, quiet.target], redis.url, dir=path("left")), "first.log")
        for one in (service, quiet):
            wait_until(lambda: redis.cli("HGET", one.key, "state") == "ok", "a settled target", 15)
        service.down()
        wait_until(lambda: redis.cli("HGET", service.key, "state") == "critical", "an alert", 15)
        stop(prober)
        for log in ("second.log", "third.log"):
            # What the run before it wrote would end the wait before this one has begun.
            redis.cli("DEL", other.key)
            prober = start(command([other.target], redis.url, dir=path("left")), log)
            wait_until(lambda: redis.cli("XLEN", ALERTS) == 2, "the end of the alert")
            wait_until(lambda: redis.cli("HGET", other.key, "state"), "a result")
            equal(stop(prober), 0, "status")
        expect("event=left_told targets=2" in read("second.log"), read("second.log"))
        expect("event=left_" not in read("third.log"), read("third.log"))
        trigger, resolve = alerts_of(redis)
        equal([redis.cli("EXISTS", one.key) for one in (service, quiet, other)], [0, 0, 1], "their hashes")
        equal(redis.cli("ZCARD", "mosprobe:{kept}:open"), 0, "open alerts")
    for key in ("dedup_key", "target", "host", "port", "severity", "incident_key"):
        equal(resolve[key], trigger[key], key)
    equal((resolve["event_action"], resolve["reason"], resolve["seq"], resolve["previous_state"]),
          ("resolve", "removed", "2", "critical"), "what was told")
    expect(float(resolve["mos"]) < 3, f"how it stood: {resolve}")
    quiet.down()
    other.down()


def test_a_log_of_transitions_that_cannot_be_trusted_is_set_aside():
    service = Service()
    service.up()
    words = command([service.target], f"unix://{path('nobody')}", dir=path("log")) + ["--cycles", "1"]
    file = path("log/transitions.log")

    def told_with(text):
        if text is not None:
            with open(file, "wb") as kept:
                kept.write(text)
        done = run(words, 20)
        equal(done.returncode, 0, done.stderr)
        return [line for line in done.stderr.splitlines() if "transitions.log" in line]

    equal(told_with(None), [], "of none")
    with open(file, "rb") as kept:
        good = kept.read()
    equal(told_with(good), [], "of its own")
    for text, said in {b"hello\n" * 100: "is not used", good[:50]: "is not used",
                       good.replace(b"kept", b"left"): "is not used",
                       good + b"\x07" * 100: "is used up to where it is torn"}.items():
        told = told_with(text)
        expect(len(told) == 1 and said in told[0], f"{text[:30]}: {told}")
        with open(file + ".bad", "rb") as aside:
            equal(aside.read(), text, "what was set aside")
        equal(told_with(None), [], "of what came after it")
    service.down()


if __name__ == "__main__":
    run_tests(globals())
