#!/usr/bin/python3
# SPDX-License-Identifier: MIT
# Runs first: it takes longest.
"""The guard on a network where a site goes dark and later the uplink is cut: the site's targets alert,
each for itself; the cut is one event for this prober and none for any target, and what was measured
before and after stays as it was. And on an uplink that loses, and then is slow."""

from harness import (MOSPROBE, NETSIM, Redis, equal, expect, json_lines, path, run, run_tests,
                     skip_unless_stamped, write)

CONF = """[prober]
id = guarded
interval = 2s
timeout = 1s
samples = 4
[alert]
# So short that one wrong cycle would be an alert.
warning = 4.2
warning_for = 2s
critical_for = 2s
recovery = 4.25
recovery_for = 2s
[guard]
window = 3s
[redis]
url = {url}
"""
NETWORK = """seed 4
198.18.0.0-198.18.0.79 latency=10ms..30ms jitter=normal:200us
198.18.0.60-198.18.0.79 outage from=6s
uplink outage from=13s to=20s
"""
SITE = {f"198.18.0.{i}:5060" for i in range(60, 80)}
CYCLES = 14


def check_vantage(alerts, written):
    equal([a["event_action"] for a in alerts], ["trigger", "resolve"],
          f"events: {[a['summary'] for a in alerts]}")
    equal(len(written), 2, "entries in the stream")
    for alert, (names, fields) in zip(alerts, written):
        equal(alert["target"], "", "target")
        equal(alert["dedup_key"], alerts[0]["dedup_key"], "dedup_key")
        equal(names, [name for name in alert if name != "type"], "fields in the stream")
        equal(fields["summary"], alert["summary"], "summary in the stream")
    equal((alerts[0]["severity"], alerts[0]["state"], alerts[1]["state"]),
          ("critical", "critical", "ok"), "severity and states")
    expect(alerts[0]["fail_pct"] > 50, f"trigger: {alerts[0]}")
    expect(2000 < alerts[1]["held_ms"] < 9000, f"it lasted {alerts[1]['held_ms']} ms")


def check_results(results):
    by_target = {}
    for result in results:
        by_target.setdefault(result["target"], []).append(result["cycle"])
        if result["target"] in SITE:
            continue
        # No sample of the cut is in any window: none failed, and the score is what it was.
        equal(result["failed"], 0, f"failed samples in {result}")
        expect(result["mos"] == "" or result["mos"] > 4.3, f"mos of {result}")
        expect(result["impaired"] or result["outcome"] == "ok", f"outcome of {result}")
    for target, cycles in by_target.items():
        equal(cycles, list(range(cycles[0], cycles[0] + CYCLES)), f"cycles of {target}")


def test_a_dark_site_and_a_cut_uplink():
    with Redis() as redis:
        write("guard.conf", CONF.format(url=redis.url))
        write("guard.targets", "".join(f"198.18.0.{i}\n" for i in range(80)))
        done = run([NETSIM, "run", write("network", NETWORK), "--", MOSPROBE, "run", "-c",
                    path("guard.conf"), "--targets", path("guard.targets"), "--output", "jsonl",
                    "--cycles", str(CYCLES)], 60)
        written = redis.stream("mosprobe:{guarded}:alerts")
        heartbeat = redis.cli("HGETALL", "mosprobe:{guarded}:prober")
    equal(done.returncode, 0, f"status: {done.stderr}")
    lines = json_lines(done.stdout)
    results = [line for line in lines if line["type"] == "result"]
    alerts = [line for line in lines if line["type"] == "alert"]

    check_vantage([a for a in alerts if a["kind"] == "vantage"],
                  [(names, fields) for _, names, fields in written if fields["kind"] == "vantage"])
    judged = [a for a in alerts if a["kind"] == "mos"]
    equal({a["target"] for a in judged}, SITE, "targets that alert")
    equal({a["event_action"] for a in judged}, {"trigger"}, "nothing resolves")
    check_results(results)
    expect(sum(r["impaired"] for r in results) > 120, "results that are marked impaired")
    expect("event=guard_vantage" in done.stderr, f"the log: {done.stderr}")
    equal((heartbeat["impaired"], heartbeat["guard_trips"]), ("0", "1"), "the heartbeat's guard")
    expect(int(heartbeat["guard_rejected"]) > 60, f"rejected: {heartbeat['guard_rejected']}")


OWN = """[prober]
id = uplink
interval = 2s
timeout = 1900ms
samples = 4
[alert]
warning = 4.2
warning_for = 2s
critical_for = 2s
recovery = 4.25
recovery_for = 2s
[guard]
window = 2s
[redis]
url =
"""
# What is usual is known after three minutes, of six windows each.
OWN_NETWORK = """seed 5
198.18.0.0/24 latency=10ms..30ms jitter=normal:200us
uplink step from=41s to=49s loss=20%
uplink step from=57s to=65s latency=+100ms
"""
OWN_CYCLES = 36


def test_an_uplink_that_loses_and_one_that_is_slow():
    """Both would be an alert of every target, by such levels."""
    done = run([NETSIM, "run", write("own.network", OWN_NETWORK), "--", MOSPROBE, "run", "-c",
                write("own.conf", OWN), "--targets",
                write("own.targets", "".join(f"198.18.0.{i}\n" for i in range(80))), "--output", "jsonl",
                "--cycles", str(OWN_CYCLES)], 100)
    equal(done.returncode, 0, f"status: {done.stderr}")
    alerts = [line for line in json_lines(done.stdout) if line["type"] == "alert"]
    equal([(a["kind"], a["event_action"]) for a in alerts], [("vantage", "trigger"), ("vantage", "resolve")] * 2,
          f"events: {[a['summary'] for a in alerts]}")
    expect("of all SYNs are lost, usually 0.0 %; it is us" in alerts[0]["reason"], alerts[0]["reason"])
    expect(alerts[0]["loss_pct"] > 3, f"loss: {alerts[0]}")
    expect("latencies of all targets are off by " in alerts[2]["reason"], alerts[2]["reason"])
    for alert, most_ms in zip(alerts[1::2], (13000, 13000)):
        expect(3000 < alert["held_ms"] < most_ms, f"it lasted {alert['held_ms']} ms")


CANARIES = """[prober]
id = canaries
interval = 1s
timeout = 800ms
samples = 2
[guard]
window = 1s
canary = 198.18.1.1, 198.18.1.2:5061
[redis]
url =
"""
CANARIES_NETWORK = """seed 6
198.18.0.0/23 latency=10ms..30ms
198.18.1.1-198.18.1.2 outage from=5s to=11s
"""


def test_canaries_that_fall_silent():
    """All targets answer: the canaries alone say that it is us."""
    done = run([NETSIM, "run", write("canary.network", CANARIES_NETWORK), "--", MOSPROBE, "run", "-c",
                write("canary.conf", CANARIES), "--targets",
                write("canary.targets", "".join(f"198.18.0.{i}\n" for i in range(12))), "--output", "jsonl",
                "--cycles", "15"], 60)
    equal(done.returncode, 0, f"status: {done.stderr}")
    alerts = [line for line in json_lines(done.stdout) if line["type"] == "alert"]
    equal([(a["kind"], a["event_action"]) for a in alerts], [("vantage", "trigger"), ("vantage", "resolve")],
          f"events: {[a['summary'] for a in alerts]}")
    expect("no canary answers for" in alerts[0]["reason"], alerts[0]["reason"])
    expect("canaries answer again after" in alerts[1]["reason"], alerts[1]["reason"])
    expect(500 < alerts[1]["held_ms"] < 5500, f"it lasted {alerts[1]['held_ms']} ms")


LEAVING_NETWORK = """seed 7
198.18.0.0/23 latency=10ms
198.18.0.20-198.18.0.49 outage from=3s
"""


def test_a_reload_that_removes_most():
    """Thirty of 120 are dark, and leave together with those that answer: their last silence comes in when nobody else of
    them is there any more."""
    conf = write("leaving.conf", OWN.replace("interval = 2s", "interval = 1s").replace("1900ms", "900ms"))
    targets = write("leaving.targets", "".join(f"198.18.0.{i}\n" for i in range(120)))
    fewer = write("fewer.targets", "".join(f"198.18.0.{i}\n" for i in range(20)))
    done = run([NETSIM, "run", write("leaving.network", LEAVING_NETWORK), "--", "sh", "-c",
                f"{MOSPROBE} run -c {conf} --targets {targets} --output jsonl & sleep 6; cp {fewer} {targets}; "
                "kill -HUP $!; sleep 4; kill $!; wait $!"], 60)
    equal(done.returncode, 0, f"status: {done.stderr}")
    expect("targets=20 added=0 removed=100" in done.stderr, done.stderr)
    alerts = [line for line in json_lines(done.stdout) if line["type"] == "alert" and line["kind"] == "vantage"]
    equal([a["summary"] for a in alerts], [], "events of this vantage point")


if __name__ == "__main__":
    skip_unless_stamped()
    run_tests(globals())
