#!/usr/bin/python3
# SPDX-License-Identifier: MIT
"""What a running prober answers over HTTP, as promtool and Prometheus read it; when it is healthy and ready; and that
nobody who scrapes makes it wait. The dashboard and the alert rules ask for nothing that it does not have."""
import ctypes
import http.client
import json
import os
import re
import signal
import socket
import time
import urllib.parse

from harness import (MOSPROBE, Nsd, Redis, equal, expect, free_port, listens, path, read, run,
                     run_tests, skip_unless_stamped, start, stop, wait_until, write)
from watching import series_of

ANSWERS, CLOSED = "127.79.0.1", "127.79.0.2"
TARGETS = f"a.pbx.test:8070\n{CLOSED}:9\n"
RULES, DASHBOARD = "scripts/prometheus-rules.yml", "scripts/grafana-dashboard.json"
CONF = """[prober]
id = metrics
interval = 1s
timeout = 400ms
deny = none
output = none
targets = {targets}
[guard]
window = 500ms
[dns]
servers = {dns}
[redis]
url = {redis}
{metrics}
"""


def ask(target, method="GET", port=None):
    """(status, text, headers) of a path."""
    connection = http.client.HTTPConnection("127.0.0.1", port or world.port, timeout=5)
    try:
        connection.request(method, target)
        answer = connection.getresponse()
        return answer.status, answer.read().decode(), dict(answer.headers)
    finally:
        connection.close()


def scrape():
    """{series: value}, a series as it stands there."""
    status, text, _ = ask("/metrics")
    equal(status, 200, "status")
    return series_of(text)


def total(series, name):
    """The sum of a family, over its labels."""
    return sum(value for key, value in series.items() if re.split("[{ ]", key)[0] == name)


class World:
    """Two servers, of which one is closed, and a prober that was watched until it was ready."""

    def __init__(self):
        self.redis = Redis()
        self.dns = Nsd("pbx.test", f"a A {ANSWERS}\n")
        self.server = socket.create_server((ANSWERS, 8070), backlog=100)
        self.port = free_port()
        self.conf = CONF.format(targets=write("targets", TARGETS), dns=self.dns.server, redis=self.redis.url,
                                metrics=f"[metrics]\nlisten = {self.port}")
        self.start_prometheus()
        self.prober = start([MOSPROBE, "run", "-c", write("conf", self.conf)], "log")
        wait_until(lambda: listens("127.0.0.1", self.port), "the metrics")

    def start_prometheus(self):
        """It scrapes from the beginning; what it has is looked at last."""
        self.prometheus = free_port()
        config = write("prometheus.yml", json.dumps({
            "global": {"scrape_interval": "500ms", "scrape_timeout": "400ms",
                       "evaluation_interval": "1s"},
            "rule_files": [os.path.abspath(RULES)],
            "scrape_configs": [{"job_name": "mosprobe", "static_configs": [
                {"targets": [f"127.0.0.1:{self.port}"]}]}]}))
        start(["prometheus", f"--config.file={config}", f"--storage.tsdb.path={path('tsdb')}",
               f"--web.listen-address=127.0.0.1:{self.prometheus}"], "prometheus.log")


def test_ready():
    """Ready when every target has had a result; healthy all the time."""
    seen = []

    def ready():
        status, text, _ = ask("/readyz", port=world.port)
        if (status, text) not in seen:
            seen.append((status, text))
        equal(ask("/healthz")[0], 200, "healthy")
        return status == 200

    wait_until(ready, "ready")
    equal(seen[-1], (200, "ready\n"), "at last")
    expect(any(status == 503 and "of 2 targets have had no result yet" in text
               for status, text in seen), f"before: {seen}")
    equal(scrape()["mosprobe_targets_awaited"], 0, "targets without a result")


def test_promtool():
    _, text, headers = ask("/metrics")
    equal(headers["Content-Type"], "text/plain; version=0.0.4; charset=utf-8", "content type")
    done = run(["promtool", "check", "metrics"], input=text)
    equal((done.returncode, done.stdout + done.stderr), (0, ""), "promtool check metrics")


def test_aggregates_only():
    _, text, _ = ask("/metrics")
    expect("pbx.test" not in text and CLOSED not in text, "a target has a series of its own")


def test_numbers():
    """They are the prober's: what the heartbeat in Redis has as well is the same."""
    wait_until(lambda: scrape()["mosprobe_targets{state=\"ok\"}"] == 1, "a target that is ok")
    series = scrape()
    equal(total(series, "mosprobe_targets"), 2, "targets")
    equal(total(series, "mosprobe_targets_by_band"), 2, "targets by band")
    equal(series['mosprobe_targets_by_band{band="good"}'], 1, "good ones")
    started = total(series, "mosprobe_samples_total") - series[
        'mosprobe_samples_total{outcome="skipped"}']
    equal(series["mosprobe_start_lateness_seconds_count"], started, "starts")
    for outcome in ("ok", "refused"):
        expect(series[f'mosprobe_samples_total{{outcome="{outcome}"}}'] >= 5, outcome)
    expect(0 < series["mosprobe_mos_count"] == series["mosprobe_latency_seconds_count"]
           < series["mosprobe_cycles_total"], "cycles of the one that answers")
    expect(4.3 < series["mosprobe_mos_sum"] / series["mosprobe_mos_count"] < 4.386, "MOS")
    expect(0 < series["mosprobe_latency_seconds_sum"] / series["mosprobe_latency_seconds_count"]
           < 0.005, "latency of loopback")
    expect(total(series, "mosprobe_dns_answers_total") == series["mosprobe_dns_lookups_total"] >= 1
           == series['mosprobe_dns_answers_total{result="found"}'], "look-ups")
    # Of the listener's own packets none is taken for a probe's.
    equal((total(series, "mosprobe_capture_troubles_total"),
           total(series, "mosprobe_answers_ignored_total")), (0, 0), "the kernel half")
    expect(0 < series["mosprobe_redis_round_trip_seconds_sum"]
           / series["mosprobe_redis_round_trip_seconds_count"] < 0.1, "Redis round trip")
    expect(abs(series["mosprobe_heartbeat_timestamp_seconds"] - time.time()) < 5, "heartbeat")
    expect(abs(series["process_start_time_seconds"] - time.time()) < 60, "start")
    expect(2e6 < series["process_resident_memory_bytes"] < 1e9, "memory")
    expect(0 < series["mosprobe_prober_cpu_seconds_total"] <= series["process_cpu_seconds_total"],
           "CPU time")
    expect(series["mosprobe_turn_seconds_sum"] > 1, "turns")
    expect(0.04 < series["mosprobe_turn_max_seconds"] < 4, "the longest turn")


def test_requests():
    equal(ask("/metrics?x=1")[0], 200, "with a query")
    equal(ask("/")[0], 404, "another path")
    equal(ask("/metrics/../../etc/passwd")[0], 404, "another path")
    equal(ask("/metrics", "POST")[0], 405, "POST")
    status, text, headers = ask("/metrics", "HEAD")
    expect(status == 200 and not text and int(headers["Content-Length"]) > 5000, "HEAD")
    for request in (b"\0\xff" * 100 + b"\r\n\r\n", b"GET /" + b"x" * 100000 + b" HTTP/1.1\r\n\r\n"):
        with socket.create_connection(("127.0.0.1", world.port), 5) as client:
            client.settimeout(0.3)
            try:
                client.sendall(request)
                expect(b"200 OK" not in client.recv(1000), f"an answer to {request[:9]}")
            except OSError:
                pass  # it was hung up on, or waits for more
    equal(ask("/healthz")[0], 200, "afterwards")


def test_loopback_only():
    with socket.socket() as client:
        equal(client.connect_ex(("127.0.0.2", world.port)), 111, "another address of this machine")
    expect("event=metrics_served" in read("log") and "without authentication" in read("log"),
           read("log"))


def test_many_who_do_not_ask():
    """They get no more than a few connections, and the prober goes on."""
    before = scrape()
    fds = f"/proc/{world.prober.pid}/fd"
    usual = len(os.listdir(fds))
    clients = [socket.create_connection(("127.0.0.1", world.port), 5) for _ in range(20)]
    try:
        time.sleep(1.2)
        most = len(os.listdir(fds))
        expect(usual + 4 <= most <= usual + 8, f"{most} descriptors, and {usual} without them")
    finally:
        for client in clients:
            client.close()
    wait_until(lambda: len(os.listdir(fds)) <= usual, "descriptors given back")
    wait_until(lambda: scrape()["mosprobe_cycles_total"] >= before["mosprobe_cycles_total"] + 2,
               "more cycles")


def ptrace(request, what):
    libc = ctypes.CDLL(None, use_errno=True)
    done = libc.ptrace(ctypes.c_long(request), ctypes.c_int(world.prober.pid), None, None)
    equal(done, 0, f"{what}: {os.strerror(ctypes.get_errno())}")


def test_a_prober_that_is_stuck():
    """Its thread alone is stopped: it is told, and what is known still is."""
    seize, interrupt, detach, wall = 0x4206, 0x4207, 17, 0x40000000
    ptrace(seize, "PTRACE_SEIZE")
    ptrace(interrupt, "PTRACE_INTERRUPT")
    os.waitpid(world.prober.pid, wall)
    try:
        equal(ask("/healthz")[0], 200, "at first")
        wait_until(lambda: ask("/healthz")[0] == 503, "unhealthy")
        text = ask("/healthz")[1]
        expect(re.fullmatch(r"the prober's turn has taken ([5-9]|\d\d)\.\d s\n", text), text)
        expect(scrape()["mosprobe_cycles_total"] > 0, "metrics meanwhile")
    finally:
        ptrace(detach, "PTRACE_DETACH")
    wait_until(lambda: ask("/healthz")[0] == 200, "healthy again")
    wait_until(lambda: scrape()["mosprobe_turn_max_seconds"] > 5, "the longest turn")


def test_without_redis():
    """What waits is told; not ready, and healthy."""
    world.redis.stop()
    try:
        wait_until(lambda: ask("/readyz")[:2] == (503, "Redis is not connected\n"), "not ready")
        equal(ask("/healthz")[0], 200, "healthy")
        equal(scrape()["mosprobe_redis_connected"], 0, "connected")
        wait_until(lambda: scrape()["mosprobe_spool_entries"] >= 4, "entries that wait")
        expect(1 <= scrape()["mosprobe_spool_age_seconds"] < 20, "age of the oldest")
    finally:
        world.redis.start()
    wait_until(lambda: ask("/readyz")[0] == 200, "ready again")
    wait_until(lambda: scrape()["mosprobe_spool_entries"] == 0, "nothing waits")
    expect(scrape()["mosprobe_redis_reconnects_total"] >= 1, "reconnects")
    equal(total(scrape(), "mosprobe_dropped_entries_total"), 0, "dropped")


def test_standby():
    """It is healthy, and not ready; of the prober that has not begun there is nothing."""
    port = free_port()
    conf = write("standby.conf", world.conf.replace(f"listen = {world.port}", f"listen = {port}"))
    standby = start([MOSPROBE, "run", "-c", conf, "--standby"], "standby.log")
    wait_until(lambda: "waiting for it" in read("standby.log"), "standing by")
    equal(ask("/healthz", port=port)[:2],
          (200, "the prober has not begun: it starts, or stands by\n"), "healthz")
    equal(ask("/readyz", port=port)[:2], (503, "the prober has not begun\n"), "readyz")
    text = ask("/metrics", port=port)[1]
    expect("mosprobe_build_info" in text and "mosprobe_cycles" not in text
           and "mosprobe_redis" not in text, text)
    stop(standby)


def test_reload():
    """Who leaves is counted no more, and who comes is awaited."""
    write("targets", "a.pbx.test:8070\n127.79.0.3:9\n127.79.0.4:9\n")
    world.prober.send_signal(signal.SIGHUP)
    wait_until(lambda: ask("/readyz")[:2] == (503, "2 of 3 targets have had no result yet\n"),
               "not ready")
    wait_until(lambda: ask("/readyz")[0] == 200, "ready again")
    series = scrape()
    equal(total(series, "mosprobe_targets"), 3, "targets")
    equal(total(series, "mosprobe_targets_by_band"), 3, "targets by band")
    write("targets", "127.79.0.3:9\n")
    world.prober.send_signal(signal.SIGHUP)
    wait_until(lambda: total(scrape(), "mosprobe_targets") == 1, "two that have left")
    series = scrape()
    equal((series['mosprobe_targets_by_band{band="none"}'],
           total(series, "mosprobe_targets_by_band")), (1, 1), "by band")
    write("targets", TARGETS)
    world.prober.send_signal(signal.SIGHUP)
    wait_until(lambda: ask("/readyz")[0] == 200 and total(scrape(), "mosprobe_targets") == 2,
               "as at first")


def test_port_in_use():
    conf = write("second.conf", world.conf.replace("id = metrics", "id = second"))
    done = run([MOSPROBE, "run", "-c", conf, "--cycles", "1", "--redis", ""])
    equal((done.returncode, done.stderr),
          (1, f"mosprobe: [metrics] listen = {world.port}: cannot listen at 127.0.0.1 port "
           f"{world.port}: Address already in use\n"), "it ends, and says why")
    conf = write("second.conf", world.conf.replace(f"listen = {world.port}",
                                                   f"listen = 192.0.2.1:{world.port}"))
    done = run([MOSPROBE, "run", "-c", conf, "--cycles", "1", "--redis", ""])
    equal(done.returncode, 1, "status")
    expect("cannot listen at 192.0.2.1 port" in done.stderr, done.stderr)


def listeners(pid):
    """Sockets of a process that listen."""
    held = {os.readlink(f"/proc/{pid}/fd/{fd}") for fd in os.listdir(f"/proc/{pid}/fd")}
    found = [line.split() for family in ("tcp", "tcp6")
             for line in open(f"/proc/{pid}/net/{family}", encoding="utf-8")]
    return [words[1] for words in found if words[3] == "0A" and f"socket:[{words[9]}]" in held]


def test_off_by_default():
    equal(len(listeners(world.prober.pid)), 1, "listeners of the one that is configured to")
    conf = write("off.conf", world.conf.replace("[metrics]\nlisten", "# listen")
                 .replace("id = metrics", "id = off"))
    prober = start([MOSPROBE, "run", "-c", conf], "off.log")
    wait_until(lambda: world.redis.cli("XLEN", "mosprobe:{off}:results"), "results")
    equal(listeners(prober.pid), [], "listeners")
    equal(stop(prober), 0, "status")
    expect("metrics" not in read("off.log"), read("off.log"))


def open_text(name):
    with open(name, encoding="utf-8") as file:
        return file.read()


def expressions():
    """{where: what the dashboard and the rules ask Prometheus for}."""
    panels = json.loads(open_text(DASHBOARD))["panels"]
    found = {f"{panel['title']} {target['refId']}": target["expr"] for panel in panels
             for target in panel["targets"]}
    expect(len(found) > 30, f"{len(found)} of the dashboard")
    for place, panel in enumerate(panels):
        box = panel["gridPos"]
        expect(box["x"] + box["w"] <= 24, f"{panel['title']} is too wide")
        equal(panel["id"], place + 1, "ids")
    return found


def test_names():
    """Every metric that the dashboard or a rule names is one that was scraped, with such labels."""
    series = scrape()
    names = {re.split("[{ ]", key)[0] for key in series}
    labels = {pair for key in series for pair in re.findall(r'(\w+="[^"]*")', key)}
    rules = "\n".join(line for line in open_text(RULES).splitlines() if "summary:" not in line)
    asked = list(expressions().values()) + [rules]
    used = {name for text in asked for name in re.findall(r"\b(?:mosprobe|process)_[a-z_]+", text)}
    expect(len(used) > 30, f"{used}")
    equal(sorted(used - names), [], "unknown names")
    for text in asked:
        for label, value in re.findall(r'(\w+)!?="([\w ]*)"', text):
            expect(f'{label}="{value}"' in labels, f"no series has {label}={value}")


def prometheus(target, **query):
    connection = http.client.HTTPConnection("127.0.0.1", world.prometheus, timeout=10)
    connection.request("GET", f"/api/v1/{target}?{urllib.parse.urlencode(query)}")
    answer = json.loads(connection.getresponse().read())
    connection.close()
    expect(answer["status"] == "success", f"{query}: {answer}")
    return answer["data"]


def test_prometheus():
    """A real one has scraped all the time: it has data for every panel, and each rule can be evaluated."""
    for where, expression in expressions().items():
        expression = expression.replace("$instance", ".*").replace("$__rate_interval", "30s")
        wait_until(lambda e=expression: prometheus("query", query=e)["result"], f"data for {where}")
    rules = [rule for group in prometheus("rules")["groups"] for rule in group["rules"]]
    equal({rule["name"]: rule["lastError"] for rule in rules if rule.get("lastError")}, {},
          "rules that cannot be evaluated")
    equal(len(rules), open_text(RULES).count("- alert:"), "rules")
    equal({rule["health"] for rule in rules}, {"ok"}, "health of the rules")


def test_end():
    """Clients that hold a connection do not hold up the end."""
    with socket.create_connection(("127.0.0.1", world.port), 5):
        equal(stop(world.prober, seconds=5), 0, "status")
    expect(not listens("127.0.0.1", world.port), "it listens no more")


if __name__ == "__main__":
    skip_unless_stamped()
    world = World()
    run_tests(globals())
