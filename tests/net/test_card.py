#!/usr/bin/python3
# SPDX-License-Identifier: MIT
# Runs first: it takes longest.
"""`mosprobe card`: what Redis has of a target is what stands there, as text and as JSON; and who is not known."""
import json
import time

from harness import MOSPROBE, Redis, equal, expect, run, run_tests, write
from viewing import (KEY, NONE, RECORD_S, RECORDS, allow_reader, card, comma_locale, fill, put_history,
                     refused)

TARGET = "pbx3.example.com:5060"  # a critical one
ALERTS = KEY + "alerts"


def put_transitions(redis, *steps):
    """Transitions of TARGET, oldest first: (action, severity, reason)."""
    entry = None
    for seq, (action, severity, reason) in enumerate(steps, 1):
        entry = redis.cli("XADD", ALERTS, "*", "kind", "mos", "event_action", action, "severity", severity, "previous_state",
                          "ok", "target", TARGET, "at_ms", 1764000000000 + seq * 60000, "seq", seq, "mos", "2.5000",
                          "reason", reason, "suppressed_by", "")
        redis.cli("XADD", ALERTS, "*", "kind", "mos", "target", "pbx4.example.com:5060", "seq", seq)
    redis.cli("HSET", f"{KEY}target:{TARGET}", "alert_id", entry, "cause", "loss", "latency_rise_ms", "-2.500")


def hostile(redis):
    """A label and a reason that would play with a terminal."""
    entry = redis.cli("XADD", KEY + "results", "*", "target", TARGET, "label.site", "fra\033[2J\x9b1m", "label.o", "Köln")
    redis.cli("HSET", f"{KEY}target:{TARGET}", "result_id", entry)


def test_a_page():
    with Redis() as redis:
        fill(redis)
        config = allow_reader(redis)
        put_history(redis, TARGET, {ago: (4300, 4350, 300, 12, 0, 0, 0) for ago in range(2, 200)} |
                    {1: (2510, 2600, 4820, NONE, 510, 2990, 5)})
        put_transitions(redis, ("trigger", "warning", "MOS 3.40 below 3.50 for 6 min"),
                        ("resolve", "warning", "MOS 4.20 above 3.70 for 10 min"),
                        ("trigger", "critical", "MOS 2.71 below 3.00 for 3 min; most of it lost to packet loss\033[2J"))
        hostile(redis)
        done = card("PBX3.example.com", "-c", config)
        equal((done.returncode, done.stderr), (0, ""), done.stdout)
        lines = done.stdout.splitlines()
        expect(all(len(line) <= 80 for line in lines) and done.stdout.isascii() and "\033" not in done.stdout, done.stdout)
        expect(lines[0].startswith(f"{TARGET}: critical for ") and "since 2025-11-24 16:00:00Z" in lines[0], lines[0])
        expect(lines[1].startswith("MOS 2.50, bad, most of it lost to loss; newest cycle 2.50 ok"), lines[1])
        expect("by driver at 198.18.0.3, stamps bpf" in lines[2], lines[2])
        equal(lines[3], "site=fra?[2J?1m o=K?ln", "labels")
        text = "\n".join(lines)
        for part in ("(rise -2.5)", "R 89.", "  base        1.20", "no heartbeat"):
            equal(part in text, part != "no heartbeat", f"{part} in {text}")
        row = {line[:11].strip(): line for line in lines}
        expect(row["MOS"].startswith("MOS" + 22 * " " + "#") and row["MOS"].endswith("=   2.51   4.34   4.35"), row["MOS"])
        expect(row["latency ms"].endswith(".#   30.0   32.3  482.0"), row["latency ms"])
        expect(any(line.startswith("low min") and line.endswith("  5 of 995 min") for line in lines), text)
        steps = lines[lines.index("transitions, newest first") + 1:]
        equal(steps, ["2025-11-24 16:03:00Z critical MOS 2.71 below 3.00 for 3 min; most of it lost to",
                      "                      packet loss?[2J",
                      "2025-11-24 16:02:00Z resolved MOS 4.20 above 3.70 for 10 min",
                      "2025-11-24 16:01:00Z warning  MOS 3.40 below 3.50 for 6 min"], "transitions")
        blocks = card("pbx3.example.com:5060", "-c", config, LC_ALL="C.UTF-8").stdout
        expect("▁" in blocks and "█" in blocks and "o=Köln" in blocks, blocks)
        redis.cli("DEL", KEY + "prober")
        redis.cli("SADD", KEY + "muted", TARGET)
        silent = card("pbx3.example.com", "-c", config).stdout
        expect("THE PROBER IS SILENT" in silent and "muted: it raises nothing" in silent, silent)
        equal(refused(redis), [], "what the README does not allow")


def test_json():
    with Redis() as redis:
        fill(redis)
        config = allow_reader(redis)
        put_history(redis, TARGET, {1: (2510, 2600, 4820, NONE, 510, 2990, 5), RECORDS: (4000, 4100, 300, 12, 0, 0, 0)})
        put_transitions(redis, *((("trigger", "resolve")[i % 2], "critical", f"step {i}") for i in range(20)))
        done = card(TARGET, "-c", config, "--json")
        equal((done.returncode, done.stderr, done.stdout.count("\n")), (0, "", 1), done.stdout)
        found = json.loads(done.stdout)
        known = redis.cli("HGETALL", f"{KEY}target:{TARGET}")
        for name, text in known.items():
            if name in ("v", "event_id", "dedup_key"):
                continue
            value = found[name]
            if isinstance(value, str):
                equal(value, text, name)
            else:
                equal(value, float(text) if text else None, name)
        equal((found["target"], found["prober"], found["label.tenant"], found["muted"]), (TARGET, "driver", "Acme GmbH", 0), "who")
        expect(abs(found["heartbeat_at_ms"] / 1000 - time.time()) < 60, found["heartbeat_at_ms"])
        history = found["history"]
        equal((history["record_ms"], history["from_ms"] % 300000), (RECORD_S * 1000, 0), "records")
        for name, first, last in (("mos_least", 4.0, 2.51), ("latency_ms", 30, 482), ("jitter_ms", 1.2, None),
                                  ("loss_pct", 0, 5.1), ("fail_pct", 0, 29.9), ("low_min", 0, 5)):
            equal(history[name], [first] + [None] * (RECORDS - 2) + [last], name)
        equal([step["reason"] for step in found["transitions"]], [f"step {i}" for i in range(19, 3, -1)], "transitions")
        equal((found["transitions_cut"], found["transitions"][0]["event_action"], found["transitions"][0]["mos"]),
              (1, "resolve", 2.5), "newest")


def test_who_is_not_known():
    with Redis() as redis:
        fill(redis)
        options = ("--redis", redis.url, "--id", "driver")
        for name, said in (("pbx13.exmaple.com", "did you mean pbx13.example.com:5060?"),
                           ("pbx3.example.com:5061", "did you mean pbx3.example.com:5060?"),
                           ("somebody.else.org", "driver knows no target somebody.else.org:5060\n")):
            done = card(name, *options)
            equal((done.returncode, done.stdout, said in done.stderr), (1, "", True), done.stderr)
        other = card("pbx3.example.com", "--redis", redis.url, "--id", "divers")
        equal((other.returncode, "this Redis has seen driver" in other.stderr), (1, True), other.stderr)
        away = card("pbx3.example.com", "--redis", "unix:///nowhere/socket")
        equal((away.returncode, "cannot connect to unix:///nowhere/socket" in away.stderr), (1, True), away.stderr)
        redis.cli("DEL", f"{KEY}target:{TARGET}")
        redis.cli("SET", f"{KEY}target:{TARGET}", "no hash")
        wrong = card(TARGET, *options)
        equal((wrong.returncode, "WRONGTYPE" in wrong.stderr), (1, True), wrong.stderr)
    for words in ((), ("pbx_", "--redis", ""), ("a..b",), ("x", "--interval", "1s")):
        done = run([MOSPROBE, "card", *words])
        equal((done.returncode, done.stdout), (1 if "--redis" in words else 2, ""), f"{words}: {done.stderr}")


def test_decimal_points_in_a_locale_of_commas():
    environment = comma_locale()
    with Redis() as redis:
        fill(redis)
        put_history(redis, TARGET, {1: (2510, 2600, 4820, 10, 510, 2990, 5)})
        options = ("--redis", redis.url, "--id", "driver")
        page = card(TARGET, *options, **environment).stdout
        expect("MOS 2.50, bad" in page and "482.0" in page and "█" in page, page)
        equal(round(json.loads(card(TARGET, *options, "--json", **environment).stdout)["mos"], 1), 2.5, "mos")


if __name__ == "__main__":
    run_tests(globals())
