#!/usr/bin/python3
# SPDX-License-Identifier: MIT
"""scripts/consumer, with entries as the contract has them: each handed over, also when the consumer dies in between; what
cannot be handed over is put aside; and a prober that is dead is told of."""
import json
import signal
import socket
import time

from harness import ALERT_FIELDS, MOSPROBE, Redis, equal, expect, path, read, run, run_tests, start, stop, wait_until, write

CONSUMER = "scripts/consumer"
DEAD = "mosprobe:consumer:{consumer}:dead"


def stream(prober="one"):
    return f"mosprobe:{{{prober}}}:alerts"


def add(redis, target, prober="one", **more):
    """An entry with all fields, and a label."""
    fields = dict.fromkeys(ALERT_FIELDS, "")
    fields.update(v="1", event_id=f"event-{target}-{time.monotonic()}", kind="mos", event_action="trigger", severity="critical",
                  state="critical", previous_state="ok", dedup_key=f"dedup-{prober}-{target}", incident_key=f"incident-{target}",
                  prober=prober, target=target, host=target, port="5060", at_ms="1764000000000", since_ms="1763999640000",
                  seq="1", reason="MOS 2.9 below 3.0 for 3 min", mos="2.9000", cause="jitter",
                  summary=f"CRITICAL {target}: MOS 2.9 below 3.0 for 3 min (latency 40 ms, seen from {prober})")
    fields["label.site"] = "fra"
    fields.update(more)
    if fields["event_action"] == "resolve":
        fields["state"] = "ok"
    return redis.cli("XADD", stream(prober), "*", *[word for pair in fields.items() for word in pair])


def command(redis, *options):
    return [CONSUMER, "--redis", redis.url, *options]


def once(redis, *options):
    """What it hands over of all that is there: (lines, what it logs)."""
    words = options if "--id" in options else ("--id", "one", *options)
    done = run(command(redis, "--once", *words), 60)
    equal(done.returncode, 0, done.stderr)
    return [json.loads(line) for line in done.stdout.splitlines()], done.stderr


def begin(redis, out, *options):
    """It runs, its standard output in one file and its log in another."""
    with open(path(out), "w", encoding="utf-8") as file:
        return start(command(redis, "--id", "one", *options), f"{out}.log", stdout=file)


def beats(redis, *probers):
    for prober in probers:
        redis.cli("HSET", f"mosprobe:{{{prober}}}:prober", "v", 1)


def test_what_is_handed_over():
    with Redis() as redis:
        beats(redis, "one")
        add(redis, "a.example.com:5060")
        add(redis, "b.example.com:5060", severity="warning", suppressed_by="group-1")
        add(redis, "c.example.com:5060", previous_state="warning", event_action="trigger")
        add(redis, "", kind="vantage", severity="critical", event_action="resolve", incident_key="v", dedup_key="vantage-1")
        lines, _ = once(redis, "--route", "critical=pagerduty,alertmanager,ticket")
        equal([line["to"] for line in lines],
              ["pagerduty", "alertmanager", "ticket"] * 2 + ["alertmanager", "pagerduty"], "to whom")
        event, alerts, ticket = lines[:3]
        equal((event["event_action"], event["dedup_key"]), ("trigger", "dedup-one-a.example.com:5060"), "event")
        payload = event["payload"]
        equal({name: payload[name] for name in ("source", "severity", "timestamp", "group")},
              {"source": "a.example.com:5060", "severity": "critical", "timestamp": "2025-11-24T16:00:00.000+00:00",
               "group": "fra"}, "payload")
        equal(event["routing_key"], "$PAGERDUTY_ROUTING_KEY", "no secret")
        equal(payload["custom_details"]["cause"], "jitter", "details")
        only, = alerts["alerts"]
        equal((only["labels"]["alertname"], only["labels"]["severity"], only["labels"]["site"], "endsAt" in only),
              ("mosprobe_mos", "critical", "fra", False), "alert")
        equal(only["startsAt"], "2025-11-24T15:54:00.000+00:00", "since when")
        equal(ticket["subject"], "CRITICAL a.example.com:5060: MOS 2.9 below 3.0 for 3 min", "subject")
        expect("site: fra" in ticket["body"] and "mos: 2.9000" in ticket["body"], ticket["body"])
        equal([(a["labels"]["severity"], "endsAt" in a) for a in lines[4]["alerts"]],
              [("critical", False), ("warning", True)], "a step ends the warning")
        expect("endsAt" in lines[6]["alerts"][0], "the end")
        equal(redis.cli("XPENDING", stream(), "consumer")[0], 0, "pending")
        equal(once(redis)[0], [], "the second time")


def test_routes_by_kind_go_first_and_may_lead_nowhere():
    with Redis() as redis:
        beats(redis, "one")
        add(redis, "a.example.com:5060")
        add(redis, "", kind="group", severity="critical")
        lines, _ = once(redis, "--route", "critical=", "--route", "group=ticket")
        equal([line["to"] for line in lines], ["ticket"], "to whom")
        wrong = run(command(redis, "--id", "one", "--route", "critical=fax"))
        equal((wrong.returncode, "there is no fax" in wrong.stderr), (2, True), wrong.stderr)


def hook(name, text):
    import os
    file = write(name, "#!/bin/sh\n" + text)
    os.chmod(file, 0o755)
    return file


def test_an_entry_is_not_lost_when_the_consumer_dies():
    """Killed while it hands over: it is handed over again, first of all, by the next one of that name, and by another one when
    that stays away."""
    with Redis() as redis:
        beats(redis, "one")
        for i in range(3):
            add(redis, f"{i}.example.com:5060")
        redis.cli("XGROUP", "CREATE", stream(), "consumer", "0", "MKSTREAM")
        write("handed", "")
        slow = hook("slow", f"cat >> {path('handed')}; sleep 30\n")
        consumer = start(command(redis, "--id", "one", "--route", "critical=ticket", "--side-effect", slow), "first.log")
        wait_until(lambda: "0.example.com" in read("handed"), "the first", 10)
        stop(consumer, signal.SIGKILL)
        equal(redis.cli("XPENDING", stream(), "consumer")[0], 3, "pending")
        lines, _ = once(redis, "--route", "critical=ticket")
        equal([line["subject"].split()[1] for line in lines], [f"{i}.example.com:5060:" for i in range(3)], "again, in order")
        add(redis, "3.example.com:5060")
        consumer = start(command(redis, "--id", "one", "--route", "critical=ticket", "--side-effect", slow, "--consumer",
                                 "gone"), "second.log")
        wait_until(lambda: "3.example.com" in read("handed"), "the fourth", 10)
        stop(consumer, signal.SIGKILL)
        time.sleep(0.3)
        lines, log = once(redis, "--route", "critical=ticket", "--idle", "0.2")
        equal([line["subject"].split()[1] for line in lines], ["3.example.com:5060:"], "of a dead one")
        expect("1 entries of others are taken over" in log, log)
        equal(redis.cli("XPENDING", stream(), "consumer")[0], 0, "pending")


def test_what_cannot_be_handed_over_is_put_aside():
    with Redis() as redis:
        beats(redis, "one")
        redis.cli("XGROUP", "CREATE", stream(), "consumer", "0", "MKSTREAM")
        bad = add(redis, "bad.example.com:5060")
        write("good", "")
        fails = hook("fails", f"input=$(cat); case $input in *bad.example*) exit 7 ;; esac; echo \"$input\" >> {path('good')}\n")
        consumer = start(command(redis, "--id", "one", "--route", "critical=ticket", "--side-effect", fails, "--tries", "2"),
                         "fails.log")
        add(redis, "good.example.com:5060")
        wait_until(lambda: "good.example.com" in read("good"), "that the others go on", 10)
        wait_until(lambda: redis.cli("XLEN", DEAD), "that it is put aside", 20)
        (_, _, letter), = redis.stream(DEAD)
        equal((letter["id"], "status 7" in letter["error"], json.loads(letter["alert"])["target"]),
              (bad, True, "bad.example.com:5060"), "what is put aside")
        equal(redis.cli("XPENDING", stream(), "consumer")[0], 0, "pending")
        equal(stop(consumer), 0, "status")


def test_a_dead_prober_is_told_of():
    with Redis() as redis:
        beats(redis, "one")
        redis.cli("PEXPIRE", "mosprobe:{one}:prober", 2000)
        consumer = begin(redis, "beat")
        wait_until(lambda: "no heartbeat" in read("beat"), "the alarm", 15)
        beats(redis, "one")
        wait_until(lambda: "is back" in read("beat"), "its end", 15)
        equal(stop(consumer), 0, "status")
        alarm, end = [json.loads(line) for line in read("beat").splitlines()]
        equal((alarm["event_action"], end["event_action"]), ("trigger", "resolve"), "what is told")
        equal((alarm["dedup_key"], end["dedup_key"]), ("mosprobe/one/heartbeat",) * 2, "dedup_key")


def test_an_alarm_that_cannot_be_handed_over_is_tried_again():
    with Redis() as redis:
        write("alarms", "")
        once_more = hook("once_more", f"cat >> {path('alarms')}; test $(wc -l < {path('alarms')}) -gt 1\n")
        consumer = begin(redis, "again", "--side-effect", once_more)
        wait_until(lambda: read("alarms").count("no heartbeat") >= 2, "the second try", 20)
        equal(stop(consumer), 0, "status")
        expect("again in 5 s" in read("again.log"), read("again.log"))


def test_two_of_three_must_agree():
    with Redis() as redis:
        probers = ("one", "two", "three")
        beats(redis, *probers)
        options = ("--agree", "2", "--route", "critical=ticket", *[word for name in probers for word in ("--id", name)])

        def told():
            return [(line["subject"].split(":")[0], line["reference"], line["closes"]) for line in once(redis, *options)[0]]

        add(redis, "a:5060")
        equal(told(), [], "of one alone")
        add(redis, "a:5060", prober="two")
        equal(told(), [("CRITICAL a", "incident-a:5060", False)], "of two")
        add(redis, "a:5060", prober="three")
        equal(told(), [], "of the third")
        add(redis, "a:5060", prober="one", event_action="resolve")
        equal(told(), [], "two are left")
        add(redis, "a:5060", prober="three", event_action="resolve")
        equal(told(), [("CRITICAL a", "incident-a:5060", True)], "one is left")
        add(redis, "a:5060", prober="two", event_action="resolve")
        equal(told(), [], "none is left")
        equal(redis.cli("EXISTS", "mosprobe:consumer:{consumer}:incidents"), 0, "what is remembered")


def test_redis_that_comes_back_and_entries_that_are_strange():
    with Redis("--appendonly", "yes") as redis:
        beats(redis, "one")
        redis.cli("XGROUP", "CREATE", stream(), "consumer", "0", "MKSTREAM")
        consumer = begin(redis, "back", "--route", "critical=ticket")
        add(redis, "before:5060", v="2", unheard_of="yes")
        wait_until(lambda: "before:5060" in read("back"), "one", 10)
        redis.stop(signal.SIGKILL)
        time.sleep(1)
        redis.start()
        add(redis, "after:5060")
        wait_until(lambda: "after:5060" in read("back"), "the next", 20)
        equal(stop(consumer), 0, "status")
        expect("entries of version 2: this consumer was made for 1" in read("back.log"), read("back.log"))
        equal(len(read("back").splitlines()), 2, "each once")
        # Of a consumer that was away for too long.
        for i in range(300):
            add(redis, f"{i}:5060")
        redis.cli("XTRIM", stream(), "MAXLEN", 100)
        lines, log = once(redis, "--route", "critical=ticket")
        equal(len(lines), 100, "what is left")
        expect(f"{stream()}: 200 entries were trimmed away before they were read" in log, log)


def test_the_whole_way_from_a_prober():
    """test-alert, by way of a prober and this consumer."""
    with Redis() as redis, socket.create_server(("127.0.0.1", 0)) as server:
        target = f"127.0.0.1:{server.getsockname()[1]}"
        config = write("conf", f"[prober]\nid = one\ninterval = 1s\ntimeout = 500ms\ndeny = none\n[redis]\nurl = {redis.url}\n")
        prober = start([MOSPROBE, "run", "-c", config, "--targets", write("targets", target + "\n"), "--output", "none"], "log")
        wait_until(lambda: redis.cli("EXISTS", "mosprobe:{one}:prober"), "a heartbeat")
        consumer = begin(redis, "way")
        wait_until(lambda: redis.cli("EXISTS", stream()) and redis.cli("XINFO", "GROUPS", stream()), "its group")
        tested = run([MOSPROBE, "test-alert", target, "-c", config], 30)
        equal(tested.returncode, 0, tested.stderr)
        equal(stop(consumer), 0, "status")
        expect("acknowledged by consumer group consumer" in tested.stdout, tested.stdout)
        lines = [json.loads(line) for line in read("way").splitlines()]
        equal([(line["to"], line["closes"]) for line in lines], [("ticket", False), ("ticket", True)], "what came")
        expect(f"WARNING TEST {target}" in lines[0]["subject"], f"{lines}")
        equal(stop(prober), 0, "status")


if __name__ == "__main__":
    run_tests(globals())
