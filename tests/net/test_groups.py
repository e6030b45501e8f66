#!/usr/bin/python3
# SPDX-License-Identifier: MIT
"""An ISP that goes dark, with one of its members that stays dark, beside a site of its own that fails: one
event for the ISP, its members' alerts point at it, the site's own do not, and who stays dark is told of when
the event is over."""
import collections

from harness import (MOSPROBE, NETSIM, Redis, equal, expect, json_lines, run, run_tests,
                     skip_unless_stamped, write)

CONF = """[prober]
id = grouped
interval = 1s
timeout = 800ms
samples = 5
window = 2
average = 2
[alert]
warning_for = 4s
critical_for = 3s
recovery_for = 3s
[guard]
window = 800ms
# Its members are 40 of 100.
share = 60%
group = isp
group_within = 3s
[redis]
url = {url}
"""
NETWORK = """seed 4
198.18.0.0/24 latency=10ms..30ms jitter=normal:200us
198.18.0.0-198.18.0.39 outage from=6s to=13s
198.18.0.39 outage from=6s
198.18.0.40-198.18.0.43 outage from=6s to=13s
"""
ISP = {f"198.18.0.{i}:5060" for i in range(40)}
ALONE = "198.18.0.39:5060"
SITE = {f"198.18.0.{i}:5060" for i in range(40, 44)}
CYCLES = 21


def test_a_group_is_one_event():
    targets = "".join(f"198.18.0.{i} isp={'acme' if i < 40 else 'other'}\n" for i in range(100))
    with Redis() as redis:
        config = write("conf", CONF.format(url=redis.url))
        done = run([NETSIM, "run", write("network", NETWORK), "--", MOSPROBE, "run", "-c", config,
                    "--targets", write("targets", targets), "--output", "jsonl", "--cycles",
                    str(CYCLES)], 60)
        equal(done.returncode, 0, f"status: {done.stderr}")
        heartbeat = redis.cli("HGETALL", "mosprobe:{grouped}:prober")
        hashed = redis.cli("HGET", f"mosprobe:{{grouped}}:target:{ALONE}", "state")
    alerts = [line for line in json_lines(done.stdout) if line["type"] == "alert"]
    groups = [a for a in alerts if a["kind"] == "group"]
    equal([(a["event_action"], a["label.isp"], a["target"]) for a in groups],
          [("trigger", "acme", ""), ("resolve", "acme", "")], f"groups: {[a['summary'] for a in groups]}")
    equal((groups[0]["n"], groups[0]["cause"]), (40, "outage"), "members and cause")
    expect(groups[0]["fail_pct"] > 50, f"share: {groups[0]}")
    equal(groups[0]["dedup_key"], groups[1]["dedup_key"], "dedup_key")
    expect("group isp=acme: " in groups[0]["summary"], groups[0]["summary"])

    told = collections.defaultdict(list)
    for alert in alerts[alerts.index(groups[0]):]:
        if alert["kind"] == "mos":
            told[alert["target"]].append(alert)
    equal([a["summary"] for a in alerts[:alerts.index(groups[0])]], [], "alerts before the group's")
    equal(set(told), ISP | SITE, "who alerts")
    key = groups[0]["dedup_key"]
    for target in ISP - {ALONE}:
        equal({a["suppressed_by"] for a in told[target]}, {key}, f"suppressed_by of {target}")
        equal([a["event_action"] for a in told[target]][-1], "resolve", f"end of {target}")
    for target in SITE:
        equal({a["suppressed_by"] for a in told[target]}, {""}, f"suppressed_by of {target}")
    alone = [(a["event_action"], a["suppressed_by"]) for a in told[ALONE]]
    equal(alone[-1], ("trigger", ""), f"{ALONE}, in the end: {alone}")
    equal({by for _, by in alone[:-1]}, {key}, f"{ALONE}, before")
    expect("its group's event is over" in told[ALONE][-1]["reason"], told[ALONE][-1]["reason"])
    equal((heartbeat["groups_open"], heartbeat["guard_trips"]), ("0", "0"), "in the heartbeat")
    equal(hashed, "critical", f"state of {ALONE}")


if __name__ == "__main__":
    skip_unless_stamped()
    run_tests(globals())
