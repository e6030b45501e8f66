#!/usr/bin/python3
# SPDX-License-Identifier: MIT
"""A prober that was built with ThreadSanitizer does all that its threads do with each other: names, Redis that goes and comes
again, state_dir, history, metrics, reloads, mutes and a test alert; and once more from what it has kept. No data race is
reported, nor a lock that is misused. Nothing is left out: neither io_uring nor c-ares needs a suppression."""
import glob
import http.client
import os
import signal
import socket
import threading

from harness import (B, Fail, Nsd, Redis, equal, expect, free_port, json_lines, listens, path, read, run,
                     run_tests, start, stop, wait_until, write)

PROGRAM = os.path.join(B, "tsan/mosprobe")
ANSWERS, PORT = "127.83.0.1", 8083
CONF = """[prober]
id = threads
interval = 1s
timeout = 300ms
deny = none
state_dir = {state}
targets = {targets}
output = {output}
[alert]
warning_for = 0s
[guard]
window = 500ms
group = isp
[dns]
servers = {dns}
[redis]
url = {redis}
history = 24h
[metrics]
listen = {metrics}
"""
NAMES = [f"n{i}.pbx.test:{PORT} isp=x" for i in range(40)]


def serve(server):
    """Takes whoever comes; ends when the socket is closed."""
    try:
        while True:
            server.accept()[0].close()
    except OSError:
        pass


class World:
    def __init__(self):
        self.redis = Redis()
        self.dns = Nsd("pbx.test", "".join(f"n{i} A {ANSWERS}\n" for i in range(60)))
        self.server = socket.create_server((ANSWERS, PORT), backlog=500)
        threading.Thread(target=serve, args=(self.server,), daemon=True).start()
        self.metrics = free_port()
        self.runs = 0
        self.targets(NAMES)
        self.conf = write("conf", CONF.format(
            state=path("state"), targets=path("targets"), dns=self.dns.server, redis=self.redis.url,
            metrics=self.metrics, output="jsonl"))

    def targets(self, lines):
        write("targets.new", "\n".join(lines) + "\n")
        os.rename(path("targets.new"), path("targets"))

    def start(self):
        self.runs += 1
        self.log, self.out = f"log{self.runs}", f"out{self.runs}"
        environment = {**os.environ, "TSAN_OPTIONS": f"log_path={path('race')} exitcode=66"}
        with open(path(self.out), "w", encoding="utf-8") as out:
            self.prober = start([PROGRAM, "run", "-c", self.conf], self.log, stdout=out,
                                env=environment)

    def wait_for(self, what, condition):
        try:
            wait_until(condition, what, 20)
        except Exception as fault:
            raise Fail(f"{fault}; the log says {read(self.log)[-2000:]}") from fault

    def results(self, target):
        # The last line may be on its way.
        whole = read(self.out).rpartition("\n")[0]
        return [r for r in json_lines(whole) if r["type"] == "result" and r["target"] == target]

    def end(self):
        status = stop(self.prober, seconds=20)
        found = "".join(read(name) for name in glob.glob(path("race*")))
        equal(found, "", "reports of ThreadSanitizer")
        equal(status, 0, f"status; the log says {read(self.log)[-2000:]}")


def test_all_that_threads_do_with_each_other():
    world.start()
    world.wait_for("results", lambda: len(world.results(f"n0.pbx.test:{PORT}")) >= 2)
    world.redis.cli("ZADD", "mosprobe:{threads}:mute", "9e12", f"n1.pbx.test:{PORT}")
    world.redis.cli("SADD", "mosprobe:{threads}:test", f"n2.pbx.test:{PORT}")
    world.targets(NAMES[10:] + [f"n{i}.pbx.test:{PORT}" for i in range(40, 60)])
    world.prober.send_signal(signal.SIGHUP)
    world.wait_for("the reload", lambda: world.results(f"n59.pbx.test:{PORT}"))
    world.redis.stop()
    world.dns.process.send_signal(signal.SIGSTOP)
    connection = http.client.HTTPConnection("127.0.0.1", world.metrics, timeout=10)
    for page in ("/metrics", "/healthz", "/readyz", "/metrics"):
        connection.request("GET", page)
        expect(connection.getresponse().read(), page)
    world.redis.start()
    world.dns.process.send_signal(signal.SIGCONT)
    world.wait_for("results in Redis again", lambda: world.redis.cli("EXISTS", "mosprobe:{threads}:results"))
    world.end()


def test_from_what_was_kept():
    world.start()
    world.wait_for("results", lambda: world.results(f"n30.pbx.test:{PORT}"))
    world.wait_for("the metrics", lambda: listens("127.0.0.1", world.metrics))
    world.server.close()
    world.wait_for("failures", lambda: world.results(f"n30.pbx.test:{PORT}")[-1]["outcome"] != "ok")
    world.end()
    expect("go on where they were" in read(world.log), read(world.log))


if __name__ == "__main__":
    expect(os.path.exists(PROGRAM), f"{PROGRAM}: make test-build makes it")
    world = World()
    run_tests(globals(), PROGRAM)
