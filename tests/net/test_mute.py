#!/usr/bin/python3
# SPDX-License-Identifier: MIT
"""Mutes that operators write into Redis: a window that is there from the start and ends, and an alert that is
open when its target is muted."""
import socket
import time

from harness import MOSPROBE, Redis, equal, expect, read, run, run_tests, start, stop, wait_until, write
from logs import events

CONF = """[prober]
id = test
interval = 1s
timeout = 500ms
samples = 8
window = 2
average = 2
deny = none
address_rate = none
[alert]
warning_for = 1s
critical_for = 1s
[redis]
url = {url}
"""
ALERTS = "mosprobe:{test}:alerts"
MUTE = "mosprobe:{test}:mute"


def listening():
    server = socket.create_server(("127.0.0.1", 0), backlog=64)
    return server, f"127.0.0.1:{server.getsockname()[1]}"


def told_of(redis, target):
    """Warning and critical may be one transition or two."""
    return [fields for _, _, fields in redis.stream(ALERTS) if fields["target"] == target]


def test_mutes_by_redis():
    first, window = listening()
    second, fault = listening()
    with Redis() as redis, first, second:
        config = write("conf", CONF.format(url=redis.url))
        targets = write("targets", f"{window}\n{fault}\n127.0.0.1:1\n")
        ends_ms = round((time.time() + 9) * 1000)
        redis.cli("ZADD", MUTE, ends_ms, window, "inf", "not a name", 1, fault)
        prober = start([MOSPROBE, "run", "-c", config, "--targets", targets, "--output", "none"], "log")
        for target in (window, fault):
            wait_until(lambda: redis.cli("HGET", f"mosprobe:{{test}}:target:{target}", "band") == "good",
                       "a settled target", 15)
        first.close()
        second.close()
        wait_until(lambda: told_of(redis, fault), "an alert", 10)
        equal(redis.cli("SMEMBERS", "mosprobe:{test}:muted"), [window], "muted")
        equal(redis.cli("ZSCORE", "mosprobe:{test}:worst", window), None, "its place among the worst")
        equal(redis.cli("HGET", "mosprobe:{test}:prober", "targets_muted"), "1", "in the heartbeat")
        checked = run([MOSPROBE, "check", "-c", config, "--targets", targets]).stdout
        expect(f"1 of the running prober's targets are muted: {window}" in checked, checked)
        expect("1 of the running prober's targets have never answered: 127.0.0.1:1" in checked, checked)
        redis.cli("ZADD", MUTE, "+inf", fault)
        wait_until(lambda: told_of(redis, window), "an alert after its window", 15)
        wait_until(lambda: told_of(redis, fault)[-1]["event_action"] == "resolve", "the end of the other", 15)
        stop(prober)
        equal(told_of(redis, fault)[-1]["reason"], "muted", "why it ended")
        after = told_of(redis, window)
    equal({a["event_action"] for a in after}, {"trigger"}, "whose window ended")
    expect(int(after[0]["at_ms"]) >= ends_ms, f"an alert within the window to {ends_ms}: {after} {read('log')}")
    equal(len([e for e in events(read("log"), "redis_mutes_wrong") if (e["key"], e["members"]) == (MUTE, "1")]), 1, "what was mistyped")


if __name__ == "__main__":
    run_tests(globals())
