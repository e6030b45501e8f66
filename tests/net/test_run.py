#!/usr/bin/python3
"""The whole chain against real servers on loopback addresses: names from nsd, kamailio on 5060,
nginx on another port, a closed port, a silent address; JSON lines and Redis read back."""
import atexit
import os
import signal
import socket
import time

from harness import (ALERT_FIELDS, MOSPROBE, RESULT_FIELDS, Nsd, Redis, equal, expect, json_lines,
                     path, read, run, run_tests, skip_unless_stamped, start, stop, wait_until, write)
from servers import kamailio, nginx

KAMAILIO, NGINX, CLOSED, SILENT = "127.77.0.1", "127.77.0.2", "127.77.0.3", "127.77.0.4"
ZONE = f"""sip A {KAMAILIO}
web A {NGINX}
closed A {CLOSED}
silent A {SILENT}
alias CNAME sip
flappy A {NGINX}
"""
TARGETS = """# the real servers of this test
sip.pbx.test      tenant="Acme GmbH" site=fra
alias.pbx.test
web.pbx.test:8060
closed.pbx.test:5999
silent.pbx.test
missing.pbx.test
"""


class World:
    """All servers, started once."""

    def __init__(self):
        self.redis = Redis()
        self.dns = Nsd("pbx.test", ZONE)
        kamailio(KAMAILIO)
        nginx(NGINX, 8060)
        self.silence()
        write("targets", TARGETS)
        self.config = write("mosprobe.conf", f"""[prober]
id = test
interval = 2s
timeout = 1200ms
deny = none
targets = {path('targets')}

[dns]
servers = {self.dns.server}

[redis]
url = {self.redis.url}
""")

    def silence(self):
        """A firewall rule of a table of our own: nothing comes back from this address."""
        # The SYN must leave and its answer must not: INPUT of the answering side.
        rules = f"""table inet mosprobe_test {{
    chain input {{ type filter hook input priority 0;
        ip daddr {SILENT} tcp dport 5060 drop
    }}
}}
"""
        atexit.register(run, ["nft", "delete", "table", "inet", "mosprobe_test"])
        made = run(["nft", "-f", write("rules", rules)])
        expect(made.returncode == 0, f"nft: {made.stderr}")


def run_once():
    """One run of four cycles, whose output several tests look at."""
    done = run([MOSPROBE, "run", "-c", world.config, "--cycles", "4", "--output", "jsonl"])
    expect(done.returncode == 0, f"status {done.returncode}: {done.stderr}")
    return json_lines(done.stdout), done.stderr


def of(target):
    found = [r for r in results if r["target"] == target and r["type"] == "result"]
    equal(len(found), 4, f"results of {target}")
    return found


def answered(target):
    for number, result in enumerate(of(target), 1):
        equal(result["stamp_source"], "bpf", "stamp_source")
        equal(result["outcome"], "ok", "outcome")
        equal(result["answered"], 5 * number, "answered over the window")
        equal(result["failed"], 0, "failed")
        equal(result["lost"], 0, "lost")
        expect(0 < result["latency_ms"] < 5, f"latency of loopback: {result['latency_ms']}")
        expect(4.3 < result["mos"] <= 4.386, f"mos {result['mos']}")
    equal([r["state"] for r in of(target)], ["settling", "settling", "ok", "ok"], "states")
    equal([r["band"] for r in of(target)], ["", "", "good", "good"], "bands")


def test_kamailio():
    answered("sip.pbx.test:5060")
    result = of("sip.pbx.test:5060")[0]
    equal(result["addr"], KAMAILIO, "addr")
    equal(result["label.tenant"], "Acme GmbH", "label")
    equal(result["label.site"], "fra", "label")
    text = read("kamailio.log")
    expect("reset by peer" not in text, "kamailio logs the prober's half-open close")


def test_cname():
    answered("alias.pbx.test:5060")
    equal(of("alias.pbx.test:5060")[0]["addr"], KAMAILIO, "addr")


def test_nginx():
    answered("web.pbx.test:8060")


def never_answered(target, error):
    for result in of(target):
        equal(result["state"], "unverified", "state")
        equal(result["outcome"], "failed", "outcome")
        equal(result["error"], error, "error")
        equal(result["mos"], None, "mos")
        equal(result["n"], 0, "n")


def test_closed():
    never_answered("closed.pbx.test:5999", "refused")


def test_silent():
    never_answered("silent.pbx.test:5060", "timeout")


def test_nxdomain():
    never_answered("missing.pbx.test:5060", "dns_fail")


def test_identity():
    """R is what its parts say, in every result."""
    checked = 0
    for result in results:
        if result["type"] != "result" or result["r"] is None:
            continue
        parts = sum(result[f"r_{part}"] for part in ("base", "delay", "jitter", "loss", "codec"))
        expect(abs(93.2062077 - parts - result["r"]) < 0.001, f"{result}")
        checked += 1
    expect(checked >= 12, f"{checked} results with an R")


def test_fields_jsonl():
    for result in results:
        names = [name for name in result if not name.startswith("label.")]
        wanted = RESULT_FIELDS if result["type"] == "result" else ALERT_FIELDS
        equal(names, ["type"] + wanted, "fields and their order")


def stream(name):
    """Entries of a stream of the prober `test`."""
    return world.redis.stream(f"mosprobe:{{test}}:{name}")


def test_redis_results():
    entries = stream("results")
    equal(len(entries), 24, "entries")
    for _, names, _ in entries:
        equal([n for n in names if not n.startswith("label.")], RESULT_FIELDS, "fields")
    wanted = {(r["target"], str(r["cycle"])) for r in results}
    equal({(e["target"], e["cycle"]) for _, _, e in entries}, wanted, "targets and cycles")


def test_redis_hash():
    last = [(i, e) for i, _, e in stream("results") if e["target"] == "sip.pbx.test:5060"][-1]
    found = world.redis.cli("HGETALL", "mosprobe:{test}:target:sip.pbx.test:5060")
    equal(found["result_id"], last[0], "result_id")
    equal(found["state"], "ok", "state")
    for name in ("mos", "latency_ms", "cycle", "stamp_source", "n"):
        equal(found[name], last[1][name], name)
    expect("host" not in found and "target" not in found, "the key tells the target")


def test_redis_sets():
    worst = world.redis.scores("mosprobe:{test}:worst")
    equal(sorted(worst), ["alias.pbx.test:5060", "sip.pbx.test:5060", "web.pbx.test:8060"], "worst")
    unverified = world.redis.cli("SMEMBERS", "mosprobe:{test}:unverified")
    equal(sorted(unverified), ["closed.pbx.test:5999", "missing.pbx.test:5060",
                               "silent.pbx.test:5060"], "unverified")
    expect("test" in world.redis.cli("SMEMBERS", "mosprobe:probers"), "probers")


def test_heartbeat():
    beat = world.redis.cli("HGETALL", "mosprobe:{test}:prober")
    equal(beat["v"], "1", "schema")
    expect("version" in beat and "started_ms" in beat, f"{sorted(beat)}")
    ttl = world.redis.cli("PTTL", "mosprobe:{test}:prober")
    expect(0 < ttl <= 60000, f"the heartbeat expires: {ttl}")


def test_log():
    expect(" late=0 " in log, log)
    expect("cpu_us=" in log, "the prober's CPU time a probe")


def test_alert():
    """A server that dies: critical once, then resolved when it is back, each once in the stream."""
    config = write("alert.conf", read("mosprobe.conf").replace(
        "id = test", "id = ladder").replace("interval = 2s", "interval = 1s").replace(
            "timeout = 1200ms", "timeout = 400ms\nwindow = 2\naverage = 2") + """
[alert]
warning_for = 4s
critical_for = 2s
recovery_for = 2s
""")
    targets = write("flappy", "flappy.pbx.test:8061 samples=8 tenant=x\n")
    alerts, target = "mosprobe:{ladder}:alerts", "mosprobe:{ladder}:target:flappy.pbx.test:8061"
    prober = None
    try:
        with socket.create_server((NGINX, 8061), backlog=1000):
            prober = start([MOSPROBE, "run", "-c", config, "--targets", targets, "--output",
                            "none"], "alert.log")
            wait_until(lambda: world.redis.cli("HGET", target, "state") == "ok", "state ok", 15)
        wait_until(lambda: world.redis.cli("XLEN", alerts) == 1, "critical", 15)
        equal(list(world.redis.scores("mosprobe:{ladder}:open")), ["flappy.pbx.test:8061"], "open")
        with socket.create_server((NGINX, 8061), backlog=1000):
            wait_until(lambda: world.redis.cli("XLEN", alerts) == 2, "resolved", 20)
            time.sleep(1)
            equal(stop(prober, seconds=15), 0, "status after SIGTERM")
    finally:
        if prober:
            stop(prober)
            print("\n".join(f"# {line}" for line in read("alert.log").splitlines()))
    entries = world.redis.stream(alerts)
    trigger, resolve = [entry for _, _, entry in entries]
    for _, names, _ in entries:
        equal([n for n in names if not n.startswith("label.")], ALERT_FIELDS, "fields")
    steps = ("event_action", "severity", "state", "previous_state")
    equal([trigger[name] for name in steps], ["trigger", "critical", "critical", "ok"], "trigger")
    equal([resolve[name] for name in steps], ["resolve", "critical", "ok", "critical"], "resolve")
    equal(trigger["dedup_key"], resolve["dedup_key"], "dedup_key")
    expect(trigger["event_id"] != resolve["event_id"], "event ids differ")
    equal((trigger["seq"], resolve["seq"]), ("1", "2"), "seq")
    equal(trigger["cause"], "refused", "cause")
    equal(trigger["held_ms"], "2000", "held_ms")
    equal((trigger["alerts_24h"], resolve["alerts_24h"]), ("1", "1"), "alerts_24h")
    equal(trigger["low_min_24h"], "0", "it takes a minute")
    equal(trigger["label.tenant"], "x", "label")
    equal(world.redis.cli("ZCARD", "mosprobe:{ladder}:open"), 0, "open")


def test_sigint():
    prober = start([MOSPROBE, "run", "-c", world.config, "--output", "none"], "sigint.log")
    leaf = os.path.join(cgroup_mount(), f"mosprobe-{prober.pid}")
    wait_until(lambda: os.path.isdir(leaf), "its cgroup")
    time.sleep(1)
    equal(stop(prober, signal.SIGINT), 0, "status")
    expect("cpu_us=" in read("sigint.log"), "the closing figures")
    # It has no right any more to take its cgroup away: it is empty, and the next one removes it.
    with open(f"{leaf}/cgroup.procs", encoding="utf-8") as processes:
        equal(processes.read(), "", "who is in it")
    run([MOSPROBE, "check", "-c", world.config])
    expect(not os.path.exists(leaf), f"{leaf} is left behind")


def cgroup_mount():
    with open("/proc/self/mounts", encoding="utf-8") as mounts:
        return next(line.split()[1] for line in mounts if line.split()[2] == "cgroup2")


def test_table_lines():
    """Without a terminal the table is plain lines."""
    done = run([MOSPROBE, "run", "-c", world.config, "--cycles", "1", "--redis", ""])
    equal(done.returncode, 0, "status")
    for name in ("sip.pbx.test:5060", "closed.pbx.test:5999"):
        expect(any(name in line for line in done.stdout.splitlines()), f"{name} in {done.stdout}")
    expect("\x1b" not in done.stdout, "no escape sequences")


def test_probe():
    done = run([MOSPROBE, "probe", "sip.pbx.test", "-c", world.config, "--samples", "3"])
    equal(done.returncode, 0, f"status: {done.stdout}{done.stderr}")
    rows = [line.split() for line in done.stdout.splitlines() if KAMAILIO in line]
    equal(len(rows), 3, "samples")
    for row in rows:
        equal(row[2], "ok", "outcome")
        equal(row[7], "bpf", "stamp source")
    expect("MOS 4.3" in done.stdout, done.stdout)


def test_probe_json():
    done = run([MOSPROBE, "probe", "closed.pbx.test:5999", "-c", world.config, "--json"])
    equal(done.returncode, 1, "status of a target without a score")
    lines = json_lines(done.stdout)
    equal([line["outcome"] for line in lines[:5]], ["refused"] * 5, "outcomes")
    expect(all(line["latency_ms"] > 0 for line in lines[:5]), "a RST has a latency")


def test_check():
    done = run([MOSPROBE, "check", "-c", world.config])
    equal(done.returncode, 0, done.stdout + done.stderr)
    for line in done.stdout.splitlines():
        expect(line.startswith("ok "), line)


if __name__ == "__main__":
    skip_unless_stamped()
    world = World()
    results, log = run_once()
    run_tests(globals())
