#!/usr/bin/python3
# SPDX-License-Identifier: MIT
"""Mutes that operators write into Redis: a window that is there from the start and ends, and an alert that is
open when its target is muted."""
import socket
import time

from harness import MOSPROBE, Redis, equal, expect, read, run, run_tests, start, stop, wait_until, write

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


def test_mutes_by_redis():
    first, window = listening()
    second, fault = listening()
    with Redis() as redis, first, second:
        config = write("conf", CONF.format(url=redis.url))
        targets = write("targets", f"{window}\n{fault}\n127.0.0.1:1\n")
        began = time.time()
        redis.cli("ZADD", MUTE, round((began + 9) * 1000), window, "inf", "not a name", 1, fault)
        prober = start([MOSPROBE, "run", "-c", config, "--targets", targets, "--output", "none"], "log")
        for target in (window, fault):
            wait_until(lambda: redis.cli("HGET", f"mosprobe:{{test}}:target:{target}", "band") == "good",
                       "a settled target", 15)
        first.close()
        second.close()
        wait_until(lambda: redis.cli("XLEN", ALERTS) == 1, "an alert", 10)
        equal(redis.cli("SMEMBERS", "mosprobe:{test}:muted"), [window], "muted")
        equal(redis.cli("ZSCORE", "mosprobe:{test}:worst", window), None, "its place among the worst")
        equal(redis.cli("HGET", "mosprobe:{test}:prober", "targets_muted"), "1", "in the heartbeat")
        checked = run([MOSPROBE, "check", "-c", config, "--targets", targets]).stdout
        expect(f"1 of the running prober's targets are muted: {window}" in checked, checked)
        expect("1 of the running prober's targets have never answered: 127.0.0.1:1" in checked, checked)
        redis.cli("ZADD", MUTE, "+inf", fault)
        wait_until(lambda: redis.cli("XLEN", ALERTS) == 3, "the end of both", 15)
        stop(prober)
        alerts = [fields for _, _, fields in redis.stream(ALERTS)]
    equal(alerts[0]["target"], fault, "who alerts")
    rest = {a["target"]: a for a in alerts[1:]}
    equal((rest[fault]["event_action"], rest[fault]["reason"]), ("resolve", "muted"), "who was muted")
    equal(rest[window]["event_action"], "trigger", "whose window ended")
    expect(int(rest[window]["at_ms"]) > (began + 9) * 1000, "an alert within the window")
    equal(read("log").count(f"{MUTE}: 1 members are no NAME:PORT, or no time"), 1, "what was mistyped")


if __name__ == "__main__":
    run_tests(globals())
