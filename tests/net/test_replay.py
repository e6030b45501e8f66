#!/usr/bin/python3
# SPDX-License-Identifier: MIT
"""mosprobe replay: what was published in, the transitions of a policy out; the same policy makes the same ones."""
import json
import socket
import time

from harness import MOSPROBE, equal, expect, json_lines, run, run_tests, start, stop, wait_until, write

BEGIN = 1764000000000


def result(cycle, mos, **fields):
    return {"type": "result", "v": 1, "prober": "p", "target": "pbx1.example.com:5060", "state": "ok",
            "at_ms": BEGIN + 60000 * cycle, "cycle": cycle, "mos": mos, "mos_cycle": mos, "outcome": "ok",
            "cause": "jitter", "error": "", "n": 30, "latency_ms": 40.5, "jitter_ms": 12, "loss_pct": 0,
            "fail_pct": 0, **fields}


def replay(lines, *words, config="", status=0):
    """Alerts, and what was said."""
    text = "".join((line if isinstance(line, str) else json.dumps(line)) + "\n" for line in lines)
    done = run([MOSPROBE, "replay", "-c", write("replay.conf", config), "--json", *words], input=text)
    equal(done.returncode, status, done.stderr)
    return json_lines(done.stdout), done.stderr


def told(alerts):
    return [(a["target"].split(".")[0], a["event_action"], a["severity"], (a["at_ms"] - BEGIN) // 60000)
            for a in alerts]


def test_policies():
    line = [result(i, 3.4 if 10 <= i < 30 else 4.2) for i in range(60)]
    alerts, said = replay(line)
    equal(told(alerts), [("pbx1", "trigger", "warning", 15), ("pbx1", "resolve", "warning", 39)], "usual")
    equal((alerts[0]["held_ms"], alerts[0]["seq"], alerts[1]["seq"]), (360000, 1, 2), "held and seq")
    equal(alerts[0]["reason"], "MOS 3.40 below 3.50 for 6 min; most of it lost to jitter", "reason")
    expect("60 results, 2 transitions" in said, said)
    equal(replay(line, config="[alert]\nwarning = 3.3\n")[0], [], "a lower level")
    alerts, _ = replay(line, config="[alert]\nwarning_for = 2m\nrecovery_for = 1m\n")
    equal([minute for *_, minute in told(alerts)], [11, 30], "other holds")
    alerts, _ = replay(line, "--targets", write("targets", "pbx1.example.com critical=3.45 tenant=acme\n"))
    equal(told(alerts)[0], ("pbx1", "trigger", "critical", 12), "a target's own level")
    equal(alerts[0]["label.tenant"], "acme", "label")
    equal(replay(line, "--targets", write("targets", "pbx1.example.com mute=yes\n"))[0], [], "muted")


def test_what_is_missing_and_who_is_settling():
    line = [result(i, 2.0) for i in range(2)] + [result(2 + i, None, outcome="missing") for i in range(50)]
    equal(replay(line)[0], [], "a gap is not held time")
    equal(told(replay(line + [result(52, 2.0)])[0]), [("pbx1", "trigger", "critical", 52)], "after it")
    line = [result(i, 2.0, state="settling") for i in range(9)]
    equal(replay(line)[0], [], "settling")
    equal(told(replay(line + [result(9, 2.0)])[0]), [("pbx1", "trigger", "critical", 9)], "settled")
    line = [result(i, 2.0) for i in range(2)]
    equal(replay(line + line + line)[0], [], "what was read twice")


def test_lines_that_are_none():
    good = [result(i, 2.0) for i in range(3)]
    alerts, said = replay(["", "{", "[1]", '{"type": "result"}', json.dumps(result(1, 2, target="a b")),
                           json.dumps(result(1, 2, state="well")), '{"type": "alert"}', *good], status=1)
    equal(len(alerts), 1, "alerts of the others")
    expect("5 lines that are none" in said and "line 2: no JSON object" in said, said)
    done = run([MOSPROBE, "replay", "-c", write("replay.conf", "")], input="".join(
        json.dumps(line) + "\n" for line in good))
    equal(done.stdout, "2025-11-24T16:02:00Z CRITICAL pbx1.example.com:5060: MOS 2.00 below 3.00 for 3 min; most of it "
          "lost to jitter (latency 40.5 ms, jitter 12.0 ms, loss 0.0 %, failed 0.0 %, 30 samples, seen from p)\n",
          "as text")


def test_the_same_policy_makes_the_same():
    policy = """[prober]
id = again
interval = 1s
timeout = 400ms
samples = 8
window = 2
average = 2
deny = none
[alert]
warning_for = 4s
critical_for = 2s
recovery_for = 2s
"""
    with socket.create_server(("127.0.0.1", 0), backlog=64) as server:
        port = server.getsockname()[1]
        config = write("run.conf", policy + "[redis]\nurl =\n")
        with open(write("published", ""), "w", encoding="utf-8") as out:
            prober = start([MOSPROBE, "run", "-c", config, "--targets", write("targets", f"127.0.0.1:{port}\n"),
                            "--output", "jsonl"], "log", stdout=out)

        def published():
            with open(out.name, encoding="utf-8") as file:
                return json_lines(file.read())

        wait_until(lambda: any(line["state"] == "ok" for line in published()), "a settled target", 10)
    wait_until(lambda: any(line["type"] == "alert" for line in published()), "an alert", 10)
    with socket.create_server(("127.0.0.1", port), backlog=64):
        wait_until(lambda: sum(line["type"] == "alert" for line in published()) == 2, "its end", 15)
        time.sleep(.2)
        equal(stop(prober), 0, "status")
    lines = published()
    wanted = [line for line in lines if line["type"] == "alert"]
    alerts, _ = replay(lines, config=policy)
    for name in ("event_id", "dedup_key", "severity", "state", "at_ms", "since_ms", "held_ms", "seq", "mos", "reason"):
        equal([a[name] for a in alerts], [a[name] for a in wanted], name)


if __name__ == "__main__":
    run_tests(globals())
