#!/usr/bin/python3
# SPDX-License-Identifier: MIT
"""`mosprobe top` in real terminals: what stands on the screen, in any size; what it asks of Redis; and that it ends."""
import itertools
import os
import re
import signal
import time

from harness import MOSPROBE, Redis, equal, expect, path, run, run_tests, start, stop, wait_until
from viewing import KEY, Terminal, allow_reader, fill, refused

TARGETS = 400  # of ten one is unverified, one in warning, one critical, see publish_driver.c


def heartbeat(redis, **fields):
    """One that stays, and tells of so many targets."""
    fields = {"at_ms": int(time.time() * 1000), "targets": TARGETS, "targets_critical": 40, "targets_warning": 40,
              "targets_ok": 240, "targets_unverified": 40, "targets_settling": 40, **fields}
    redis.cli("HSET", KEY + "prober", *itertools.chain(*fields.items()))
    redis.cli("PERSIST", KEY + "prober")


class Tmux:
    """A terminal of this size, and `top` in it; how that ended stands on its screen."""

    _numbers = itertools.count(1)

    def __init__(self, config, columns=80, rows=24, locale="C.UTF-8", environment=""):
        self.socket = path(f"tmux{next(self._numbers)}")
        self.server = start(["tmux", "-S", self.socket, "-f", "/dev/null", "-D"], "tmux.log")
        wait_until(lambda: os.path.exists(self.socket), "tmux")
        command = f"LC_ALL={locale} {environment} {MOSPROBE} top -c {config}; echo ended with $?; sleep 60"
        self.do("new-session", "-d", "-x", columns, "-y", rows, command)

    def __enter__(self):
        return self

    def __exit__(self, *_):
        stop(self.server, signal.SIGKILL)

    def do(self, *words):
        done = run(["tmux", "-u", "-S", self.socket, *map(str, words)])
        expect(done.returncode == 0, f"tmux {words}: {done.stderr}")
        return done.stdout

    def keys(self, *keys):
        self.do("send-keys", *keys)

    def type(self, text):
        self.do("send-keys", "-l", text)

    def lines(self):
        return self.do("capture-pane", "-p").splitlines()

    def until(self, *texts, gone=(), seconds=8):
        """Waits for all these texts on the screen; returns its lines."""
        end = time.monotonic() + seconds
        while True:
            lines = self.lines()
            text = "\n".join(lines)
            if all(part in text for part in texts) and not any(part in text for part in gone):
                return lines
            expect(time.monotonic() < end, f"{texts} without {gone} did not come within {seconds} s:\n{text}")
            time.sleep(0.05)

    def names(self):
        lines = self.lines()
        heading = next(i for i, line in enumerate(lines) if line.startswith("TARGET"))
        return [line.split()[0] for line in lines[heading + 1:-1] if line]


def test_a_terminal_of_80_by_24():
    with Redis() as redis:
        fill(redis, results=3 * TARGETS, targets=TARGETS)
        heartbeat(redis)
        with Tmux(allow_reader(redis)) as terminal:
            lines = terminal.until("TARGET", "worst first, 1-17 of 320")
            equal(lines[0], "mosprobe driver: 400 targets: 40 critical, 40 warning, 240 ok, 40 settling", "states")
            expect(re.match(r"heartbeat \d+ s ago; 80 alerts open, ", lines[1]), lines[1])
            # Critical, warning, settling, ok: made up a little below 2.5, 3.3, 4.0 and 4.3.
            equal(lines[2], "40 bad, 40 poor, 40 fair, 200 good, 0 excellent", "bands")
            expect(re.fullmatch(r"MOS 1\.0  {14}▆ {7}▆ {6}▆  █ {3}4\.5", lines[3]), lines[3])
            worst = [name[:-5] for name in redis.cli("ZRANGE", KEY + "worst", 0, 319)]
            equal(terminal.names(), worst[:17], "the worst")
            row = lines[6].split()
            equal((row[1], row[2][:2], row[3]), ("critical", "2.", "bad"), "a row")
            expect(re.search(r"\033\[[0-9;]*31m", terminal.do("capture-pane", "-p", "-e")), "a critical one in red")
            terminal.keys("End")
            terminal.until("worst first, 304-320 of 320")
            equal(terminal.names(), worst[303:], "the best")
            terminal.keys("Up", "PPage", "Enter")
            chosen = worst[319 - 1 - 17]
            lines = terminal.until(f"{chosen}:5060: ", "measured", "R 89", "q back")
            expect(lines[1].startswith("MOS 4.3"), lines[1])
            terminal.keys("?")
            terminal.until("worst first, 302-318 of 320")
            terminal.keys("?")
            terminal.until("PgUp PgDn", "nothing is written")
            terminal.keys("q", "q")
            terminal.until("ended with 0", gone=("TARGET",))
        equal(refused(redis), [], "what the README does not allow")


def test_filter_and_order():
    with Redis() as redis:
        fill(redis, results=3 * TARGETS, targets=TARGETS)
        heartbeat(redis)
        redis.cli("HSET", KEY + "target:pbx33.example.com:5060", "latency_ms", "999.000")
        # A label that one target has alone.
        redis.cli("XADD", KEY + "results", "*", "target", "pbx77.example.com:5060", "mos", "4.3000", "label.isp", "Nörd",
                  "state", "ok")
        with Tmux(allow_reader(redis)) as terminal:
            terminal.until("worst first")
            terminal.keys("s")
            terminal.until("by latency among the worst 200 of 320", "999.0")
            equal(terminal.names()[0], "pbx33.example.com", "the slowest")
            terminal.keys("S", "/")
            terminal.type("PBX31x")
            terminal.keys("BSpace")
            terminal.until("filter: PBX31_")
            terminal.keys("Enter")
            # 31, 310 to 319: unverified ones too.
            terminal.until('"PBX31": 11 targets, by mos', gone=("looked at",))
            equal(sorted(terminal.names()), sorted(f"pbx{i}.example.com" for i in (31, *range(310, 320))), "found by name")
            equal(terminal.names()[0], "pbx313.example.com", "the worst of them")
            terminal.keys(*"sssss")
            terminal.until("by name")
            equal(terminal.names()[:2], ["pbx31.example.com", "pbx310.example.com"], "by name")
            terminal.keys("/", "C-u")
            terminal.type("isp=nörd pbx7")
            terminal.keys("Enter")
            terminal.until("1 target, by name", "pbx77.example.com", gone=("looked at",))
            terminal.keys("/", "C-u")
            terminal.type("nobody")
            terminal.keys("Enter")
            terminal.until('"nobody": 0 targets', gone=("looked at",))
            terminal.keys("Enter", "Escape")
            terminal.until("among the worst 200")


def test_other_sizes():
    with Redis() as redis:
        fill(redis, results=3 * TARGETS, targets=TARGETS)
        heartbeat(redis)
        with Tmux(allow_reader(redis), 40, 10, "C", "NO_COLOR=1") as terminal:
            lines = terminal.until("worst first, 1-5 of 320", "q quit Enter card / filter s sort ? help")
            equal(len(lines), 10, "lines")
            expect("\n".join(lines).isascii(), lines)
            coloured = terminal.do("capture-pane", "-p", "-e")
            expect(not re.search(r"\033\[[0-9;]*3[13]m", coloured), f"colours, with NO_COLOR: {coloured}")
            terminal.keys("Down", "Down", "Down", "Down", "Down")
            terminal.until("worst first, 2-6 of 320")
            for columns, rows, texts in ((80, 24, ("worst first, 2-18 of 320", "TARGET", "40 bad")), (200, 60, ("LATENCY ms", "ERROR")),
                                         (24, 7, ("TARGET   STATE       MOS", "q quit", "pbx")), (3, 2, ("he",)), (1, 1, ()), (80, 24, ("worst first", "pbx"))):
                terminal.do("resize-window", "-x", columns, "-y", rows)
                lines = terminal.until(*texts)
                equal((len(lines), max(map(len, lines)) <= columns), (rows, True), f"{columns}x{rows}")
            expect("#" in terminal.lines()[3], "an ASCII histogram")
            terminal.keys("Enter")
            terminal.until("measured")
            for columns, rows in ((30, 8), (120, 50), (5, 3)):
                terminal.do("resize-window", "-x", columns, "-y", rows)
                terminal.until("pbx"[:columns], "q")
            terminal.keys("q", "q")
            terminal.do("resize-window", "-x", 80, "-y", 24)
            terminal.until("ended with 0")


def test_redis_goes_away_and_comes_back():
    with Redis() as redis:
        fill(redis)
        heartbeat(redis)
        with Tmux(allow_reader(redis)) as terminal:
            terminal.keys("-")
            terminal.until("worst first", "heartbeat")
            redis.cli("DEL", KEY + "prober")
            terminal.until("prober is silent: no heartbeat", "mosprobe driver: 80 targets have a score")
            redis.stop()
            terminal.until("Redis is away, this is", "cannot connect to", "pbx3.example.com")
            redis.start()
            allow_reader(redis)
            terminal.until("no target has a score", gone=("Redis is away",))
            terminal.until("prober is silent: no heartbeat")
            fill(redis)
            heartbeat(redis)
            terminal.until("heartbeat", "worst first, 1-17 of 80", gone=("silent",))
            redis.cli("ACL", "SETUSER", "viewer", "-zrange")
            terminal.until("Redis refuses, this is", "NOPERM", "pbx3.example.com")


def test_what_it_costs():
    """Of Redis a bounded number of cheap commands each time, of the terminal what has changed."""
    allowed = {"hmget", "zcard", "zcount", "srandmember", "zrange"}
    with Redis() as redis:
        fill(redis, results=20000, targets=20000)
        heartbeat(redis)
        terminal = Terminal(["top", "-c", allow_reader(redis)], True)
        first = terminal.read(1)
        expect(len(first) > 1500 and b"worst first, 1-17 of" in first, first)
        os.write(terminal.master, b"-")  # each second, and not each two
        terminal.read(0.5)
        redis.cli("CONFIG", "RESETSTAT")
        later = terminal.read(3.2)
        stats = {line.split(":")[0][8:]: int(re.search(r"calls=(\d+)", line)[1])
                 for line in run(["redis-cli", "-s", redis.socket, "INFO", "commandstats"]).stdout.splitlines() if line.startswith("cmdstat_")}
        stats = {name: calls for name, calls in stats.items() if "|" not in name and name not in ("info", "hello", "command")}
        equal(set(stats) - allowed, set(), "commands")
        refreshes = stats["zrange"]
        expect(2 <= refreshes <= 4, f"{refreshes} refreshes in 3 s")
        expect(sum(stats.values()) <= 70 * refreshes, stats)
        expect(len(later) < 100 * refreshes, f"{len(later)} bytes for {refreshes} refreshes: {later}")
        os.write(terminal.master, b"q")
        equal(terminal.ended(), 0, "status")
        os.close(terminal.master)


def test_it_ends_with_its_terminal():
    with Redis() as redis:
        fill(redis)
        config = allow_reader(redis)
        for controls in (True, False):  # SIGHUP; and the end of what can be read
            terminal = Terminal(["top", "-c", config], controls)
            expect(terminal.read(0.5), "a picture")
            os.close(terminal.master)
            expect(terminal.ended() >= 0, "it was not killed")
        for number in (signal.SIGTERM, signal.SIGINT):
            terminal = Terminal(["top", "-c", config], True)
            expect(b"\033[?25l" in terminal.read(0.5), "the cursor is hidden")
            terminal.process.send_signal(number)
            expect(b"\033[?1049l" in terminal.read(0.5), "the screen of before is there again")
            equal(terminal.ended(), 0, "status")
            os.close(terminal.master)
        for environment, said in (({}, "must be a terminal"),):
            done = run([MOSPROBE, "top", "-c", config], env={**os.environ, **environment})
            equal((done.returncode, said in done.stderr), (1, True), done.stderr)
        with Tmux(config, environment="TERM=nonsense") as terminal:
            terminal.until("TERM=nonsense: no such terminal is known", "ended with 1")
        with Tmux(config, environment="TERM=dumb") as terminal:
            terminal.until("TERM=dumb: nothing can be placed on it", "ended with 1")


if __name__ == "__main__":
    run_tests(globals())
