#!/usr/bin/python3
# SPDX-License-Identifier: MIT
"""`mosprobe test-alert`: an alert that did not happen goes the way of all alerts, is marked, resolves nothing that is real,
and whoever asked is told how far it came."""
import socket
import subprocess

from harness import ALERT_FIELDS, MOSPROBE, Redis, equal, expect, read, run, run_tests, start, stop, wait_until, write

CONF = """[prober]
id = tested
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
ALERTS = "mosprobe:{tested}:alerts"


def ask(config, target):
    return subprocess.Popen([MOSPROBE, "test-alert", target, "-c", config], stdout=subprocess.PIPE,
                            stderr=subprocess.PIPE, text=True)


def test_the_whole_way():
    server = socket.create_server(("127.0.0.1", 0), backlog=64)
    target = f"127.0.0.1:{server.getsockname()[1]}"
    with Redis() as redis:
        config = write("conf", CONF.format(url=redis.url))
        nobody = run([MOSPROBE, "test-alert", target, "-c", config])
        equal((nobody.returncode, "no prober of this id runs" in nobody.stderr), (1, True), nobody.stderr)
        prober = start([MOSPROBE, "run", "-c", config, "--targets", write("targets", target + " site=fra\n"), "--output",
                        "none"], "log")
        wait_until(lambda: redis.cli("HGET", f"mosprobe:{{tested}}:target:{target}", "state") == "ok", "a settled target", 15)
        unread = run([MOSPROBE, "test-alert", target, "-c", config], 30)
        equal(unread.returncode, 1, unread.stderr)
        expect("nobody reads mosprobe:{tested}:alerts" in unread.stderr, unread.stderr)
        stranger = ask(config, "somebody.example.com")
        # A real alert that is open: the test's end is not its.
        server.close()
        wait_until(lambda: redis.cli("ZSCORE", "mosprobe:{tested}:open", target) is not None, "an alert", 15)
        redis.cli("XGROUP", "CREATE", ALERTS, "pager", "$")
        asked = ask(config, target)
        wait_until(lambda: [f for _, _, f in redis.stream(ALERTS) if f["kind"] == "test"][2:], "its entries", 10)
        entries = redis.cli("XREADGROUP", "GROUP", "pager", "one", "STREAMS", ALERTS, ">")[ALERTS]
        redis.cli("XACK", ALERTS, "pager", *(entry for entry, _ in entries))
        out, err = asked.communicate(timeout=30)
        equal((asked.returncode, err), (0, ""), out)
        lines = out.splitlines()
        found = [(entry, names, fields) for entry, names, fields in redis.stream(ALERTS) if fields["kind"] == "test"]
        equal(len(found), 4, "entries of two tests")
        (first, names, trigger), (second, _, resolve) = found[2:]
        equal(lines, [f"trigger  in the stream as {first}", f"resolve  in the stream as {second}",
                      "read     and acknowledged by consumer group pager"], "what is told")
        equal(names, ALERT_FIELDS + ["label.site", "test"], "fields")
        equal((trigger["event_action"], resolve["event_action"], trigger["test"]), ("trigger", "resolve", "1"), "what")
        equal(trigger["dedup_key"], resolve["dedup_key"], "dedup_key")
        real = next(f for _, _, f in redis.stream(ALERTS) if f["kind"] == "mos")
        expect(real["dedup_key"] != trigger["dedup_key"], "it is a key of its own")
        expect(len({f["event_id"] for _, _, f in found}) == 4, "event ids")
        expect(trigger["summary"].startswith(f"WARNING TEST {target}: a test of the way"), trigger["summary"])
        expect(redis.cli("ZSCORE", "mosprobe:{tested}:open", target) is not None, "the real one is open still")
        equal(redis.cli("HGET", f"mosprobe:{{tested}}:target:{target}", "alert_id") in (first, second), False, "alert_id")
        _, err = stranger.communicate(timeout=30)
        equal(stranger.returncode, 1, err)
        expect("is somebody.example.com:5060 one of its targets?" in err, err)
        equal(stop(prober), 0, "status")
    expect("event=test_unknown target=somebody.example.com:5060\n" in read("log"), read("log"))


if __name__ == "__main__":
    run_tests(globals())
